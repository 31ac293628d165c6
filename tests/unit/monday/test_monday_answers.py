"""What an answer means, told from every body that was recorded or documented: one table of them all."""

from __future__ import annotations

import inspect
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from order_staging.monday import Created, NotExecuted, Rejected, Unknown, answers, meanings
from order_staging.monday.quotas import Shortage
from order_staging.sandbox import bodies, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.monday import Outcome

Body = dict[str, Any]

ALIASES = ("row0", "row1")
NOW = datetime(2026, 11, 23, 6, 40, 8)  # noqa: DTZ001 - UTC without a zone, as everywhere in the package


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> answers.Reply:
    """Make an answer of JSON, or of text as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    return answers.Reply(status, headers or {}, text.encode(), NOW)


def judged(answer: answers.Reply) -> DestinationError | None:
    """Judge an answer as the wire does for a mutation: None where its parts speak for themselves."""
    try:
        read = answers.read(answer)
    except DestinationError as error:
        return error
    return answers.failure(read, answer)


def outcomes(answer: answers.Reply) -> list[Outcome]:
    read = answers.read(answer)
    assert answers.failure(read, answer) is None
    return [answers.outcome(read, alias) for alias in ALIASES]


def error_body(message: str, **extensions: object) -> Body:
    return {"errors": [{"message": message, "extensions": extensions}]}


def several(*refusals: Body) -> Body:
    """Put the errors of several refusals into one."""
    return {"errors": [error for body in refusals for error in body["errors"]]}


LEGACY_WORDS = (
    "Complexity budget exhausted, query cost 30001 budget remaining 19986 out of 1000000 reset in 3 seconds"
)
LEGACY_LIMIT = {
    "error_code": "ComplexityException",
    "status_code": 429,
    "error_message": LEGACY_WORDS,
    "error_data": {},
    "account_id": 1,
}
MIDDLE_LIMIT = error_body(
    "Complexity budget exhausted",
    code="COMPLEXITY_BUDGET_EXHAUSTED",
    complexity=30001,
    complexity_budget_left=19986,
    complexity_budget_limit=1_000_000,
    retry_in_seconds=3,
    status_code=429,
)
QUOTA_HEADER = {
    "ratelimit": '"minuteRate";r=0;t=38, "concurrency";r=249, "complexityMinute";r=4950000;t=45',
}

LIMITED: list[tuple[str, object, int, dict[str, str], float | None]] = [
    ("the minute's requests", bodies.minute_limit(58), 429, {}, 58),
    ("the minute's requests in a 200", bodies.minute_limit(58), 200, {}, 58),
    ("the minute's requests, documented", error_body("Minute limit rate exceeded"), 429, {}, None),
    ("the minute's requests, documented, in a 200", error_body("Minute limit rate exceeded"), 200, {}, None),
    ("the rate limit, documented, in a 200", error_body("Rate Limit Exceeded"), 200, {}, None),
    ("requests in flight", bodies.concurrency_limit(15), 429, {}, 15),
    ("requests in flight in a 200", bodies.concurrency_limit(15), 200, {}, 15),
    ("requests in flight, documented", bodies.documented_concurrency_limit(), 429, {}, None),
    ("requests in flight, documented, in a 200", bodies.documented_concurrency_limit(), 200, {}, None),
    ("complexity", bodies.complexity_limit(22), 429, {}, 22),
    ("complexity in a 200", bodies.complexity_limit(22), 200, {}, 22),
    ("complexity of 2025-01", MIDDLE_LIMIT, 200, {}, 3),
    ("complexity in camel case", error_body("x", code="complexityBudgetExhausted"), 200, {}, None),
    ("complexity of 2024-10", LEGACY_LIMIT, 200, {}, 3),
    ("complexity of 2024-10 by the sandbox", bodies.legacy_complexity_limit(), 429, {}, 3),
    (
        "bulk import's own key in milliseconds",
        error_body("x", code="RATE_LIMIT_EXCEEDED", retryAfterMs=1500),
        429,
        {},
        1.5,
    ),
    ("an address that asks too often", error_body("x", code="IP_RATE_LIMIT_EXCEEDED"), 429, {}, None),
    ("a code that nobody knows, with 429", error_body("x", code="SOMETHING_NEW"), 429, {}, None),
    ("strings, with 429", {"errors": ["Too many"]}, 429, {}, None),
    ("a page of HTML", bodies.TOO_MANY_REQUESTS_PAGE, 429, {"retry-after": "30"}, 30),
    ("nothing at all, with 429", "", 429, {}, None),
    ("Retry-After beyond the body's own time", bodies.minute_limit(5), 429, {"retry-after": "9"}, 9),
    ("the body's own time beyond Retry-After", bodies.minute_limit(9), 429, {"retry-after": "5"}, 9),
    (
        "an exhausted quota's time, not the others'",
        error_body("x", code="SOMETHING_NEW"),
        429,
        QUOTA_HEADER,
        38,
    ),
    (
        "Retry-After as a date, by our clock",
        bodies.minute_limit(5),
        429,
        {"retry-after": "Mon, 23 Nov 2026 06:41:00 GMT"},
        52,
    ),
    (
        "Retry-After as a date, by the server's clock",
        bodies.minute_limit(5),
        429,
        {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
        30,
    ),
    ("Retry-After as a date gone by", "", 429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
    ("the text of 2024-10 alone", {"errors": [{"message": LEGACY_WORDS}]}, 200, {}, 3),
    ("the words of a limit, without a code", {"errors": ["Too many concurrent requests"]}, 200, {}, None),
    (
        "a wait that is no number",
        error_body("x", code="RATE_LIMIT_EXCEEDED", retry_in_seconds="soon"),
        429,
        {},
        None,
    ),
    (
        "a wait beyond all numbers",
        error_body("x", code="RATE_LIMIT_EXCEEDED", retry_in_seconds=10**400),
        429,
        {},
        None,
    ),
    ("a limit that erased the data of the whole", {"data": None, **bodies.complexity_limit(4)}, 429, {}, 4),
]

LATER: list[tuple[str, object, int, dict[str, str], float | None]] = [
    ("a lock", bodies.locked(), 423, {}, None),
    ("a lock in a 200", bodies.locked(), 200, {}, None),
    (
        "the words of a lock alone",
        {"errors": [{"message": "Resource is currently locked, please try again later"}]},
        200,
        {},
        None,
    ),
    ("a page of HTML about a lock", "<html>Locked</html>", 423, {"retry-after": "2"}, 2),
    ("a duplicate under the same key", bodies.idempotency_conflict(), 409, {"retry-after": "7"}, 7),
    ("an API that is blocked for now", error_body("x", code="API_TEMPORARILY_BLOCKED"), 200, {}, None),
]

UNKNOWN: list[tuple[str, object, int]] = [
    ("an internal error that erases every alias", bodies.internal_error(), 200),
    ("an internal error that erases every alias, with 500", bodies.internal_error(), 500),
    ("a crash", bodies.crashed(), 500),
    ("a crash in a 200", bodies.crashed(), 200),
    ("a timeout inside", bodies.timeout(), 503),
    ("a timeout inside, in a 200", bodies.timeout(), 200),
    ("a gateway's page", bodies.BAD_GATEWAY_PAGE, 502),
    ("a gateway's page in a 200", bodies.BAD_GATEWAY_PAGE, 200),
    ("an empty body", "", 200),
    ("an empty body, with 504", "", 504),
    ("half a body", '{"data":{"row0":{"id":"1"}', 200),
    ("an array", [], 200),
    ("a number", 1, 200),
    ("an object that is not GraphQL's", {"hello": 1}, 200),
    ("data: null without a word", {"data": None}, 200),
    ("data: null and no errors", {"data": None, "errors": []}, 200),
    ("no errors and no data", {"errors": []}, 200),
    (
        "a refusal that erased every alias",
        {"data": None, **error_body("x", code="ColumnValueException")},
        200,
    ),
    ("data of another kind", {"data": [1]}, 200),
    ("nesting without an end", "[" * 100_000, 200),
    (
        "an internal error beside a limit",
        several(bodies.minute_limit(), bodies.timeout()),
        200,
    ),
    (
        "one alias's limit that erased every alias",
        {"data": None, "errors": [bodies.alias_error("row1", "x", {"code": "tooManyRequests"})]},
        200,
    ),
    ("a refusal in words by a server that failed", error_body("x", status_code=400), 502),
]

REFUSED: list[tuple[str, object, int, str | None]] = [
    ("an unknown field", error_body('Cannot query field "invalid_field" on type "Board".'), 200, None),
    (
        "an unknown field, as monday.com says it",
        {
            "errors": [
                {
                    "message": 'Unknown argument "invalid_field" on field "Mutation.create_group".',
                    "locations": [{"line": 1, "column": 3}],
                }
            ],
            "extensions": {"request_id": "r"},
        },
        200,
        None,
    ),
    (
        "a JSON variable that is none",
        error_body(
            "Variable $columnValues of type JSON! was provided invalid value",
            value="{",
            problems=[{"path": [], "explanation": "Syntax error in JSON input"}],
            service="monolith",
        ),
        200,
        None,
    ),
    ("a body that is no JSON", bodies.malformed_body("no JSON"), 400, "JsonParseException"),
    ("an invalid record", error_body("x", code="RecordInvalidException"), 422, "RecordInvalidException"),
    (
        "the other form before 2025",
        {"errors": [{"message": "x", "fields": ["a"]}], "account_id": 1},
        200,
        None,
    ),
]

NO_ROWS_FAULT: list[tuple[str, object, int, str | None]] = [
    ("a malformed version", bodies.invalid_version("2023"), 200, "InvalidVersionException"),
    (
        "the form before 2025",
        {"error_code": "InvalidBoardIdException", "status_code": 200, "error_message": "x", "error_data": {}},
        200,
        "InvalidBoardIdException",
    ),
    ("another server's 404", "<html>Not found</html>", 404, None),
    ("a wall in front of it", "<html>Forbidden</html>", 403, None),
]

TOKEN: list[tuple[str, object, int]] = [
    ("the recorded words", bodies.not_authenticated(), 401),
    ("the recorded words in a 200", bodies.not_authenticated(), 200),
    ("an array of strings", bodies.not_authenticated_text(), 401),
    ("an array of strings in a 200", bodies.not_authenticated_text(), 200),
    ("an address that may not", {"errors": ["Your ip is restricted"]}, 401),
    ("an address that may not, in a 200", {"errors": [{"message": "Your ip is restricted"}]}, 200),
    ("a page of HTML", "<html>Unauthorized</html>", 401),
]


def named(cases: list[Any]) -> Any:
    return [pytest.param(*case[1:], id=case[0]) for case in cases]


@pytest.mark.parametrize(("body", "status", "headers", "wait"), named(LATER))
def test_what_was_surely_not_executed_may_be_sent_again_after_the_servers_own_wait(
    body: object, status: int, headers: dict[str, str], wait: float | None
) -> None:
    error = judged(reply(body, status, headers))
    assert type(error) is TransientError
    assert error.wait == wait


@pytest.mark.parametrize(("body", "status", "headers", "wait"), named(LIMITED))
def test_a_limit_that_passes_by_itself_is_told_from_what_else_is_put_off(
    body: object, status: int, headers: dict[str, str], wait: float | None
) -> None:
    error = judged(reply(body, status, headers))
    assert type(error) is RateLimitError
    assert error.wait == wait


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (bodies.minute_limit(), "minute"),
        (error_body("Minute limit rate exceeded"), "minute"),
        (bodies.concurrency_limit(), "concurrency"),
        (bodies.documented_concurrency_limit(), "concurrency"),
        (bodies.complexity_limit(), "complexity"),
        (bodies.observed_complexity_limit(), "complexity"),
        (bodies.legacy_complexity_limit(), "complexity"),
        (bodies.ip_limit(), "address"),
        (error_body("x", code="tooManyRequests"), "field"),
        (error_body("x", code="RATE_LIMIT_EXCEEDED", retryAfterMs=1), "other"),
        (bodies.TOO_MANY_REQUESTS_PAGE, "other"),
    ],
)
def test_a_refusal_by_a_limit_names_it(body: object, limit: str) -> None:
    error = judged(reply(body, 429))
    assert isinstance(error, RateLimitError)
    assert error.limit == limit


@pytest.mark.parametrize("status", [200, 429])
def test_a_daily_limit_is_one_whatever_carries_it(status: int) -> None:
    error = judged(reply(bodies.daily_limit(3599), status))
    assert type(error) is DailyLimitError
    assert (error.wait, error.code) == (3599, "DAILY_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (62_392, "it ends at 2026-11-24 00:00 UTC; run again then"),
        (62_391, "it ends at 2026-11-24 00:00 UTC; run again then"),
        (0, "it ends at 2026-11-23 06:41 UTC; run again then"),
        ("soon", "it ends at 2026-11-24 00:00 UTC; run again then"),
        (10**9, "it ends at 2026-11-24 00:00 UTC; run again then"),
    ],
)
def test_a_daily_limit_says_when_it_ends(seconds: Any, words: str) -> None:
    error = judged(reply(bodies.daily_limit(seconds), 429))
    assert isinstance(error, DailyLimitError)
    assert words in str(error)
    assert f"{error.until:%Y-%m-%d %H:%M}" in words


@pytest.mark.parametrize("status", [200, 429, 500])
def test_more_than_one_request_may_cost_is_to_be_sent_in_parts(status: int) -> None:
    answer = reply(bodies.request_too_complex(6_000_000), status)
    error = judged(answer)
    assert type(error) is RequestTooLargeError
    assert error.code == "REQUEST_MAX_COMPLEXITY_EXCEEDED"
    assert answers.shortage_of(answers.read(answer)) == Shortage(cost=6_000_000, most=5_000_000)


@pytest.mark.parametrize("body", [MIDDLE_LIMIT, LEGACY_LIMIT, {"errors": [{"message": LEGACY_WORDS}]}])
def test_the_points_that_were_short_are_read_from_every_form(body: Body) -> None:
    short = answers.shortage_of(answers.read(reply(body)))
    assert short is not None
    assert (short.cost, short.left, short.limit) == (30_001, 19_986, 1_000_000)


@pytest.mark.parametrize(("body", "status"), named(UNKNOWN))
def test_what_may_have_been_executed_is_unknown(body: object, status: int) -> None:
    assert type(judged(reply(body, status))) is OutcomeUnknownError


@pytest.mark.parametrize(("body", "status", "code"), named(REFUSED))
def test_what_monday_would_refuse_again_is_terminal(body: object, status: int, code: str | None) -> None:
    error = judged(reply(body, status))
    assert type(error) is TerminalError
    assert error.code == code


@pytest.mark.parametrize(("body", "status", "code"), named(NO_ROWS_FAULT))
def test_what_no_row_can_be_to_blame_for_is_told_apart(body: object, status: int, code: str | None) -> None:
    error = judged(reply(body, status))
    assert type(error) is EndpointError
    assert error.code == code


def test_a_board_that_is_gone_ends_the_run_and_blames_no_alias() -> None:
    errors = [at(["row0"], "The board does not exist", code="InvalidBoardIdException")]
    answer = answers.read(reply({"data": {"row0": None}, "errors": errors}))
    found = answers.outcome(answer, "row0")
    assert isinstance(found, NotExecuted)
    assert type(found.ends_run) is EndpointError


@pytest.mark.parametrize(("body", "status"), named(TOKEN))
def test_a_token_that_is_not_accepted_is_told_apart(body: object, status: int) -> None:
    error = judged(reply(body, status))
    assert type(error) is AuthenticationError
    assert "ORDER_STAGING_MONDAY_TOKEN" in str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("USER_UNAUTHORIZED", AuthenticationError),
        ("missingRequiredPermissions", AuthenticationError),
        ("DAILY_LIMIT_EXCEEDED", DailyLimitError),
    ],
)
def test_an_alias_that_no_row_is_to_blame_for_ends_the_run(code: str, kind: type[DestinationError]) -> None:
    body = {
        "data": {"row0": None},
        "errors": [{"message": "x", "path": ["row0"], "extensions": {"code": code}}],
    }
    found = answers.outcome(answers.read(reply(body, 200)), "row0")
    assert isinstance(found, NotExecuted)
    assert type(found.ends_run) is kind


def test_bytes_that_are_no_text_are_unknown() -> None:
    assert type(judged(answers.Reply(200, {}, b"\xff\xfe\x00{", NOW))) is OutcomeUnknownError


def test_an_error_keeps_mondays_words_code_and_status() -> None:
    error = judged(reply(bodies.minute_limit(), 429))
    assert error is not None
    assert (error.code, error.status) == ("MINUTE_RATE_LIMIT_EXCEEDED", 429)
    assert "MINUTE_RATE_LIMIT_EXCEEDED: Minute rate limit exceeded" in str(error)


def test_the_longest_of_several_waits_counts() -> None:
    body = several(bodies.minute_limit(3), bodies.complexity_limit(8))
    error = judged(reply(body, 429, {"retry-after": "5"}))
    assert isinstance(error, TransientError)
    assert error.wait == 8


def row_errors(*errors: Body, first: object = None) -> Body:
    """Answer two aliases: the first as given, the second executed."""
    return {"data": {"row0": first, "row1": {"id": "12"}}, "errors": list(errors)}


def at(path: list[object], message: str, **extensions: object) -> Body:
    return {"message": message, "path": path, "extensions": extensions}


VALIDATION = bodies.validation_rule("numeric_mm5bccxb")

OUTCOMES: list[tuple[str, Body, Outcome]] = [
    (
        "an item that is not there, as recorded",
        row_errors(at(["row0"], "Item not found", code="InvalidItemIdException", status_code=200)),
        Rejected("Item not found", "InvalidItemIdException", 200),
    ),
    (
        "a group that is not there: 404 inside a 200",
        row_errors(at(["row0"], "Group not found", code="ResourceNotFoundException", status_code=404)),
        Rejected("Group not found", "ResourceNotFoundException", 404),
    ),
    (
        "a column that is not there",
        row_errors(
            at(["row0"], "This column ID doesn't exist for the board", code="InvalidColumnIdException")
        ),
        Rejected("This column ID doesn't exist for the board", "InvalidColumnIdException", None),
    ),
    (
        "a label that is not there",
        row_errors(at(["row0"], "invalid value", code="ColumnValueException", status_code=200)),
        Rejected("invalid value", "ColumnValueException", 200),
    ),
    (
        "a rule of the board, whose data is an array",
        row_errors({"message": "data_validation_error", "path": ["row0"], "extensions": VALIDATION}),
        Rejected("data_validation_error; 'Quantity' must be at least [5]", "DATA_VALIDATIONS_ERROR", 422),
    ),
    (
        "a full board",
        row_errors(at(["row0"], "full", code="ItemsLimitationException", status_code=200)),
        Rejected("full", "ItemsLimitationException", 200),
    ),
    (
        "a subgraph's limit",
        row_errors(at(["row0"], "Rate limit already blocked", code="tooManyRequests", status_code=400)),
        NotExecuted("tooManyRequests: Rate limit already blocked", None),
    ),
    (
        "a field's limit, with its wait",
        row_errors(at(["row0"], "x", code="FIELD_LIMIT_EXCEEDED", status_code=429, retry_in_seconds=15)),
        NotExecuted("FIELD_LIMIT_EXCEEDED: x", 15),
    ),
    (
        "a field's limit of the minute",
        row_errors(at(["row0"], "x", code="FIELD_MINUTE_RATE_LIMIT_EXCEEDED")),
        NotExecuted("FIELD_MINUTE_RATE_LIMIT_EXCEEDED: x", None),
    ),
    (
        "a limit without a code that anybody knows",
        row_errors(at(["row0"], "x", status_code=429)),
        NotExecuted("x", None),
    ),
    (
        "an internal error of one alias",
        row_errors(
            at(["row0"], "Internal server error", error_code="INTERNAL_SERVER_ERROR", status_code=500)
        ),
        Unknown("INTERNAL_SERVER_ERROR: Internal server error", 500),
    ),
    (
        "an internal error of one alias by status alone",
        row_errors(at(["row0"], "oops", status_code=500)),
        Unknown("oops", 500),
    ),
    (
        "an error below the alias: the item is created",
        row_errors(at(["row0", "created_at"], "x", code="ColumnValueException", status_code=200)),
        Unknown("ColumnValueException: x", 200),
    ),
    (
        "a refusal, and an error below it",
        row_errors(
            at(["row0"], "x", code="ColumnValueException"),
            at(["row0", "id"], "y", code="ColumnValueException"),
        ),
        Unknown("ColumnValueException: y", None),
    ),
    ("null without a word", row_errors(), Unknown("the answer says nothing of this row")),
    ("null, and an error without a path", row_errors(error_body("x")["errors"][0]), Unknown("x")),
    (
        "null, and the error of another",
        row_errors(at(["row10"], "x", code="ColumnValueException")),
        Unknown("ColumnValueException: x"),
    ),
    (
        "an id, and an error below it all the same",
        row_errors(at(["row0", "id"], "x"), first={"id": 7}),
        Created("7"),
    ),
    ("an object without an id", row_errors(first={}), Unknown("the answer says nothing of this row")),
    ("an id that is null", row_errors(first={"id": None}), Unknown("the answer says nothing of this row")),
    ("an id that is empty", row_errors(first={"id": ""}), Unknown("the answer says nothing of this row")),
    (
        "an id that is no id",
        row_errors(first={"id": {"a": 1}}),
        Unknown("the answer says nothing of this row"),
    ),
    (
        "an id that is a truth value",
        row_errors(first={"id": True}),
        Unknown("the answer says nothing of this row"),
    ),
    ("a list for an object", row_errors(first=[{"id": "1"}]), Unknown("the answer says nothing of this row")),
]


@pytest.mark.parametrize(("body", "expected"), named(OUTCOMES))
@pytest.mark.parametrize("status", [200])
def test_an_alias_has_an_outcome_of_its_own_beside_one_that_went_well(
    body: Body, expected: Outcome, status: int
) -> None:
    assert outcomes(reply(body, status)) == [expected, Created("12")]


def test_an_alias_that_the_answer_does_not_mention_is_unknown() -> None:
    assert outcomes(reply({"data": {}})) == [Unknown("the answer says nothing of this row")] * 2


def test_all_aliases_may_fail_each_for_its_own_reason() -> None:
    body = {
        "data": {"row0": None, "row1": None},
        "errors": [at(["row1"], "b", code="ItemNameTooLongException"), at(["row0"], "a", code="X")],
    }
    assert outcomes(reply(body)) == [Rejected("a", "X"), Rejected("b", "ItemNameTooLongException")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (bodies.subgraph_limit("boards"), RateLimitError),
        (bodies.field_limit("boards", 15), RateLimitError),
        (bodies.field_minute_limit("boards"), RateLimitError),
        (
            {"data": {"boards": None}, "errors": [at(["boards"], "x", code="InvalidBoardIdException")]},
            EndpointError,
        ),
        ({"data": {"boards": []}, "errors": [at(["boards", 0], "x", status_code=500)]}, OutcomeUnknownError),
    ],
)
def test_half_an_answer_is_none_to_a_reader(body: Body, kind: type[DestinationError]) -> None:
    answer = reply(body)
    error = answers.partial(answers.read(answer), answer)
    assert type(error) is kind
    if body == bodies.field_limit("boards", 15):
        assert isinstance(error, TransientError)
        assert error.wait == 15


def test_a_whole_answer_is_whole_to_a_reader() -> None:
    answer = reply({"data": {"boards": []}})
    assert answers.partial(answers.read(answer), answer) is None


NOTED = """
    MINUTE_RATE_LIMIT_EXCEEDED MAX_CONCURRENCY_EXCEEDED maxConcurrencyExceeded DAILY_LIMIT_EXCEEDED tooManyRequests
    COMPLEXITY_BUDGET_EXHAUSTED complexityBudgetExhausted ComplexityException REQUEST_MAX_COMPLEXITY_EXCEEDED
    FIELD_LIMIT_EXCEEDED FIELD_MINUTE_RATE_LIMIT_EXCEEDED IP_RATE_LIMIT_EXCEEDED RATE_LIMIT_EXCEEDED
    TIMEOUT_EXCEEDED INTERNAL_SERVER_ERROR API_TEMPORARILY_BLOCKED IDEMPOTENCY_CONFLICT NOT_AUTHENTICATED
    ColumnValueException CorrectedValueException CreateBoardException InvalidArgumentException
    InvalidBoardIdException InvalidColumnIdException InvalidUserIdException InvalidVersionException
    ItemNameTooLongException ItemsLimitationException missingRequiredPermissions ResourceNotFoundException
    JsonParseException UserUnauthorizedException USER_ACCESS_DENIED DeleteLastGroupException
    RecordInvalidException InvalidItemIdException InvalidColumnTypeException USER_UNAUTHORIZED
    UNAUTHORIZED_FIELD_OR_TYPE INVALID_INPUT INVALID_ARGUMENT_EXCEPTION REVISION_MISMATCH CursorExpiredError
    invalidPersonAssignment DATA_VALIDATIONS_ERROR MutationCallsExceeded RateLimitedException
    InvalidGroupIdException
