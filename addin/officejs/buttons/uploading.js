// @ts-check
/** Validate and Apply: the open sheet's rows to the server, what came of them back into its own cells (ADD-2). */

import { AddinError, ServerAway, ServerBusy, ServerTooSlow, ServerTrouble } from "../client/errors.js";
import { issuesOf } from "../client/issues.js";
import { badRows, goodRows } from "../client/outcome.js";
import { paint } from "../client/painting.js";
import { body, fingerprint, MESSAGE, STATUS, unmarked, withTools } from "../client/reading.js";
import { columnOf, firstRow, place } from "../client/sheet.js";
import { many, ofOutcome } from "../client/summary.js";
import { ExcelRefused } from "../excel/running.js";
import { Template } from "../excel/template.js";

/** @typedef {import("../client/http.js").Server} Server */
/** @typedef {import("../client/issues.js").Issue} Issue */
/** @typedef {import("../client/outcome.js").Outcome} Outcome */
/** @typedef {import("../client/sheet.js").Table} Table */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{goodRows?: boolean, again?: boolean}} Flags */
/** @typedef {{text: string, issues: Issue[]}} Shown */

/** After these the server may or may not have done it: the same press must be repeated, not a new one made. */
const UNANSWERED = [ServerAway, ServerTooSlow, ServerTrouble, ServerBusy];

/** The columns are not those that were sent any more. */
export class SheetChanged extends AddinError {
  title = "The sheet was changed meanwhile";
}

/** Excel did not take the results: the server has done what it said, the sheet does not show it. */
export class NotWritten extends AddinError {
  title = "The results could not be written";

  /**
   * @param {string} said what came of it
   * @param {string} why
   */
  constructor(said, why) {
    super(`${said}\n\n${why.replace("press the button again", "press Validate")} What was applied is not applied again.`);
  }
}

/**
 * Check every row; nothing changes but this workbook's own status, message, colours and notes (WB-5).
 * @param {Desk} desk
 */
export async function validate(desk) {
  const template = await Template.open();
  const table = await template.read(desk.screen.progress);
  const server = desk.server();
  const outcome = await server.handIn(body(table), { mode: "validate", progress: desk.screen.progress });
  tell(desk, template, "Validate", await show(desk, template, table, server, outcome));
}

/**
 * Check every row and apply them: all or none, or the good ones if the user says so (WB-6).
 * @param {Desk} desk
 */
export async function apply(desk) {
  const template = await Template.open();
  let table = await template.read(desk.screen.progress);
  const server = desk.server();
  /** @type {Flags} */
  let flags = {};
  const once = async () => {
    const outcome = await applied(desk, server, body(table), flags);
    return { outcome, shown: await show(desk, template, table, server, outcome) };
  };
  let { outcome, shown } = await once();
  if (outcome.status === "duplicate") {
    const meant = await onceMore(desk, template, table, outcome, shown);
    if (!meant) return tell(desk, template, "Applied before", shown);
    [table, flags] = [meant, { again: true }];
    ({ outcome, shown } = await once());
  }
  const good = goodRows(outcome);
  if (outcome.status === "refused" && good && badRows(outcome)) {
    const question = `${shown.text}\n\nApply the ${many(good, "good row")} now and leave the others?`;
    const answers = [`Apply ${many(good, "good row")}`, "Leave all as it is"];
    if ((await desk.screen.ask(question, "Apply", answers)) === 0) {
      flags = { ...flags, goodRows: true };
      ({ outcome, shown } = await once());
    }
  }
  tell(desk, template, "Apply", shown);
}

/**
 * The rows to apply although their content was applied before (WB-7): all of them, or those that were not applied then;
 * null if that is not meant.
 * @param {Desk} desk
 * @param {Template} template
 * @param {Table} table
 * @param {Outcome} outcome
 * @param {Shown} shown
 * @returns {Promise<Table | null>}
 */
