// Sorts and searches the list. A page opened from the disk may fetch nothing, so lists and texts come as scripts.
"use strict";
(() => {
  const SHOWN = 200, table = document.querySelector("tbody"), input = document.querySelector("input");
  const count = document.querySelector(".count"), more = document.querySelector("#more");
  let rows = [], order = { column: null, down: true }, limit = SHOWN, loading = null;
  window.matouItems = (part) => { for (const row of part) rows.push({ cells: row, text: "" }); };
  window.matouTexts = (first, texts) => { texts.forEach((text, index) => { rows[first + index].text = text; }); };

  const load = (source) => new Promise((done) => {
    const script = document.createElement("script");
    script.src = source; script.onload = script.onerror = done; document.head.append(script);
  });
  const loadTexts = () => {
    loading = loading || (async () => {
      for (let part = 1; part <= Number(document.body.dataset.texts); part += 1) await load(`search-${part}.js`);
    })();
    return loading;
  };
  const compare = (left, right) => {
    const a = left.cells[order.column], b = right.cells[order.column];
    const result = typeof a === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return order.down ? -result : result;
  };
  const cell = (row, value, kind) => {
    const made = row.insertCell();
    if (kind) made.className = kind;
    made.textContent = value;
    return made;
  };
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (row) => { const text = (row.cells.join("\n") + "\n" + row.text).toLowerCase(); return words.every((word) => text.includes(word)); };
    const found = words.length ? rows.filter(has) : rows.slice();
    if (order.column !== null) found.sort(compare);
    table.replaceChildren();
    for (const { cells } of found.slice(0, limit)) {
      const [number, title, state, author, labels, changed, comments, href] = cells, row = table.insertRow();
      cell(row, number);
      const link = document.createElement("a");
      link.href = href; link.textContent = title; cell(row, "").append(link);
      cell(row, state); cell(row, author, "wide"); cell(row, labels, "wide"); cell(row, changed, "wide");
      cell(row, comments || "", "wide");
    }
    count.textContent = `${found.length} / ${rows.length}`;
    more.hidden = found.length <= limit;
  };
  const changed = async () => { limit = SHOWN; show(); if (input.value.trim()) { await loadTexts(); show(); } };

  window.addEventListener("DOMContentLoaded", async () => {
    for (let part = 1; part <= Number(document.body.dataset.lists); part += 1) await load(`items-${part}.js`);
    document.querySelectorAll("th button").forEach((button, column) => button.addEventListener("click", () => {
      order = { column, down: order.column === column ? !order.down : false }; show();
    }));
    more.addEventListener("click", () => { limit += 10 * SHOWN; show(); });
    input.addEventListener("input", changed);
    if (location.hash.startsWith("#q=")) input.value = decodeURIComponent(location.hash.slice(3));
    await changed();
    document.body.dataset.ready = "yes";
  });
})();
