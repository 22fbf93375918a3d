// @ts-check
/** The template that is open in Excel: found by its table, read in blocks, given columns and rows where it lacks them. */

import { ControlWorkbook, NotATemplate } from "../client/errors.js";
import { kindOfFormat, MESSAGE, plainCell, STATUS, trimmed, VERSION, withTools } from "../client/reading.js";
import { columnOf, firstRow, headerKey } from "../client/sheet.js";
import { BLOCK_ROWS, Paper } from "./paper.js";
import { inHalves, visit } from "./running.js";

/** @typedef {import("../client/sheet.js").Area} Area */
/** @typedef {import("../client/sheet.js").Mark} Mark */
/** @typedef {import("../client/sheet.js").Table} Table */
/** @typedef {import("../client/sheet.js").Value} Value */
/** @typedef {(text: string) => void} Progress */

/** What a workbook's `_report` says where it is the control workbook. */
export const CONTROL = "control";
const PREFIX = "tbl_";
const TOOLS = [STATUS, MESSAGE, VERSION].map(headerKey);
const CONSTANT = /^="?([^"]*)"?$/;
export const AREA = "rowIndex,columnIndex,rowCount,columnCount";

/** A template's table in the workbook, by what Excel itself calls sheet and table: that stays when people move on. */
export class Template {
  /**
   * @param {{book: string, id: string, version: number | null, sheetId: string, sheetName: string, tableId: string}} facts
   */
  constructor(facts) {
    this.facts = facts;
  }

  get id() {
    return this.facts.id;
  }

  /**
   * The active sheet's table, else the first of the workbook. Throws `NotATemplate`, `ControlWorkbook`.
   * @returns {Promise<Template>}
   */
  static async open() {
    return visit(async (context) => {
      const { workbook } = context;
      workbook.load("name");
      const active = workbook.worksheets.getActiveWorksheet().load("id");
      const sheets = workbook.worksheets.load("items/id,items/name");
      const words = constants(context, "_template_id", "_template_version", "_report");
      await context.sync();
      const [named, version, report] = words.map((word) => word());
      if (report === CONTROL) throw new ControlWorkbook();
      const inOrder = [...sheets.items].sort((one, other) => Number(other.id === active.id) - Number(one.id === active.id));
      const tables = inOrder.map((sheet) => sheet.tables.load("items/id,items/name,items/showHeaders"));
      await context.sync();
      for (const [number, sheet] of inOrder.entries()) {
        const table = tables[number].items.find((each) => each.name.toLowerCase().startsWith(PREFIX) && each.showHeaders);
        if (!table) continue;
        const byTable = table.name.slice(PREFIX.length).toLowerCase();
        const facts = { book: workbook.name, sheetId: sheet.id, sheetName: sheet.name, tableId: table.id };
        // Excel numbers copied tables, so the workbook's own word goes before the table's where they agree.
        const id = named && byTable.startsWith(named) ? named : byTable;
        return new Template({ ...facts, id, version: /^\d+$/.test(version) ? Number(version) : null });
      }
      throw new NotATemplate(workbook.name);
    });
  }

  /**
   * All rows below the headers down to the last that holds something, whether the table reaches there or not.
   * @param {Progress} progress
   * @returns {Promise<Table>}
   */
  async read(progress) {
    return visit(async (context) => {
      const { sheet, table } = this.#in(context);
      const extent = await extentOf(context, sheet, table);
      const { headers, headerRow, last } = extent;
      /** @type {Block} */
      const all = { values: [], marks: [], formats: [], merged: [], hidden: [] };
      for (let top = headerRow + 1; top <= last; top += BLOCK_ROWS) {
        progress(`reading row ${top.toLocaleString("en-US")} of ${last.toLocaleString("en-US")}`);
        await inHalves(top, Math.min(top + BLOCK_ROWS - 1, last), async (first, bottom) => {
          const area = { row: first, column: 1, height: bottom - first + 1, width: headers.length };
          const block = await readBlock(context, sheet, area);
          for (const what of /** @type {(keyof Block)[]} */ (Object.keys(all))) {
            for (const each of block[what]) /** @type {any[]} */ (all[what]).push(each);
          }
        });
      }
      const tools = headers.flatMap((header, place) => (TOOLS.includes(headerKey(header)) ? [place] : []));
      const count = trimmed(all.values, tools);
      const bottom = headerRow + count;
      return {
        template: this.facts.id,
        version: this.facts.version,
        book: this.facts.book,
        sheet: this.facts.sheetName,
        headerRow,
        headers,
        values: all.values.slice(0, count),
        marks: [...all.marks, ...all.formats, ...all.merged].filter(([row]) => row <= bottom),
        hidden: all.hidden.filter((row) => row <= bottom),
      };
    });
  }

