"""What an answer means: the one place that tells executed, refused, not executed and unknown apart.

monday.com answers in several shapes (objects, strings, HTML, nothing) and spells the same code in several ways
(`MAX_CONCURRENCY_EXCEEDED`, `maxConcurrencyExceeded`); sections 4.1 to 4.6 of our notes on its API are the source.
Everything here is pure.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from order_staging.errors import (
    AuthenticationError,
    DailyLimitError,
    DestinationError,
    OutcomeUnknownError,
    TerminalError,
    TransientError,
)
from order_staging.monday.outcomes import Created, NotExecuted, Outcome, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Meaning(Enum):
    """What an error says about the mutation it speaks of."""

    LATER = auto()
    """Not executed; the same again later may work."""
    TOMORROW = auto()
    """Not executed; the day's calls are used up."""
    TOKEN = auto()
    """Not executed; the token is not accepted, or may not do this: no row is at fault."""
    UNKNOWN = auto()
    """It may have been executed."""
    REFUSED = auto()
    """Not executed, and never will be."""


MEANINGS = {
    "minuteratelimitexceeded": Meaning.LATER,
    "minutelimitrateexceeded": Meaning.LATER,
    "ratelimitexceeded": Meaning.LATER,
    "ratelimitedexception": Meaning.LATER,
    "mutationcallsexceeded": Meaning.LATER,
    "maxconcurrencyexceeded": Meaning.LATER,
    "concurrencylimitexceeded": Meaning.LATER,
    "complexitybudgetexhausted": Meaning.LATER,
    "complexityexception": Meaning.LATER,
    "ipratelimitexceeded": Meaning.LATER,
    "fieldlimitexceeded": Meaning.LATER,
    "fieldminuteratelimitexceeded": Meaning.LATER,
    "toomanyrequests": Meaning.LATER,
    "apitemporarilyblocked": Meaning.LATER,
    "idempotencyconflict": Meaning.LATER,
    "resourcelocked": Meaning.LATER,
    "dailylimitexceeded": Meaning.TOMORROW,
    "notauthenticated": Meaning.TOKEN,
    "unauthorized": Meaning.TOKEN,
    "userunauthorized": Meaning.TOKEN,
    "userunauthorizedexception": Meaning.TOKEN,
    "useraccessdenied": Meaning.TOKEN,
    "missingrequiredpermissions": Meaning.TOKEN,
    "internalservererror": Meaning.UNKNOWN,
    "timeoutexceeded": Meaning.UNKNOWN,
}
"""monday's codes, in lower case without underscores, that mean more than a refusal; others are told by status."""

STATUSES = {
    401: Meaning.TOKEN,
    423: Meaning.LATER,
    429: Meaning.LATER,
}
"""HTTP statuses (or an error's `status_code`) that decide where the code does not; from 500 on: unknown."""


