// @ts-check
/** The ribbon's buttons, under the names that the manifest gives them: each shows the pane and presses the same there. */

/** @type {Promise<void> | null} Excel on the web hangs if it is asked again while the pane is on its way */
let showing = null;

/**
 * @param {import("./pane/pane.js").Pane} pane
 */
export function associateAll(pane) {
  Office.actions.associate("signIn", pressing(pane, "signIn"));
  Office.actions.associate("getTemplate", pressing(pane, "getTemplate"));
  Office.actions.associate("loadCurrentData", pressing(pane, "loadCurrentData"));
  Office.actions.associate("validate", pressing(pane, "validate"));
  Office.actions.associate("apply", pressing(pane, "apply"));
  Office.actions.associate("pushNow", pressing(pane, "pushNow"));
  Office.actions.associate("syncOrders", pressing(pane, "syncOrders"));
  Office.actions.associate("reports", pressing(pane, "reports"));
  Office.actions.associate("history", pressing(pane, "history"));
}

/**
 * @param {import("./pane/pane.js").Pane} pane
 * @param {string} name
 * @returns {(event: Office.AddinCommands.Event) => Promise<void>}
 */
function pressing(pane, name) {
  return async (event) => {
    try {
      await Promise.all([show(), pane.press(name)]);
    } finally {
      event.completed();
    }
  };
}

async function show() {
  if (!Office.context.requirements.isSetSupported("SharedRuntime", "1.1")) return;
  showing ??= Office.addin.showAsTaskpane();
  try {
    await showing;
  } finally {
    showing = null;
  }
}
