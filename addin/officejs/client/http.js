// @ts-check
/**
 * Calls to a Stockbook server: hand rows in and follow them, fetch workbooks, push, sync, history.
 *
 * Every call has a time-out, every failure is one of `errors`. A call that carries an Idempotency-Key is tried again when
 * its answer was lost, because it can have its effect only once.
 */

import { errorOf, NotThere, ServerAway, ServerTooSlow, ServerTrouble, WrongAddress } from "./errors.js";
import { isRunning, lastOfMore } from "./outcome.js";

/** @typedef {import("./outcome.js").Cell} Cell */
/** @typedef {import("./outcome.js").Outcome} Outcome */
/** @typedef {import("./outcome.js").Row} Row */
/** @typedef {(text: string) => void} Progress */
/** @typedef {Record<string, any>} Column a column of a template, as the server describes it */
/** @typedef {Record<string, any>} Listing a mapped store SKU: what it was told, and what waits */
/**
 * @typedef {object} Template a workbook that can be handed in; `columns` in the sheet's order
 * @property {string} id
 * @property {string} title
 * @property {number} version
 * @property {string} summary
 * @property {boolean} with_data
 * @property {Column[]} columns
 */
/** @typedef {{version: number, columns: string[], rows: any[][]}} CurrentData names of columns, the last `_version` */
/**
 * @typedef {object} Call
 * @property {"GET" | "POST"} [method]
 * @property {Record<string, any>} [query]
 * @property {string} [body] JSON
 * @property {string | null} [key] its Idempotency-Key
 * @property {string} [doing] what is told when no answer comes
 */

const PREFIX = "/api/v1";
/** A server answers an upload within 20 seconds, with its outcome or with where to ask for it. */
const TIMEOUT_MS = 60_000;
const ALIVE_TIMEOUT_MS = 5_000;
const POLL_MS = [200, 2_000];
/** A large upload is followed so long; it goes on without us after that. */
const PATIENCE_MS = 1_800_000;
const TRIES = 3;
const PAGE = 1_000;
const MOST_LISTINGS = 20_000;
const SKUS_AT_ONCE = 100;

/** One server, as one signed-in person sees it. */
export class Server {
  /**
   * @param {string} address like https://stock.example.com, without a path
   * @param {string} token
   */
  constructor(address, token) {
    this.address = address;
    this.token = token;
  }

  // -- uploads --------------------------------------------------------------------------------------------------------