DOUBTFUL = {408, 409}
"""Statuses of an unreadable answer that leave open whether the request, or the same one before it, is executed."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came: HTTP status, headers by lower-case name, and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Problem:
    """One error of an answer, whatever shape it came in; `wait` is in seconds."""

    message: str
    code: str | None = None
    status: int | None = None
    path: tuple[Any, ...] = ()
    wait: float | None = None

    @property
    def meaning(self) -> Meaning:
        """Tell what it says about the mutation it speaks of."""
        code = _plain(self.code or self.message)
        if code in MEANINGS:
            return MEANINGS[code]
        if self.status is not None and self.status >= 500:  # noqa: PLR2004 - HTTP's server errors
            return Meaning.UNKNOWN
        return STATUSES.get(self.status or 0, Meaning.REFUSED)

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
    status = reply.status if reply.status >= 400 else None  # noqa: PLR2004 - HTTP's errors
    first = answer.problems[0] if answer.problems else Problem("the answer has neither data nor errors")
    meaning = _meaning_of_the_whole(answer, reply)
    problem = next((one for one in answer.problems if one.meaning is meaning), first)
    return _as_error(meaning, problem, _longest_wait(answer, reply), status)


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
    return _plain(error.code or "") == "idempotencyconflict"


def wait_seconds(reply: Reply) -> float | None:
    """Read how long the server asks us to wait: `Retry-After`, or the `t` of an exhausted quota; in seconds."""
    waits = [_number(reply.headers.get("retry-after"))]
    for quota in reply.headers.get("ratelimit", "").split(","):
        facts = dict(part.strip().split("=", 1) for part in quota.split(";")[1:] if "=" in part)
        if facts.get("r") == "0":
            waits.append(_number(facts.get("t")))
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def _meaning_of_the_whole(answer: Answer, reply: Reply) -> Meaning:
    """Sum up an answer without data: what may have been executed outweighs what says that nothing was."""
    meanings = {problem.meaning for problem in answer.problems}
    # `data: null` erases every alias: an error of one of them says nothing of the others.
    of_a_part = answer.has_data_key and any(problem.path for problem in answer.problems)
    if not meanings or of_a_part or Meaning.UNKNOWN in meanings:
        return Meaning.UNKNOWN
    for meaning in (Meaning.TOKEN, Meaning.TOMORROW, Meaning.LATER):
        if meaning in meanings:
            return meaning
    failed = reply.status >= 500  # noqa: PLR2004 - HTTP's server errors
    return Meaning.UNKNOWN if failed or answer.has_data_key else Meaning.REFUSED


def _is_id(value: Any) -> bool:  # noqa: ANN401 - anything that JSON can be
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _plain(code: str) -> str:
    """Bring the spellings of a code together."""
    return code.replace("_", "").replace(" ", "").casefold()


def _outcome_of(problem: Problem) -> Outcome:
    if len(problem.path) > 1:
        # The mutation itself went through before a field of its result failed (section 4.4).
        return Unknown(problem.words(), problem.status)
    match problem.meaning:
        case Meaning.LATER:
            return NotExecuted(problem.words(), problem.wait)
        case Meaning.TOMORROW | Meaning.TOKEN:
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
        return Problem(str(error), status=_error_status(reply))
    extensions = error.get("extensions")
    facts: dict[str, Any] = extensions if isinstance(extensions, dict) else {}
    code = facts.get("code") or facts.get("error_code")
    milliseconds = _number(facts.get("retryAfterMs"))
    waits = (_number(facts.get("retry_in_seconds")), None if milliseconds is None else milliseconds / 1000)
    path = error.get("path")
    status = _number(facts.get("status_code"))
    return Problem(
        message=str(error.get("message") or code or "no message"),
        code=str(code) if code else None,
        status=int(status) if status else _error_status(reply),
        path=tuple(path) if isinstance(path, list) else (),
        wait=next((wait for wait in waits if wait is not None), None),
    )


def _error_status(reply: Reply) -> int | None:
    return reply.status if reply.status >= 400 else None  # noqa: PLR2004 - HTTP's errors


def _longest_wait(answer: Answer, reply: Reply) -> float | None:
    waits = [wait_seconds(reply), *(problem.wait for problem in answer.problems)]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def _as_error(meaning: Meaning, problem: Problem, wait: float | None, status: int | None) -> DestinationError:
    words = problem.words()
    status = status or problem.status
    match meaning:
        case Meaning.TOKEN:
            advice = "monday.com does not accept the token for this; check ORDER_STAGING_MONDAY_TOKEN"
            return AuthenticationError(f"{advice} ({words})", status=status, code=problem.code)
        case Meaning.TOMORROW:
            return DailyLimitError(
                f"monday.com's limit of calls for today is reached ({words}); run again after midnight UTC",
                wait=wait,
                status=status,
                code=problem.code,
            )
        case Meaning.LATER:
            return TransientError(f"monday.com is busy: {words}", wait=wait, status=status, code=problem.code)
        case Meaning.UNKNOWN:
            return OutcomeUnknownError(f"monday.com failed: {words}", status=status, code=problem.code)
        case Meaning.REFUSED:
            return TerminalError(f"monday.com refused the request: {words}", status=status, code=problem.code)


def _unreadable(reply: Reply) -> DestinationError:
    """Judge an answer that is not GraphQL's by its status: HTML of a gateway, an empty body, another server."""
    words = f"HTTP {reply.status} with a body that is no GraphQL answer"
    if meaning := STATUSES.get(reply.status):
        return _as_error(meaning, Problem(words), wait_seconds(reply), reply.status)
    if 400 <= reply.status < 500 and reply.status not in DOUBTFUL:  # noqa: PLR2004 - HTTP's client errors
        return TerminalError(f"{words}; check ORDER_STAGING_MONDAY_URL", status=reply.status)
    return OutcomeUnknownError(f"monday.com failed: {words}", status=reply.status)


def _number(value: Any) -> float | None:  # noqa: ANN401 - anything that JSON or a header can be
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
