// @ts-check
/**
 * What every button works with.
 *
 * @typedef {import("../client/issues.js").Issue} Issue
 * @typedef {{title: string, detail?: string, badge?: string, style?: string}} Item one line of a list to choose from
 *
 * @typedef {object} Screen what the user sees of a button besides the cells; a question that is left for another button
 *   is answered with the last of its answers
 * @property {(text: string) => void} progress what is being done
 * @property {(text: string, title: string, beside?: {issues?: Issue[], show?: (issue: Issue) => Promise<void>}) => void} tell
 * @property {(text: string, title: string, answers: string[], main?: number) => Promise<number>} ask the place of the chosen
 *   answer; `main`: the one that is suggested, the first unless given
 * @property {(title: string, question: string, items: Item[]) => Promise<number | null>} pick the place of the chosen item
 * @property {() => Promise<string | null>} askToken what was typed; null if nothing is to be done
 */

import { NotSignedIn } from "../client/errors.js";
import { Server } from "../client/http.js";
import { Presses } from "../client/presses.js";
import { openBook } from "../excel/books.js";

const TOKEN = "token";

export class Desk {
  /**
   * @param {Screen} screen
   * @param {import("../client/presses.js").Drawer} drawer
   * @param {string} address the server's: where this page came from
   */
  constructor(screen, drawer, address) {
    this.screen = screen;
    this.drawer = drawer;
    this.address = address;
    this.presses = new Presses(drawer);
  }

  get isSignedIn() {
    return Boolean(this.drawer.get(TOKEN));
  }

  /** The server, as this person. Throws `NotSignedIn`. */
  server() {
    const token = this.drawer.get(TOKEN);
    if (!token) throw new NotSignedIn();
    return new Server(this.address, token);
  }

  /**
   * Keep the token, null forgets it; whether it will be there next time.
   * @param {string | null} token
   */
  keepToken(token) {
    return this.drawer.set(TOKEN, token);
  }

  /**
   * Open a workbook and say where it is.
   * @param {Uint8Array} content
   * @param {string} name
   */
  async open(content, name) {
    const how = await openBook(content, name);
    const where = how === "opened" ? "is open in a window of its own." : "was saved among your downloads: open it from there.";
    this.screen.tell(`${name} ${where}`, "Done");
  }
}
