// @ts-check
/** What is wrong in an outcome as a list to walk through: one line per cell, errors before warnings. */

import { place } from "./sheet.js";

/** @typedef {import("./outcome.js").Cell} Cell */
/** @typedef {{address: string, row: number, column: number, style: string, text: string}} Issue */

const GRAVITY = ["error", "conflict", "warning"];

/**
 * The cells that are wrong; of a row where none of them is to blame, its status. `text` is what the note or the row's
 * message says.
 * @param {Cell[]} cells
 * @returns {Issue[]}
 */
export function issuesOf(cells) {
  /** @type {Map<number, (Cell & {row: number, column: number})[]>} */
  const byRow = new Map();
  for (const cell of cells) {
    const at = place(cell.address);
    const there = byRow.get(at.row);
    if (there) there.push({ ...cell, ...at });
    else byRow.set(at.row, [{ ...cell, ...at }]);
  }
  const found = [...byRow.values()].flatMap((row) => {
    const wrong = row.filter((cell) => GRAVITY.includes(cell.style));
    const inputs = wrong.filter((cell) => cell.value === null);
    const message = row.reduce((longest, { value }) => (String(value ?? "").length > longest.length ? String(value) : longest), "");
    return (inputs.length ? inputs : wrong.slice(0, 1)).map((cell) => ({
      address: cell.address,
      row: cell.row,
      column: cell.column,
      style: cell.style,
      text: cell.note ?? message,
    }));
  });
  return found.sort((one, other) => GRAVITY.indexOf(one.style) - GRAVITY.indexOf(other.style) || one.row - other.row);
}
