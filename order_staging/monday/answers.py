"""What an answer means: the one place that tells executed, refused, not executed and unknown apart.

monday.com answers in several shapes (objects, strings, HTML, nothing). How surely each is known is told in
docs/monday.md, "Requests and answers"; `meanings` is the table of its codes. Everything here is pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from order_staging.errors import (
    AuthenticationError,
    DailyLimitError,
    DestinationError,
    EndpointError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTooLargeError,
    TerminalError,
    TransientError,
)
from order_staging.monday.limits import Limit
from order_staging.monday.meanings import DOUBTFUL, STATUSES, Meaning, limit_of, meaning_of, plain
from order_staging.monday.outcomes import Created, NotExecuted, Outcome, Rejected, Unknown
from order_staging.monday.quotas import Shortage, asked_wait, longest, number, shortage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Reply:
    """An answer as it came: HTTP status, headers by lower-case name, the body's bytes, and when (naive UTC)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received: datetime


@dataclass(frozen=True)
class Problem:
    """One error of an answer, whatever shape it came in; `wait` is in seconds, `received` the answer's moment."""

    message: str
    received: datetime
    code: str | None = None
    status: int | None = None
    path: tuple[Any, ...] = ()
    wait: float | None = None
    shortage: Shortage | None = None

    @property
    def meaning(self) -> Meaning:
        """Tell what it says about the mutation it speaks of."""
        meaning = meaning_of(self.code, self.message, self.status)
        return Meaning.LIMITED if meaning is Meaning.REFUSED and self._lacks_points else meaning

    @property
    def limit(self) -> Limit:
        """Tell which limit it names, if it is one that passes by itself."""
        return Limit.COMPLEXITY if self._lacks_points else limit_of(self.code, self.message)

    @property
    def _lacks_points(self) -> bool:
        return self.shortage is not None and self.shortage.left is not None

    def words(self) -> str:
        """Give monday's words, with the code in front where it has one."""
        return f"{self.code}: {self.message}" if self.code else self.message


@dataclass(frozen=True)
class Answer:
    """A readable answer: the data, None where it has none, and the problems."""

    data: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()
    has_data_key: bool = field(default=True, repr=False)


def read(reply: Reply) -> Answer:
    """Read an answer that says something about the request.

    Raises the `DestinationError` that fits where it is no GraphQL answer at all.
    """
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise _unreadable(reply) from None
    if not isinstance(body, dict) or not {"data", "errors", "error_code", "error_message"} & body.keys():
        raise _unreadable(reply)
    data = body.get("data")
    return Answer(data if isinstance(data, dict) else None, tuple(_problems(body, reply)), "data" in body)


def failure(answer: Answer, reply: Reply) -> DestinationError | None:
    """Tell what is wrong with the request as a whole; None where its parts speak for themselves."""
    if answer.data is not None:
        return None
    nothing = Problem("the answer has neither data nor errors", reply.received)
    first = answer.problems[0] if answer.problems else nothing
    meaning = _meaning_of_the_whole(answer, reply)
    problem = next((one for one in answer.problems if one.meaning is meaning), first)
    return _as_error(meaning, problem, _longest_wait(answer, reply), _error_status(reply))


def partial(answer: Answer, reply: Reply) -> DestinationError | None:
    """Tell what is wrong with a query that was not answered, or in part: half an answer is none to a reader."""
    if not answer.problems:
        return None
    first = answer.problems[0]
    return _as_error(first.meaning, first, _longest_wait(answer, reply), first.status)


def outcome(answer: Answer, alias: str) -> Outcome:
    """Tell what became of one aliased mutation that selects `id`, in an answer that has data."""
    value = (answer.data or {}).get(alias)
    problems = [problem for problem in answer.problems if problem.path[:1] == (alias,)]
    if isinstance(value, dict) and _is_id(value.get("id")):
        return Created(str(value["id"]))
    if not problems:
        general = "; ".join(problem.words() for problem in answer.problems)
        return Unknown(general or "the answer says nothing of this row")
    found = [_outcome_of(problem) for problem in problems]
    return next((one for one in found if isinstance(one, Unknown)), found[0])


def may_be_running(error: TransientError) -> bool:
    """Tell whether a request was put off because the same one, under the same key, is still being executed."""
    return plain(error.code or "") == "idempotencyconflict"


def shortage_of(answer: Answer) -> Shortage | None:
    """Give what an answer tells of points that were short; None where it tells nothing."""
    return next((problem.shortage for problem in answer.problems if problem.shortage is not None), None)


def limited(answer: Answer) -> bool:
    """Tell whether a limit that passes by itself kept a part of the request from being executed."""
    return any(problem.meaning is Meaning.LIMITED for problem in answer.problems)


def _meaning_of_the_whole(answer: Answer, reply: Reply) -> Meaning:
    """Sum up an answer without data: what may have been executed outweighs what says that nothing was."""
    meanings = {problem.meaning for problem in answer.problems}
    # `data: null` erases every alias: an error of one of them says nothing of the others.
    of_a_part = answer.has_data_key and any(problem.path for problem in answer.problems)
    if not meanings or of_a_part or Meaning.UNKNOWN in meanings:
        return Meaning.UNKNOWN
    order = (
        Meaning.TOKEN,
        Meaning.TARGET,
        Meaning.TOMORROW,
        Meaning.TOO_LARGE,
        Meaning.LIMITED,
        Meaning.LATER,
    )
    for meaning in order:
        if meaning in meanings:
            return meaning
    failed = reply.status >= 500  # noqa: PLR2004 - HTTP's server errors
    return Meaning.UNKNOWN if failed or answer.has_data_key else Meaning.REFUSED


