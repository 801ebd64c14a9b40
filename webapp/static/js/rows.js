// A row of a table opens to its story: the stock's chart and what happened to its orders. Without scripts the stock's
// name leads to the same on a page of its own.
"use strict";
(() => {
  const opened = new Map();

  const rowOf = (key) => document.querySelector(`tr[data-key="${CSS.escape(key)}"]`);

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  async function fill(cell, source) {
    try {
      const answer = await fetch(source, { headers: { "X-Live": "1" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const legend = element("p", "legend");
      legend.dataset.legend = "symbol";
      const link = element("a", "small", "Everything about it");
      link.href = source;
      const head = element("div", "story-head");
      head.append(legend, link);
      const chart = document.importNode(page.querySelector("[data-chart]"), true);
      cell.replaceChildren(head, chart);
      const story = page.querySelector(".story");
      if (story) cell.append(document.importNode(story, true));
      chart.dispatchEvent(new CustomEvent("chart-added", { bubbles: true }));
    } catch {
      cell.replaceChildren(element("p", "empty", "Its story could not be loaded. Close the row and open it again."));
    }
  }

  function toggle(row) {
    const key = row.dataset.key;
    if (opened.has(key)) {
      opened.get(key).remove();
      opened.delete(key);
    } else {
      const story = element("tr", "story-row");
      const cell = element("td");
      cell.colSpan = row.cells.length;
      cell.append(element("p", "empty", "Loading \u2026"));
      story.append(cell);
      opened.set(key, story);
      fill(cell, row.dataset.story);
    }
    arrange();
  }

  // After a table was sorted or brought up to date: openers in each row, open stories beneath theirs.
  function arrange() {
    for (const row of document.querySelectorAll("tr[data-story]")) {
      let opener = row.querySelector(".opener");
      if (!opener) {
        opener = element("button", "opener");
        opener.type = "button";
        opener.setAttribute("aria-label", `Story of ${row.dataset.key.split(" ")[0]}`);
        row.cells[0].prepend(opener);
      }
      opener.setAttribute("aria-expanded", String(opened.has(row.dataset.key)));
    }
    for (const [key, story] of opened) {
      const row = rowOf(key);
      if (row) row.after(story);
      else story.remove();
    }
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-story]");
    if (!row || event.target.closest("a") || String(getSelection())) return;
    toggle(row);
  });
  document.addEventListener("rows-changed", arrange);
  arrange();
})();
