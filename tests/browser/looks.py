"""What is asked of every page, whatever it shows and wherever it is looked at."""

from __future__ import annotations

from pathlib import Path

from tests.browser.chromium import DESKTOP, PHONE, Page

PATHS = {
    "overview": "/",
    "decisions": "/decisions",
    "trades": "/trades",
    "symbol": "/symbols/CSCO",
    "log": "/log",
    "halt": "/halt",
    "resume": "/resume",
}
QUESTIONS = ("What do I have to do?", "Is it alive?", "What do I own?", "What happens next?")

_DRAWN = "document.querySelectorAll('[data-chart]:not([data-drawn])').length === 0"
_SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
# A chart that drew nothing has one colour, or none.
_BLANK_CHARTS = """
[...document.querySelectorAll('[data-chart]')].filter((chart) => Math.max(0, ...[...chart.querySelectorAll('canvas')]
  .filter((c) => c.width && c.height)
  .map((c) => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)) < 8)
  .map((chart) => chart.dataset.chart)
"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Every pair of colours that text is written with, measured as the browser draws it.
_FAINT_TEXT = """
(() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number);
    const scale = c.startsWith('color(srgb') ? 255 : 1;
    return [m[0] * scale, m[1] * scale, m[2] * scale, m[3] ?? 1]; };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map((v) => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.99) return c;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor); };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const seen = e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!own || !seen || e.closest('.off, .chart')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(bad)];
})()
"""
# Sentences are for people: no time as programs write it, no word of a language that they don't speak.
_FOR_PROGRAMS = (
    r"/\d{4}-\d\d-\d\dT\d\d|\bNone\b|\bNaN\b|\bundefined\b|\bnull\b/.exec(document.body.innerText)?.[0] ?? ''"
)
_QUESTIONS_SEEN = """
(() => {
  const nav = document.querySelector('.nav').getBoundingClientRect();
  const fold = nav.top > 100 ? nav.top : innerHeight;
  return [...document.querySelectorAll('.situation h2, .question h2')]
    .filter((e) => e.getBoundingClientRect().bottom < fold)
    .map((e) => e.textContent);
})()
"""


def look_at(page: Page, url: str) -> None:
    """Open a page and wait until its charts are drawn."""
    page.open(url)
    page.wait_for(_DRAWN)


def problems(page: Page, url: str) -> list[str]:
    """Return what is wrong with the page that is open, in words."""
    page.value(_SETTLED)
    found = [f"said: {text}" for text in page.complaints]
    found += [f"popped up: {text}" for text in page.dialogs]
    found += [f"asked another host: {u}" for u in page.requested if not u.startswith((f"{url}/", "data:"))]
    found += [f"blank chart: {name}" for name in page.value(_BLANK_CHARTS)]
    found += [f"faint: {text}" for text in page.value(_FAINT_TEXT)]
    if page.value(_TOO_WIDE) > 0:
        found.append("scrolls sideways")
    if word := page.value(_FOR_PROGRAMS):
        found.append(f"not for people: {word}")
    return found


def questions_seen(page: Page) -> list[str]:
    """Return the questions of the overview that are in sight without scrolling."""
    seen: list[str] = page.value(_QUESTIONS_SEEN)
    return seen


def problems_everywhere(page: Page, url: str, path: str, pictures: Path, name: str) -> list[str]:
    """Return what is wrong with a page on a desktop and a phone, in light and dark; a picture of each is kept."""
    found: list[str] = []
    for size, device in ((DESKTOP, "desktop"), (PHONE, "phone")):
        page.set_view(size)
        look_at(page, url + path)
        for dark, scheme in ((False, "light"), (True, "dark")):
            page.set_view(size, dark=dark)
            found += [f"{device} {scheme}: {problem}" for problem in problems(page, url)]
            page.screenshot(pictures / f"{name}-{device}-{scheme}.png")
        for noted in (page.complaints, page.dialogs, page.requested):
            noted.clear()
    return found
