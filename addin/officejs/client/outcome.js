// @ts-check
/**
 * The server's outcome of an upload, as its JSON has it: read, never worked out anew.
 *
 * @typedef {{column: string | null, code: string, text: string, severity: string}} Message one problem of a row
 * @typedef {{row: number, status: string, messages: Message[], changes: unknown[]}} Row what came of one row
 * @typedef {{sheet: string, address: string, value: string | number | null, style: string, note: string | null}} Cell a
 *   cell to write back: `value` null keeps what is there, `note` null means no note
 *
 * @typedef {object} Outcome what came of an upload; `rows` and `cells` may be the first of more
 * @property {number} id
 * @property {string} template
 * @property {string} mode
 * @property {string} status
 * @property {Record<string, number>} counts
 * @property {string[]} messages
 * @property {Record<string, any> | null} [problem]
 * @property {Record<string, any> | null} [progress]
 * @property {string} [by]
 * @property {string} [created_at]
 * @property {Row[]} [rows]
 * @property {Cell[]} [cells]
 */

/**
 * Whether the server is still at it.
 * @param {Outcome} outcome
 */
export function isRunning(outcome) {
  return outcome.status === "running";
}

/**
 * Rows with an error or a conflict: those that keep the others from being applied (WB-6).
 * @param {Outcome} outcome
 */
export function badRows(outcome) {
  return (outcome.counts.error ?? 0) + (outcome.counts.conflict ?? 0);
}

/**
 * Rows that are applied, or would be: right, and with something to do.
 * @param {Outcome} outcome
 */
export function goodRows(outcome) {
  return (outcome.counts.ok ?? 0) + (outcome.counts.warning ?? 0);
}

/**
 * The number of the last row that came with the outcome where more are to be fetched, else null.
 * @param {Outcome} outcome
 */
export function lastOfMore(outcome) {
  const rows = outcome.rows ?? [];
  return rows.length >= (outcome.counts.rows ?? 0) ? null : (rows.at(-1)?.row ?? 0);
}
