// @ts-check
/** Sign in: who it is that works with this server. */

import { NoToken } from "../client/errors.js";
import { Server } from "../client/http.js";

/** @typedef {import("./desk.js").Desk} Desk */

/**
 * Ask for a token, try it, and only then keep it.
 * @param {Desk} desk
 */
export async function signIn(desk) {
  const typed = await desk.screen.askToken();
  if (typed === null) return;
  if (!typed.trim()) throw new NoToken();
  desk.screen.progress("signing in");
  const count = (await new Server(desk.address, typed.trim()).templates()).length;
  const stays = desk.keepToken(typed.trim());
  const lines = [`Signed in at ${desk.address}. ${count} templates are ready: press Get template.`];
  if (!stays) lines.push("This browser keeps nothing for Excel's add-ins, so you will be asked again next time.");
  desk.screen.tell(lines.join("\n"), "Signed in");
}