  /**
   * What stands in some rows under the first of these headers that there is; nothing where there is none.
   * @param {string[]} titles
   * @param {number[]} rows in order
   * @returns {Promise<string[]>}
   */
  async textsUnder(titles, rows) {
    return visit(async (context) => {
      const { sheet, table } = this.#in(context);
      const { headers, headerRow, last } = await extentOf(context, sheet, table);
      const column = titles.map((title) => columnOf(headers, title)).find((place) => place >= 0);
      const wanted = rows.filter((row) => row > headerRow && row <= last);
      if (column === undefined || !wanted.length) return [];
      const [first, bottom] = [wanted[0], wanted[wanted.length - 1]];
      const cells = sheet.getRangeByIndexes(first - 1, column, bottom - first + 1, 1).load("values");
      await context.sync();
      const { values } = cells;
      return wanted.map((row) => String(values[row - first][0]).trim());
    });
  }

  /**
   * Do something to the sheet, in one visit.
   * @template Result
   * @param {(page: Page) => Promise<Result>} work
   */
  async on(work) {
    return visit(async (context) => {
      const { sheet, table } = this.#in(context);
      return work(new Page(context, sheet, table));
    });
  }

  /** @param {Excel.RequestContext} context */
  #in(context) {
    const sheet = context.workbook.worksheets.getItem(this.facts.sheetId);
    return { sheet, table: sheet.tables.getItem(this.facts.tableId) };
  }
}

/** The sheet during one visit: its cells, and its table's extent. */
export class Page {
  /**
   * @param {Excel.RequestContext} context
   * @param {Excel.Worksheet} sheet
   * @param {Excel.Table} table
   */
  constructor(context, sheet, table) {
    this.context = context;
    this.sheet = sheet;
    this.table = table;
    this.paper = new Paper(context, sheet);
  }

  /**
   * Make sure that Status and Message (and `more`) have their columns; the headers as they are then.
   * @param {Table} table
   * @param {string[]} more
   */
  async readyForResults(table, ...more) {
    const headers = withTools(table.headers);
    headers.push(...more.filter((title) => !headers.includes(title)));
    const missing = headers.slice(table.headers.length);
    if (missing.length) {
      await this.paper.writeTexts(table.headerRow, table.headers.length + 1, [missing]);
      await this.reach(firstRow(table), headers.length);
    }
    return headers;
  }

  /**
   * Let the table reach down and right so far; it never shrinks.
   * @param {number} lastRow
   * @param {number} lastColumn
   */
  async reach(lastRow, lastColumn) {
    const area = this.table.getRange().load(AREA);
    await this.context.sync();
    const height = Math.max(lastRow - area.rowIndex, area.rowCount);
    const width = Math.max(lastColumn - area.columnIndex, area.columnCount);
    if (height === area.rowCount && width === area.columnCount) return;
    this.table.resize(this.sheet.getRangeByIndexes(area.rowIndex, area.columnIndex, height, width));
    await this.context.sync();
  }

  /**
   * Hide one column.
   * @param {number} column
   */
  async hideColumn(column) {
    this.sheet.getRangeByIndexes(0, column - 1, 1, 1).getEntireColumn().columnHidden = true;
    await this.context.sync();
  }
}

/**
 * Numbers of the rows that are selected on a sheet, in order; none where something else is.
 * @param {Template} template
 * @returns {Promise<number[]>}
 */
