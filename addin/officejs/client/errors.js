// @ts-check
/**
 * What can go wrong between a button and the server (ADD-4): each its own kind, with a sentence that says what to do.
 *
 * Whatever is thrown from here means that the workbook was not touched.
 */

/** Something to be told: `title`, and the error's own text. */
export class AddinError extends Error {
  title = "Stockbook";
}

/** There is no token on this machine yet. */
export class NotSignedIn extends AddinError {
  title = "Not signed in";

  constructor() {
    super("You are not signed in on this computer. Press Sign in on the Stockbook tab first.");
  }
}

/** Sign in was pressed with an empty token. */
export class NoToken extends AddinError {
  title = "No access token";

  constructor() {
    super("Paste the access token: it begins with sb_. An administrator makes one for you.");
  }
}

/** Nobody answers at the server's address. */
export class ServerAway extends AddinError {
  title = "The Stockbook server does not answer";

  /** @param {string} address */
  constructor(address) {
    super(
      `Nothing answers at ${address}. Is the server running, and is this computer on the right network? ` +
        "Nothing was changed.",
    );
  }
}

/** The server took the call and did not answer in time. */
export class ServerTooSlow extends AddinError {
  title = "The Stockbook server takes too long";

  /** @param {string} what */
  constructor(what) {
    super(
      `There was no answer in time while ${what}. The server may still be at work: look at History, or press ` +
        "the same button again. An Apply that is pressed again is applied only once.",
    );
  }
}

/** The token is wrong, revoked or expired (401). */
export class TokenRefused extends AddinError {
  title = "Please sign in again";

  constructor() {
    super("Your access token is not valid: it has expired, was revoked, or was not copied whole. Press Sign in.");
  }
}

/** The role of this user does not allow it (403). */
export class Forbidden extends AddinError {
  title = "You may not do this";
}

/** The open workbook has no table of ours. */
export class NotATemplate extends AddinError {
  title = "This is not a Stockbook template";

  /** @param {string} book */
  constructor(book = "") {
    super(
      `${book ? `'${book}'` : "This workbook"} has no Stockbook table. Press Get template, fill it in, and press the ` +
        "button there. If this is a copy, copy the whole workbook rather than its cells.",
    );
  }
}

/** The open workbook is the one that shows what waits. */
export class ControlWorkbook extends NotATemplate {
  title = "This is the control workbook";
  message =
    "The control workbook is looked at, not handed in. Press Load current data to refresh it; to change something, " +
    "press Get template.";
}

/** The open control workbook has lost its tables. */
export class ControlIncomplete extends AddinError {
  title = "This control workbook is incomplete";
  message = "None of its tables is left. Press Reports and choose Control workbook.";
}

/** The workbook was made with another version of its template. */
export class TemplateTooOld extends AddinError {
  title = "This template is out of date";

  /** @param {string} detail */
  constructor(detail) {
    super(`${detail} Get template has the current one.`);
  }
}

/** The workbook was made by a server that is ahead of this one. */
export class TemplateTooNew extends AddinError {
  title = "This template is from a newer server";

  /** @param {string} detail */
  constructor(detail) {
    super(`${detail} Are you signed in at the right server? Its own template comes with Get template.`);
  }
}

/** More rows, or more data, than can be handed in at once (413). */
export class TooManyRows extends AddinError {
  title = "Too many rows";
}

/** The server understood and said no; `code` says which no. */
export class Refused extends AddinError {
  title = "Not possible";

  /**
   * @param {string} text
   * @param {string} code
   */
  constructor(text, code = "") {
    super(text);
    this.code = code;
  }
}

/** What was asked for does not exist (404). */
export class NotThere extends Refused {
  title = "Not found";
}

/** The server has too much to do, or was asked too often (429, 503). */
export class ServerBusy extends AddinError {
  title = "The Stockbook server is busy";
}

/** Something went wrong inside the server (5xx). */
export class ServerTrouble extends AddinError {
  title = "Something went wrong on the server";
}

/** Something answers there, but it is no Stockbook server: a proxy's page, as a rule. */
export class WrongAddress extends AddinError {
  title = "Not a Stockbook server";

  /** @param {string} address */
  constructor(address) {
    super(
      `What answers at ${address} is not a Stockbook server. Your network may want you to sign in first: open that ` +
        "address in a browser.",
    );
  }
}

/**
 * The error that a status and its problem document (RFC 9457) stand for.
 * @param {number} status
 * @param {Record<string, any>} problem
 * @returns {AddinError}
 */
export function errorOf(status, problem) {
  const detail = sentence(String(problem.detail || `The server answered ${status}.`));
  const code = String(problem.code || "");
  if (status === 401) return new TokenRefused();
  if (status === 403) return new Forbidden(detail);
  if (status === 404) return new NotThere(detail, code);
  if (status === 413) return new TooManyRows(`${detail} Nothing was changed.`);
  if (status === 429 || status === 503) {
    return new ServerBusy(`${detail} Nothing was changed; please try again in a moment.`);
  }
  if (status >= 500) {
    return new ServerTrouble(`${detail} Nothing was changed as far as this add-in can tell; look at History.`);
  }
  if (code === "file-old-template") return new TemplateTooOld(detail);
  if (code === "file-new-template") return new TemplateTooNew(detail);
  if (code === "file-too-many-rows") return new TooManyRows(`${detail} Nothing was changed.`);
  return new Refused(withPlaces(detail, problem), code);
}

/**
 * The sentence, with what else was found beside the first.
 * @param {string} detail
 * @param {Record<string, any>} problem
 */
function withPlaces(detail, problem) {
  const others = /** @type {any[]} */ (problem.errors ?? []).map((each) => String(each.detail || each.text || ""));
  const more = others.filter((text) => text && !detail.includes(sentence(text).replace(/\.+$/, ""))).map(sentence);
  return [detail, ...more.slice(0, 5)].join("\n");
}

/**
 * With a capital and a full stop.
 * @param {string} text
 */
function sentence(text) {
  const whole = text.trim();
  return whole.slice(0, 1).toUpperCase() + whole.slice(1) + (/[.!?]$/.test(whole) ? "" : ".");
}
