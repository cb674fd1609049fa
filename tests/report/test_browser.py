"""The report in a real browser: it filters, links, obeys the keyboard, asks for nothing, and is accessible.

Needs Chromium on the machine (Debian's package ``chromium``) and the extra ``browser``; skipped without them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_claims.report.html import render
from tests.helpers.report_sample import record

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "claims.html"
    path.write_text(render(record()), encoding="utf-8")
    return Path(path).as_uri()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that notes what goes wrong, and what it asks for beyond its own file."""
    with browser.new_context() as context:
        opened = context.new_page()
        opened.noted = []
        opened.on("console", lambda message: opened.noted.append(message.text))
        opened.on("pageerror", lambda error: opened.noted.append(str(error)))
        opened.on("request", lambda request: opened.noted.append(request.url))
        yield opened


def rows(page: Any) -> list[str]:
    """Ids of the claims that the table shows."""
    return list(page.locator("tr[data-claim]:visible th").all_inner_texts())


def cards(page: Any) -> list[str]:
    """Anchors of the cards that are shown."""
    return [card.get_attribute("id") for card in page.locator("article.card:visible").all()]


def all_are_shown(page: Any) -> None:
    """Wait until no filter hides a card."""
    sync_api.expect(page.locator("article.card:visible")).to_have_count(len(record()["claims"]))


def test_all_claims_are_shown_at_first_and_nothing_but_the_file_is_asked_for(page, address):
    page.goto(address)
    ids = [claim["id"] for claim in record()["claims"]]
    assert sorted(rows(page)) == sorted(ids)
    assert len(cards(page)) == len(ids)
    assert page.noted == [address]
    assert page.locator("#find-told").inner_text() == f"{len(ids)} of {len(ids)} claims shown"


def test_verdict_filters_table_cards_and_headings(page, address):
    page.goto(address)
    page.get_by_role("combobox", name="Verdict").select_option("incompatible")
    assert rows(page) == ["P-far"]
    assert cards(page) == ["P-far"]
    assert page.locator("#report-claims h3:visible").all_inner_texts() == ["Published training logs"]


def test_unexpected_ones_can_be_asked_for(page, address):
    page.goto(address)
    page.get_by_role("combobox", name="Verdict").select_option("unexpected")
    assert rows(page) == ["C03", "N03", "R09"]


def test_words_are_searched_in_ids_and_statements(page, address):
    page.goto(address)
    page.get_by_label("Words").fill("NOISE c0")
    assert rows(page) == ["C01", "C02", "C03", "C05", "C06"]
    page.get_by_label("Words").fill("no such thing")
    assert rows(page) == []
    assert page.locator("#find-told").inner_text().startswith("0 of ")


def test_filtered_view_can_be_sent(page, address, browser):
    page.goto(address)
    page.get_by_role("combobox", name="Section").select_option(label="Regularization")
    page.get_by_label("Words").fill("near epoch")
    with browser.new_context() as context:
        elsewhere = context.new_page()
        elsewhere.goto(page.url)
        assert rows(elsewhere) == ["R08"]
        assert elsewhere.get_by_label("Words").input_value() == "near epoch"
    page.get_by_role("button", name="Show all").click()
    all_are_shown(page)
    assert "find" not in page.url


def test_link_to_a_claim_opens_it_even_if_a_filter_hides_it(page, address):
    page.goto(f"{address}#R08")
    assert page.locator("#R08").evaluate("card => Math.abs(card.getBoundingClientRect().top) < 60")
    page.get_by_role("combobox", name="Verdict").select_option("refuted")
    assert "R08" not in cards(page)
    page.evaluate("location.hash = '#R08'")
    all_are_shown(page)


def test_filters_work_by_keyboard_alone(page, address):
    page.goto(address)
    page.get_by_label("Words").focus()
    page.keyboard.type("P-near")
    page.keyboard.press("Enter")
    assert rows(page) == ["P-near"]
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Show all"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline not in ("none", "")
    page.keyboard.press("Enter")
    all_are_shown(page)


def test_page_can_be_read_without_its_script(browser, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        assert page.locator("#find").is_hidden()
        assert len(cards(page)) == len(record()["claims"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_no_accessibility_rule_is_violated(browser, address, scheme, width):
    # Axe is injected for the test alone; the file's own policy would not let it in.
    with browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto(address)
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        found = axe_api.Axe().run(page, options=options)
        told = [
            f"{violation['id']}: {violation['nodes'][0]['html'][:200]}" for violation in found.response["violations"]
        ]
        assert told == []


def test_nothing_is_cut_off_on_a_narrow_screen(browser, address):
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_print_shows_everything_and_no_controls(page, address):
    page.goto(f"{address}#find?verdict=refuted")
    page.emulate_media(media="print")
    assert page.locator("#find").is_hidden()
    assert page.locator("nav").is_hidden()
    rules = page.evaluate("[...document.styleSheets].flatMap(sheet => [...sheet.cssRules].map(rule => rule.cssText))")
    head = next(rule for rule in rules if "@top-left" in rule)
    assert "Fundamentals of machine learning" in head
    assert "21 November 2026" in head
    assert len(cards(page)) == len(record()["claims"])


PUBLISHED = Path(__file__).parents[2] / "reports" / "lecture" / "claims.html"


def search(page, words):
    page.get_by_role("searchbox").fill(words)
    sync_api.expect(page.locator("#find-told")).to_contain_text("of")


def test_five_questions_of_a_new_reader_are_answered_at_once(page):
    """Each takes one search or at most three clicks on the published report of the lecture."""
    page.goto(PUBLISHED.as_uri())
    # Does dropout help?
    search(page, "dropout improvement")
    assert "R13" in rows(page)
    assert page.locator("tr[data-claim=R13] .verdict").inner_text()
    # How sure is it?
    page.locator("tr[data-claim=R13] a").click()
    card = page.locator("#R13")
    assert {"seeds", "interval", "pairs"} <= set(re.findall(r"\w+", card.inner_text()))
    # On what data?
    assert "IMDB (real)" in card.inner_text()
    # What about the learning rate?
    page.get_by_role("button", name="Show all").click()
    search(page, "learning rate")
    assert {"F01a", "F02", "F03"} <= set(rows(page))
    # What was not tested?
    page.get_by_role("link", name="The lecture").click()
    assert page.get_by_text("What cannot be tested here:").is_visible()
