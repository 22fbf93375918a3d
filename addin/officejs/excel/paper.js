// @ts-check
/** A sheet that is open in Excel, as painting writes to it. Many small changes go to Excel together. */

import { letters } from "../client/sheet.js";
import { inHalves } from "./running.js";

/** @typedef {import("../client/sheet.js").Area} Area */
/** @typedef {import("../client/sheet.js").Place} Place */
/** @typedef {import("../client/sheet.js").Sheet} Sheet */

export const BLOCK_ROWS = 2_000;
/** A cell that keeps what is put into it as text, whatever it starts with. */
const TEXT = "@";
/** Kinds of columns whose cells are not text. */
const NOT_TEXT = ["integer", "decimal", "percent", "date"];
/** Excel takes addresses of so many letters at once. */
const MOST_LETTERS = 8_000;
const NOTES_AT_ONCE = 50;

/** @implements {Sheet} */
export class Paper {
  /**
   * @param {Excel.RequestContext} context
   * @param {Excel.Worksheet} sheet
   */
  constructor(context, sheet) {
    this.context = context;
    this.sheet = sheet;
    this.hasNotes = Office.context.requirements.isSetSupported("ExcelApi", "1.18");
  }

  /**
   * See `Sheet`. As text, so that no sentence becomes a formula and no code a number.
   * @param {number} row
   * @param {number} column
   * @param {string[][]} block
   */
  async writeTexts(row, column, block) {
    await inHalves(0, block.length - 1, async (top, bottom) => {
      const some = block.slice(top, bottom + 1);
      const cells = this.range({ row: row + top, column, height: some.length, width: block[0].length });
      cells.numberFormat = everywhere(TEXT);
      cells.values = some;
      await this.#send();
    });
  }

  /**
   * Values of one column of a template, under the format of its kind.
   * @param {number} row
   * @param {number} column
   * @param {any[]} values
   * @param {string} kind
   */
  async writeColumn(row, column, values, kind) {
    const cells = values.map((value) => asCell(value, kind));
    await this.#writeDown(row, column, cells, NOT_TEXT.includes(kind) ? null : TEXT);
  }

  /**
   * Values of one column just as they are, under a number format; null empties its cell.
   * @param {number} row
   * @param {number} column
   * @param {any[]} values
   * @param {string} format
   */
  async writeFormatted(row, column, values, format) {
    const isText = (/** @type {any} */ value) => typeof value === "string" && format !== TEXT;
    const cells = values.map((value) => (isText(value) ? `'${value}` : (value ?? "")));
    await this.#writeDown(row, column, cells, format);
  }

  /**
   * See `Sheet`.
   * @param {Area[]} areas
   * @param {string | null} colour
   */
  async fill(areas, colour) {
    for (const address of addresses(areas)) {
      const { fill } = this.sheet.getRanges(address).format;
      if (colour === null) fill.clear();
      else fill.color = `#${colour}`;
    }
    await this.#send();
  }

  /**
   * See `Sheet`. Excel is asked for whole stretches of rows, not cell by cell.
   * @param {Place[]} places in the sheet's order
   */
  async fillsOf(places) {
    /** @type {Map<string, string>} */
    const known = new Map();
    const last = places.at(-1)?.row ?? 0;
    const columns = places.map((place) => place.column);
    const [left, right] = [minimum(columns), -minimum(columns.map((column) => -column))];
    for (let top = places[0]?.row ?? 1; top <= last; top += BLOCK_ROWS) {
      await inHalves(top, Math.min(top + BLOCK_ROWS - 1, last), async (first, bottom) => {
        const area = { row: first, column: left, height: bottom - first + 1, width: right - left + 1 };
        const found = this.range(area).getCellProperties({ format: { fill: { color: true } } });
        await this.context.sync();
        found.value.forEach((line, down) =>
          line.forEach((cell, across) => known.set(`${first + down} ${left + across}`, cell.format?.fill?.color ?? "")),
        );
      });
    }
    return places.map(({ row, column }) => (known.get(`${row} ${column}`) ?? "").slice(1).toUpperCase() || null);
  }

