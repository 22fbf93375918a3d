// @ts-check
/**
 * One Idempotency-Key for one press of Apply, also when it is pressed again because nothing seemed to happen (ADD-2).
 *
 * A key is made for a state of a sheet and kept until an answer to it has come back. So a press after an answer that got
 * lost repeats the first; a press after an answer is a new one, and what it means is the server's to say (applied before:
 * skipped, or refused as a duplicate).
 */

import { hex } from "./reading.js";

/** A press whose answer never came is forgotten after a day: by then somebody has looked at the history. */
const FORGOTTEN_MS = 24 * 3_600_000;
const PREFIX = "press.";

/**
 * @typedef {object} Drawer where a few words are kept on this computer
 * @property {(name: string) => string | null} get
 * @property {(name: string, text: string | null) => boolean} set null takes it away; whether it will be there next time
 * @property {() => string[]} names
 */

export class Presses {
  /** @param {Drawer} drawer */
  constructor(drawer, clock = Date.now) {
    this.drawer = drawer;
    this.clock = clock;
  }

  /**
   * The key of the press that waits with this fingerprint; a new one if there is none.
   * @param {string} fingerprint
   */
  key(fingerprint) {
    this.forgetOld();
    const kept = this.drawer.get(PREFIX + fingerprint)?.split(" ")[1];
    if (kept) return kept;
    const made = hex(crypto.getRandomValues(new Uint8Array(16)));
    this.drawer.set(PREFIX + fingerprint, `${this.clock()} ${made}`);
    return made;
  }

  /**
   * Its answer has come back.
   * @param {string} fingerprint
   */
  answered(fingerprint) {
    this.drawer.set(PREFIX + fingerprint, null);
  }

  forgetOld() {
    for (const name of this.drawer.names().filter((each) => each.startsWith(PREFIX))) {
      const made = Number(this.drawer.get(name)?.split(" ")[0]);
      if (!(this.clock() - made <= FORGOTTEN_MS)) this.drawer.set(name, null);
    }
  }
}
