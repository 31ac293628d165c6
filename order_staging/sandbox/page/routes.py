"""The page on HTTP: its files, what it shows as JSON, and what it changes."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from aiohttp import web

from order_staging.sandbox.fault_specs import parse_fault
from order_staging.sandbox.page.board import group_page, outline, subitems_of
from order_staging.sandbox.page.choices import change
from order_staging.sandbox.page.events import Events
from order_staging.sandbox.page.guard import HEADERS, Handler, refusal
from order_staging.sandbox.page.log import details, entries
from order_staging.sandbox.page.state import state, vocabulary
from order_staging.sandbox.sandbox import Sandbox

TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}


class PageRoutes:
    """The routes of the page: `/`, and everything below `/page/`. Takes the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._events = Events(sandbox)
        self._files = {file.name: file.read_bytes() for file in (files(__package__) / "static").iterdir()}

    def add_to(self, app: web.Application) -> None:
        """Let a server answer them, each only to the page itself."""
        # A link from anywhere may lead to the page; what it shows is in none of its files.
        app.router.add_get("/", self._index, allow_head=False)
        app.router.add_get("/page/static/{name}", self._static, allow_head=False)
        routes: dict[tuple[str, str], Handler] = {
            ("GET", "/page/events"): self._events.stream,
            ("GET", "/page/state"): self._state,
            ("GET", "/page/vocabulary"): self._vocabulary,
            ("GET", "/page/board"): self._board,
            ("GET", "/page/groups/{group}"): self._group,
            ("GET", "/page/items/{item}"): self._subitems,
            ("GET", "/page/requests"): self._requests,
            ("GET", "/page/requests/{number:[0-9]{1,15}}"): self._request,
            ("POST", "/page/faults"): self._order_fault,
            ("DELETE", "/page/faults/{number:[0-9]{1,15}}"): self._remove_fault,
            ("PATCH", "/page/choices"): self._change,
        }
        for (method, path), handler in routes.items():
            app.router.add_route(method, path, _guarded(handler))
        app.on_shutdown.append(self._events.stop)

    async def _index(self, _request: web.Request) -> web.Response:
        return self._file("index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.Response:
        content_type = TYPES.get(name[name.rfind(".") :])
        if name not in self._files or content_type is None:
            return _json({"error": "There is no such file"}, 404)
        return web.Response(
            body=self._files[name], headers=HEADERS, content_type=content_type, charset="utf-8"
        )

    async def _state(self, _request: web.Request) -> web.Response:
        return _json(state(self._sandbox))

    async def _vocabulary(self, _request: web.Request) -> web.Response:
        return _json(vocabulary())

    async def _board(self, _request: web.Request) -> web.Response:
        with self._sandbox.looking() as account:
            return _json(outline(account, self._sandbox.revisions))

    async def _group(self, request: web.Request) -> web.Response:
        columns = set(request.query.get("columns", "").split(","))
        offset = _number(request.query, "offset")
        with self._sandbox.looking() as account:
            group = request.match_info["group"]
            return _found(group_page(account, self._sandbox.revisions, group, offset, columns), "group")

    async def _subitems(self, request: web.Request) -> web.Response:
        with self._sandbox.looking() as account:
            return _found(subitems_of(account, self._sandbox.revisions, request.match_info["item"]), "item")

    async def _requests(self, request: web.Request) -> web.Response:
        return _json(entries(self._sandbox.log, _number(request.query, "after")))

    async def _request(self, request: web.Request) -> web.Response:
        return _found(details(self._sandbox.log, int(request.match_info["number"])), "request")

    async def _order_fault(self, request: web.Request) -> web.Response:
        spec = (await _body(request)).get("spec")
        if not isinstance(spec, str):
            raise ValueError('a fault is ordered as {"spec": "NAME:..."}')  # noqa: TRY004 - answered with 400
        number = self._sandbox.faults.add(parse_fault(spec))
        return _json({"number": number}, 201)

    async def _remove_fault(self, request: web.Request) -> web.Response:
        removed = self._sandbox.faults.remove(int(request.match_info["number"]))
        return _found({} if removed else None, "fault on order")

    async def _change(self, request: web.Request) -> web.Response:
        change(self._sandbox, await _body(request))
        return _json(state(self._sandbox))


def _guarded(handler: Handler) -> Handler:
    """Refuse what does not come from the page, and say what is wrong with a request."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        refused = refusal(request.method, request.headers, request.host)
        if refused is not None:
            return _json({"error": refused}, 403)
        try:
            return await handler(request)
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    return guarded


async def _body(request: web.Request) -> Mapping[str, Any]:
    body = json.loads(await request.read())
    if not isinstance(body, dict):
        raise ValueError("the body is a JSON object")  # noqa: TRY004 - answered with 400
    return body


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{name}={text} is not a whole number from 0 on")
    return int(text)


def _found(document: Mapping[str, Any] | None, what: str) -> web.Response:
    if document is None:
        return _json({"error": f"There is no such {what} any more"}, 404)
    return _json(document)


def _json(document: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers=HEADERS)
