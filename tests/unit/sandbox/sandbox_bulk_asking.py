"""Bulk imports into the sandbox without a network."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from order_staging.sandbox import Sandbox
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.bulk_storage import StorageRequest
from tests.unit.sandbox.sandbox_asking import Asker, Reply

KEY = "text_key"
SKIP = {"match_column_id": KEY, "behaviour": "SKIP"}
UPSERT = {"match_column_id": KEY, "behaviour": "UPSERT"}
INGEST = """mutation ($board: ID!, $group: ID!, $match: OnMatchInput) {
  job: ingest_items(board_id: $board, group_id: $group, on_match: $match) { job_id upload_url }
}"""
BACKFILL = """mutation ($board: ID!, $group: ID!) {
  job: backfill_items(board_id: $board, group_id: $group) { job_id upload_url }
}"""
STATUS = """query ($job: ID!) { job: fetch_job_status(job_id: $job) { ... on ItemsJobStatus {
  status counts { submitted invalid skipped created updated failed } progress_percentage
  failure_reason failure_message fully_imported report_created report_url
} } }"""


def csv_of(header: Sequence[str], *rows: Iterable[str]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    return text.getvalue().encode()


def counts_of(status: Mapping[str, Any]) -> dict[str, int]:
    return {key: number for key, number in status["counts"].items() if number}


@dataclass(frozen=True)
class BulkAsker:
    ask: Asker

    @property
    def sandbox(self) -> Sandbox:
        return self.ask.sandbox

    def choose(self, **choices: Any) -> None:
        self.sandbox.bulk_rules = replace(self.sandbox.bulk_rules, **choices)

    async def start(
        self, match: object = None, *, board: str | None = None, group: str = "topics", **headers: str
    ) -> Reply:
        variables = {"board": board or self.sandbox.board_id, "group": group, "match": match}
        return await self.ask(INGEST, variables, **headers)

    async def backfill(self) -> Reply:
        return await self.ask(BACKFILL, {"board": self.sandbox.board_id, "group": "topics"})

    async def put(
        self, url: str, content: bytes, without: str | None = None, **headers: str
    ) -> Answer | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"content-type": "text/csv", "content-length": str(len(content)), **named}
        if without is not None:
            del sent[without]
        body = None if len(content) > self.sandbox.bulk_rules.file_bytes else content
        return await self.sandbox.storage.put(
            replace(storage_request(url), headers=sent, body=body, size=len(content))
        )

    async def status(self, job_id: str) -> dict[str, Any]:
        reply = await self.ask(STATUS, {"job": job_id})
        status: dict[str, Any] = reply.data["job"]
        return status

    async def uploaded(self, content: bytes, match: object = None) -> str:
        job = (await self.start(match)).data["job"]
        answer = await self.put(job["upload_url"], content)
        assert answer is not None
        assert answer.status == 200
        return str(job["job_id"])

    async def run(self, content: bytes, match: object = None) -> dict[str, Any]:
        return await self.status(await self.uploaded(content, match))

    async def report_text(self, url: str) -> str:
        answer = await self.sandbox.storage.get(storage_request(url))
        assert answer is not None
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv")
        return str(answer.body)

    async def report(self, url: str) -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(await self.report_text(url), newline="")))


def storage_request(url: str) -> StorageRequest:
    parts = urlsplit(url)
    return StorageRequest(unquote(parts.path), dict(parse_qsl(parts.query)), {})
