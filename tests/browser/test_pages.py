"""The pages in a real browser: they draw, fit, speak up, and break no rule of their own policy."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Page
from tests.browser.conftest import Site

PATHS = {
    "overview": "/",
    "decisions": "/decisions",
    "trades": "/trades",
    "symbol": "/symbols/CSCO",
    "log": "/log",
    "halt": "/halt",
    "resume": "/resume",
}
LOOKS = list(itertools.product(PATHS, (DESKTOP, PHONE), ("light", "dark")))
# Every pair of colours that text is written with, measured as the browser draws it.
CONTRAST = """
(() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith('color(srgb') ? 255 : 1;
    return [...parts.slice(0, 3).map((v) => v * scale), parts[3] ?? 1];
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const weights = [0.2126, 0.7152, 0.0722];
  const light = (colour) => weights.reduce((sum, weight, i) => sum + weight * linear(colour[i] / 255), 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    const writes = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const seen = e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!writes || !seen || e.closest('.off, .chart')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(bad)];
})()
"""


def look_at(page: Page, site: Site, name: str) -> None:
    page.open(site.url + PATHS[name])
    if page.value("document.querySelector('[data-chart]') !== null"):
        page.wait_for("document.querySelectorAll('[data-chart]:not([data-drawn])').length === 0")


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_every_page_draws_without_complaint_and_fits(
    page: Page, site: Site, pictures: Path, name: str, size: tuple[int, int], scheme: str
) -> None:
    page.set_view(size, dark=scheme == "dark")
    look_at(page, site, name)
    page.screenshot(pictures / f"{name}-{'phone' if size == PHONE else 'desktop'}-{scheme}.png")
    assert page.complaints == []
    assert page.dialogs == []
    assert page.value("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.value(CONTRAST) == []


def test_nothing_is_loaded_from_elsewhere(page: Page, site: Site) -> None:
    for name in PATHS:
        look_at(page, site, name)
    assert page.requested
    assert [url for url in page.requested if not url.startswith((f"{site.url}/", "data:"))] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_four_questions_are_answered_without_scrolling(page: Page, site: Site, size: tuple[int, int]) -> None:
    page.set_view(size)
    look_at(page, site, "overview")
    bottoms = page.value(
        "[...document.querySelectorAll('.question, .situation')].map(e => e.getBoundingClientRect().bottom)"
    )
    covered = page.value("document.querySelector('.nav').offsetHeight") if size == PHONE else 0
    assert len(bottoms) == 4
    assert max(bottoms) <= size[1] - covered


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_halt_button_is_in_reach_on_every_page(page: Page, site: Site, size: tuple[int, int]) -> None:
    page.set_view(size)
    for name in PATHS:
        look_at(page, site, name)
        page.value("window.scrollTo(0, document.body.scrollHeight)")
        box = page.value(
            "(b => [b.top, b.bottom, b.left, b.right])(document.querySelector('.top .halt').getBoundingClientRect())"
        )
        assert box[0] >= 0
        assert box[1] <= 64
        assert box[2] >= 0
        assert box[3] <= size[0]


def test_pages_can_be_read_without_scripts(page: Page, site: Site) -> None:
    page.set_view(DESKTOP, scripts=False)
    try:
        for path in PATHS.values():
            page.call("Page.navigate", url=site.url + path)
            page.wait_for("document.querySelector('h1') !== null")
        page.call("Page.navigate", url=site.url)
        page.wait_for("document.querySelector('.sketch polyline') !== null")
        assert page.value("document.querySelector('.sketch polyline').points.length") > 100
        assert page.value("document.querySelectorAll('.positions tbody tr').length") == 7
    finally:
        page.set_view(DESKTOP)


def test_charts_have_the_colours_of_the_chosen_theme(page: Page, site: Site) -> None:
    look_at(page, site, "symbol")
    page.click("[data-theme-toggle]")
    assert page.value("document.documentElement.dataset.theme") == "dark"
    page.wait_for("document.querySelector('[data-chart] canvas') !== null")
    page.open(site.url)
    assert page.value("document.documentElement.dataset.theme") == "dark"
    page.click("[data-theme-toggle]")
    assert page.value("document.documentElement.dataset.theme") == "light"
    page.value("localStorage.clear()")
    assert page.complaints == []


def test_tables_sort_and_filter(page: Page, site: Site) -> None:
    look_at(page, site, "trades")
    page.click(".trades th:last-child button")
    first = "document.querySelector('.trades tbody tr:not([hidden]) td:last-child').textContent"
    assert "\u2212" in page.value(first)
    page.click(".trades th:last-child button")
    assert "+" in page.value(first)
    page.type("[data-filter]", "NVDA")
    shown = page.value(
        "[...document.querySelectorAll('.trades tbody tr:not([hidden]) .ticker')].map(e => e.textContent)"
    )
    assert set(shown) == {"NVDA"}
    page.value("sessionStorage.clear()")
