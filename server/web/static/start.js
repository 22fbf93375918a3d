// Looks again every few seconds and replaces the parts of the page that have changed.
const live = document.getElementById("live");
const said = document.getElementById("said");
const pause = document.getElementById("pause");
const every = Number(live.dataset.every) * 1000;
let paused = false;

function replaceChanged(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const shown = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (shown && shown.innerHTML !== part.innerHTML && !shown.contains(document.activeElement)) {
      shown.innerHTML = part.innerHTML;
    }
  }
}

async function look() {
  if (paused || document.hidden) return;
  try {
    const answer = await fetch(live.dataset.from, { signal: AbortSignal.timeout(every * 2) });
    if (answer.redirected) return location.reload(); // signed out meanwhile: to the door
    if (!answer.ok) throw new Error(String(answer.status));
    replaceChanged(await answer.text());
    live.classList.remove("lost");
    said.textContent = `As of ${new Date().toISOString().slice(11, 19)} UTC`;
  } catch {
    if (!live.classList.contains("lost")) said.textContent = "Stockbook does not answer; these figures are old";
    live.classList.add("lost");
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  live.classList.toggle("paused", paused);
  look();
});

(async function watch() {
  for (;;) {
    await new Promise((done) => setTimeout(done, every));
    await look();
  }
})();