""".split()  # noqa: SIM905 - a text of them is easier to compare with monday's page
"""Every code that monday.com is known to use: docs/monday.md, "Errors and what they mean"."""


@pytest.mark.parametrize("code", NOTED)
def test_every_code_that_is_known_is_in_the_table(code: str) -> None:
    assert meanings.plain(code) in meanings.MEANINGS


@pytest.mark.parametrize(
    "words",
    [
        "Rate Limit Exceeded",
        "Minute limit rate exceeded",
        "Concurrency limit exceeded",
        "Your ip is restricted",
    ],
)
def test_words_that_stand_for_a_code_are_in_the_table(words: str) -> None:
    assert meanings.plain(words) in meanings.MEANINGS


def made_by(module: Any) -> list[Any]:
    """Call every maker of a module with arguments of its own: texts and numbers."""
    given: dict[Any, Any] = {str: "row0", int: 5}
    made = []
    for name, maker in inspect.getmembers(module, inspect.isfunction):
        if maker.__module__ == module.__name__ and not name.startswith("_"):
            parameters = inspect.signature(maker).parameters.values()
            needed = [one for one in parameters if one.default is one.empty]
            values = [
                given.get(one.annotation, {}) for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD
            ]
            made.append(pytest.param(maker(*values), id=name))
    return made


def codes_in(error: Any) -> list[str]:
    extensions = error.get("extensions") or {} if isinstance(error, dict) else {}
    return [code for code in (extensions.get("code"), extensions.get("error_code")) if code]


@pytest.mark.parametrize("body", made_by(bodies))
def test_every_code_that_the_sandbox_answers_is_in_the_table(body: Body) -> None:
    codes = [code for error in body.get("errors", ()) for code in codes_in(error)]
    codes += [body[key] for key in ("error_code", "code") if key in body]
    assert [code for code in codes if meanings.plain(code) not in meanings.MEANINGS] == []


@pytest.mark.parametrize("refusal", made_by(refusals))
def test_every_refusal_of_a_row_that_the_sandbox_answers_is_in_the_table(refusal: Any) -> None:
    assert meanings.plain(refusal.code) in meanings.MEANINGS
    body = row_errors(at(["row0"], refusal.message, **refusal.extensions))
    assert not isinstance(outcomes(reply(body))[0], Created | Unknown)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
codes = st.sampled_from(
    [*sorted(meanings.MEANINGS), "INTERNAL_SERVER_ERROR", "ColumnValueException", "DAILY_LIMIT_EXCEEDED"]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, "12", "x", None, 200, 429, 500])
paths = st.lists(st.sampled_from(["row0", "row1", "id", 0]) | json_values, max_size=3)
extensions = st.fixed_dictionaries(
    {},
    optional={
        "code": codes | json_values,
        "error_code": codes | json_values,
        "status_code": numbers,
        "retry_in_seconds": numbers,
        "retryAfterMs": numbers,
    },
)
errors = st.fixed_dictionaries(
    {}, optional={"message": json_values, "path": paths | json_values, "extensions": extensions | json_values}
)
results = st.fixed_dictionaries({}, optional={"id": st.text(max_size=3) | json_values}) | json_values
graphql_bodies = st.fixed_dictionaries(
    {},
    optional={
        "data": st.dictionaries(st.sampled_from(["row0", "row1", "complexity"]), results) | json_values,
        "errors": st.lists(errors | json_values, max_size=3) | json_values,
        "error_code": codes | json_values,
        "error_message": json_values,
        "status_code": numbers,
    },
)
statuses = st.sampled_from([200, 400, 401, 403, 404, 409, 423, 429, 500, 502, 503]) | st.integers(100, 999)
headers_ = st.dictionaries(
    st.sampled_from(["retry-after", "ratelimit", "ratelimit-policy"]),
    st.text(max_size=20) | st.sampled_from(['"minuteRate";r=0;t=38', "9" * 400, "1e9"]),
)


def all_outcomes(answer: answers.Reply) -> list[Outcome]:
    """Judge an answer to a mutation as a whole and row by row; nothing but a DestinationError may come of it."""
    if judged(answer) is not None:
        return []
    read = answers.read(answer)
    return [answers.outcome(read, alias) for alias in ALIASES]


@given(st.binary(max_size=200), statuses, headers_)
def test_garbage_is_never_taken_for_success(body: bytes, status: int, headers: dict[str, str]) -> None:
    assert not any(
        isinstance(one, Created) for one in all_outcomes(answers.Reply(status, headers, body, NOW))
    )


@given(graphql_bodies, statuses, headers_)
def test_whatever_is_answered_only_an_id_is_success(body: Body, status: int, headers: dict[str, str]) -> None:
    answer = answers.Reply(status, headers, json.dumps(body).encode(), NOW)
    for alias, outcome in zip(ALIASES, all_outcomes(answer), strict=False):
        if isinstance(outcome, Created):
            given_id = body["data"][alias]["id"]
            assert outcome.id == str(given_id)
            assert given_id != ""
            assert type(given_id) in {str, int}


@given(graphql_bodies, statuses, headers_)
def test_whatever_is_answered_a_wait_is_a_number_of_seconds(
    body: Body, status: int, headers: dict[str, str]
) -> None:
    answer = answers.Reply(status, headers, json.dumps(body).encode(), NOW)
    error = judged(answer)
    waits = [error.wait] if isinstance(error, TransientError) else []
    waits += [one.wait for one in all_outcomes(answer) if isinstance(one, NotExecuted)]
    assert all(wait is None or 0 <= wait < float("inf") for wait in waits)


@given(st.binary(max_size=200), st.integers(500, 599) | st.integers(200, 399), headers_)
def test_an_unreadable_answer_of_a_server_that_may_have_worked_is_unknown(
    body: bytes, status: int, headers: dict[str, str]
) -> None:
    answer = answers.Reply(status, headers, b"<" + body, NOW)
    assert type(judged(answer)) is OutcomeUnknownError


@given(graphql_bodies, st.integers(500, 599), headers_)
def test_a_server_that_failed_refuses_nothing_for_good(
    body: Body, status: int, headers: dict[str, str]
) -> None:
    # Only a code that says so tells that nothing was executed.
    error = judged(answers.Reply(status, headers, json.dumps(body).encode(), NOW))
    assert type(error) is not TerminalError
