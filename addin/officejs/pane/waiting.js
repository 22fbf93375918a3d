// @ts-check
/**
 * Says that Excel's own script does not come, where a network neither answers nor refuses. A script of its own that waits for
 * no other: taskpane.js runs after office.js only, and Excel's ready may hang on what office.js itself loads.
 */
{
  const PATIENCE_MS = 10_000;
  setTimeout(() => {
    const starting = document.getElementById("starting");
    if (!starting) return; // the pane is there, or has said what it lacks
    starting.hidden = true;
    document.getElementById("cut-off")?.removeAttribute("hidden");
  }, PATIENCE_MS);
}
