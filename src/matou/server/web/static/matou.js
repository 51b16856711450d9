// Nothing here is needed to read a page: what a script adds stands hidden until it runs.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (target) {
    event.preventDefault();
    target.focus();
  }
});

const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  const seconds = (at - Date.now()) / 1000;
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) || ["second", 1];
  time.title = at.toLocaleString(document.documentElement.lang);
  time.textContent = ago.format(Math.round(seconds / length), unit);
}
