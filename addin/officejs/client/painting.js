// @ts-check
/** `cells` of an outcome -> values, colours and notes on a sheet. It decides nothing and knows no Excel. */

import { place, runs } from "./sheet.js";

/** @typedef {import("./outcome.js").Cell} Cell */
/** @typedef {import("./sheet.js").Area} Area */
/** @typedef {import("./sheet.js").Place} Place */
/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {Place & Cell} Placed a cell of the outcome, with its place */

/**
 * Background by style, the same that the result workbook has.
 * @type {Record<string, string>}
 */
export const FILLS = {
  ok: "DDF3E4",
  warning: "FEF0C7",
  error: "FBD5D5",
  conflict: "E7DBF7",
  skipped: "ECEEF1",
};
const OURS = new Set(Object.values(FILLS));
const CLEAR = "clear";
/** Notes painted in one workbook at most; the Message column says everything anyway. */
export const MOST_NOTES = 200;
/** First line of every note of ours, as Excel itself puts an author's name there; so the user's own notes are kept. */
export const SIGNATURE = "Stockbook:\n";
/** Rows written at once. */
export const BLOCK_ROWS = 2_000;
const WRONG = ["error", "warning", "conflict"];

/**
 * Whether a colour is one of those that painting puts there.
 * @param {string | null} colour RRGGBB
 */
export function isOurs(colour) {
  return colour !== null && OURS.has(colour);
}

/**
 * Paint an outcome. `rows`: first and last row of the data; statuses and notes that an earlier run left there and the
 * outcome does not mention go away. Gives the first cell that is wrong, and how many notes there was no room for.
 * @param {Sheet} sheet
 * @param {Iterable<Cell>} cells
 * @param {[number, number]} rows
 * @param {(text: string) => void} progress
 * @returns {Promise<{first: Place | null, notesLeftOut: number}>}
 */
export async function paint(sheet, cells, rows, progress = () => {}) {
  const placed = placedByAddress(cells);
  const notes = await sheet.notes();
  const kept = await takeBackNotes(sheet, notes, rows);
  await write(sheet, placed.filter((cell) => cell.value !== null), rows, progress);
  progress("colouring");
  await colour(sheet, placed);
  const notesLeftOut = sheet.hasNotes ? await addNotes(sheet, placed, kept) : 0;
  const first = firstWrong(placed);
  if (first) await sheet.select(first.row, first.column);
  return { first, notesLeftOut };
}

/**
 * What the user wrote of a note, without ours.
 * @param {string} note
 */
export function ownPart(note) {
  return note.split(SIGNATURE)[0].replace(/\n+$/, "");
}

/**
 * Each cell once, the last of an address, in the sheet's order.
 * @param {Iterable<Cell>} cells
 * @returns {Placed[]}
 */
function placedByAddress(cells) {
  const byAddress = new Map([...cells].map((cell) => [cell.address, { ...cell, ...place(cell.address) }]));
  return [...byAddress.values()].sort((one, other) => one.row - other.row || one.column - other.column);
}

/**
 * The first wrong cell of the first wrong row; its status where no cell of it is to blame.
 * @param {Placed[]} placed
 * @returns {Place | null}
 */
function firstWrong(placed) {
  const wrong = placed.filter((cell) => cell.style === "error" || cell.style === "conflict");
  if (!wrong.length) return null;
  const { row, column } = wrong.find((cell) => cell.row === wrong[0].row && cell.value === null) ?? wrong[0];
  return { row, column };
}

/**
 * Neighbouring columns as one block over all rows of data: rows that the outcome does not mention are emptied.
 * @param {Sheet} sheet
 * @param {Placed[]} cells
 * @param {[number, number]} rows
 * @param {(text: string) => void} progress
 */
async function write(sheet, cells, [first, last], progress) {
  const inside = cells.filter((cell) => cell.row >= first && cell.row <= last);
  const texts = new Map(inside.map((cell) => [`${cell.row} ${cell.column}`, String(cell.value)]));
  const columns = [...new Set(inside.map((cell) => cell.column))].sort((one, other) => one - other);
  for (const [left, right] of runs(columns)) {
    for (let top = first; top <= last; top += BLOCK_ROWS) {
      progress(`writing results, row ${top.toLocaleString("en-US")}`);
      const height = Math.min(BLOCK_ROWS, last - top + 1);
      const block = Array.from({ length: height }, (_row, down) =>
        Array.from({ length: right - left + 1 }, (_column, across) => texts.get(`${top + down} ${left + across}`) ?? ""),
      );
      await sheet.writeTexts(top, left, block);
    }
  }
  for (const cell of cells.filter((each) => each.row < first || each.row > last)) {
    await sheet.writeTexts(cell.row, cell.column, [[String(cell.value)]]);
  }
}

