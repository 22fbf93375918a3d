// @ts-check
/** From a sheet's cells to the JSON that the server takes instead of the file: what was typed, and nothing decided. */

import { columnOf, firstRow, headerKey } from "./sheet.js";

/** @typedef {import("./sheet.js").Table} Table */
/** @typedef {import("./sheet.js").Value} Value */

export const STATUS = "Status";
export const MESSAGE = "Message";
export const VERSION = "_version";
const TOOLS = [STATUS, MESSAGE];

const NOISE = /"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g;
/** Zeros first and nothing but zeros, blanks or text around them. */
const ZEROS = /^(?:"[^"]*"|\\.|[ -])*0{2,}(?:"[^"]*"|\\.|[ 0-])*$/;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
const DATE_LETTERS = /[dmyhs]/i;

const DAY_SECONDS = 86_400;
/** Excel's days count from here, from March 1900 on. */
const DAY_ZERO = Date.UTC(1899, 11, 30);
const LAST_DAY = 2_958_466;

/**
 * A cell's value as JSON takes it, and the kind of its mark ('' for none). Excel tells dates by their format alone.
 * @param {any} value
 * @param {string} numberFormat
 * @returns {[Value, string]}
 */
export function plainCell(value, numberFormat) {
  if (value === null || value === "") return [null, ""];
  if (typeof value === "number" && value >= 0 && value < LAST_DAY && isDateFormat(numberFormat)) {
    const moment = new Date(DAY_ZERO + Math.round(value * DAY_SECONDS) * 1000);
    return [moment.toISOString().slice(0, 19), moment.getUTCFullYear() < 1900 ? "time" : "date"];
  }
  return [typeof value === "object" ? String(value) : value, ""];
}

/**
 * Whether numbers under this format are shown as dates or times.
 * @param {string} numberFormat
 */
export function isDateFormat(numberFormat) {
  const first = numberFormat.split(";")[0];
  return ELAPSED.test(first) || DATE_LETTERS.test(first.replace(NOISE, ""));
}

/**
 * What a number format says of a number: `percent`, `zeros` (like 00000) or ''.
 * @param {string} numberFormat
 */
export function kindOfFormat(numberFormat) {
  const first = numberFormat.split(";")[0];
  if (first.replace(NOISE, "").includes("%")) return "percent";
  return ZEROS.test(first) ? "zeros" : "";
}

/**
 * The JSON of `POST /uploads`, as text: the first row names every column in the sheet's order, which an object would not
 * keep for a header like 2024. The other rows leave empty cells out.
 * @param {Table} table
 */
export function body(table) {
  const keys = keysOf(withTools(table.headers));
  const width = table.headers.length;
  const names = keys.map((key) => JSON.stringify(key));
  const rows = table.values.map((values, number) => {
    const cells = names.map((name, column) => ({ name, value: values[column] ?? null }));
    const told = number === 0 ? cells : cells.filter((cell) => cell.value !== null);
    return `{${told.map((cell) => `${cell.name}:${JSON.stringify(cell.value)}`).join(",")}}`;
  });
  const marks = table.marks.filter((mark) => mark[1] <= width);
  const beside = {
    template: table.template,
    sheet: table.sheet.slice(0, 31),
    first_row: firstRow(table),
    version: table.version,
    marks: marks.map(([row, column, kind]) => ({ row, column: keys[column - 1], kind })),
    hidden: table.hidden,
  };
  return `{${JSON.stringify(beside).slice(1, -1)},"rows":[${rows.join(",")}]}`;
}

/**
 * The headers, with Status and Message behind them where the sheet has lost them.
 * @param {string[]} headers
 */
export function withTools(headers) {
  const known = new Set(headers.map(headerKey));
  return [...headers, ...TOOLS.filter((title) => !known.has(headerKey(title)))];
}

/**
 * The same rows without their Status, so that what was applied before is handed in like anything else.
 * @param {Table} table
 * @returns {Table}
 */
export function unmarked(table) {
  const status = columnOf(table.headers, STATUS);
  return { ...table, values: table.values.map((row) => row.map((value, place) => (place === status ? null : value))) };
}

/**
 * What makes a press of a button the same press: server, mode, and the sheet to the letter.
 * @param {string} address
 * @param {string} mode
 * @param {Record<string, boolean>} flags
 * @param {string} sent
 */
export async function fingerprint(address, mode, flags, sent) {
  const text = JSON.stringify([address, mode, Object.entries(flags).sort(), sent]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return hex(new Uint8Array(digest));
}

/**
 * Bytes as hexadecimal digits.
 * @param {Uint8Array} bytes
 */
export function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * How many rows there are up to the last with a value outside the columns that the tools fill.
 * @param {Value[][]} rows
 * @param {number[]} tools
 */
export function trimmed(rows, tools) {
  for (let count = rows.length; count > 0; count -= 1) {
    if (rows[count - 1].some((value, place) => value !== null && !tools.includes(place))) return count;
  }
  return 0;
}

/**
 * One key per column, in their order. A column without a header gets blanks, which mean nothing to the server; a doubled
 * one a blank more, so that the server sees both and says so.
 * @param {string[]} headers
 */
function keysOf(headers) {
  /** @type {string[]} */
  const keys = [];
  headers.forEach((header, place) => {
    let key = header.trim() ? header : " ".repeat(place + 1);
    while (keys.includes(key)) key += " ";
    keys.push(key);
  });
  return keys;
}
