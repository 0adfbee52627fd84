"""Every page in every state: accessible, quiet, within its own origin, and as wide as its window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Up, Visitor

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = ("light", "dark")
STATES = ("new", "running", "asking", "failed", "unrepaired", "done")
PAGES = ("/bugs/", "/bugs/?tab=done", "/bugs/?q=nothing-like-it", "/bugs/new/", "/system/", "/bugs/999999/")


def violations(page: Any) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)[
        "violations"
    ]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def settle(page: Any) -> None:
    """Everything that opens is open: what is folded away has to be accessible too."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_has_an_accessibility_violation(up: Up, visitor: Callable[..., Visitor], scheme: str) -> None:
    guest = visitor(color_scheme=scheme, reduced_motion="reduce")
    page = guest.page()
    found = {}
    for path in (*PAGES, *(f"/bugs/{up.bugs[state]}/" for state in STATES)):
        page.goto(up.address + path)
        settle(page)
        found[path] = violations(page)
    assert {path: listed for path, listed in found.items() if listed} == {}
    expected = [complaint for complaint in guest.complaints if "/bugs/999999/" not in complaint]
    assert (expected, guest.foreign) == ([], [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_sign_in_page_has_no_accessibility_violation(up: Up, browser: Any, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(f"{up.address}/login/")
    page.get_by_label("Name").fill("tester")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    found = violations(page)
    page.close()
    assert found == []


def test_pages_fit_a_window_of_320_pixels(up: Up, visitor: Callable[..., Visitor]) -> None:
    page = visitor(viewport={"width": 320, "height": 640}).page()
    too_wide = {}
    for path in (*PAGES, *(f"/bugs/{up.bugs[state]}/" for state in STATES)):
        page.goto(up.address + path)
        settle(page)
        too_wide[path] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert {path: wide for path, wide in too_wide.items() if wide > 0} == {}


def test_everything_can_be_read_and_done_without_javascript(up: Up, visitor: Callable[..., Visitor]) -> None:
    page = visitor(java_script_enabled=False).open(f"/bugs/{up.bugs['done']}/")
    assert page.get_by_text("2 of 48 candidates survived every test.").first.is_visible()
    page.locator("#candidate-5 summary").click()
    page.locator("#candidate-5").get_by_role("link", name="Diff and test output").click()
    assert "if quantity <= tier.up_to" in page.get_by_role("region", name="Diff of candidate").inner_text()
    page.goto(f"{up.address}/bugs/{up.bugs['new']}/")
    page.locator("#comment-text").fill("Written without JavaScript.")
    page.get_by_role("button", name="Comment").click()
    assert page.get_by_text("Written without JavaScript.").first.is_visible()


def test_the_keyboard_moves_through_the_list(up: Up, visitor: Callable[..., Visitor]) -> None:
    page = visitor().open("/bugs/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(".bug-row a").nth(1)
    assert second.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/bugs/{up.bugs['unrepaired']}/")
    page.keyboard.press("u")
    page.wait_for_url("**/bugs/")


def test_the_theme_chosen_by_hand_stays(up: Up, visitor: Callable[..., Visitor]) -> None:
    page = visitor(color_scheme="light").open("/bugs/")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 21)"
