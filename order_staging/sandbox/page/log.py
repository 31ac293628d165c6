"""The log of requests as the page shows it; the token is in none of it."""

import json
from collections import Counter
from typing import Any

from order_staging.sandbox.request_log import Entry, RequestLog

Json = dict[str, Any]

SHOWN_LENGTH = 100_000
"""The most characters of a document, or of its variables, that are shown."""


def entries(log: RequestLog, after: int) -> Json:
    """The requests that ended after the one with that number, from the newest on, as far as they are kept."""
    return {"ended": log.ended, "entries": [_entry(entry) for entry in log.entries(after)]}


def details(log: RequestLog, number: int) -> Json | None:
    """What a request asked: its document, its variables and a few headers; None where it is not kept any more."""
    entry = next((entry for entry in log.entries() if entry.number == number), None)
    if entry is None:
        return None
    query, variables = _read(log.body(number))
    return {
        "number": number,
        "headers": dict(entry.headers),
        "query": _cut(query),
        "variables": _cut(variables),
    }


def _entry(entry: Entry) -> Json:
    return {
        "number": entry.number,
        "time": entry.time.isoformat(),
        "milliseconds": round(entry.seconds * 1_000, 1),
        "kind": entry.kind,
        "name": entry.name,
        "fields": list(Counter(entry.operations).items()),
        "status": entry.status,
        "errors": [{"message": error.message, "code": error.code} for error in entry.errors],
        "points": entry.points,
        "faults": list(entry.faults),
        "replayed": entry.replayed,
    }


def _read(body: bytes | None) -> tuple[str | None, str | None]:
    """The document and the variables in a body, as text; a body that is not read is shown as it came."""
    if not body:
        return None, None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return body[:SHOWN_LENGTH].decode(errors="replace"), None
    if not isinstance(content, dict):
        return body[:SHOWN_LENGTH].decode(errors="replace"), None
    query, variables = content.get("query"), content.get("variables")
    shown = json.dumps(variables, indent=2, ensure_ascii=False) if variables else None
    return query if isinstance(query, str) else None, shown


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= SHOWN_LENGTH:
        return text
    return f"{text[:SHOWN_LENGTH]}\n… {len(text) - SHOWN_LENGTH:,} more characters"
