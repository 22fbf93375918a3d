// @ts-check
/** One visit to Excel: what Excel refuses is told in words; what a request can't hold goes in halves. */

import { AddinError } from "../client/errors.js";

/** Excel did not do what was asked of it. */
export class ExcelRefused extends AddinError {
  title = "Excel did not allow it";
}

/** @type {Record<string, string>} */
const WORDS = {
  AccessDenied: "The sheet is protected. Unprotect it (Review, Unprotect Sheet) and press the button again.",
  InvalidOperationInCellEditMode: "A cell is being edited. Press Enter there, then press the button again.",
  ItemNotFound: "The sheet, or its table, is not there any more. Open the workbook again and press the button again.",
  ConflictResolution: "Somebody else is working in these cells right now. Press the button again in a moment.",
};
/** Excel on the web takes and gives 5 MB at once; what is more is refused with one of these. */
const TOO_LARGE = ["RequestPayloadSizeLimitExceeded", "ResponsePayloadSizeLimitExceeded"];

/**
 * Run `work` with a context of Excel's, after the user has left the cell that is being edited.
 * @template Result
 * @param {(context: Excel.RequestContext) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function visit(work) {
  try {
    return await Excel.run({ delayForCellEdit: true }, work);
  } catch (error) {
    const code = codeOf(error);
    if (code in WORDS) throw new ExcelRefused(WORDS[code]);
    throw error;
  }
}

/**
 * Do something to rows `top` to `bottom`, in halves where that is more than one request holds.
 * @param {number} top
 * @param {number} bottom
 * @param {(top: number, bottom: number) => Promise<void>} work
 * @returns {Promise<void>}
 */
export async function inHalves(top, bottom, work) {
  try {
    await work(top, bottom);
  } catch (error) {
    if (top === bottom || !TOO_LARGE.includes(codeOf(error))) throw error;
    const middle = Math.floor((top + bottom) / 2);
    await inHalves(top, middle, work);
    await inHalves(middle + 1, bottom, work);
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof OfficeExtension.Error ? error.code : "";
}
