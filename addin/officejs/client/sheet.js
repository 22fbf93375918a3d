// @ts-check
/**
 * Sheet: the few things that reading and painting need from any spreadsheet. Rows and columns count from 1.
 *
 * @typedef {{row: number, column: number, height: number, width: number}} Area a rectangle of cells
 * @typedef {{row: number, column: number}} Place one cell
 * @typedef {string | number | boolean | null} Value what JSON takes of a cell
 *
 * @typedef {object} Sheet an open sheet; painting writes through it and decides nothing
 * @property {(row: number, column: number, block: string[][]) => Promise<void>} writeTexts a block of texts, as texts
 *   whatever they start with; an empty one empties its cell
 * @property {(areas: Area[], colour: string | null) => Promise<void>} fill background of areas as RRGGBB, null takes it
 *   away
 * @property {(places: Place[]) => Promise<(string | null)[]>} fillsOf background of each cell as RRGGBB, null for none
 * @property {boolean} hasNotes whether this Excel lets an add-in write notes; without, colours and messages say it all
 * @property {() => Promise<(Place & {text: string})[]>} notes every note on the sheet
 * @property {(notes: (Place & {text: string | null})[]) => Promise<void>} setNotes the notes of some cells; null takes
 *   one away
 * @property {(row: number, column: number) => Promise<void>} select show one cell and put the cursor there
 *
 * @typedef {object} Table a template's rows as they stand in a sheet, blank ones included
 * @property {string} template its id
 * @property {number | null} version null where the workbook has lost it
 * @property {string} book the workbook's name
 * @property {string} sheet the sheet's name
 * @property {number} headerRow
 * @property {string[]} headers from column A on
 * @property {Value[][]} values what JSON takes, null if empty
 * @property {Mark[]} marks cells whose value does not say all
 * @property {number[]} hidden row numbers
 *
 * @typedef {[row: number, column: number, kind: string]} Mark
 */

const ADDRESS = /^\$?([A-Z]{1,3})\$?([1-9][0-9]*)$/;

/**
 * Number of the first row below the headers.
 * @param {Table} table
 */
export function firstRow(table) {
  return table.headerRow + 1;
}

/**
 * The place of the first column with this header, from 0; -1 if there is none.
 * @param {string[]} headers
 * @param {string} title
 */
export function columnOf(headers, title) {
  const wanted = headerKey(title);
  return headers.findIndex((header) => headerKey(header) === wanted);
}

/**
 * A header as it is compared: without regard to case, blanks and the star of required ones.
 * @param {string} text
 */
export function headerKey(text) {
  return text.replace(/[\s*]+/g, "").toLowerCase();
}

/**
 * Row and column of an address like H5.
 * @param {string} address
 * @returns {Place}
 */
export function place(address) {
  const found = ADDRESS.exec(address.toUpperCase());
  if (!found) throw new RangeError(`'${address}' is no address of a cell`);
  const column = [...found[1]].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return { row: Number(found[2]), column };
}

/**
 * A column's letters: 1 -> A, 28 -> AB.
 * @param {number} column
 */
export function letters(column) {
  let text = "";
  for (let left = column; left > 0; left = Math.floor((left - 1) / 26)) {
    text = String.fromCharCode(65 + ((left - 1) % 26)) + text;
  }
  return text;
}

/**
 * Ascending numbers as [first, last] of each stretch without a gap.
 * @param {Iterable<number>} numbers
 */
export function runs(numbers) {
  /** @type {[number, number][]} */
  const found = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}
