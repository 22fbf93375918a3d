// @ts-check
/**
 * The control workbook as the server tells it: named cells and tables with the values just as they go into them.
 *
 * @typedef {{name: string, format: string, value: any}} NamedCell the cell of a defined name
 * @typedef {{title: string, format: string}} Column a column of a table: its header, the number format of its cells
 * @typedef {{name: string, title: string, columns: Column[], rows: any[][]}} NamedTable a table and all the rows that it
 *   is to have; there is always one
 * @typedef {{said: string, cells: NamedCell[], tables: NamedTable[]}} Control what the workbook says at a moment
 * @typedef {{blocked: string[], gone: string[]}} Written titles of the tables that were left as they are because something
 *   stands below them, and of those not found
 */

import { columnOf } from "./sheet.js";

/**
 * Where each column stands under these headers (from 0), and its values; those that are gone are left out.
 * @param {NamedTable} table
 * @param {string[]} headers
 */
export function placed(table, headers) {
  return table.columns
    .map(({ title, format }, number) => ({
      place: columnOf(headers, title),
      format,
      values: table.rows.map((row) => row[number] ?? null),
    }))
    .filter(({ place }) => place >= 0);
}
