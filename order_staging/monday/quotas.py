"""What monday.com says about its limits, read out of headers and bodies; malformed or missing facts are None.

What is known of them, and how surely: docs/monday.md, "Limits". Everything here is pure.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

COMPLEXITY, MINUTE, CONCURRENCY = "complexityMinute", "minuteRate", "concurrency"
"""Names of quotas in the headers."""

_ITEM = re.compile(r'(?:^|,)\s*(?:"([^"]*)"|([\w*.:/-]+))\s*((?:;[^,;"]*(?:"[^"]*"\s*)?)*)(?=,|$)')
_LEGACY = re.compile(
    r"query cost (?P<cost>\d{1,15}) budget remaining (?P<left>\d{1,15}) out of (?P<limit>\d{1,15})"
    r"(?: reset in (?P<reset>\d{1,9}) second)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota: its size, what remains, the seconds of its window, and those until something comes back."""

    limit: float | None = None
    remaining: float | None = None
    window: float | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """A request's own report: points before it, after it and for it, and the seconds to the reset."""

    before: float | None = None
    after: float | None = None
    query: float | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a refusal for complexity tells in points; `most` is what one request may cost. `reset` is in seconds."""

    cost: float | None = None
    left: float | None = None
    limit: float | None = None
    most: float | None = None
    reset: float | None = None


def number(value: Any) -> float | None:  # noqa: ANN401 - anything that JSON or a header can be
    """Read a number that is finite and not below zero; None for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def longest(*waits: float | None) -> float | None:
    """Choose the longest of those waits that are known, in seconds."""
    return max((wait for wait in waits if wait is not None), default=None)


def quotas(headers: Mapping[str, str]) -> dict[str, Quota]:
    """Read `RateLimit-Policy` and `RateLimit` (lower-case names), by the name of the quota."""
    policies = _items(headers.get("ratelimit-policy", ""))
    states = _items(headers.get("ratelimit", ""))
    found = {}
    for name in policies.keys() | states.keys():
        policy, state = policies.get(name, {}), states.get(name, {})
        found[name] = Quota(
            limit=number(policy.get("q")),
            remaining=number(state.get("r")),
            window=number(policy.get("w")),
            reset=number(state.get("t")),
        )
    return found


def retry_after(headers: Mapping[str, str], received: datetime) -> float | None:
    """Read `Retry-After`: seconds, or an HTTP date, against the server's own date or when we got it (naive UTC)."""
    text = headers.get("retry-after", "")
    seconds = number(text)
    until = _date(text)
    if seconds is not None or until is None:
        return seconds
    return max(0.0, (until - (_date(headers.get("date", "")) or received)).total_seconds())


def asked_wait(headers: Mapping[str, str], received: datetime) -> float | None:
    """Read how long the headers ask us to wait: `Retry-After`, or the `t` of an exhausted quota; in seconds."""
    exhausted = [quota.reset for quota in quotas(headers).values() if quota.remaining == 0]
    return longest(retry_after(headers, received), *exhausted)


def spent(data: Mapping[str, Any] | None) -> Spent | None:
    """Read the field `complexity` of an answer's data."""
    facts = (data or {}).get("complexity")
    if not isinstance(facts, dict):
        return None
    names = ("before", "after", "query", "reset_in_x_seconds")
    return Spent(*(number(facts.get(name)) for name in names))


def shortage(extensions: Mapping[str, Any], message: str) -> Shortage | None:
    """Read the numbers of a refusal for complexity, of either spelling or out of the old text."""
    cost = longest(number(extensions.get("complexity")), number(extensions.get("cost")))
    found = Shortage(
        cost=cost,
        left=number(extensions.get("complexity_budget_left")),
        limit=number(extensions.get("complexity_budget_limit")),
        most=number(extensions.get("max_complexity_per_request")),
    )
    if found != Shortage():
        return found
    text = _LEGACY.search(message)
    return Shortage(**{name: number(value) for name, value in text.groupdict().items()}) if text else None


def _items(header: str) -> dict[str, dict[str, str]]:
    found = {}
    for quoted, bare, parameters in _ITEM.findall(header):
        pairs = (part.split("=", 1) for part in parameters.split(";") if "=" in part)
        found[quoted or bare] = {key.strip().lower(): value.strip().strip('"') for key, value in pairs}
    return found


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    # An HTTP date is always in GMT, so leaving its zone out makes it UTC.
    return moment.replace(tzinfo=None)
