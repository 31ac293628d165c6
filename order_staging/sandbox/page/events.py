"""The stream of events: the page is told the state of the sandbox whenever that has changed."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from order_staging.sandbox.page.guard import HEADERS
from order_staging.sandbox.page.state import state
from order_staging.sandbox.sandbox import Sandbox

LOOK_EVERY = 0.2
"""Seconds between two looks at the revisions; what happens in between is one event."""
BEATS = 75
"""So many looks without an event, and a comment says that the connection still stands."""


class Events:
    """Streams of server-sent events, one for each page that is open; all end when the server stops.

    Takes the sandbox, and what sleeps for seconds.
    """

    def __init__(self, sandbox: Sandbox, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sandbox = sandbox
        self._sleep = sleep
        self._streams: set[asyncio.Task[None]] = set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Tell the state at once, and again whenever it has changed, until either side ends it."""
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        task = asyncio.create_task(self._tell(response))
        self._streams.add(task)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            self._streams.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, ConnectionError):
            raise error
        return response

    async def stop(self, _app: web.Application) -> None:
        """End every stream: a server does not wait for pages that stay open."""
        for task in self._streams:
            task.cancel()

    async def _tell(self, response: web.StreamResponse) -> None:
        told, quiet = "", 0
        while True:
            now = json.dumps(state(self._sandbox))
            quiet = 0 if now != told else quiet + 1
            if now != told:
                await response.write(f"data: {now}\n\n".encode())
            elif quiet % BEATS == 0:
                await response.write(b": still here\n\n")
            told = now
            await self._sleep(LOOK_EVERY)
