// @ts-check
/**
 * Load current data without losing what was typed: what each row of a sheet is to hold (ADD-1, WB-4). Pure.
 *
 * The server judges each row by validating the sheet: *unchanged* rows, rows that nobody touched since their download and
 * rows that were applied take current data; all others were typed and not applied, and stay as they are. Every row stays
 * where it is, so that the user's own columns beside it still belong to it; new records go below.
 */

import { MESSAGE, STATUS, VERSION } from "./reading.js";
import { firstRow, headerKey } from "./sheet.js";

/** @typedef {import("./http.js").CurrentData} CurrentData */
/** @typedef {import("./http.js").Template} Template */
/** @typedef {import("./outcome.js").Row} Row */
/** @typedef {import("./sheet.js").Table} Table */
/** @typedef {Record<string, any>} Values by column name */
/**
 * @typedef {object} Merged
 * @property {(Values | null)[]} rows what each row is to hold, from the first on; null for one that stays as it is
 * @property {number} loaded records that there are now
 * @property {number} kept rows that were typed and not applied
 */

/**
 * Codes of a conflict that is nobody's typing: the row still says what it said when it was downloaded, or says what the
 * record says now.
 */
const UNTOUCHED = ["conflict-untouched", "conflict-elsewhere"];
const GONE = ["unchanged", "skipped"];
const TOOLS = [STATUS, MESSAGE, VERSION];

/**
 * Numbers of the rows that hold something typed and not applied.
 * @param {Row[]} verdicts
 */
export function typedRows(verdicts) {
  return new Set(verdicts.filter((row) => !isReplaceable(row)).map((row) => row.row));
}

/** @param {Row} row */
function isReplaceable(row) {
  if (GONE.includes(row.status)) return true;
  const codes = row.messages.filter((message) => message.severity === "conflict").map((message) => message.code);
  return row.status === "conflict" && codes.length > 0 && codes.every((code) => UNTOUCHED.includes(code));
}

/**
 * The column's name under each header; '' where it is the user's own, Status and Message under their titles.
 * @param {string[]} headers
 * @param {Template} template
 */
export function namesOf(headers, template) {
  const known = new Map(TOOLS.map((title) => [headerKey(title), title]));
  for (const column of template.columns) known.set(headerKey(String(column.title)), String(column.name));
  return headers.map((header) => known.get(headerKey(header)) ?? "");
}

/**
 * Current data in the sheet's rows. A typed row takes only the columns shown for information; it keeps its version, so
 * that a record that changed meanwhile is still told as a conflict.
 * @param {Table} table
 * @param {Set<number>} typed
 * @param {CurrentData} data
 * @param {Template} template
 * @param {string} defaultWarehouse
 * @returns {Merged}
 */
export function merge(table, typed, data, template, defaultWarehouse = "") {
  const names = namesOf(table.headers, template);
  const identify = identifier(template, defaultWarehouse);
  const current = data.rows.map((row) => valuesOf(data.columns, row));
  const byRecord = new Map(current.map((row) => [identify(row), row]));
  const byVersion = new Map(current.map((row) => [versionKey(row), row]));
  const shown = template.columns.filter((column) => column.read_only).map((column) => String(column.name));
  const given = table.values.map((values) => valuesOf(names, values));
  /** @type {Set<Values>} */
  const claimed = new Set();

  /** @param {Values} row */
  function claim(row) {
    const record = row[VERSION] ? byVersion.get(versionKey(row)) : byRecord.get(identify(row));
    if (!record || claimed.has(record)) return null;
    claimed.add(record);
    return record;
  }

  const numbered = given.map((row, place) => ({ row, number: place + firstRow(table) }));
  const mine = new Map(numbered.filter(({ number }) => typed.has(number)).map(({ row, number }) => [number, claim(row)]));
  /** @type {(Values | null)[]} */
  const rows = numbered.map(({ row, number }) => {
    if (!typed.has(number)) return (isFilled(row) ? claim(row) : null) ?? {};
    const record = mine.get(number);
    return record ? { ...row, ...Object.fromEntries(shown.map((name) => [name, record[name]])) } : null;
  });
  while (rows.length && isEmpty(rows[rows.length - 1])) rows.pop();
  rows.push(...current.filter((record) => !claimed.has(record)));
  return { rows, loaded: current.length, kept: typed.size };
}

/**
 * What of a row has a name and a value.
 * @param {string[]} names
 * @param {any[]} values
 * @returns {Values}
 */
function valuesOf(names, values) {
  const cells = names.map((name, place) => [name, values[place] ?? null]);
  return Object.fromEntries(cells.filter(([name, value]) => name && value !== null));
}

/**
 * By what a row without a version finds its record: its key columns, a blank warehouse being the default one.
 * @param {Template} template
 * @param {string} defaultWarehouse
 * @returns {(row: Values) => string}
 */
function identifier(template, defaultWarehouse) {
  const keys = template.columns.filter((column) => column.key).map((column) => String(column.name));
  const warehouses = template.columns.filter((column) => column.reference === "warehouse").map((column) => column.name);
  return (row) =>
    JSON.stringify(keys.map((name) => folded(row[name]) || (warehouses.includes(name) ? folded(defaultWarehouse) : "")));
}

/** @param {Values} row */
function isFilled(row) {
  return Object.keys(row).some((name) => !TOOLS.includes(name));
}

/** @param {Values | null} row */
function isEmpty(row) {
  return row !== null && Object.keys(row).length === 0;
}

/**
 * The half of a version that stands for the record.
 * @param {Values} row
 */
function versionKey(row) {
  return String(row[VERSION] ?? "").split("-")[0];
}

/** @param {any} value */
function folded(value) {
  return String(value ?? "").trim().split(/\s+/).join(" ").toLowerCase();
}
