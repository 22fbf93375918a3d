// @ts-check
/** Push Now and Sync Orders. */

import { NotATemplate } from "../client/errors.js";
import { waiting } from "../client/http.js";
import { isSettled, number, ofPush, ofSync } from "../client/summary.js";
import { selectedRows, Template } from "../excel/template.js";

/** @typedef {import("../client/http.js").Listing} Listing */
/** @typedef {import("../client/http.js").Server} Server */
/** @typedef {import("./desk.js").Desk} Desk */

/** How long the stores' answers are waited for before the summary says what has come so far. */
const PATIENCE_MS = 45_000;
/** Headers under which merchant SKUs stand, in this order. */
const SKU_HEADERS = ["SKU", "SKU on it", "Component", "Combination"];
const MOST_SKUS = 5_000;

/**
 * Tell the stores: the SKUs of the selected rows, or all; then say what changed where (PSH-7, cause 16).
 * @param {Desk} desk
 */
export async function pushNow(desk) {
  const skus = await chosenSkus(desk);
  if (skus === null) return;
  const server = desk.server();
  desk.screen.progress("asking for the push");
  const before = await server.listings(skus);
  const asked = await server.pushNow(skus);
  const { after, settled } = asked ? await waitForStores(desk, server, skus, before) : { after: before, settled: true };
  desk.screen.tell(ofPush(before, after, asked, settled), "Push Now");
}

/**
 * Read orders from the stores now.
 * @param {Desk} desk
 */
export async function syncOrders(desk) {
  const counts = await desk.server().syncOrders(desk.screen.progress);
  desk.screen.tell(ofSync(counts), "Sync Orders");
}

/**
 * What is to be pushed, none for everything; null if nothing is.
 * @param {Desk} desk
 * @returns {Promise<string[] | null>}
 */
async function chosenSkus(desk) {
  const skus = await selectedSkus();
  if (!skus.length) {
    const question = "Tell all stores the quantities of all SKUs now?";
    return (await desk.screen.ask(question, "Push Now", ["Push everything", "Cancel"])) === 0 ? [] : null;
  }
  const shown = skus.length === 1 ? skus[0] : `the ${number(skus.length)} SKUs of the selected rows`;
  const answers = [skus.length === 1 ? "Only this one" : "Only these", "Everything, in all stores", "Cancel"];
  const answer = await desk.screen.ask(`Push ${shown}?`, "Push Now", answers);
  return answer === 2 ? null : answer === 0 ? skus : [];
}

/**
 * The listings once every push came to an end, or when time is up.
 * @param {Desk} desk
 * @param {Server} server
 * @param {string[]} skus
 * @param {Listing[]} before
 */
async function waitForStores(desk, server, skus, before) {
  const known = new Map(before.map((each) => [each.id, each]));
  /** @type {Listing[]} */
  let after = [];
  for await (const _ of waiting(PATIENCE_MS)) {
    after = await server.listings(skus);
    const open = after.filter((each) => !isSettled(known.get(each.id), each)).length;
    if (!open) return { after, settled: true };
    desk.screen.progress(`waiting for the stores, ${number(open)} of ${number(after.length)} listings to go`);
  }
  return { after, settled: false };
}

/** Merchant SKUs in the selected rows of the template, each once; none if the sheet has no such column. */
async function selectedSkus() {
  try {
    const template = await Template.open();
    const found = await template.textsUnder(SKU_HEADERS, await selectedRows(template));
    return [...new Set(found.filter(Boolean))].slice(0, MOST_SKUS);
  } catch (error) {
    if (error instanceof NotATemplate) return [];
    throw error;
  }
}
