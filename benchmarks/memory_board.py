"""A board for the benchmark of memory: it answers what a run asks, takes next to no time, and keeps no items.

What many rows are created by, requests and files, is answered here with ids that count up. All else the sandbox
answers: what the boards, their columns, labels and groups are. So requests that bring a label go there, too.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sys
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from aiohttp import web

from benchmarks.memory_run import KEY_COLUMN, TOKEN
from order_staging.sandbox import COST_10K, Sandbox
from order_staging.sandbox.gateway import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_ID = 5_000_000_000
"""Far above the ids of the sandbox."""
BUDGET = 10_000_000
"""Points of a minute; none of it is ever used up."""
OPERATION = re.compile(r"\s*(?:query|mutation)\s+(\w+)")
CREATING = {"CreateItems": "values", "CreateSubitems": "parent"}
"""The operations that create rows, and a variable that each row has."""


@dataclass
class _Job:
    """A bulk import: its report, None before its file has come, and the rows of it."""

    report: str | None = None
    rows: int = 0


@dataclass
class Board:
    """The board behind a server; `created` counts what was created by operation, files under their own."""

    sandbox: Sandbox = field(default_factory=lambda: Sandbox(token=TOKEN, key_column=KEY_COLUMN))
    created: dict[str, int] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: count(FIRST_ID))
    _labels: set[tuple[str, str]] = field(default_factory=set)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _keys: dict[str, int] = field(default_factory=dict)
    """The items of files by key, which are looked up."""

    def application(self) -> web.Application:
        """Make what a server serves."""
        application = web.Application(client_max_size=10**9)
        application.router.add_post("/v2", self._post)
        application.router.add_put("/files/{job}", self._put)
        application.router.add_get("/files/{job}", self._get)
        application.router.add_get("/created", self._told)
        return application

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = json.loads(body)
        found = OPERATION.match(asked["query"])
        operation, variables = found[1] if found else "", asked["variables"]
        word = CREATING.get(operation)
        if word is not None:
            rows = sum(name.startswith(word) for name in variables)
            self._count(operation, rows)
            if operation == "CreateSubitems" or not self._brings_a_label(variables):
                data = {f"row{number}": {"id": str(next(self._ids))} for number in range(rows)}
                return _answered(data, rows)
        if operation == "ItemsByKey":
            return _answered({"page": {"cursor": None, "items": list(self._found(variables["keys"]))}})
        if operation == "StartImport":
            job_id = f"job-{len(self._jobs)}"
            self._jobs[job_id] = _Job()
            return _answered(
                {"job": {"job_id": job_id, "upload_url": f"{_origin(request)}/files/{job_id}"}}, 1
            )
        if operation == "ImportStatus":
            return _answered({"job": self._status(request, variables["job"])})
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await self.sandbox.handle(Request(headers, body))
        if answer is None:
            raise RuntimeError("the sandbox dropped a request, though it was not asked for any fault")
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    def _count(self, operation: str, rows: int) -> None:
        self.created[operation] = self.created.get(operation, 0) + rows

    def _brings_a_label(self, variables: dict[str, str]) -> bool:
        labels = {
            (column, str(label))
            for name, text in variables.items()
            if name.startswith("values")
            for column, value in json.loads(text).items()
            if isinstance(value, dict)
            for label in (*value.get("labels", ()), *filter(None, [value.get("label")]))
        }
        new = labels - self._labels
        self._labels |= new
        return bool(new)

    def _found(self, keys: list[str]) -> Iterator[dict[str, Any]]:
        for key in keys:
            if key in self._keys:
                yield {"id": str(self._keys[key]), "column_values": [{"text": key}]}

    def _status(self, request: web.Request, job_id: str) -> dict[str, Any]:
        job = self._jobs[job_id]
        return {
            "status": "UPLOAD_PENDING" if job.report is None else "COMPLETED",
            "progress_percentage": 0 if job.report is None else 100,
            "report_url": None if job.report is None else f"{_origin(request)}/files/{job_id}",
            "counts": {"submitted": job.rows, "created": job.rows},
        }

    async def _put(self, request: web.Request) -> web.StreamResponse:
        lines = csv.DictReader(io.StringIO((await request.read()).decode(), newline=""))
        report = ["serialNo,status,itemId,error"]
        for serial, line in enumerate(lines, 1):
            self._keys[line[KEY_COLUMN]] = item_id = next(self._ids)
            report.append(f"{serial},success,{item_id},")
        job = self._jobs[request.match_info["job"]]
        job.rows, job.report = len(report) - 1, "\n".join(report)
        self._count("files", job.rows)
        return web.Response()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=self._jobs[request.match_info["job"]].report or "")

    async def _told(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.created)


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _answered(data: dict[str, Any], mutations: int = 0) -> web.StreamResponse:
    points = mutations * COST_10K
    spent = {"before": BUDGET, "after": BUDGET - points, "query": points, "reset_in_x_seconds": 60}
    return web.json_response({"data": data | {"complexity": spent}})


async def serve() -> None:
    """Serve on a port that is free, print the API's address, and go on until standard input ends."""
    runner = web.AppRunner(Board().application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v2", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
