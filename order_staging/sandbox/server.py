"""The sandbox on HTTP, on the loopback address alone."""

import asyncio
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aiohttp import web

from order_staging.sandbox.bulk_routes import BulkRoutes
from order_staging.sandbox.gateway import Request
from order_staging.sandbox.page import LOOPBACK, PageRoutes, loopback_only
from order_staging.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

BODY_LIMIT = 10 * 1024**2
SHUTDOWN_SECONDS = 1.0


class SandboxServer:
    """Serves a sandbox on the running event loop, as an asynchronous context manager.

    Takes the loopback address and the port to listen on, 0 for any that is free; raises ValueError for an
    address that others can reach, and OSError where the port is taken.
    """

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"The sandbox listens on the loopback address only, not on {host}")
        self._sandbox = sandbox
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[loopback_only])
        app.router.add_post("/v2", self._post)
        BulkRoutes(self._sandbox.storage).add_to(app)
        PageRoutes(self._sandbox).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = int(self._runner.addresses[0][1])
        self._sandbox.storage.serve_at(self._origin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"{self._origin}/v2"

    @property
    def page_url(self) -> str:
        """Where a browser finds the board, the log of requests and the switches."""
        return f"{self._origin}/"

    @property
    def _origin(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def _post(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await self._sandbox.handle(Request(headers, await request.read()))
        if answer is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if isinstance(answer.body, str):
            return web.Response(
                text=answer.body, status=answer.status, headers=answer.headers, content_type="text/html"
            )
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)


class SandboxThread:
    """Serves a sandbox on an event loop of its own in another thread, as a plain context manager.

    Takes the port to listen on, 0 for any that is free; raises OSError where the port is taken.
    """

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self._server = SandboxServer(sandbox, port=port)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._main, name="sandbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where requests go."""
        return self._server.url

    @property
    def page_url(self) -> str:
        """Where a browser finds the board, the log of requests and the switches."""
        return self._server.page_url

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._server:

            def end() -> None:
                loop.call_soon_threadsafe(stop.set)

            self._stop = end
            self._ready.set()
            await stop.wait()