def _is_id(value: Any) -> bool:  # noqa: ANN401 - anything that JSON can be
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _outcome_of(problem: Problem) -> Outcome:
    if len(problem.path) > 1:
        # The mutation itself went through before a field of its result failed: an answer like that is recorded.
        return Unknown(problem.words(), problem.status)
    match problem.meaning:
        case Meaning.LATER | Meaning.LIMITED:
            return NotExecuted(problem.words(), problem.wait)
        case Meaning.TOMORROW | Meaning.TOKEN | Meaning.TARGET:
            error = _as_error(problem.meaning, problem, problem.wait, problem.status)
            return NotExecuted(problem.words(), problem.wait, error)
        case Meaning.UNKNOWN:
            return Unknown(problem.words(), problem.status)
        case _:
            return Rejected(problem.message, problem.code, problem.status)


def _problems(body: dict[str, Any], reply: Reply) -> Sequence[Problem]:
    errors = body.get("errors")
    if not isinstance(errors, list) or not errors:
        if "error_code" not in body and "error_message" not in body:
            return ()
        errors = [{"message": body.get("error_message"), "extensions": body}]
    return [_problem(error, reply) for error in errors]


def _problem(error: Any, reply: Reply) -> Problem:  # noqa: ANN401 - anything that JSON can be
    if not isinstance(error, dict):
        return Problem(str(error), reply.received, status=_error_status(reply))
    extensions = error.get("extensions")
    facts: dict[str, Any] = extensions if isinstance(extensions, dict) else {}
    code = facts.get("code") or facts.get("error_code")
    milliseconds = number(facts.get("retryAfterMs"))
    waits = (number(facts.get("retry_in_seconds")), None if milliseconds is None else milliseconds / 1000)
    path = error.get("path")
    status = number(facts.get("status_code"))
    message = str(error.get("message") or code or "no message")
    short = shortage(facts, message)
    return Problem(
        message="; ".join([message, *_broken_rules(facts.get("error_data"))]),
        received=reply.received,
        code=str(code) if code else None,
        status=int(status) if status else _error_status(reply),
        path=tuple(path) if isinstance(path, list) else (),
        wait=longest(*waits, short.reset if short else None),
        shortage=short,
    )


def _broken_rules(data: Any) -> list[str]:  # noqa: ANN401 - anything that JSON can be
    """Read what the board's own rules say, each of an array: the message alone does not name them."""
    rules = data if isinstance(data, list) else []
    return [str(rule["message"]) for rule in rules if isinstance(rule, dict) and rule.get("message")]


def _error_status(reply: Reply) -> int | None:
    return reply.status if reply.status >= 400 else None  # noqa: PLR2004 - HTTP's errors


def _longest_wait(answer: Answer, reply: Reply) -> float | None:
    asked = asked_wait(reply.headers, reply.received)
    return longest(asked, *(problem.wait for problem in answer.problems))


def _as_error(meaning: Meaning, problem: Problem, wait: float | None, status: int | None) -> DestinationError:
    words, code = problem.words(), problem.code
    status = status or problem.status
    match meaning:
        case Meaning.TOKEN:
            advice = "monday.com does not accept the token for this; check ORDER_STAGING_MONDAY_TOKEN"
            return AuthenticationError(f"{advice} ({words})", status=status, code=code)
        case Meaning.TARGET:
            words = f"monday.com refused the request: {words}; check ORDER_STAGING_BOARD_ID and _MONDAY_API_VERSION"
            return EndpointError(words, status=status, code=code)
        case Meaning.TOO_LARGE:
            words = f"one request may not cost so much: {words}"
            return RequestTooLargeError(words, status=status, code=code)
        case Meaning.UNKNOWN:
            return OutcomeUnknownError(f"monday.com failed: {words}", status=status, code=code)
        case Meaning.REFUSED:
            return TerminalError(f"monday.com refused the request: {words}", status=status, code=code)
        case _:
            return _put_off(meaning, problem, wait, status)


def _put_off(meaning: Meaning, problem: Problem, wait: float | None, status: int | None) -> TransientError:
    words, code = problem.words(), problem.code
    if meaning is Meaning.TOMORROW:
        until = _end_of_day(problem.received, wait)
        return DailyLimitError(words, until, wait=wait, status=status, code=code)
    words = f"monday.com is busy: {words}"
    if meaning is Meaning.LIMITED:
        return RateLimitError(words, limit=problem.limit, wait=wait, status=status, code=code)
    return TransientError(words, wait=wait, status=status, code=code)


def _unreadable(reply: Reply) -> DestinationError:
    """Judge an answer that is not GraphQL's by its status: HTML of a gateway, an empty body, another server."""
    words = f"HTTP {reply.status} with a body that is no GraphQL answer"
    if meaning := STATUSES.get(reply.status):
        wait = asked_wait(reply.headers, reply.received)
        return _as_error(meaning, Problem(words, reply.received), wait, reply.status)
    if 400 <= reply.status < 500 and reply.status not in DOUBTFUL:  # noqa: PLR2004 - HTTP's client errors
        return EndpointError(f"{words}; check ORDER_STAGING_MONDAY_URL", status=reply.status)
    return OutcomeUnknownError(f"monday.com failed: {words}", status=reply.status)


def _end_of_day(now: datetime, wait: float | None) -> datetime:
    """Tell when a day's calls come back, in whole minutes: as the server says, or at midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if wait is None or wait > timedelta(days=2).total_seconds():
        return midnight
    # Servers round seconds up: the second beyond midnight must not make it a minute.
    until = now + timedelta(seconds=max(0.0, wait - 1))
    return until + (midnight - until) % timedelta(minutes=1)
