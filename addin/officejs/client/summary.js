// @ts-check
/** What is said at the end: what came of an upload, a push, a load. For merchandisers, short, numbers first. */

import { badRows } from "./outcome.js";

/** @typedef {import("./http.js").Listing} Listing */
/** @typedef {import("./outcome.js").Outcome} Outcome */

const MOST_LINES = 12;
/** @type {Record<string, string>} */
const HEADS = {
  validated: "Checked. Nothing was changed.",
  applied: "Applied.",
  partly_applied: "The good rows were applied; the others were left out.",
  refused: "Nothing was applied.",
  duplicate: "Nothing was applied: the same content was applied before.",
  undone: "This upload was applied and taken back since.",
};
/** @type {Record<string, string>} */
const WORDS = {
  ok: "good",
  warning: "with a warning",
  error: "with an error",
  conflict: "changed by somebody else meanwhile",
  unchanged: "unchanged",
  skipped: "applied before, left alone",
};

/**
 * What came of an upload.
 * @param {Outcome} outcome
 */
export function ofOutcome(outcome, notesLeftOut = 0, isPainted = true) {
  const lines = [`${headOf(outcome)} Upload ${outcome.id}.`];
  const counts = Object.entries(WORDS)
    .filter(([kind]) => outcome.counts[kind])
    .map(([kind, words]) => `${number(outcome.counts[kind])} ${words}`);
  lines.push(counts.length ? `${many(outcome.counts.rows ?? 0, "row")}: ${counts.join(", ")}.` : "No rows.");
  lines.push(...outcome.messages.map(sentence));
  if (badRows(outcome) && isPainted) lines.push("The first wrong cell is selected; the Message column says what to do.");
  if (notesLeftOut) {
    lines.push(
      `${many(notesLeftOut, "more cell")} without a note: a workbook gets 200 notes at most. ` +
        "The Message column says everything.",
    );
  }
  return lines.join("\n");
}

/** @param {Outcome} outcome */
function headOf({ status, counts }) {
  if (status === "applied" && counts.rows && !counts.ok && !counts.warning) return "There was nothing left to apply.";
  return HEADS[status] ?? status;
}

/**
 * What Load current data did.
 * @param {string} title
 * @param {number} loaded
 * @param {number} kept
 */
export function ofLoad(title, loaded, kept) {
  const lines = [`${title}: ${many(loaded, "record")} loaded.`];
  if (kept) {
    lines.push(
      `${many(kept, "row")} that you typed and did not apply ${kept === 1 ? "was" : "were"} kept as ` +
        `${kept === 1 ? "it is" : "they are"}.`,
    );
  }
  return lines.join("\n");
}

/**
 * What the control workbook says now, and which of its lists could not be brought up to date.
 * @param {string} said
 * @param {import("./control.js").Written} written
 */
export function ofRefresh(said, { blocked, gone }) {
  const lines = [said];
  if (blocked.length) {
    lines.push(
      `Not refreshed, because something is written below its table: ${blocked.join(", ")}. Move it to a sheet of your own.`,
    );
  }
  if (gone.length) lines.push(`Not found in this workbook: ${gone.join(", ")}. Get it anew with Reports.`);
  return lines.join("\n");
}

/**
 * What reading orders brought.
 * @param {Record<string, any>} counts
 */
export function ofSync(counts) {
  const told = Object.entries(counts).filter(([, value]) => Number.isInteger(value));
  const lines = told.map(([name, value]) => `${name.replaceAll("_", " ")}: ${number(value)}`);
  return ["Orders were read from the stores.", ...(lines.length ? lines : ["Nothing new."])].join("\n");
}

/**
 * What a Push Now changed where.
 * @param {Listing[]} before
 * @param {Listing[]} after
 * @param {number} asked
 * @param {boolean} settled
 */
export function ofPush(before, after, asked, settled) {
  if (!asked) return "Nothing to push: none of these SKUs is mapped to a store's listing.";
  const known = new Map(before.map((each) => [each.id, each]));
  const told = after.filter((each) => wasTold(known.get(each.id), each));
  const changed = told.filter((each) => (known.get(each.id)?.told ?? null) !== each.told);
  const lines = [`${many(told.length, "listing")} told; ${many(changed.length, "quantity", "quantities")} changed.`];
  lines.push(...byStore(changed, known), ...notTold(after, told));
  if (!settled) lines.push("Some stores have not answered yet; the push goes on by itself.");
  return lines.join("\n");
}

/**
 * Whether a listing's push came to an end: evaluated since, and nothing waits, or what waits can't be hurried.
 * @param {Listing | undefined} before
 * @param {Listing} now
 */
export function isSettled(before, now) {
  const evaluated = now.evaluated_at !== null && (!before || now.evaluated_at !== before.evaluated_at);
  return evaluated && (now.state === null || now.state === "failed" || now.paused_until !== null);
}

/**
 * A count with its word.
 * @param {number} count
 * @param {string} one
 */
export function many(count, one, several = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : several}`;
}

/** @param {number} value */
export function number(value) {
  return value.toLocaleString("en-US");
}

/**
 * @param {Listing | undefined} before
 * @param {Listing} now
 */
function wasTold(before, now) {
  return now.told_at !== null && (!before || now.told_at !== before.told_at);
}

/**
 * @param {Listing[]} changed
 * @param {Map<any, Listing>} before
 */
function byStore(changed, before) {
  const lines = changed.slice(0, MOST_LINES).map((each) => {
    const was = before.get(each.id)?.told ?? null;
    return `${each.store} · ${each.store_sku}: ${was === null ? "nothing" : was} → ${each.told}`;
  });
  return changed.length > MOST_LINES ? [...lines, `… and ${number(changed.length - MOST_LINES)} more.`] : lines;
}

/**
 * Why the others were not told, one line per reason.
 * @param {Listing[]} after
 * @param {Listing[]} told
 */
function notTold(after, told) {
  const done = new Set(told.map((each) => each.id));
  /** @type {Map<string, string[]>} */
  const reasons = new Map();
  for (const each of after) {
    const [reason, name] = reasonOf(each, done.has(each.id));
    const names = reasons.get(reason);
    if (names) names.push(name);
    else if (reason) reasons.set(reason, [name]);
  }
  return [...reasons].slice(0, MOST_LINES).map(([reason, names]) => reasonLine(reason, names));
}

/**
 * Why a listing was not told, and its name; '' where there is nothing to say.
 * @param {Listing} each
 * @param {boolean} isTold
 * @returns {[string, string]}
 */
function reasonOf(each, isTold) {
  const name = `${each.store} · ${each.store_sku}`;
  if (each.state === "failed") return [`refused: ${each.reason}`, name];
  if (isTold) return ["", name];
  if (each.paused_until !== null) {
    return [`not told yet, as ${each.store} is paused (${each.paused_for}); it is told once the store is back`, name];
  }
  const isSaid = each.result === null || each.result === "send" || each.result === "nothing_to_send";
  return each.state === null && !isSaid ? [`not pushed: ${each.result.replaceAll("_", " ")}`, name] : ["", name];
}

/**
 * @param {string} reason
 * @param {string[]} names
 */
function reasonLine(reason, names) {
  const more = names.length > 3 ? ` and ${number(names.length - 3)} more` : "";
  return `${names.slice(0, 3).join(", ")}${more}: ${reason}`;
}

/** @param {string} text */
function sentence(text) {
  const whole = text.trim();
  return whole.slice(0, 1).toUpperCase() + whole.slice(1);
}