async function onceMore(desk, template, table, outcome, { text }) {
  const good = goodRows(outcome);
  if (good) {
    const question = `${text}\n\nApply the ${many(good, "row")} that ${good === 1 ? "was" : "were"} not applied then?`;
    const answer = await desk.screen.ask(question, "Applied before", [`Apply ${many(good, "row")}`, "No"]);
    return answer === 0 ? template.read(desk.screen.progress) : null;
  }
  if (badRows(outcome)) return null;
  const question = `${text}\n\nIs it meant to be applied once more?`;
  const answer = await desk.screen.ask(question, "Applied before", ["Apply once more", "No"], 1); // a second press means once
  return answer === 0 ? unmarked(table) : null;
}

/**
 * One apply under the key of this sheet's state, so that pressing twice applies once.
 * @param {Desk} desk
 * @param {Server} server
 * @param {string} sent
 * @param {Flags} flags
 */
async function applied(desk, server, sent, flags) {
  const mark = await fingerprint(server.address, "apply", /** @type {Record<string, boolean>} */ (flags), sent);
  const key = desk.presses.key(mark);
  try {
    const outcome = await server.handIn(sent, { mode: "apply", key, progress: desk.screen.progress, ...flags });
    desk.presses.answered(mark);
    return outcome;
  } catch (error) {
    const isAnswer = error instanceof AddinError && !UNANSWERED.some((kind) => error instanceof kind);
    if (isAnswer) desk.presses.answered(mark);
    throw error;
  }
}

/**
 * Paint an outcome. All of it is fetched before the first cell is touched. The pane does not keep people from typing
 * while the server is at work: rows that are not what was sent any more get no result.
 * @param {Desk} desk
 * @param {Template} template
 * @param {Table} table
 * @param {Server} server
 * @param {Outcome} outcome
 * @returns {Promise<Shown>}
 */
async function show(desk, template, table, server, outcome) {
  const cells = await server.allCells(outcome, desk.screen.progress);
  if (!cells.length) return { text: ofOutcome(outcome), issues: [] };
  const changed = await changedRows(template, table, `${ofOutcome(outcome)}\n`);
  const valid = cells.filter((cell) => !changed.has(place(cell.address).row));
  const painting = template.on(async (page) => {
    await page.readyForResults(table);
    const last = firstRow(table) + table.values.length - 1;
    return paint(page.paper, valid, [firstRow(table), last], desk.screen.progress);
  });
  const { notesLeftOut } = await painting.catch((error) => {
    throw error instanceof ExcelRefused ? new NotWritten(ofOutcome(outcome, 0, false), error.message) : error;
  });
  const lines = [ofOutcome(outcome, notesLeftOut)];
  if (changed.size) {
    lines.push(`${many(changed.size, "row")} changed while the server was at work: press Validate to have it checked anew.`);
  }
  return { text: lines.join("\n"), issues: issuesOf(valid) };
}

/**
 * Numbers of the rows that are not what was read any more. Throws `SheetChanged` where the columns are others.
 * @param {Template} template
 * @param {Table} table
 */
export async function changedRows(template, table, before = "") {
  const now = await template.read(() => {});
  const columns = (/** @type {string[]} */ headers) => withTools(headers).join("\n"); // an earlier outcome may have added them
  if (now.headerRow !== table.headerRow || columns(now.headers) !== columns(table.headers)) {
    throw new SheetChanged(
      `${before}The columns of this sheet are not those that were sent any more, so nothing was written into it. ` +
        "Press Validate.",
    );
  }
  const tools = [STATUS, MESSAGE].map((title) => columnOf(table.headers, title));
  const typed = (/** @type {any[]} */ row) =>
    JSON.stringify(table.headers.map((_, column) => (tools.includes(column) ? "" : (row[column] ?? null))));
  const rows = table.values.flatMap((row, down) => (typed(row) === typed(now.values[down] ?? []) ? [] : [down]));
  return new Set(rows.map((down) => down + firstRow(table)));
}

/**
 * @param {Desk} desk
 * @param {Template} template
 * @param {string} title
 * @param {Shown} shown
 */
function tell(desk, template, title, { text, issues }) {
  const select = (/** @type {Issue} */ issue) => template.on((page) => page.paper.select(issue.row, issue.column));
  desk.screen.tell(text, title, { issues, show: select });
}
