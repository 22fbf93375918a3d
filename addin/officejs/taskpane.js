// @ts-check
/** Where it starts: ribbon and pane share this page. */

import { getTemplate, history, reports } from "./buttons/fetching.js";
import { loadCurrentData } from "./buttons/loading.js";
import { pushNow, syncOrders } from "./buttons/pushing.js";
import { signIn } from "./buttons/signing_in.js";
import { apply, validate } from "./buttons/uploading.js";
import { associateAll } from "./commands.js";
import { openDrawer } from "./pane/keeping.js";
import { Pane } from "./pane/pane.js";

const NEEDED = "1.13";

/** @type {import("./pane/pane.js").Group[]} */
const GROUPS = [
  {
    title: "Account",
    actions: [{ name: "signIn", label: "Sign in", tip: "Say who you are, with an access token.", press: signIn }],
  },
  {
    title: "Workbook",
    actions: [
      { name: "getTemplate", label: "Get template", tip: "A workbook to fill in, empty or with current data.", press: getTemplate },
      {
        name: "loadCurrentData",
        label: "Load current data",
        tip: "Brings the open template up to date. What you typed and did not apply yet stays as it is.",
        press: loadCurrentData,
      },
      { name: "validate", label: "Validate", tip: "Checks every row and says what would change. Nothing is changed.", press: validate },
      { name: "apply", label: "Apply", tip: "Checks every row and applies them, all or none unless you choose otherwise.", press: apply },
    ],
  },
  {
    title: "Stores",
    actions: [
      { name: "pushNow", label: "Push Now", tip: "Sends what is available to the stores: of the selected rows, or all.", press: pushNow },
      { name: "syncOrders", label: "Sync Orders", tip: "Asks every store for new and changed orders now.", press: syncOrders },
    ],
  },
  {
    title: "Look",
    actions: [
      { name: "reports", label: "Reports", tip: "A report as a workbook.", press: reports },
      { name: "history", label: "History", tip: "The latest uploads; one opens with its results.", press: history },
    ],
  },
];

const loaded = "Office" in window;
const host = loaded ? (await Office.onReady()).host : null;
const cutOff = document.getElementById("cut-off");
cutOff?.setAttribute("hidden", ""); // pane/waiting.js may have shown it too early
if (!loaded) {
  cutOff?.removeAttribute("hidden");
} else if (host === Office.HostType.Excel && Office.context.requirements.isSetSupported("ExcelApi", NEEDED)) {
  followTheme();
  const pane = new Pane(document, openDrawer(Office.context.partitionKey ?? ""), GROUPS);
  associateAll(pane);
  await pane.home();
} else {
  document.getElementById(host === Office.HostType.Excel ? "too-old" : "outside")?.removeAttribute("hidden");
}
document.getElementById("starting")?.remove();

/** Excel's own colours decide between light and dark; where it tells none, the system does. */
function followTheme() {
  const background = Office.context.officeTheme?.bodyBackgroundColor;
  const parts = /^#?(..)(..)(..)$/.exec(background ?? "");
  if (!parts) return;
  const [red, green, blue] = parts.slice(1).map((part) => parseInt(part, 16));
  document.documentElement.dataset.theme = red * 0.3 + green * 0.59 + blue * 0.11 < 128 ? "dark" : "light";
}
