import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from order_staging.sandbox import (
    FREE,
    Behaviour,
    Latency,
    RefusalStyle,
    Sandbox,
    SandboxServer,
    bodies,
    fault_presets,
)

CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'


@asynccontextmanager
async def _posting(sandbox: Sandbox) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    headers = {"Authorization": sandbox.token}
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession(headers=headers) as session:
        yield session, server.url


@pytest.mark.parametrize("style", [RefusalStyle.CURRENT, RefusalStyle.HTML])
async def test_requests_in_flight_are_limited_over_http(style: RefusalStyle) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        begun.set()
        await go_on.wait()

    behaviour = Behaviour(latency=Latency(), refusals=style)
    sandbox = Sandbox(plan=replace(FREE, concurrency=1), behaviour=behaviour, sleep=sleep)
    async with _posting(sandbox) as (session, url):
        first = asyncio.create_task(session.post(url, json={"query": CREATE}))
        await begun.wait()
        async with session.post(url, json={"query": CREATE}) as refused:
            text = await refused.text()
        go_on.set()
        async with await first as done:
            assert done.status == 200
    assert (refused.status, refused.headers["Retry-After"]) == (429, "15")
    assert '"concurrency";r=0;t=15' in refused.headers["RateLimit"]
    assert ("MAX_CONCURRENCY_EXCEEDED" in text) is (style is RefusalStyle.CURRENT)
    assert (text == bodies.TOO_MANY_REQUESTS_PAGE) is (style is RefusalStyle.HTML)
    assert len(sandbox.items()) == 1


async def test_an_empty_answer_of_the_gateway_is_empty() -> None:
    sandbox = Sandbox()
    sandbox.faults.add(fault_presets.execute_then_empty_502())
    async with (
        _posting(sandbox) as (session, url),
        session.post(url, json={"query": CREATE}) as answer,
    ):
        assert (answer.status, await answer.read()) == (502, b"")
    assert len(sandbox.items()) == 1
