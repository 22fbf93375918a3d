// @ts-check
/** Workbooks that were fetched: opened beside the one in front, or saved where this Excel can't open them. */

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const UNFIT = /[\\/:*?"<>|\u0000-\u001f]+/g;
const BYTES_AT_ONCE = 0x8000;

/**
 * Open a workbook in a window of its own. Gives how it went: `opened`, or `saved` among the user's downloads.
 * @param {Uint8Array} content
 * @param {string} name
 * @returns {Promise<"opened" | "saved">}
 */
export async function openBook(content, name) {
  try {
    await Excel.createWorkbook(base64(content));
    return "opened";
  } catch (error) {
    if (!(error instanceof OfficeExtension.Error)) throw error;
    save(content, `${name.replace(UNFIT, " ").trim()} ${moment()}.xlsx`);
    return "saved";
  }
}

/**
 * @param {Uint8Array} content
 * @param {string} name
 */
function save(content, name) {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (content)], { type: XLSX }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {Uint8Array} content */
function base64(content) {
  let text = "";
  for (let start = 0; start < content.length; start += BYTES_AT_ONCE) {
    text += String.fromCharCode(...content.subarray(start, start + BYTES_AT_ONCE));
  }
  return btoa(text);
}

/** Day and minute, so that people find it again. */
function moment() {
  const now = new Date();
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}${two(now.getMinutes())}`;
}
