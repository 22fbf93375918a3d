// @ts-check
/** Load current data: the open workbook brought up to date, what was typed and not applied kept as it is. */

import { Refused } from "../client/errors.js";
import { merge, namesOf, typedRows } from "../client/merging.js";
import { isOurs, ownPart, rectangles } from "../client/painting.js";
import { body, STATUS, VERSION } from "../client/reading.js";
import { columnOf, firstRow, runs } from "../client/sheet.js";
import { ofLoad, ofRefresh } from "../client/summary.js";
import { ControlBook } from "../excel/control.js";
import { Template } from "../excel/template.js";
import { changedRows, SheetChanged } from "./uploading.js";

/** @typedef {import("../client/http.js").Server} Server */
/** @typedef {import("../client/merging.js").Merged} Merged */
/** @typedef {import("../client/sheet.js").Table} Table */
/** @typedef {import("../excel/template.js").Page} Page */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("../client/http.js").Template} Description */

/**
 * The control workbook takes what is so now, a template its records' values: save in rows that were typed and not applied;
 * new records go below.
 * @param {Desk} desk
 */
export async function loadCurrentData(desk) {
  const control = await ControlBook.open();
  await (control ? refresh(desk, control) : load(desk));
}

/**
 * All of it is fetched before the first cell is touched.
 * @param {Desk} desk
 * @param {ControlBook} control
 */
async function refresh(desk, control) {
  desk.screen.progress("fetching what waits");
  const now = await desk.server().control(control.version);
  const written = await control.write(now, desk.screen.progress);
  desk.screen.tell(ofRefresh(now.said, written), "Load current data");
}

/** @param {Desk} desk */
async function load(desk) {
  const { progress } = desk.screen;
  const template = await Template.open();
  const server = desk.server();
  const description = await describe(server, template.id);
  if (!description.with_data) {
    throw new Refused(`'${description.title}' has no current data to load: it is filled in from empty.`);
  }
  const table = await template.read(progress);
  const typed = await typedIn(desk, server, table);
  progress("fetching current data");
  const data = await server.currentData(template.id);
  const merged = merge(table, typed, data, description, await server.defaultWarehouse());
  if ((await changedRows(template, table)).size) {
    throw new SheetChanged("Rows were changed while current data was fetched, so nothing was loaded. Press the button again.");
  }
  await template.on((page) => write(desk, page, table, description, merged, typed));
  desk.screen.tell(ofLoad(description.title, merged.loaded, merged.kept), "Load current data");
}

/**
 * @param {Server} server
 * @param {string} wanted
 */
async function describe(server, wanted) {
  const found = (await server.templates()).find((each) => each.id === wanted);
  if (!found) throw new Refused(`This server has no template '${wanted}'. Is it the right server?`);
  return found;
}

/**
 * The rows to keep, as the server judges them.
 * @param {Desk} desk
 * @param {Server} server
 * @param {Table} table
 * @returns {Promise<Set<number>>}
 */
async function typedIn(desk, server, table) {
  if (!table.values.length) return new Set();
  desk.screen.progress("looking for what was typed");
  const outcome = await server.handIn(body(table), { mode: "validate", progress: desk.screen.progress });
  return typedRows(await server.allRows(outcome, desk.screen.progress));
}

/**
 * The template's own columns, in stretches of rows that change; columns of the user's own are not touched.
 * @param {Desk} desk
 * @param {Page} page
 * @param {Table} table
 * @param {Description} description
 * @param {Merged} merged
 * @param {Set<number>} typed
 */
async function write(desk, page, table, description, merged, typed) {
  const headers = await page.readyForResults(table, VERSION);
  const names = namesOf(headers, description);
  const kinds = new Map(description.columns.map((column) => [String(column.name), String(column.type)]));
  const first = firstRow(table);
  const count = Math.max(merged.rows.length, table.values.length);
  const rows = Array.from({ length: count }, (_row, down) => (down < merged.rows.length ? merged.rows[down] : {}));
  await page.reach(first + Math.max(count, 1) - 1, headers.length);
  const changing = rows.flatMap((row, down) => (row === null ? [] : [first + down]));
  for (const [place, name] of names.entries()) {
    if (!name) continue;
    desk.screen.progress(`writing ${headers[place].replace(/\*+$/, "")}`);
    for (const [top, bottom] of runs(changing)) {
      const values = rows.slice(top - first, bottom - first + 1).map((row) => row?.[name] ?? null);
      await page.paper.writeColumn(top, place + 1, values, kinds.get(name) ?? "text");
    }
  }
  if (!table.headers.includes(VERSION)) await page.hideColumn(names.indexOf(VERSION) + 1);
  await takeColoursBack(page, table, names.length, new Set(changing.filter((row) => !typed.has(row))));
}

/**
 * Colours and notes of an earlier outcome, in rows that it had painted and that took their record's values now.
 * @param {Page} page
 * @param {Table} table
 * @param {number} width
 * @param {Set<number>} changed
 */
async function takeColoursBack(page, table, width, changed) {
  const status = columnOf(table.headers, STATUS);
  const painted = table.values.flatMap((values, down) => {
    const row = firstRow(table) + down;
    return status >= 0 && values[status] && changed.has(row) ? [row] : [];
  });
  const places = painted.flatMap((row) => Array.from({ length: width }, (_cell, place) => ({ row, column: place + 1 })));
  const colours = places.length ? await page.paper.fillsOf(places) : [];
  const ours = places.filter((_place, number) => isOurs(colours[number]));
  if (ours.length) await page.paper.fill(rectangles(ours), null);
  const notes = (await page.paper.notes()).filter((note) => changed.has(note.row) && ownPart(note.text) !== note.text);
  await page.paper.setNotes(notes.map((note) => ({ ...note, text: ownPart(note.text) || null })));
}
