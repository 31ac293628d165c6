"""Asking the sandbox without a network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from order_staging.sandbox import Sandbox
from order_staging.sandbox.gateway import Request

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def errors(self) -> list[Any]:
        errors: list[Any] = self.body.get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]


@dataclass
class Asker:
    """Asks the sandbox without a network; None is a connection that was closed."""

    sandbox: Sandbox
    headers: dict[str, str] = field(default_factory=lambda: {"authorization": "sandbox-token"})

    async def raw(self, body: bytes, **headers: str) -> Reply | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.sandbox.handle(Request({**self.headers, **named}, body))
        if answer is None:
            return None
        body_read = answer.body if isinstance(answer.body, str) else json.loads(json.dumps(answer.body))
        return Reply(answer.status, body_read, answer.headers)

    async def maybe(
        self, query: str, variables: Mapping[str, object] | None = None, **headers: str
    ) -> Reply | None:
        return await self.raw(json.dumps({"query": query, "variables": variables or {}}).encode(), **headers)

    async def __call__(
        self, query: str, variables: Mapping[str, object] | None = None, **headers: str
    ) -> Reply:
        reply = await self.maybe(query, variables, **headers)
        assert reply is not None
        return reply

    async def item(
        self, name: str = "An order", values: object = None, *, create_labels: bool = True
    ) -> Reply:
        query = (
            "mutation ($name: String!, $values: JSON, $labels: Boolean) { it: create_item(board_id: 9200517329,"
            " item_name: $name, column_values: $values, create_labels_if_missing: $labels) { id } }"
        )
        return await self(query, {"name": name, "values": json.dumps(values or {}), "labels": create_labels})

    async def subitem(self, parent: str, name: str = "Size M", values: object = None) -> Reply:
        query = (
            "mutation ($parent: ID!, $name: String!, $values: JSON) { it: create_subitem(parent_item_id: $parent,"
            " item_name: $name, column_values: $values, create_labels_if_missing: true) { id } }"
        )
        return await self(query, {"parent": parent, "name": name, "values": json.dumps(values or {})})
