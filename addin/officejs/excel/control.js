// @ts-check
/**
 * The control workbook in Excel: known by its name for itself, refreshed in its own tables and named cells.
 *
 * Charts look at tables with a fixed number of rows, and colours follow the cells, so neither is touched here.
 */

import { placed } from "../client/control.js";
import { ControlIncomplete } from "../client/errors.js";
import { Paper } from "./paper.js";
import { visit } from "./running.js";
import { AREA, constants, CONTROL } from "./template.js";

/** @typedef {import("../client/control.js").Control} Control */
/** @typedef {import("../client/control.js").NamedTable} NamedTable */
/** @typedef {import("../client/control.js").Written} Written */

/** An open control workbook. */
export class ControlBook {
  /** @param {number | null} version which names it has, null where it has lost that */
  constructor(version) {
    this.version = version;
  }

  /**
   * The workbook in front, if it is one.
   * @returns {Promise<ControlBook | null>}
   */
  static async open() {
    return visit(async (context) => {
      const words = constants(context, "_report", "_report_version");
      await context.sync();
      const [report, version] = words.map((word) => word());
      return report === CONTROL ? new ControlBook(/^\d+$/.test(version) ? Number(version) : null) : null;
    });
  }

  /**
   * Write what is so now, and nothing over what the user wrote. Throws `ControlIncomplete` before anything is touched
   * where it has no table left.
   * @param {Control} now
   * @param {(text: string) => void} progress
   * @returns {Promise<Written>}
   */
  async write(now, progress) {
    return visit(async (context) => {
      const tables = context.workbook.tables.load("items/name,items/showTotals");
      await context.sync();
      const byName = new Map(tables.items.map((table) => [table.name.toLowerCase(), table]));
      const found = now.tables.map((wanted) => ({ wanted, table: byName.get(wanted.name.toLowerCase()) }));
      if (found.every(({ table }) => !table)) throw new ControlIncomplete();
      await writeCells(context, now);
      /** @type {Written} */
      const written = { blocked: [], gone: [] };
      for (const { wanted, table } of found) {
        progress(`writing ${wanted.title}`);
        if (!table) written.gone.push(wanted.title);
        else if (!(await fill(context, table, wanted))) written.blocked.push(wanted.title);
      }
      return written;
    });
  }
}

/**
 * @param {Excel.RequestContext} context
 * @param {Control} now
 */
async function writeCells(context, now) {
  const items = now.cells.map((cell) => context.workbook.names.getItemOrNullObject(cell.name).load("formula"));
  await context.sync();
  const there = now.cells.flatMap((cell, number) => {
    const item = items[number];
    return item.isNullObject ? [] : [{ cell, range: item.getRangeOrNullObject().load("rowIndex,columnIndex") }];
  });
  await context.sync();
  for (const { cell, range } of there.filter((each) => !each.range.isNullObject)) {
    const paper = new Paper(context, range.worksheet);
    await paper.writeFormatted(range.rowIndex + 1, range.columnIndex + 1, [cell.value], cell.format);
  }
}

/**
 * Give a table just these rows. False, and nothing is touched, where it would have to grow over other cells.
 * @param {Excel.RequestContext} context
 * @param {Excel.Table} table
 * @param {NamedTable} wanted
 */
async function fill(context, table, wanted) {
  const sheet = table.worksheet;
  const area = table.getRange().load(AREA);
  const header = table.getHeaderRowRange().load("values");
  await context.sync();
  const { rowIndex, columnIndex, rowCount, columnCount } = area;
  const missing = wanted.rows.length - (rowCount - 1);
  const below = { row: rowIndex + rowCount, height: Math.max(missing, 0) };
  const isFree = () => isEmpty(context, () => sheet.getRangeByIndexes(below.row, columnIndex, below.height, columnCount));
  if (table.showTotals || (missing > 0 && !(await isFree()))) return false;
  const whole = sheet.getRangeByIndexes(rowIndex, columnIndex, wanted.rows.length + 1, columnCount);
  if (missing > 0) table.resize(whole);
  const paper = new Paper(context, sheet);
  const rest = Array.from({ length: Math.max(-missing, 0) }, () => null);
  for (const { place, format, values } of placed(wanted, header.values[0].map(String))) {
    await paper.writeFormatted(rowIndex + 2, columnIndex + place + 1, [...values, ...rest], format);
  }
  if (missing < 0) table.resize(whole);
  await context.sync();
  return true;
}

/**
 * Whether nothing stands in some cells.
 * @param {Excel.RequestContext} context
 * @param {() => Excel.Range} cells
 */
async function isEmpty(context, cells) {
  const range = cells().load("formulas");
  await context.sync();
  return range.formulas.every((line) => line.every((each) => each === ""));
}
