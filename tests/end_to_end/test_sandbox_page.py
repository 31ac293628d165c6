"""The sandbox's page in a real browser, Debian's Chromium, while a real run writes to the board.

The story is told once, by `_story`; the tests are about what was seen. The run stops itself after two requests with
items, so that what the page shows meanwhile does not depend on anybody's speed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import ViewportSize, expect, sync_playwright

from order_staging.failpoints import Failpoint
from order_staging.sandbox import Sandbox, SandboxThread
from tests.processes import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.processes import RunningProcess

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None and os.environ.get("CI") != "true":
    pytest.skip("there is no chromium on this machine: apt-get install chromium", allow_module_level=True)

GROUP = "GREYSON CLOTHIERS 2025 FALL"
EVIL = "<script>window.evil = 1</script><img src=x onerror='window.evil = 2'>"
MILLISECONDS = 20_000
"""What the page may take to show something."""
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}
COLOURS = """
() => {
  const found = new Map();
  const rows = "tr.item:nth-child(-n+4)";
  const texts = `h1, p, thead th, ${rows} > *, ${rows} .chip, ${rows} button, table.subitems td, label, summary,
    code, button, .status, .kind, .fault, .errors, .counts, .used`;
  for (const element of document.querySelectorAll(texts)) {
    if (!element.checkVisibility() || !element.textContent.trim() || element.disabled) continue;
    let ground = element;
    const transparent = () => getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)";
    while (ground.parentElement && transparent()) ground = ground.parentElement;
    const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
    found.set(pair.join(), [`${element.tagName}.${element.className}`, ...pair]);
  }
  return [...found.values()];
}
"""
"""Every colour of text with that of the ground it stands on, and an element that has them."""


@dataclass
class Seen:
    """What the page showed."""

    begun: str = ""
    halfway: str = ""
    halfway_rows: int = 0
    halfway_run: object = None
    """How the run had ended by then: None where it had not."""
    ordered: str = ""
    spec: str = ""
    ended: str = ""
    rows: int = 0
    chips: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    details: str = ""
    unfolded: str | None = None
    subitems: list[str] = field(default_factory=list)
    evil: str = ""
    refused: tuple[int, str] = (0, "")
    calls: str = ""
    colours: dict[str, list[list[str]]] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    same_document: bool = False
    console: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    page_url: str = ""
    exit_codes: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "CI has no chromium: see .ci/run"
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        # Nothing is downloaded; Chromium's own sandbox does not work for root in a container.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def seen(browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("page") / "world"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "orders.db")
    with Runner(folder, {"database_url": f"sqlite:///{folder}/orders.db", "recovery_delay": "0"}) as runner:
        sandbox = runner.start("sandbox", "--port", "0", "--sample-orders", "--output", "json")
        said = json.loads(sandbox.line())
        page = _page(browser)
        found = Seen(page_url=said["page"])
        _watch(page, found)
        _story(page, runner, said, found)
        sandbox.send_signal(signal.SIGTERM)  # with the page still open
        found.exit_codes.append(sandbox.wait(30).code)
        page.close()
    return found


def _page(browser: Browser) -> Page:
    # Without motion: drawing it takes most of the processor's time.
    page = browser.new_page(viewport=DESKTOP, color_scheme="light", reduced_motion="reduce")
    page.set_default_timeout(MILLISECONDS)
    return page


def _watch(page: Page, found: Seen) -> None:
    page.on("console", lambda message: found.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.console.append(str(error)))
    page.on("dialog", lambda dialog: found.console.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: found.asked.add(request.url))


def _story(page: Page, runner: Runner, said: dict[str, Any], found: Seen) -> None:
    settings = {name.removeprefix("ORDER_STAGING_").lower(): text for name, text in said["settings"].items()}
    page.goto(said["page"])
    expect(page.get_by_role("status")).to_have_text("live")
    page.evaluate("window.first = true")
    expect(page.locator("#counts")).not_to_be_empty()
    found.begun = page.locator("#counts").inner_text()

    run = runner.start(
        *("run", "--po", "4755", "--output", "json"),
        failpoint=Failpoint.OUTCOMES_RECORDED,
        at=2,
        signal_there=signal.SIGSTOP,
        **settings,
    )
    _halfway(page, run, found)
    _order_a_fault(page, found)
    run.send_signal(signal.SIGCONT)
    found.exit_codes.append(run.wait().code)

    _ended(page, found)
    _look_into_the_log(page, found)
    _unfold(page, found)
    _write_an_evil_name(page, settings, found)
    _change_the_plan(page, settings, found)
    _change_the_looks(page, found)
    found.same_document = page.evaluate("window.first === true && window.evil === undefined")
    found.console = [line for line in found.console if line]


def _group(page: Page) -> Any:
    return page.locator("section.group").filter(has=page.get_by_role("button", name=GROUP))


def _halfway(page: Page, run: RunningProcess, found: Seen) -> None:
    expect(_group(page).locator("tr.item")).to_have_count(40)
    found.halfway = _group(page).locator("h2").inner_text()
    found.halfway_rows = _group(page).locator("tr.item").count()
    found.halfway_run = run.poll()


def _order_a_fault(page: Page, found: Seen) -> None:
    page.get_by_role("button", name="Faults").click()
    page.get_by_label("What goes wrong").select_option("execute-then-500")
    page.get_by_label("With requests that contain").select_option("create_subitem")
    page.get_by_label("Spare the first").fill("1")
    found.spec = page.locator("#fault-spec").inner_text()
    page.get_by_role("button", name="Put on order").click()
    found.ordered = page.locator("#orders li").inner_text()


def _ended(page: Page, found: Seen) -> None:
    expect(page.locator("#counts")).to_have_text("69 items · 264 subitems")
    expect(_group(page).locator("tr.item")).to_have_count(69)
    found.ended = _group(page).locator("h2").inner_text()
    found.rows = _group(page).locator("tr.item").count()
    found.chips = _group(page).locator("tr.item").first.locator(".chip").all_inner_texts()


def _look_into_the_log(page: Page, found: Seen) -> None:
    page.get_by_role("button", name="Requests").click()
    page.get_by_label("errors and faults only").check()
    trouble = page.locator("#log > li").filter(has_text="fault:")
    found.troubles = trouble.all_inner_texts()
    trouble.get_by_role("button").click()
    found.details = trouble.locator(".more", has_text="Variables").inner_text()


def _unfold(page: Page, found: Seen) -> None:
    button = _group(page).locator("tr.item .unfold").first
    button.focus()
    page.keyboard.press("Enter")
    found.unfolded = button.get_attribute("aria-expanded")
    subitems = _group(page).locator("table.subitems tbody tr")
    expect(subitems.first).to_be_visible()
    found.subitems = subitems.all_inner_texts()


def _write_an_evil_name(page: Page, settings: dict[str, str], found: Seen) -> None:
    query = "mutation ($name: String!) { create_item(board_id: 9200517329, item_name: $name) { id } }"
    _ask(settings, {"query": query, "variables": {"name": EVIL}})
    row = page.locator("tr.item .name").filter(has_text="evil")
    found.evil = row.inner_text()


def _change_the_plan(page: Page, settings: dict[str, str], found: Seen) -> None:
    page.get_by_role("button", name="Limits").click()
    page.get_by_label("Plan", exact=True).select_option("free")
    calls = page.locator(".meter").filter(has_text="Calls today")
    expect(calls).to_contain_text("of 1,000")
    found.calls = calls.inner_text()
    found.refused = _ask(settings, {"query": "{ me { id } }"})


def _change_the_looks(page: Page, found: Seen) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        found.grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for view in ("Requests", "Faults", "Limits"):
            page.get_by_role("button", name=view).first.click()
            found.colours.setdefault(scheme, []).extend(page.evaluate(COLOURS))
    page.set_viewport_size(TELEPHONE)
    for view in ("Board", "Requests", "Faults", "Limits"):
        page.get_by_role("button", name=view).first.click()
        found.widths[view] = page.evaluate("document.documentElement.scrollWidth")


def _ask(settings: dict[str, str], body: dict[str, Any]) -> tuple[int, str]:
    """Post to the sandbox; give the status, and the policy of limits that it tells."""
    headers = {"Authorization": settings["monday_token"], "Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - a loopback URL
        settings["monday_url"], json.dumps(body).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a loopback URL
            return answer.status, str(answer.headers["RateLimit-Policy"])
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.headers["RateLimit-Policy"])


def test_groups_and_items_appear_while_the_run_goes_on_and_without_a_reload(seen: Seen) -> None:
    assert seen.begun == "0 items · 0 subitems"
    assert GROUP in seen.halfway
    assert "40 items · 0 subitems" in seen.halfway
    assert (seen.halfway_rows, seen.halfway_run) == (40, None)
    assert seen.same_document


def test_the_whole_order_is_there_in_the_end_with_its_labels(seen: Seen) -> None:
    assert "69 items · 264 subitems" in seen.ended
    assert seen.rows == 69
    assert {"2025 FALL", "DROP 1"} <= set(seen.chips)


def test_a_fault_switched_on_in_the_page_meets_the_run_and_is_in_the_log(seen: Seen) -> None:
    assert seen.spec == "execute-then-500:create_subitem:skip=1"
    assert "execute-then-500 on create_subitem" in seen.ordered
    (trouble,) = seen.troubles
    for words in ("mutation", "create_subitem ×20", "500", "fault: execute-then-500", "points"):
        assert words in trouble
    assert "idempotency-key:" in seen.details
    assert '"Size ' in seen.details
    assert "sandbox-token" not in seen.details


def test_the_run_survives_it_and_the_sandbox_ends_in_order_with_the_page_open(seen: Seen) -> None:
    assert seen.exit_codes == [0, 0]


def test_subitems_unfold_by_the_keyboard(seen: Seen) -> None:
    assert seen.unfolded == "true"
    assert len(seen.subitems) == 5
    assert all(line.startswith("Size ") for line in seen.subitems)


def test_a_name_that_is_markup_is_shown_as_text(seen: Seen) -> None:
    assert seen.evil == EVIL


def test_a_plan_chosen_in_the_page_counts_at_once(seen: Seen) -> None:
    assert "of 1,000" in seen.calls
    status, policy = seen.refused  # the run has used more than the new plan's points
    assert status == 429
    assert '"complexityMinute";q=1000000;' in policy


def test_every_text_can_be_read_in_light_and_dark(seen: Seen) -> None:
    assert _brightness(seen.grounds["light"]) > 0.8
    assert _brightness(seen.grounds["dark"]) < 0.05
    for scheme, texts in seen.colours.items():
        assert len({(text, ground) for _, text, ground in texts}) > 12, scheme
        assert [each for each in texts if _contrast(each[1], each[2]) < 4.5] == [], scheme


def test_it_fits_on_a_telephone(seen: Seen) -> None:
    assert seen.widths == dict.fromkeys(("Board", "Requests", "Faults", "Limits"), TELEPHONE["width"])


def test_the_browser_has_nothing_to_complain_of_and_asks_nobody_else(seen: Seen) -> None:
    assert seen.console == []
    assert {url for url in seen.asked if not url.startswith(seen.page_url)} == set()
    assert f"{seen.page_url}page/events" in seen.asked


def test_a_full_board_is_shown_page_by_page_and_followed_where_it_grows(browser: Browser) -> None:
    sandbox = _full()
    top, large = (group.id for group in sandbox.groups())
    with SandboxThread(sandbox) as served, closing(_page(browser)) as page:
        page.goto(served.page_url)
        group = page.locator(f"section.group:has(#group-{large})")
        rows, place = group.locator("tr.item"), group.locator(".pager span")

        expect(place).to_have_text("9,801–9,899 of 9,899")
        expect(rows).to_have_count(99)
        assert page.locator("tr.item").count() == 199
        with sandbox._changing():
            items = [sandbox._items.create_item(board_id=sandbox.board_id, item_name="New", group_id=large)]
            sandbox._items.create_subitem(parent_item_id=items[0].id, item_name="Size M")
        expect(rows).to_have_count(100)
        expect(rows.last.locator("th")).to_have_class("frozen fresh")
        expect(rows.last.get_by_role("button")).to_have_accessible_name("1 subitem of New")

        group.get_by_role("button", name="First page").click()
        expect(place).to_have_text("1–100 of 9,900")
        sandbox.person.rename_item(sandbox.items()[100].id, "Renamed")
        expect(rows.first).to_contain_text("Renamed")
        expect(place).to_have_text("1–100 of 9,900")

        sandbox.person.delete_group(top)
        expect(page.locator("section.group")).to_have_count(1)
        page.get_by_text("Columns").click()
        page.get_by_role("button", name="All", exact=True).click()
        expect(group.locator("table.items > thead th")).to_have_count(83)


def _full() -> Sandbox:
    """Make a board with 100 items in its top group, and nearly as many as it takes in the other."""
    sandbox = Sandbox()
    with sandbox._changing():
        large = sandbox._boards.create_group(board_id=sandbox.board_id, group_name="Large")
        top = sandbox._boards.create_group(board_id=sandbox.board_id, group_name="Top")
        sandbox._boards.delete_group(board_id=sandbox.board_id, group_id=sandbox.groups()[2].id)
        for group, count in ((large, 9_899), (top, 100)):
            for number in range(count):
                sandbox._items.create_item(
                    board_id=sandbox.board_id, item_name=f"Order {number}", group_id=group.id
                )
    return sandbox


def _brightness(colour: str) -> float:
    """Give the relative luminance of `rgb(...)`, from 0 to 1, as WCAG defines it."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(text: str, ground: str) -> float:
    light, dark = sorted((_brightness(text), _brightness(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
