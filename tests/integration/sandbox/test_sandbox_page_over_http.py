"""The page over HTTP: its files, its JSON, its stream of events, and whom it answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import aiohttp
import pytest

from order_staging.sandbox import Sandbox, SandboxServer, SandboxThread
from order_staging.sandbox.page.guard import MARK

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'
CREATE = "mutation ($name: String!) { it: create_item(board_id: 9200517329, item_name: $name) { id } }"
MARKED = {MARK: "1"}


@asynccontextmanager
async def _opened(sandbox: Sandbox) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as session:
        yield session, server.page_url


async def _write(session: aiohttp.ClientSession, page: str, name: str) -> str:
    body = {"query": CREATE, "variables": {"name": name}}
    async with session.post(f"{page}v2", json=body, headers={"Authorization": "sandbox-token"}) as answer:
        created: str = (await answer.json())["data"]["it"]["id"]
        return created


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as answer:
        return await answer.json()


async def test_the_page_and_every_file_that_it_names_is_served_with_a_strict_policy() -> None:
    async with _opened(Sandbox()) as (session, page):
        for path, kind in {
            "": "text/html",
            "page/static/main.js": "text/javascript",
            "page/static/base.css": "text/css",
            "page/static/icon.svg": "image/svg+xml",
        }.items():
            async with session.get(page + path) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                text = await answer.text()
                assert "https://" not in text
                assert "innerHTML" not in text
        index = await (await session.get(page)).text()
        assert 'style="' not in index
        assert index.count("<script") == index.count('<script type="module" src="/page/static/main.js">') == 1


def test_no_script_of_the_page_makes_markup_of_data() -> None:
    folder = files("order_staging.sandbox.page") / "static"
    scripts = {file.name: file.read_text() for file in folder.iterdir() if file.name.endswith(".js")}
    assert {"main.js", "board.js", "log.js"} <= scripts.keys()
    for name, text in scripts.items():
        assert text.startswith("// @ts-check\n"), name
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http://",
        ):
            assert forbidden not in text, name


@pytest.mark.parametrize("name", ["../routes.py", "..%2froutes.py", "none.js", "index", ".html", "%2e%2e"])
async def test_no_other_file_is_served(name: str) -> None:
    async with _opened(Sandbox()) as (session, page), session.get(f"{page}page/static/{name}") as answer:
        assert answer.status == 404


async def test_the_board_is_read_group_by_group_and_names_are_told_as_they_are() -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        item = await _write(session, page, EVIL)
        board = await _json(session, f"{page}page/board")
        group = board["groups"][0]["id"]
        rows = await _json(session, f"{page}page/groups/{group}?columns=text_mkr5ej2x")
        async with session.get(f"{page}page/items/{item}") as answer:
            assert answer.content_type == "application/json"
            subitems = await answer.json()
    assert (board["items"], rows["total"], subitems["rows"]) == (1, 1, [])
    assert [row["name"] for row in rows["rows"]] == [EVIL]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("page/groups/none", 404),
        ("page/items/none", 404),
        ("page/requests/7", 404),
        ("page/requests/seven", 404),
        ("page/requests?after=x", 400),
        ("page/groups/topics?offset=-1", 400),
    ],
)
async def test_what_is_not_there_or_makes_no_sense_is_said(path: str, status: int) -> None:
    async with _opened(Sandbox()) as (session, page), session.get(page + path) as answer:
        assert answer.status == status


async def test_the_log_tells_requests_to_the_api_and_not_those_of_the_page() -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        await _write(session, page, "An order")
        await _json(session, f"{page}page/board")
        log = await _json(session, f"{page}page/requests?after=0")
        details = await _json(session, f"{page}page/requests/1")
    assert [entry["fields"] for entry in log["entries"]] == [[["create_item", 1]]]
    assert json.loads(details["variables"]) == {"name": "An order"}
    assert sandbox.token not in json.dumps([log, details])


async def test_a_fault_is_put_on_order_meets_a_request_and_is_taken_back() -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        for spec in ("locked-423:create_item", "delay:seconds=1"):
            async with session.post(f"{page}page/faults", json={"spec": spec}, headers=MARKED) as answer:
                assert answer.status == 201
                number = (await answer.json())["number"]
        async with session.delete(f"{page}page/faults/{number}", headers=MARKED) as answer:
            assert answer.status == 200
        async with session.delete(f"{page}page/faults/{number}", headers=MARKED) as answer:
            assert answer.status == 404
        async with session.post(
            f"{page}v2",
            json={"query": CREATE, "variables": {"name": "A"}},
            headers={"Authorization": "sandbox-token"},
        ) as met:
            assert met.status == 423
        log = await _json(session, f"{page}page/requests")
    assert log["entries"][0]["faults"] == ["locked-423"]
    assert sandbox.faults.pending == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b'{"spec": "explode"}', b'{"spec": 7}'])
async def test_a_fault_that_makes_no_sense_is_refused_in_words(body: bytes) -> None:
    sandbox = Sandbox()
    async with (
        _opened(sandbox) as (session, page),
        session.post(f"{page}page/faults", data=body, headers=MARKED) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"]
    assert sandbox.faults.pending == 0


async def test_choices_are_changed_and_answered_with_the_new_state() -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        change = session.patch(f"{page}page/choices", json={"plan": "free", "bulk": False}, headers=MARKED)
        async with change as answer:
            state = await answer.json()
        async with session.patch(f"{page}page/choices", json={"plan": "gold"}, headers=MARKED) as answer:
            assert answer.status == 400
            assert "no plan is called 'gold'" in (await answer.json())["error"]
    assert (state["choices"]["plan"], state["choices"]["bulk"]) == ("free", False)
    assert state["limits"]["calls"] == {"used": 0, "limit": 1_000}
    assert sandbox.conditions.plan.name == "free"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "page/board",
        "page/events",
        "page/requests",
        "page/static/main.js",
        "v2",
        "bulk-upload/x",
        "nowhere",
    ],
)
async def test_nobody_is_answered_under_a_name_that_is_not_of_this_machine(path: str) -> None:
    async with _opened(Sandbox()) as (session, page):
        headers = {"Host": "evil.example:8050", "Authorization": "sandbox-token"}
        async with session.get(page + path, headers=headers) as answer:
            assert answer.status == 403
        async with session.post(
            page + path, headers=headers | MARKED, json={"query": "{ me { id } }"}
        ) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "page/faults"),
        ("DELETE", "page/faults/1"),
        ("PATCH", "page/choices"),
        ("GET", "page/events"),
        ("GET", "page/board"),
        ("GET", "page/requests/1"),
    ],
)
@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_pages_of_others_are_refused(method: str, path: str, headers: dict[str, str]) -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        body = json.dumps({"spec": "delay", "plan": "free"})
        request = session.request(method, page + path, data=body, headers={**headers, **MARKED})
        async with request as answer:
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert (sandbox.faults.pending, sandbox.conditions.plan.name) == (0, "unlimited")


async def test_a_link_on_another_site_may_lead_to_the_page() -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with _opened(Sandbox()) as (session, page), session.get(page, headers=followed) as answer:
        assert answer.status == 200
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("method", "path"), [("POST", "page/faults"), ("PATCH", "page/choices")])
async def test_nothing_is_changed_without_the_header_that_other_pages_cannot_add(
    method: str, path: str
) -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        body = json.dumps({"spec": "delay", "plan": "free"})
        async with session.request(method, page + path, data=body) as answer:
            assert answer.status == 403
    assert (sandbox.faults.pending, sandbox.conditions.plan.name) == (0, "unlimited")


async def _next_state(stream: aiohttp.ClientResponse) -> Any:
    async for line in stream.content:
        if line.startswith(b"data: "):
            return json.loads(line.removeprefix(b"data: "))
    return None


async def test_events_tell_what_has_changed_and_end_with_the_server() -> None:
    sandbox = Sandbox()
    async with aiohttp.ClientSession() as session:
        async with SandboxServer(sandbox) as server:
            stream = await session.get(f"{server.page_url}page/events")
            assert stream.content_type == "text/event-stream"
            first = await _next_state(stream)
            await _write(session, server.page_url, "An order")
            second = await _next_state(stream)
            while second["requests"] == 0:
                second = await _next_state(stream)
        assert await asyncio.wait_for(_next_state(stream), 5) is None
    assert (first["revision"], first["requests"]) == (0, 0)
    assert (second["revision"], second["requests"]) == (1, 1)


async def test_a_page_that_is_closed_is_told_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox()
    async with _opened(sandbox) as (session, page):
        stream = await session.get(f"{page}page/events")
        await _next_state(stream)
        stream.close()
        for number in range(3):
            await _write(session, page, f"Order {number}")
            await asyncio.sleep(0.25)
    assert caplog.messages == []


async def test_what_a_person_does_in_another_thread_is_told() -> None:
    sandbox = Sandbox()
    with SandboxThread(sandbox) as served:
        async with aiohttp.ClientSession() as session:
            item = await _write(session, served.page_url, "An order")
            stream = await session.get(f"{served.page_url}page/events")
            before = await _next_state(stream)
            sandbox.person.rename_item(item, "Renamed")
            after = await asyncio.wait_for(_next_state(stream), 5)
            stream.close()
    assert after["revision"] == before["revision"] + 1