/**
 * Colours in rectangles of equals. `clear` takes only our own colours away.
 * @param {Sheet} sheet
 * @param {Placed[]} cells
 */
async function colour(sheet, cells) {
  /** @type {Map<string | null, Place[]>} */
  const byFill = new Map();
  for (const cell of cells.filter((each) => each.style !== CLEAR)) {
    const fill = FILLS[cell.style];
    const places = byFill.get(fill);
    if (places) places.push(cell);
    else byFill.set(fill, [cell]);
  }
  const cleared = cells.filter((cell) => cell.style === CLEAR && cell.value === null);
  const before = cleared.length ? await sheet.fillsOf(cleared) : [];
  byFill.set(null, cleared.filter((_cell, number) => isOurs(before[number])));
  for (const [fill, places] of byFill) {
    if (places.length) await sheet.fill(rectangles(places), fill);
  }
}

/**
 * Cells as few rectangles: stretches down each column, put together where neighbours have the same.
 * @param {Place[]} places
 * @returns {Area[]}
 */
export function rectangles(places) {
  /** @type {Map<number, number[]>} */
  const byColumn = new Map();
  for (const { row, column } of [...places].sort((one, other) => one.row - other.row)) {
    const rows = byColumn.get(column);
    if (rows) rows.push(row);
    else byColumn.set(column, [row]);
  }
  /** @type {Map<string, {top: number, bottom: number, columns: number[]}>} */
  const stretches = new Map();
  for (const column of [...byColumn.keys()].sort((one, other) => one - other)) {
    for (const [top, bottom] of runs(byColumn.get(column) ?? [])) {
      const stretch = stretches.get(`${top} ${bottom}`) ?? { top, bottom, columns: [] };
      stretch.columns.push(column);
      stretches.set(`${top} ${bottom}`, stretch);
    }
  }
  return [...stretches.values()]
    .sort((one, other) => one.top - other.top || one.bottom - other.bottom)
    .flatMap(({ top, bottom, columns }) =>
      runs(columns).map(([left, right]) => ({
        row: top,
        column: left,
        height: bottom - top + 1,
        width: right - left + 1,
      })),
    );
}

/**
 * Our part of every note among the data goes; what the user wrote stays. Gives the notes that are left.
 * @param {Sheet} sheet
 * @param {(Place & {text: string})[]} notes
 * @param {[number, number]} rows
 */
async function takeBackNotes(sheet, notes, [first, last]) {
  const ours = notes.filter((note) => note.row >= first && note.row <= last && note.text.includes(SIGNATURE));
  const changed = ours.map((note) => ({ ...note, text: ownPart(note.text) || null }));
  if (changed.length) await sheet.setNotes(changed);
  const touched = new Set(ours);
  const left = notes.filter((note) => !touched.has(note));
  return [...left, ...changed.flatMap((note) => (note.text === null ? [] : [{ ...note, text: note.text }]))];
}

/**
 * Notes on the very cells that are wrong, at most `MOST_NOTES`; gives how many were left out.
 * @param {Sheet} sheet
 * @param {Placed[]} cells
 * @param {(Place & {text: string})[]} there
 */
async function addNotes(sheet, cells, there) {
  const own = new Map(there.map((note) => [`${note.row} ${note.column}`, ownPart(note.text)]));
  const wanted = cells.filter((cell) => cell.note).slice(0, MOST_NOTES);
  const notes = wanted.map(({ row, column, note }) => {
    const before = own.get(`${row} ${column}`);
    return { row, column, text: before ? `${before}\n\n${SIGNATURE}${note}` : `${SIGNATURE}${note}` };
  });
  if (notes.length) await sheet.setNotes(notes);
  const wrong = cells.filter((cell) => cell.value === null && WRONG.includes(cell.style)).length;
  return Math.max(0, wrong - wanted.length);
}
