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

// Lines of a file: `#L12-L20` marks all of them; a line that stands on another part of the file leads there.
const linesOf = (hash) => (hash.match(/^#L(\d+)(?:-L(\d+))?$/) || []).slice(1).map((text) => text && Number(text));
const markLines = () => {
  const [begin, end = begin] = linesOf(location.hash);
  const table = document.querySelector("table[data-lines]");
  if (!table || !begin) return;
  for (const row of table.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
  const first = document.getElementById(`L${Math.min(begin, end)}`);
  if (!first && begin <= Number(table.dataset.lines)) {
    const query = new URLSearchParams(location.search);
    if (query.get("line") === String(begin)) return;
    query.set("line", begin);
    location.replace(`?${query}${location.hash}`);
    return;
  }
  for (let number = Math.min(begin, end); number <= Math.max(begin, end); number++) {
    const row = document.getElementById(`L${number}`);
    if (!row) break;
    row.classList.add("chosen");
  }
  if (first) first.scrollIntoView({ block: "center" });
};
markLines();
addEventListener("hashchange", markLines);
document.addEventListener("click", (event) => {
  const link = event.target.closest("table[data-lines] .n a");
  const [begin] = linesOf(location.hash);
  if (!link || !event.shiftKey || !begin) return;
  event.preventDefault();
  location.hash = `#L${begin}-${link.hash.slice(1)}`;
});
