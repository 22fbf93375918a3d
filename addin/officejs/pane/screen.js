// @ts-check
/** What the user sees of a button besides the cells: progress, questions, lists, and what came of it. */

import { AddinError, NoToken, NotSignedIn, TokenRefused } from "../client/errors.js";
import { many } from "../client/summary.js";
import { button, element, paragraphs } from "./dom.js";

/** @typedef {import("../buttons/desk.js").Issue} Issue */
/** @typedef {import("../buttons/desk.js").Item} Item */
/** @typedef {import("../buttons/desk.js").Screen} Screen */

/** Wrong cells listed in the pane; the Message column has them all. */
const MOST_ISSUES = 100;
const SEARCHED_FROM = 8;

/** @implements {Screen} */
export class PaneScreen {
  /**
   * @param {HTMLElement} view where all of it is shown
   * @param {HTMLElement} status where progress is said
   */
  constructor(view, status) {
    this.view = view;
    this.status = status;
    /** @type {((answer: null) => void) | null} takes a question back */
    this.leave = null;
    /** @type {() => void} told when a question is put, so that nobody waits for its answer */
    this.asked = () => {};
    /** What the button beside *not signed in* does. */
    this.signIn = () => {};
  }

  /**
   * See `Screen`. Handed on alone, hence bound.
   * @param {string} text
   */
  progress = (text) => {
    this.status.textContent = `${text.slice(0, 1).toUpperCase()}${text.slice(1)} …`;
    document.body.setAttribute("aria-busy", "true");
  };

  /** Nothing is being done. */
  quiet() {
    this.status.textContent = "";
    document.body.removeAttribute("aria-busy");
  }

  /**
   * See `Screen`.
   * @param {string} text
   * @param {string} title
   * @param {{issues?: Issue[], show?: (issue: Issue) => Promise<void>}} beside
   */
  tell(text, title, { issues = [], show } = {}) {
    const list = show && issues.length ? [issueList(issues, show, (error) => this.tellError(error))] : [];
    this.put(title, [element("div", { className: "said" }, ...paragraphs(text)), ...list]);
  }

  /**
   * Say what went wrong.
   * @param {unknown} error
   */
  tellError(error) {
    const known = error instanceof AddinError;
    const title = known ? error.title : "Something went wrong in the add-in";
    const text = known ? error.message : `${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`.slice(0, 300);
    if (!known) console.warn(error);
    const isSignInNeeded = [NotSignedIn, NoToken, TokenRefused].some((kind) => error instanceof kind);
    const help = isSignInNeeded ? [element("div", { className: "answers" }, button("Sign in", this.signIn, "main"))] : [];
    this.put(title, [element("div", { className: "problem", role: "alert" }, ...paragraphs(text)), ...help]);
  }

  /**
   * See `Screen`.
   * @param {string} text
   * @param {string} title
   * @param {string[]} answers
   * @param {number} main
   * @returns {Promise<number>}
   */
  async ask(text, title, answers, main = 0) {
    const answer = await this.#question(title, (done) => [
      element("div", { className: "said question" }, ...paragraphs(text)),
      element("div", { className: "answers" }, ...answers.map((label, place) => button(label, () => done(place), place === main ? "main" : ""))),
    ]);
    return answer ?? answers.length - 1;
  }

  /**
   * See `Screen`.
   * @param {string} title
   * @param {string} question
   * @param {Item[]} items
   * @returns {Promise<number | null>}
   */
  async pick(title, question, items) {
    return this.#question(title, (done) => {
      const lines = items.map((item, place) => element("li", {}, choice(item, () => done(place))));
      const list = element("ul", { className: "choices" }, ...lines);
      return [element("p", { className: "lead" }, question), ...(items.length >= SEARCHED_FROM ? [search(lines)] : []), list];
    });
  }

  /** See `Screen`. @returns {Promise<string | null>} */
  async askToken() {
    return this.#question("Sign in", (done) => {
      const token = element("input", { id: "token", type: "password", autocomplete: "off", spellcheck: false, required: true });
      const form = element(
        "form",
        { className: "fields" },
        element("label", { htmlFor: "token" }, "Access token (sb_…), from your administrator or the console"),
        token,
        element("p", { className: "hint" }, `It is kept by this browser for ${location.origin} alone, until you sign out.`),
        element("div", { className: "answers" }, element("button", { type: "submit", className: "main" }, "Sign in")),
      );
      form.noValidate = true;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        done(token.value);
      });
      return [form];
    });
  }

  /**
   * Show something under a heading, which gets the focus, so that whoever listens hears what has changed; or what is to be
   * typed gets it.
   * @param {string} title
   * @param {Node[]} content
   */
  put(title, content) {
    const heading = element("h1", { tabIndex: -1 }, title);
    this.view.replaceChildren(heading, ...content);
    /** @type {HTMLElement} */ (this.view.querySelector("form input") ?? heading).focus();
  }

  /**
   * Put a question and wait for its answer; null if it is left for something else.
   * @template Answer
   * @param {string} title
   * @param {(done: (answer: Answer) => void) => Node[]} content
   * @returns {Promise<Answer | null>}
   */
  async #question(title, content) {
    this.quiet();
    try {
      return await new Promise((resolve) => {
        this.leave = resolve;
        this.put(title, content(resolve));
        this.asked();
      });
    } finally {
      this.leave = null;
      this.view.replaceChildren();
    }
  }
}

/**
 * @param {Issue[]} issues
 * @param {(issue: Issue) => Promise<void>} show
 * @param {(error: unknown) => void} failed
 */
function issueList(issues, show, failed) {
  const lines = issues.slice(0, MOST_ISSUES).map((issue) => {
    const where = element("span", { className: `badge ${issue.style}` }, issue.address);
    const press = () => void show(issue).catch(failed);
    return element("li", {}, element("button", { type: "button", className: "issue", onclick: press }, where, issue.text));
  });
  const more = issues.length - lines.length;
  const rest = more > 0 ? [element("p", { className: "hint" }, `${many(more, "more cell")}: see the Message column.`)] : [];
  return element(
    "section",
    { "aria-labelledby": "issues" },
    element("h2", { id: "issues" }, "Press one to go to its cell"),
    element("ul", { className: "issues" }, ...lines),
    ...rest,
  );
}

/**
 * @param {Item} item
 * @param {() => void} onclick
 */
function choice({ title, detail = "", badge = "", style = "" }, onclick) {
  const parts = [element("span", { className: "name" }, title)];
  if (badge) parts.push(element("span", { className: `badge ${style}` }, badge));
  if (detail) parts.push(element("span", { className: "hint" }, detail));
  return element("button", { type: "button", className: "choice", onclick }, ...parts);
}

/**
 * A field that leaves only the lines with these letters.
 * @param {HTMLElement[]} lines
 */
function search(lines) {
  const field = element("input", { type: "search", placeholder: "Find", "aria-label": "Find in the list" });
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const line of lines) line.hidden = !(line.textContent ?? "").toLowerCase().includes(wanted);
  });
  return field;
}
