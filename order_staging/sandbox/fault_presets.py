"""Faults by their names: what goes wrong at monday.com, each ready to be ordered.

Every function takes when it happens, as `Fault` does: `operation`, `times`, `skip` and `probability`.
"""

from typing import TypedDict, Unpack

from order_staging.sandbox import bodies
from order_staging.sandbox.faults import Fault, FaultKind
from order_staging.sandbox.refusals import Refusal


class When(TypedDict, total=False):
    """When a fault happens."""

    operation: str | None
    times: int | None
    skip: int
    probability: float


def delay(seconds: float = 5.0, **when: Unpack[When]) -> Fault:
    """The request waits before anything happens to it."""
    return Fault(FaultKind.DELAY, seconds=seconds, **when)


def drop_before(**when: Unpack[When]) -> Fault:
    """The connection breaks before anything is executed."""
    return Fault(FaultKind.DROP_BEFORE, **when)


def execute_then_drop(**when: Unpack[When]) -> Fault:
    """The work is done, and its answer lost."""
    return Fault(FaultKind.EXECUTE_THEN_DROP, **when)


def execute_then_500(**when: Unpack[When]) -> Fault:
    """The work is done, and answered as a crash."""
    return Fault(FaultKind.EXECUTE_THEN_ANSWER, status=500, body=bodies.crashed(), **when)


def execute_then_html_502(**when: Unpack[When]) -> Fault:
    """The work is done, and the gateway answers a page."""
    return Fault(FaultKind.EXECUTE_THEN_ANSWER, status=502, body=bodies.BAD_GATEWAY_PAGE, **when)


def execute_then_empty_502(**when: Unpack[When]) -> Fault:
    """The work is done, and the gateway answers nothing at all."""
    return Fault(FaultKind.EXECUTE_THEN_ANSWER, status=502, body="", **when)


def execute_then_data_null(**when: Unpack[When]) -> Fault:
    """The work is done, and answered with `data: null` and an internal error under HTTP 200."""
    return Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=bodies.internal_error(), **when)


def execute_then_timeout_503(**when: Unpack[When]) -> Fault:
    """The work is done, and the service says that it gave up waiting for itself."""
    return Fault(FaultKind.EXECUTE_THEN_ANSWER, status=503, body=bodies.timeout(), **when)


def timeout_503(**when: Unpack[When]) -> Fault:
    """The service gives up waiting for itself, and nothing was done."""
    return _instead(503, bodies.timeout(), **when)


def html_502(**when: Unpack[When]) -> Fault:
    """The gateway answers a page, and nothing was done."""
    return _instead(502, bodies.BAD_GATEWAY_PAGE, **when)


def data_null(**when: Unpack[When]) -> Fault:
    """An internal error with `data: null` under HTTP 200, and nothing was done."""
    return _instead(200, bodies.internal_error(), **when)


def locked_423(**when: Unpack[When]) -> Fault:
    """Somebody else is writing there."""
    return _instead(423, bodies.locked(), **when)


def minute_limit(seconds: int = 58, **when: Unpack[When]) -> Fault:
    """Too many requests in a minute."""
    return _limit(bodies.minute_limit(seconds), seconds, **when)


def concurrency_limit(seconds: int = 15, **when: Unpack[When]) -> Fault:
    """Too many requests in flight."""
    return _limit(bodies.concurrency_limit(seconds), seconds, **when)


def daily_limit(seconds: int = 3_599, **when: Unpack[When]) -> Fault:
    """The calls of the day are used up."""
    return _limit(bodies.daily_limit(seconds), seconds, **when)


def complexity_limit(seconds: int = 22, **when: Unpack[When]) -> Fault:
    """The complexity points of the minute are used up."""
    return _limit(bodies.complexity_limit(seconds), seconds, **when)


def ip_limit(seconds: int = 10, **when: Unpack[When]) -> Fault:
    """Too many requests from this address."""
    return _limit(bodies.ip_limit(seconds), seconds, **when)


def html_429(seconds: int = 30, **when: Unpack[When]) -> Fault:
    """Too many requests, told by a page."""
    return _limit(bodies.TOO_MANY_REQUESTS_PAGE, seconds, **when)


def fail_alias(refusal: Refusal | None = None, alias: int = 0, **when: Unpack[When]) -> Fault:
    """One mutation is not executed and gets the refusal, an internal error without one; takes its place, from 0."""
    if refusal is None:
        return Fault(FaultKind.FAIL_ALIAS, alias=alias, **when)
    return Fault(
        FaultKind.FAIL_ALIAS, alias=alias, message=refusal.message, extensions=refusal.extensions, **when
    )


def execute_alias_then_fail(alias: int = 0, **when: Unpack[When]) -> Fault:
    """One mutation is executed, and answered with null and an error below it; takes its place, from 0."""
    return Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=alias, **when)


def stale_search(seconds: float = 5.0, **when: Unpack[When]) -> Fault:
    """Searches and pages of items answer from the board as it was so many seconds ago."""
    return Fault(FaultKind.STALE_SEARCH, seconds=seconds, **when)


def expired_cursor(**when: Unpack[When]) -> Fault:
    """The cursor of the request has expired; unless told otherwise of the next request for a next page."""
    chosen: When = {"operation": "next_items_page", **when}
    return Fault(FaultKind.EXPIRED_CURSOR, **chosen)


def group_deleted(**when: Unpack[When]) -> Fault:
    """The groups that the request writes to are deleted just before it is executed."""
    return Fault(FaultKind.GROUP_DELETED, **when)


def _instead(status: int, body: bodies.Body | str, **when: Unpack[When]) -> Fault:
    return Fault(FaultKind.ANSWER_INSTEAD, status=status, body=body, **when)


def _limit(body: bodies.Body | str, seconds: int, **when: Unpack[When]) -> Fault:
    headers = {"Retry-After": str(seconds)}
    return Fault(FaultKind.ANSWER_INSTEAD, status=429, body=body, headers=headers, **when)
