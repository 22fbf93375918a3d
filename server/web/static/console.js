// What the pages do beyond what a browser does by itself. Every page works without it.

// On a phone the navigation scrolls: the page one is on stays in sight.
document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What went wrong is read first, and stays in sight; a field for a scanner is always ready for the next one.
const scanned = document.querySelector("[data-scan]");
if (scanned) {
  scanned.focus();
  scanned.select();
} else {
  document.querySelector("[data-focus]")?.focus();
}

// A workbook can be dropped anywhere on the page that has a place for one.
for (const form of document.querySelectorAll("[data-drop]")) {
  const input = form.querySelector('input[type="file"]');
  const shown = form.querySelector("[data-dropped]");
  const before = shown.textContent;
  const tell = () => { shown.textContent = input.files.length ? input.files[0].name : before; };
  input.addEventListener("change", tell);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    form.classList.remove("over");
    input.files = event.dataTransfer.files;
    tell();
    form.querySelector("button").focus();
  });
}

// A form is sent once: a second press while the first is under way does nothing.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 10_000);
  });
}
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));

// One box chooses all orders of the page.
for (const label of document.querySelectorAll("[data-all]")) {
  const boxes = label.closest("form").querySelectorAll('input[name="id"]');
  label.hidden = false;
  label.querySelector("input").addEventListener("change", (event) => {
    for (const box of boxes) box.checked = event.target.checked;
  });
}

// What is at work looks again by itself, and shows the whole page once it has ended.
async function lookAgain(part) {
  for (;;) {
    await new Promise((done) => setTimeout(done, Number(part.dataset.again) * 1000));
    const answer = await fetch(location.href).catch(() => null);
    if (!answer) continue;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-again]");
    if (answer.redirected || !fresh) return location.reload();
    if (fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
  }
}
document.querySelectorAll("[data-again]").forEach(lookAgain);
