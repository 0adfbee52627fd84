"""One bug from the form to a verified candidate, watched live: through a reload, a killed server and two tabs."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bugs.demo.catalogue import DEMOS, build_repository
from tests.browser.conftest import ROOT, Up, Visitor

pytestmark = pytest.mark.browser

SLOW_MS = 400_000  # the machine may be busy
UNREACHABLE = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "WebSocket connection to", "ERR_EMPTY_RESPONSE")
PICTURE = ROOT / "build" / "bug.png"  # the picture in the README; copied to docs/images when the page has changed


def events_of(up: Up, bug: int) -> list[tuple[int, str]]:
    with sqlite3.connect(up.data / "modulo.sqlite3") as database:
        rows = database.execute("select seq, kind from bugs_event where bug_id = ? order by seq", [bug]).fetchall()
    database.close()
    return [(int(seq), str(kind)) for seq, kind in rows]


def events_on(page: Page) -> list[tuple[int, str]]:
    script = "rows => rows.map(row => [Number(row.dataset.seq), row.className.replace('kind-', '')])"
    return [tuple(row) for row in page.locator("#events > li").evaluate_all(script)]


def stage(page: Page, title: str) -> Any:
    return page.locator(".stage").filter(has=page.get_by_text(title, exact=True))


@pytest.fixture
def repository() -> Iterator[Path]:
    """The demo's repository at a path as short as people's own: it is shown on the page."""
    with tempfile.TemporaryDirectory(prefix="tallybook-") as place:
        yield build_repository("off-by-one", Path(place) / "tallybook")


def report(guest: Visitor, repository: Path, tmp_path: Path) -> Page:
    """Report the demo's bug as somebody who never heard of the demo would: by the form."""
    demo = DEMOS["off-by-one"]
    page = guest.open("/bugs/new/")
    page.get_by_label("Title").fill(demo.title)
    page.get_by_label("What happened").fill(demo.text)
    page.get_by_label("Repository").fill(str(repository))
    for log in demo.logs():
        (tmp_path / log.name).write_bytes(log.data)
        page.locator("#id_attachments").set_input_files(tmp_path / log.name)
    expect(page.get_by_text("arrived")).to_be_visible()
    page.get_by_role("button", name="Report and run").click()
    page.wait_for_url("**/bugs/*/")
    return page


def test_a_bug_is_watched_from_the_form_to_a_verified_candidate(
    up: Up, visitor: Callable[..., Visitor], repository: Path, tmp_path: Path
) -> None:
    guest = visitor(viewport={"width": 1360, "height": 1000}, color_scheme="light")
    page = report(guest, repository, tmp_path)
    bug = int(page.url.rstrip("/").rpartition("/")[2])
    second = guest.open(f"/bugs/{bug}/")

    expect(stage(page, "Analysis")).to_contain_text("done", timeout=SLOW_MS)
    page.reload()
    expect(stage(page, "Reproduce")).to_contain_text("done", timeout=SLOW_MS)
    assert guest.complaints == []

    os.kill(up.web_process(), signal.SIGKILL)
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "live", timeout=5_000)
    expect(page.locator("#connection")).to_have_text("live", timeout=60_000)

    expect(stage(page, "Validate")).to_contain_text("fix verified", timeout=SLOW_MS)
    expect(second.locator(".bug-line .chip")).to_have_text("validated", timeout=SLOW_MS)
    for tab in (page, second):
        expect(tab.locator("#events > li.kind-memory_written")).to_have_count(1, timeout=60_000)
        assert events_on(tab) == events_of(up, bug)
    late = guest.open(f"/bugs/{bug}/")
    assert events_on(late) == events_of(up, bug)[-300:]

    diff = page.get_by_role("region", name="Diff of candidate").first
    expect(diff).to_contain_text("quantity <= self.up_to")
    with page.expect_download() as download:
        page.get_by_role("link", name="Patch").first.click()
    assert "+        return self.up_to is None or quantity <= self.up_to" in Path(download.value.path()).read_text()
    assert [each for each in guest.complaints if not any(word in each for word in UNREACHABLE)] == []
    assert guest.foreign == []

    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    late.screenshot(path=PICTURE)
    late.goto(f"{up.address}/admin/bugs/candidate/?q=tiers")
    expect(late.locator("#result_list")).to_contain_text("fix_verified")


def test_the_list_changes_while_it_is_looked_at(up: Up, visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    watching, acting = guest.open("/bugs/"), guest.open(f"/bugs/{up.bugs['new']}/")
    expect(watching.locator("#connection")).to_have_text("live")
    acting.get_by_role("button", name="Run", exact=True).click()
    row = watching.locator(f"#bug-{up.bugs['new']}")
    expect(row.locator(".cell-state")).not_to_have_text("new", timeout=30_000)


def test_what_a_reader_opened_and_typed_survives_news(up: Up, visitor: Callable[..., Visitor]) -> None:
    page = visitor().open(f"/bugs/{up.bugs['done']}/")
    expect(page.locator("#connection")).to_have_text("live")
    page.locator("#candidate-4 summary").click()
    expect(page.locator("#candidate-4").get_by_role("region", name="Diff of candidate 4")).to_be_visible()
    page.locator("#comment-text").fill("half a sentence")
    page.evaluate("""() => { const section = document.querySelector('[data-section=candidates]');
        section.dataset.marked = 'x'; section.querySelector('h2').textContent = 'stale'; }""")
    page.locator("a[data-refresh=candidates]").first.click()
    expect(page.locator("#candidates-title")).to_contain_text("Candidates")
    expect(page.locator("#candidate-4").get_by_role("region", name="Diff of candidate 4")).to_be_visible()
    expect(page.locator("#comment-text")).to_have_value("half a sentence")


def test_a_signed_out_page_says_so_and_stops_asking(up: Up, visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = guest.open(f"/bugs/{up.bugs['done']}/")
    expect(page.locator("#connection")).to_have_text("live")
    guest.context.clear_cookies()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_text("signed out", timeout=20_000)
