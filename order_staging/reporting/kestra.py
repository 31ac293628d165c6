"""Messages to Kestra: lines of the form `::{json}::` on standard output."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def messages(document: Mapping[str, Any]) -> Iterator[str]:
    """Write a command's document for Kestra: one line for the outputs, then one a metric.

    Metrics are on lines of their own, as an old server drops a whole line for one metric it does not know.
    """
    yield _line({"outputs": document})
    for batch in document.get("batches", ()):
        yield from _metrics(batch)


def _metrics(batch: Mapping[str, Any]) -> Iterator[str]:
    tags = {"customer": batch["customer"], "status": batch["status"]}
    for group in ("orders", "subitems", "api"):
        for name, value in batch[group].items():
            yield _metric(f"{group}.{name}", "counter", value, tags)
    yield _metric("duration", "timer", float(batch["seconds"]), tags)


def _metric(name: str, kind: str, value: float, tags: Mapping[str, str]) -> str:
    return _line({"metrics": [{"name": name, "type": kind, "value": value, "tags": tags}]})


def _line(message: Mapping[str, Any]) -> str:
    return f"::{json.dumps(_finite(message), ensure_ascii=False, allow_nan=False, default=str)}::"


def _finite(value: Any) -> Any:  # noqa: ANN401 - anything that JSON can be
    """Replace what JSON has no form for, as Kestra drops a line that it cannot read."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(name): _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
