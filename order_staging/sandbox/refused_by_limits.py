"""The answers to requests that a limit refuses, as servers of different times and places word them."""

from enum import StrEnum

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.limits import Exceeded, Limit

TOO_MANY_REQUESTS = 429
OK = 200


class RefusalStyle(StrEnum):
    """How a limit is told."""

    CURRENT = "current"
    "HTTP 429 with the codes in capitals, the wait in the body and in Retry-After."
    DOCUMENTED = "documented"
    "The same in the documentation's spellings, such as maxConcurrencyExceeded."
    VERSION_2025_01 = "2025-01"
    "As CURRENT, with the points of complexity in numbers of their own."
    LEGACY = "legacy"
    "HTTP 200 and no Retry-After; complexity in one sentence with its numbers."
    HTML = "html"
    "HTTP 429 with a page of HTML and Retry-After."


def answer_to(exceeded: Exceeded, style: RefusalStyle) -> Answer:
    """The answer to a request that a limit refuses."""
    if exceeded.limit is Limit.REQUEST_COMPLEXITY:  # waiting is of no use, and nothing tells to wait
        return Answer(TOO_MANY_REQUESTS, bodies.request_too_complex(exceeded.cost))
    if style is RefusalStyle.LEGACY:
        return Answer(OK, _body(exceeded, style))
    wait = {"Retry-After": str(exceeded.retry_in_seconds)}
    if style is RefusalStyle.HTML:
        return Answer(TOO_MANY_REQUESTS, bodies.TOO_MANY_REQUESTS_PAGE, wait)
    return Answer(TOO_MANY_REQUESTS, _body(exceeded, style), wait)


def _body(exceeded: Exceeded, style: RefusalStyle) -> bodies.Body:
    seconds = exceeded.retry_in_seconds
    if exceeded.limit is Limit.COMPLEXITY:
        return _complexity(exceeded, style)
    if exceeded.limit is Limit.IP:
        return bodies.ip_limit(seconds)
    if exceeded.limit is Limit.DAILY:
        return bodies.daily_limit(seconds)
    current = style in {RefusalStyle.CURRENT, RefusalStyle.VERSION_2025_01}
    if exceeded.limit is Limit.MINUTE:
        return bodies.minute_limit(seconds) if current else bodies.documented_minute_limit(seconds)
    return bodies.concurrency_limit(seconds) if current else bodies.documented_concurrency_limit(seconds)


def _complexity(exceeded: Exceeded, style: RefusalStyle) -> bodies.Body:
    seconds = exceeded.retry_in_seconds
    points = {"cost": exceeded.cost, "left": exceeded.left, "limit": exceeded.quota}
    if style is RefusalStyle.LEGACY:
        return bodies.legacy_complexity_limit(seconds, **points)
    if style is RefusalStyle.VERSION_2025_01:
        return bodies.complexity_limit_of_2025_01(seconds, **points)
    return bodies.complexity_limit(seconds)