  /** See `Sheet`. */
  async notes() {
    if (!this.hasNotes) return [];
    const { notes } = this.sheet;
    notes.load("items/content");
    await this.context.sync();
    const cells = notes.items.map((note) => note.getLocation().load("rowIndex,columnIndex"));
    await this.context.sync();
    return notes.items.map((note, number) => ({
      row: cells[number].rowIndex + 1,
      column: cells[number].columnIndex + 1,
      text: note.content,
    }));
  }

  /**
   * See `Sheet`. Excel refuses a second note on a cell, so one that is there is changed.
   * @param {(Place & {text: string | null})[]} changes
   */
  async setNotes(changes) {
    if (!this.hasNotes) return;
    for (let start = 0; start < changes.length; start += NOTES_AT_ONCE) {
      const some = changes.slice(start, start + NOTES_AT_ONCE).map((change) => ({ ...change, at: addressOf(change) }));
      const there = some.map((change) => this.sheet.notes.getItemOrNullObject(change.at).load("content"));
      await this.context.sync();
      some.forEach(({ at, text }, number) => {
        const note = there[number];
        if (text === null) {
          if (!note.isNullObject) note.delete();
        } else if (note.isNullObject) this.sheet.notes.add(at, text);
        else note.content = text;
      });
      await this.#send();
    }
  }

  /**
   * See `Sheet`.
   * @param {number} row
   * @param {number} column
   */
  async select(row, column) {
    this.sheet.activate();
    this.sheet.getCell(row - 1, column - 1).select();
    await this.context.sync();
  }

  /**
   * A rectangle of cells.
   * @param {Area} area
   */
  range({ row, column, height, width }) {
    return this.sheet.getRangeByIndexes(row - 1, column - 1, height, width);
  }

  /**
   * @param {number} row
   * @param {number} column
   * @param {any[]} cells
   * @param {string | null} format null leaves the cells' own
   */
  async #writeDown(row, column, cells, format) {
    for (let start = 0; start < cells.length; start += BLOCK_ROWS) {
      const end = Math.min(start + BLOCK_ROWS, cells.length) - 1;
      await inHalves(start, end, async (top, bottom) => {
        const area = this.range({ row: row + top, column, height: bottom - top + 1, width: 1 });
        if (format !== null) area.numberFormat = everywhere(format);
        area.values = cells.slice(top, bottom + 1).map((value) => [value]);
        await this.#send();
      });
    }
  }

  /** Excel does not redraw between small changes, which makes many of them several times as fast. */
  async #send() {
    this.context.application.suspendScreenUpdatingUntilNextSync();
    await this.context.sync();
  }
}

/**
 * One value for all cells of a range: Excel spreads it.
 * @param {string} value
 * @returns {any}
 */
function everywhere(value) {
  return value;
}

/**
 * A value as the cell takes it: dates as Excel's days.
 * @param {any} value
 * @param {string} kind
 */
function asCell(value, kind) {
  if (value === null || value === undefined) return "";
  if (kind !== "date" || typeof value !== "string") return value;
  return (Date.parse(`${value.slice(0, 10)}T00:00:00Z`) - Date.UTC(1899, 11, 30)) / 86_400_000;
}

/** @param {Place} place */
function addressOf({ row, column }) {
  return `${letters(column)}${row}`;
}

/**
 * Areas as few texts like B4:C9,H4, each as long as Excel takes them.
 * @param {Area[]} areas
 */
function addresses(areas) {
  /** @type {string[]} */
  const found = [];
  for (const { row, column, height, width } of areas) {
    const end = addressOf({ row: row + height - 1, column: column + width - 1 });
    const address = `${addressOf({ row, column })}:${end}`;
    const before = found.at(-1);
    if (before !== undefined && before.length + address.length < MOST_LETTERS) found[found.length - 1] += `,${address}`;
    else found.push(address);
  }
  return found;
}

/**
 * The least of many numbers.
 * @param {number[]} numbers
 */
function minimum(numbers) {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}
