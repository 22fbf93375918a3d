// @ts-check
/** The pane: its first view with all buttons, the settings, and what happens from a press to its end. */

import { Desk } from "../buttons/desk.js";
import { button, element } from "./dom.js";
import { PaneScreen } from "./screen.js";

/** @typedef {(desk: Desk) => Promise<void>} Press */
/** @typedef {{name: string, label: string, tip: string, press: Press}} Action */
/** @typedef {{title: string, actions: Action[]}} Group */

export class Pane {
  /**
   * @param {Document} page
   * @param {import("../client/presses.js").Drawer} drawer
   * @param {Group[]} groups
   */
  constructor(page, drawer, groups) {
    this.groups = groups;
    this.screen = new PaneScreen(found(page, "view"), found(page, "status"));
    this.desk = new Desk(this.screen, drawer, location.origin);
    this.back = found(page, "back");
    /** @type {Promise<void> | null} the press that is at work */
    this.working = null;
    this.back.addEventListener("click", () => void this.home());
    const settings = found(page, "settings");
    settings.hidden = false;
    settings.addEventListener("click", () => void this.settings());
    this.screen.signIn = () => void this.press("signIn");
  }

  /**
   * Press a button: from here to what is told at the end. Ends earlier where a question waits for its answer. While one is
   * at work a second press waits for it, so that nothing is done twice.
   * @param {string} name
   */
  async press(name) {
    const action = this.groups.flatMap((group) => group.actions).find((each) => each.name === name);
    if (!action) throw new RangeError(`there is no button '${name}'`);
    if ((await this.#isBusy()) || this.working) return this.working ?? undefined; // another may have begun meanwhile
    const asked = new Promise((resolve) => {
      this.screen.asked = () => resolve(undefined);
    });
    this.working = this.#work(action);
    await Promise.race([this.working, asked]);
  }

  /** The first view. Leaves a question unanswered. */
  async home() {
    if (await this.#isBusy()) return;
    this.back.hidden = true;
    const groups = this.groups.map(({ title, actions }) =>
      element(
        "section",
        { className: "group", "aria-label": title },
        element("h2", {}, title),
        element("div", { className: "actions" }, ...actions.map((action) => this.#actionButton(action))),
      ),
    );
    const who = this.desk.isSignedIn ? `Signed in at ${location.host}` : "Not signed in yet: begin with Sign in.";
    this.screen.put("All buttons", [element("p", { className: "lead" }, who), ...groups]);
  }

  /** What this pane is set to, and signing out. Leaves a question unanswered. */
  async settings() {
    if (await this.#isBusy()) return;
    this.back.hidden = false;
    const notes = Office.context.requirements.isSetSupported("ExcelApi", "1.18");
    const facts = [
      ["Server", location.origin],
      ["Access token", this.desk.isSignedIn ? "kept by this browser" : "none: press Sign in"],
      ["Notes on wrong cells", notes ? "yes" : "this Excel does not let add-ins write notes: see the Message column"],
    ];
    const list = facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
    const console = element("a", { href: "/", target: "_blank", rel: "noopener" }, "Open the console");
    this.screen.put("Settings", [
      element("dl", { className: "facts" }, ...list),
      element("div", { className: "answers" }, this.desk.isSignedIn ? button("Sign out", () => this.#signOut()) : ""),
      element("p", {}, console),
    ]);
  }

  /** Whether a press is at work. One that waits for an answer is told to end without it. */
  async #isBusy() {
    if (!this.screen.leave) return this.working !== null;
    this.screen.leave(null);
    await this.working;
    return false;
  }

  #signOut() {
    this.desk.keepToken(null);
    this.screen.tell("Signed out: the access token is forgotten on this computer.", "Signed out");
  }

  /** @param {Action} action */
  async #work(action) {
    this.back.hidden = false;
    this.screen.put(action.label, []);
    this.screen.progress("one moment");
    try {
      await action.press(this.desk);
    } catch (error) {
      this.screen.tellError(error);
    } finally {
      this.working = null;
      this.screen.quiet();
      if (!this.screen.view.hasChildNodes()) await this.home();
    }
  }

  /** @param {Action} action */
  #actionButton({ name, label, tip }) {
    const made = button(label, () => void this.press(name), "action");
    made.title = tip;
    return made;
  }
}

/**
 * @param {Document} page
 * @param {string} id
 */
function found(page, id) {
  const there = page.getElementById(id);
  if (!there) throw new Error(`the page has no '${id}'`);
  return there;
}
