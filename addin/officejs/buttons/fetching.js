// @ts-check
/** Workbooks that are fetched and opened: templates, reports, results of earlier uploads. */

import { Refused } from "../client/errors.js";
import { badRows } from "../client/outcome.js";
import { many } from "../client/summary.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @type {Record<string, string>} */
const STATUS = { partly_applied: "partly applied" };
/** @type {Record<string, string>} */
const STYLE = { applied: "ok", partly_applied: "warning", refused: "error", failed: "error", duplicate: "warning" };

/**
 * Choose a template, empty or with current data, and open it.
 * @param {Desk} desk
 */
export async function getTemplate(desk) {
  const server = desk.server();
  desk.screen.progress("fetching the list of templates");
  const templates = await server.templates();
  const items = templates.map((each) => ({ title: each.title, detail: each.summary }));
  const place = await desk.screen.pick("Get template", "Which workbook?", items);
  if (place === null) return;
  const chosen = templates[place];
  let withData = false;
  if (chosen.with_data) {
    const answers = ["With current data", "Empty", "Cancel"];
    const answer = await desk.screen.ask(`${chosen.title}: with current data, or empty?`, "Get template", answers);
    if (answer === 2) return;
    withData = answer === 0;
  }
  desk.screen.progress(`fetching ${chosen.title}`);
  await desk.open(await server.template(chosen.id, withData), chosen.title);
}

/**
 * Choose a report and open it.
 * @param {Desk} desk
 */
export async function reports(desk) {
  const server = desk.server();
  desk.screen.progress("fetching the list of reports");
  const found = await server.reports();
  if (!found.length) throw new Refused("This server has no reports yet.");
  const place = await desk.screen.pick("Reports", "Which report?", found);
  if (place === null) return;
  const { name, title } = found[place];
  desk.screen.progress(`fetching ${title}`);
  await desk.open(await server.report(name), title);
}

/**
 * Choose one of the latest uploads and open it with its results.
 * @param {Desk} desk
 */
export async function history(desk) {
  const server = desk.server();
  desk.screen.progress("fetching the history");
  const uploads = await server.history();
  if (!uploads.length) {
    desk.screen.tell("Nothing was handed in yet.", "History");
    return;
  }
  const place = await desk.screen.pick("History", "Open which upload, with its results?", uploads.map(item));
  if (place === null) return;
  const chosen = uploads[place];
  desk.screen.progress(`fetching upload ${chosen.id}`);
  await desk.open(await server.result(chosen.id), `Upload ${chosen.id} ${chosen.template}`);
}

/** @param {import("../client/outcome.js").Outcome} upload */
function item(upload) {
  const moment = upload.created_at ? new Date(upload.created_at) : null;
  const shown = moment?.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) ?? "";
  const wrong = badRows(upload) ? `, ${badRows(upload)} wrong` : "";
  return {
    title: `${upload.id} · ${upload.template.replaceAll("_", " ")}`,
    detail: `${shown} · ${many(upload.counts.rows ?? 0, "row")}${wrong} · ${upload.by ?? ""}`,
    badge: STATUS[upload.status] ?? upload.status,
    style: STYLE[upload.status] ?? "skipped",
  };
}