  /**
   * Hand a sheet's rows in (`reading.body`) and wait for the outcome; the first thousand rows and cells.
   * @param {string} body
   * @param {{mode: "validate" | "apply", key?: string, goodRows?: boolean, again?: boolean, progress: Progress}} how
   * @returns {Promise<Outcome>}
   */
  async handIn(body, { mode, key, goodRows = false, again = false, progress }) {
    const query = { mode, on_error: goodRows ? "apply_good" : "reject_all", ...(again ? { again: "true" } : {}) };
    progress("sending the rows");
    const call = { method: /** @type {const} */ ("POST"), query, body, key: key ?? null, doing: "handing the rows in" };
    const outcome = /** @type {Outcome} */ (await this.#json("/uploads", call));
    return isRunning(outcome) ? this.follow(outcome.id, progress) : outcome;
  }

  /**
   * The outcome of an upload once it has one. Throws what it failed with.
   * @param {number} upload
   * @param {Progress} progress
   * @returns {Promise<Outcome>}
   */
  async follow(upload, progress) {
    for await (const _ of waiting(PATIENCE_MS)) {
      const found = /** @type {Outcome} */ (await this.#json(`/uploads/${upload}`));
      if (!isRunning(found)) {
        if (found.status === "failed") throw errorOf(Number(found.problem?.status ?? 422), found.problem ?? {});
        return found;
      }
      progress(stage(found.progress ?? {}));
    }
    throw new ServerTooSlow(`upload ${upload} was worked on`);
  }

  /**
   * Every cell to write back, a page at a time behind those that came with the outcome.
   * @param {Outcome} outcome
   * @param {Progress} progress
   * @returns {Promise<Cell[]>}
   */
  async allCells(outcome, progress) {
    return this.#all(outcome, "cells", outcome.cells ?? [], progress);
  }

  /**
   * What came of every row.
   * @param {Outcome} outcome
   * @param {Progress} progress
   * @returns {Promise<Row[]>}
   */
  async allRows(outcome, progress) {
    return this.#all(outcome, "rows", outcome.rows ?? [], progress);
  }

  /**
   * The latest uploads, newest first, without their rows.
   * @returns {Promise<Outcome[]>}
   */
  async history(limit = 50) {
    return (await this.#json("/uploads", { query: { limit } })).items;
  }

  /**
   * An upload's workbook with status, message, colours and notes.
   * @param {number} upload
   */
  async result(upload) {
    return this.#file(`/uploads/${upload}/result.xlsx`);
  }

  // -- templates and reports ------------------------------------------------------------------------------------------

  /**
   * Every template there is. Also how a token is tried.
   * @returns {Promise<Template[]>}
   */
  async templates() {
    return (await this.#json("/templates")).items;
  }

  /**
   * A template as .xlsx, empty or with current data.
   * @param {string} template
   * @param {boolean} withData
   */
  async template(template, withData) {
    return this.#file(`/templates/${template}.xlsx`, withData ? { with_data: "true" } : {});
  }

  /**
   * Current data as rows. Throws `Refused` for a template that has none.
   * @param {string} template
   * @returns {Promise<CurrentData>}
   */
  async currentData(template) {
    return this.#json(`/templates/${template}/rows`);
  }

  /** The warehouse that a blank cell means; empty if there is none. */
  async defaultWarehouse() {
    const found = /** @type {any[]} */ ((await this.#json("/warehouses", { query: { limit: PAGE } })).items);
    return String(found.find((each) => each.default)?.code ?? "");
  }

  /**
   * Name and title of every report; none where the server has no reports.
   * @returns {Promise<{name: string, title: string}[]>}
   */
  async reports() {
    try {
      const found = /** @type {any[]} */ ((await this.#json("/reports")).items);
      return found.map((each) => ({ name: String(each.name), title: String(each.title || each.name) }));
    } catch (error) {
      if (error instanceof NotThere) return [];
      throw error;
    }
  }

  /**
   * A report as .xlsx.
   * @param {string} name
   */
  async report(name) {
    return this.#file(`/reports/${name}.xlsx`);
  }

  /**
   * What the control workbook says now. Throws `Refused` for one of another version than the server's.
   * @param {number | null} version
   * @returns {Promise<import("./control.js").Control>}
   */
  async control(version) {
    return this.#json("/reports/control/current", { query: version === null ? {} : { version } });
  }

  // -- push and sync --------------------------------------------------------------------------------------------------

  /**
   * Every mapped store SKU of these merchant SKUs (all unless given): what it was told, and what waits.
   * @param {string[]} skus
   * @returns {Promise<Listing[]>}
   */
  async listings(skus) {
    /** @type {Listing[]} */
    const found = [];
    for (const some of portions(skus, SKUS_AT_ONCE)) {
      /** @type {number | null} */
      let after = 0;
      while (after !== null && found.length < MOST_LISTINGS) {
        /** @type {{items: Listing[], next: number | null}} */
        const page = await this.#json("/push/listings", { query: { sku: some, after, limit: PAGE } });
        found.push(...page.items);
        after = page.next;
      }
    }
    return found;
  }

  /**
   * Ask for a push of these SKUs, or of all; gives the number of store SKUs that will be told.
   * @param {string[]} skus
   * @returns {Promise<number>}
   */
  async pushNow(skus) {
    const call = { body: JSON.stringify({ skus }), doing: "asking for the push" };
    return Number((await this.#json("/push", { method: "POST", ...call })).listings);
  }

  /**
   * Read the stores' orders now and wait for the run; gives its counts. Throws `ServerTrouble` if it fails.
   * @param {Progress} progress
   * @returns {Promise<Record<string, any>>}
   */
  async syncOrders(progress) {
    let run = await this.#json("/sync/orders", { method: "POST", body: "{}", doing: "asking for orders" });
    for await (const _ of waiting(PATIENCE_MS)) {
      if (run.status === "failed") {
        throw new ServerTrouble(`Reading the orders failed: ${run.error || "see Jobs on the server"}`);
      }
      if (run.status === "done") return run.counts;
      progress(String(run.progress.text || "reading orders"));
      run = await this.#json(`/runs/${run.id}`);
    }
    throw new ServerTooSlow("orders were read");
  }

  // -- the wire -------------------------------------------------------------------------------------------------------

  /**
   * What came with an outcome, and the pages behind it.
   * @param {Outcome} outcome
   * @param {"rows" | "cells"} what
   * @param {any[]} first
   * @param {Progress} progress
   */
  async #all(outcome, what, first, progress) {
    const found = [...first];
    let after = lastOfMore(outcome);
    while (after !== null) {
      progress(after ? `fetching results behind row ${after.toLocaleString("en-US")}` : "fetching results");
      const page = await this.#json(`/uploads/${outcome.id}/${what}`, { query: { after, limit: PAGE } });
      found.push(...page.items);
      after = page.next;
    }
    return found;
  }

  /**
   * A browser does not tell a connection that never came about from one that broke. So that `ServerAway` can say for
   * certain that nothing was changed, what is to change something asks first whether anybody is there.
   */
  async #mustBeThere() {
    try {
      await fetch(`${this.address}/healthz`, { ...plain(ALIVE_TIMEOUT_MS) });
    } catch {
      throw new ServerAway(this.address);
    }
  }

  /**
   * @param {string} path
   * @param {Call} call
   * @returns {Promise<any>}
   */
  async #json(path, call = {}) {
    const answer = await this.#call(path, call);
    try {
      return await answer.json();
    } catch {
      throw new WrongAddress(this.address);
    }
  }

  /**
   * @param {string} path
   * @param {Record<string, any>} query
   */
  async #file(path, query = {}) {
    const answer = await this.#call(path, { query, doing: "fetching a workbook" });
    return new Uint8Array(await answer.arrayBuffer());
  }

  /**
   * @param {string} path
   * @param {Call} call
   */
  async #call(path, { method = "GET", query = {}, body, key = null, doing = "asking for an answer" }) {
    const headers = new Headers({ Authorization: `Bearer ${this.token}` });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (key !== null) headers.set("Idempotency-Key", key);
    if (method === "POST") await this.#mustBeThere();
    for (let left = method === "GET" || key !== null ? TRIES - 1 : 0; ; left -= 1) {
      try {
        const sent = { ...plain(TIMEOUT_MS), method, headers, ...(body === undefined ? {} : { body }) };
        const answer = await fetch(this.address + PREFIX + path + queryText(query), sent);
        if (answer.ok) return answer;
        throw errorOf(answer.status, await problemOf(answer));
      } catch (error) {
        if (!isOfTheWire(error)) throw error;
        if (method === "GET") await this.#mustBeThere();
        if (!left) throw new ServerTooSlow(doing);
        await pause(POLL_MS[1] / 2);
      }
    }
  }
}

/**
 * Look again and again, with pauses that grow; ends after so many milliseconds.
 * @param {number} patience
 */
export async function* waiting(patience) {
  const until = performance.now() + patience;
  for (let wait = POLL_MS[0]; performance.now() < until; wait = Math.min(wait * 1.5, POLL_MS[1])) {
    yield;
    await pause(wait);
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/**
 * Nothing of the browser's own goes along: no cookies of the console, no stored answers.
 * @param {number} timeout milliseconds
 * @returns {RequestInit}
 */
function plain(timeout) {
  return { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(timeout) };
}

/** @param {unknown} error */
function isOfTheWire(error) {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

/** @param {Record<string, any>} query */
function queryText(query) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) found.append(name, String(each));
  }
  return found.size ? `?${found}` : "";
}

/**
 * The problem document, empty where a proxy or something else answered.
 * @param {Response} answer
 * @returns {Promise<Record<string, any>>}
 */
async function problemOf(answer) {
  try {
    const found = await answer.json();
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** @param {Record<string, any>} progress */
function stage(progress) {
  const rows = progress.rows || progress.total;
  const name = String(progress.stage || progress.text || "working");
  return Number.isInteger(rows) ? `${name} ${rows.toLocaleString("en-US")} rows` : name;
}

/**
 * In lists of `size`; one empty list where there are none.
 * @param {string[]} items
 * @param {number} size
 */
function portions(items, size) {
  const starts = Array.from({ length: Math.max(1, Math.ceil(items.length / size)) }, (_each, number) => number * size);
  return starts.map((start) => items.slice(start, start + size));
}
