"""What the pages do in a real browser: they answer at a glance, sort, filter, open, and can do without scripts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Page
from tests.browser.conftest import Site
from tests.browser.looks import PATHS, look_at, problems


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_four_questions_are_answered_without_scrolling(page: Page, site: Site, size: tuple[int, int]) -> None:
    page.set_view(size)
    look_at(page, site.url)
    bottoms = page.value(
        "[...document.querySelectorAll('.question, .situation')].map(e => e.getBoundingClientRect().bottom)"
    )
    covered = page.value("document.querySelector('.nav').offsetHeight") if size == PHONE else 0
    assert len(bottoms) == 4
    assert max(bottoms) <= size[1] - covered


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_halt_button_is_in_reach_on_every_page(page: Page, site: Site, size: tuple[int, int]) -> None:
    page.set_view(size)
    for path in PATHS.values():
        look_at(page, site.url + path)
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
    look_at(page, site.url + PATHS["symbol"])
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
    look_at(page, site.url + PATHS["trades"])
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


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_row_opens_to_its_story_and_stays_open_when_the_page_renews_itself(
    page: Page, site: Site, pictures: Path, size: tuple[int, int]
) -> None:
    page.set_view(size)
    look_at(page, site.url)
    page.click(".positions tbody tr[data-story] .opener")
    page.wait_for("document.querySelector('.story-row [data-drawn]') !== null")
    assert page.value("document.querySelector('.story-row .story').textContent.includes('filled')")
    page.value("document.querySelector('.positions').dataset.old = 'yes'")
    with sqlite3.connect(site.state / "trading.db") as connection:
        connection.execute("UPDATE bar SET close = close + 0.01 WHERE session = (SELECT max(session) FROM bar)")
    connection.close()
    page.wait_for("document.querySelector('.positions').dataset.old === undefined", 10)
    assert page.value("document.querySelector('.positions .story-row [data-drawn]') !== null")
    assert problems(page, site.url) == []
    page.screenshot(pictures / f"story-{'phone' if size == PHONE else 'desktop'}.png")
    page.click(".positions tbody tr[data-story] .opener")
    assert page.value("document.querySelector('.story-row')") is None


def test_stories_stay_beneath_their_rows_when_a_table_is_sorted(page: Page, site: Site) -> None:
    look_at(page, site.url + PATHS["trades"])
    page.click(".trades tbody tr:nth-child(2) td:nth-child(3)")
    page.wait_for("document.querySelector('.story-row [data-drawn]') !== null")
    beneath = "document.querySelector('.story-row').previousElementSibling.dataset.key"
    key = page.value(beneath)
    page.click(".trades th:first-child button")
    assert page.value(beneath) == key
    names = "[...document.querySelectorAll('.trades tbody tr[data-key]')].map(e => e.dataset.key.split(' ')[0])"
    assert page.value(names) == sorted(page.value(names))
    page.click(".trades th:nth-child(5) button")
    days = "[...document.querySelectorAll('.trades tbody tr[data-key] td:nth-child(5)')].map(e => e.dataset.sort)"
    assert page.value(days) == sorted(page.value(days))
    page.value("sessionStorage.clear()")
    assert problems(page, site.url) == []