export async function selectedRows(template) {
  return visit(async (context) => {
    const selected = context.workbook.getSelectedRanges();
    const sheet = selected.worksheet.load("id");
    const areas = selected.areas.load("items/rowIndex,items/rowCount,items/isEntireColumn");
    try {
      await context.sync();
    } catch (error) {
      if (error instanceof OfficeExtension.Error) return []; // a picture, a chart
      throw error;
    }
    if (sheet.id !== template.facts.sheetId) return [];
    /** @type {Set<number>} */
    const rows = new Set();
    for (const { isEntireColumn, rowIndex, rowCount } of areas.items) {
      if (isEntireColumn) continue; // everything, so nothing in particular
      for (let row = 1; row <= rowCount; row += 1) rows.add(rowIndex + row);
    }
    return [...rows].sort((one, other) => one - other);
  });
}

/**
 * @typedef {object} Block what is read of some rows
 * @property {Value[][]} values
 * @property {Mark[]} marks
 * @property {Mark[]} formats
 * @property {Mark[]} merged
 * @property {number[]} hidden
 */

/**
 * @param {Excel.RequestContext} context
 * @param {Excel.Worksheet} sheet
 * @param {Area} area
 * @returns {Promise<Block>}
 */
async function readBlock(context, sheet, { row, column, height, width }) {
  const range = sheet.getRangeByIndexes(row - 1, column - 1, height, width).load("values,numberFormat");
  const shown = range.getRowProperties({ rowHidden: true });
  const merged = range.getMergedAreasOrNullObject().load("areaCount");
  await context.sync();
  const parts = merged.isNullObject ? null : merged.areas.load(`items/${AREA.replaceAll(",", ",items/")}`);
  if (parts) await context.sync();
  /** @type {Block} */
  const block = { values: [], marks: [], formats: [], merged: [], hidden: [] };
  const { values, numberFormat } = range;
  values.forEach((line, down) => {
    const cells = line.map((value, across) => plainCell(value, numberFormat[down][across]));
    block.values.push(cells.map(([value]) => value));
    cells.forEach(([value, kind], across) => {
      if (kind) block.marks.push([row + down, column + across, kind]);
      const told = typeof value === "number" ? kindOfFormat(numberFormat[down][across]) : "";
      if (told) block.formats.push([row + down, column + across, told]);
    });
  });
  shown.value.forEach(({ rowHidden }, down) => {
    if (rowHidden) block.hidden.push(row + down);
  });
  for (const part of parts?.items ?? []) {
    const [top, left] = [Math.max(part.rowIndex + 1, row), Math.max(part.columnIndex + 1, column)];
    const bottom = Math.min(part.rowIndex + part.rowCount, row + height - 1);
    const right = Math.min(part.columnIndex + part.columnCount, column + width - 1);
    for (let each = top; each <= bottom; each += 1) {
      for (let across = left; across <= right; across += 1) block.merged.push([each, across, "merged"]);
    }
  }
  return block;
}

/**
 * Where a table's headers are, from column A to the last of the row, those behind the table too; and the last row that
 * anything stands in, above the table's totals.
 * @param {Excel.RequestContext} context
 * @param {Excel.Worksheet} sheet
 * @param {Excel.Table} table
 */
async function extentOf(context, sheet, table) {
  table.load("showTotals");
  const area = table.getRange().load(AREA);
  const used = sheet.getUsedRange(true).load(AREA);
  await context.sync();
  const headerRow = area.rowIndex + 1;
  const right = Math.max(used.columnIndex + used.columnCount, area.columnIndex + area.columnCount);
  const line = sheet.getRangeByIndexes(area.rowIndex, 0, 1, right).load("values");
  await context.sync();
  const headers = line.values[0].map(String);
  while (headers.length && !headers[headers.length - 1].trim()) headers.pop();
  const bottom = used.rowIndex + used.rowCount;
  const totals = area.rowIndex + area.rowCount;
  return { headerRow, headers, last: table.showTotals ? Math.min(bottom, totals - 1) : bottom };
}

/**
 * What defined names stand for, to be asked for after the next sync; '' where there is none of that name.
 * @param {Excel.RequestContext} context
 * @param {string[]} names
 * @returns {(() => string)[]}
 */
export function constants(context, ...names) {
  return names
    .map((name) => context.workbook.names.getItemOrNullObject(name).load("formula"))
    .map((item) => () => (item.isNullObject ? "" : (CONSTANT.exec(String(item.formula))?.[1] ?? "")));
}
