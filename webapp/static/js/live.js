// Keeps a page up to date: fetches the page itself, swaps the regions that changed, lets changed values glow.
// Everything that it does is a convenience; the pages can be read, and trading halted, without it.
"use strict";
(() => {
  const POLL_MS = 2000;
  const QUICK_POLL_MS = 400;
  const GLOW_MS = 600;
  const lastHtml = new Map();
  let lastAnswer = Date.now();
  let personActive = false;
  let pointerDown = false;

  const regions = (root) => new Map([...root.querySelectorAll("[data-live]")].map((e) => [e.dataset.live, e]));
  const cells = (root) => new Map([...root.querySelectorAll("[data-cell]")].map((e) => [e.dataset.cell, e.textContent]));

  const focusable = (root) => [...root.querySelectorAll("a, button, summary")];

  function swap(region, fresh) {
    const before = cells(region);
    const kept = new Map([...region.querySelectorAll("details[data-keep]")].map((e) => [e.dataset.keep, e.open]));
    const focused = focusable(region).indexOf(document.activeElement);
    region.className = fresh.className;
    region.replaceChildren(...fresh.childNodes);
    for (const cell of region.querySelectorAll("[data-cell]")) {
      const name = cell.dataset.cell;
      if (name === "seen" || !before.has(name) || before.get(name) === cell.textContent) continue;
      cell.classList.add("glow");
      setTimeout(() => cell.classList.remove("glow"), GLOW_MS);
    }
    for (const details of region.querySelectorAll("details[data-keep]")) {
      if (kept.has(details.dataset.keep)) details.open = kept.get(details.dataset.keep);
    }
    prepare(region);
    if (focused >= 0) focusable(region)[focused]?.focus({ preventScroll: true });
  }

  function apply(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = regions(page);
    for (const [name, region] of regions(document)) {
      const next = fresh.get(name);
      if (!next || lastHtml.get(name) === next.outerHTML) continue;
      // What somebody is typing in is left alone until they are done.
      if (region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) continue;
      lastHtml.set(name, next.outerHTML);
      swap(region, next);
    }
    for (const chart of document.querySelectorAll("[data-chart]")) {
      const next = page.querySelector(`[data-chart="${chart.dataset.chart}"]`);
      if (next && next.dataset.mark !== chart.dataset.mark) {
        chart.dataset.mark = next.dataset.mark;
        chart.dispatchEvent(new CustomEvent("data-changed"));
      }
    }
    if (page.title) document.title = page.title;
    document.body.className = page.body.className;
  }

  function showConnection(problem) {
    const banner = document.getElementById("connection");
    if (!banner) return;
    banner.hidden = !problem;
    banner.querySelector("span").textContent = problem;
  }

  async function poll() {
    const headers = { "X-Live": "1" };
    if (personActive) headers["X-Active"] = "1";
    personActive = false;
    try {
      const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(8000) });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      // A click that has begun must end on the element where it began.
      if (!pointerDown) apply(text);
      lastAnswer = Date.now();
      showConnection("");
    } catch {
      const silent = Math.round((Date.now() - lastAnswer) / 1000);
      if (silent >= 5) {
        const since = new Date(lastAnswer).toLocaleTimeString();
        showConnection(`The dashboard has not answered for ${silent} s; what you see is from ${since}. Trading is another process and goes on.`);
      }
    }
  }

  function waiting() {
    const request = document.querySelector("[data-request]");
    return request !== null && document.querySelector("[data-request] .spinner") !== null;
  }

  async function loop() {
    for (;;) {
      await new Promise((done) => setTimeout(done, waiting() ? QUICK_POLL_MS : POLL_MS));
      if (!document.hidden) await poll();
    }
  }

  // Tables that sort: a click on a column head; a second one turns it round. `data-sort` stands for what is shown.
  const plain = (cell) => (cell.dataset.sort ?? cell.textContent).replace(/[\u202f\s+▲▼%]/g, "").replace("\u2212", "-");

  function sortBy(table, index, falling) {
    const value = (row) => plain(row.cells[index]);
    const rows = [...table.tBodies[0].rows].filter((row) => !row.matches(".story-row"));
    const numeric = rows.every((row) => value(row) === "\u2013" || !Number.isNaN(Number(value(row))));
    const compare = numeric
      ? (a, b) => (Number(value(a)) || 0) - (Number(value(b)) || 0)
      : (a, b) => value(a).localeCompare(value(b));
    rows.sort((a, b) => (falling ? -compare(a, b) : compare(a, b)));
    table.tBodies[0].append(...rows);
    document.dispatchEvent(new CustomEvent("rows-changed"));
  }

  function prepareSorting(table) {
    const key = `sort:${location.pathname}:${table.className}`;
    const heads = [...table.tHead.rows[0].cells];
    const show = (index, falling) => {
      heads.forEach((head, i) => head.setAttribute("aria-sort", i === index ? (falling ? "descending" : "ascending") : "none"));
      sortBy(table, index, falling);
    };
    heads.forEach((head, index) => {
      if (head.hasAttribute("data-nosort")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending";
        sessionStorage.setItem(key, JSON.stringify([index, falling]));
        show(index, falling);
      });
    });
    const kept = JSON.parse(sessionStorage.getItem(key) || "null");
    if (kept && heads[kept[0]]) show(...kept);
  }

  function filter(input) {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(input.dataset.filter)) {
      row.hidden = row.matches(".story-row")
        ? row.previousElementSibling.hidden
        : wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  }

  function prepare(root) {
    for (const table of root.matches?.("[data-sortable]") ? [root] : root.querySelectorAll("[data-sortable]")) {
      if (table.tHead) prepareSorting(table);
    }
    document.dispatchEvent(new CustomEvent("rows-changed"));
    document.querySelectorAll("[data-filter]").forEach((input) => input.value && filter(input));
  }

  function toggleTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    document.dispatchEvent(new CustomEvent("theme-changed"));
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.dialog).showModal();
    }
    if (event.target.closest("[data-close]") && event.target.closest("dialog")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
    if (event.target.closest("[data-theme-toggle]")) toggleTheme();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filter(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]") && event.target.value !== undefined && event.target.validity.valid) event.target.form.requestSubmit();
  });
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(kind, () => { personActive = true; }, { passive: true });
  }
  document.addEventListener("pointerdown", () => { pointerDown = true; }, { passive: true });
  for (const kind of ["pointerup", "pointercancel"]) {
    window.addEventListener(kind, () => { pointerDown = false; }, { passive: true });
  }
  document.querySelectorAll("[data-theme-toggle]").forEach((button) => { button.hidden = false; });
  for (const [name, region] of regions(document)) lastHtml.set(name, region.outerHTML);
  prepare(document);
  loop();
})();
