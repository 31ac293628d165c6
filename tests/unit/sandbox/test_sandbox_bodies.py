import json
from typing import Any

import pytest

from order_staging.sandbox import bodies, refusals
from order_staging.sandbox.refusals import Refusal

WHOLE = [
    (bodies.minute_limit(58), "MINUTE_RATE_LIMIT_EXCEEDED", "Minute rate limit exceeded"),
    (bodies.concurrency_limit(15), "MAX_CONCURRENCY_EXCEEDED", "Too many concurrent requests"),
    (bodies.daily_limit(3599), "DAILY_LIMIT_EXCEEDED", "Daily limit exceeded"),
    (bodies.complexity_limit(22), "COMPLEXITY_BUDGET_EXHAUSTED", "Complexity budget exhausted"),
    (bodies.ip_limit(10), "IP_RATE_LIMIT_EXCEEDED", None),
    (bodies.documented_minute_limit(), "Rate Limit Exceeded", "Minute limit rate exceeded"),
    (bodies.documented_concurrency_limit(), "maxConcurrencyExceeded", "Concurrency limit exceeded"),
    (bodies.documented_concurrency_limit(9), "maxConcurrencyExceeded", "Concurrency limit exceeded"),
    (bodies.observed_complexity_limit(), "complexityBudgetExhausted", None),
    (bodies.complexity_limit_of_2025_01(), "COMPLEXITY_BUDGET_EXHAUSTED", None),
    (bodies.request_too_complex(), "REQUEST_MAX_COMPLEXITY_EXCEEDED", None),
    (bodies.timeout(), "TIMEOUT_EXCEEDED", "Request processing timeout exceeded"),
    (bodies.not_authenticated(), "NOT_AUTHENTICATED", "Not authenticated"),
    (bodies.idempotency_conflict(), "IDEMPOTENCY_CONFLICT", None),
    (bodies.reused_idempotency_key(), "IDEMPOTENCY_KEY_REUSED", None),
    (bodies.bad_request(), "BAD_REQUEST", None),
    (bodies.malformed_body("No JSON"), "JsonParseException", None),
    (bodies.invalid_version("2023"), "InvalidVersionException", None),
    (bodies.unauthorized_user(), "UserUnauthorizedException", None),
    (bodies.access_denied(), "USER_ACCESS_DENIED", None),
    (bodies.not_found(), "ResourceNotFoundException", None),
    (bodies.invalid_record(), "RecordInvalidException", None),
    (bodies.restricted_address(), None, "Your ip is restricted"),
    (bodies.locked(), None, "Resource is currently locked, please try again later"),
    (bodies.parse_error(), None, "Parse error on INT"),
]
RATE_LIMITS = [body for body, code, _ in WHOLE if code is not None and "retry_in_seconds" in str(body)]

FIELDS: list[tuple[Refusal, str, int]] = [
    (refusals.unknown_board("1"), "InvalidBoardIdException", 200),
    (refusals.unknown_item("1"), "InvalidItemIdException", 200),
    (refusals.unknown_group("1", "g"), "ResourceNotFoundException", 404),
    (refusals.invalid_group("g"), "InvalidGroupIdException", 200),
    (refusals.foreign_group("g"), "USER_UNAUTHORIZED", 403),
    (refusals.last_group("g"), "DeleteLastGroupException", 409),
    (refusals.unknown_column("c"), "InvalidColumnIdException", 200),
    (refusals.read_only_column("c", "formula"), "InvalidColumnTypeException", 200),
    (refusals.bad_value("c", "text", "no"), "ColumnValueException", 200),
    (refusals.missing_label("c", "status"), "ColumnValueException", 200),
    (refusals.unknown_managed_label("c", "X", {1: "A"}), "ColumnValueException", 200),
    (refusals.corrected_value("c"), "CorrectedValueException", 200),
    (refusals.name_too_long(256), "ItemNameTooLongException", 200),
    (refusals.empty_name(), "InvalidArgumentException", 200),
    (refusals.bad_argument("no"), "InvalidArgumentException", 200),
    (refusals.invalid_input(), "INVALID_INPUT", 400),
    (refusals.invalid_input(spelt="INVALID_ARGUMENT_EXCEPTION"), "INVALID_ARGUMENT_EXCEPTION", 400),
    (refusals.too_many_items("1", 10_000), "ItemsLimitationException", 200),
    (refusals.too_many_subitems("1", 100), "ItemsLimitationException", 200),
    (refusals.account_full(200), "ItemsLimitationException", 200),
    (refusals.expired_cursor(), "CursorExpiredError", 200),
    (refusals.board_not_created(), "CreateBoardException", 200),
    (refusals.unknown_user("1"), "InvalidUserIdException", 200),
    (refusals.bad_person("1"), "invalidPersonAssignment", 200),
    (refusals.temporarily_blocked(), "API_TEMPORARILY_BLOCKED", 200),
    (refusals.missing_permissions(), "missingRequiredPermissions", 200),
    (refusals.forbidden_field("f"), "UNAUTHORIZED_FIELD_OR_TYPE", 403),
    (refusals.stale_revision("c", 3), "REVISION_MISMATCH", 409),
    (refusals.data_validation("c"), "DATA_VALIDATIONS_ERROR", 422),
    (refusals.too_many_mutations(), "MutationCallsExceeded", 429),
    (refusals.too_many_mutations(spelt="RateLimitedException"), "RateLimitedException", 429),
]


def _error(body: bodies.Body) -> Any:
    [error] = json.loads(json.dumps(body))["errors"]
    return error


@pytest.mark.parametrize(("body", "code", "message"), WHOLE)
def test_a_refusal_of_the_whole_has_no_data_and_its_code(
    body: bodies.Body, code: str | None, message: str | None
) -> None:
    error = _error(body)
    assert "data" not in body
    assert error["extensions"].get("code") == code
    assert message in {None, error["message"]}


@pytest.mark.parametrize("body", RATE_LIMITS)
def test_a_rate_limit_tells_how_long_to_wait(body: bodies.Body) -> None:
    assert _error(body)["extensions"]["retry_in_seconds"] > 0


def test_the_rate_limits_of_this_year_tell_a_wait() -> None:
    assert len(RATE_LIMITS) == 9


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (bodies.subgraph_limit("boards"), "tooManyRequests"),
        (bodies.field_limit("boards"), "FIELD_LIMIT_EXCEEDED"),
        (bodies.field_minute_limit("boards"), "FIELD_MINUTE_RATE_LIMIT_EXCEEDED"),
    ],
)
def test_a_limit_of_one_field_leaves_it_null(body: bodies.Body, code: str) -> None:
    error = _error(body)
    assert body["data"] == {"boards": None}
    assert (error["path"], error["extensions"]["code"]) == (["boards"], code)


@pytest.mark.parametrize(("refusal", "code", "status"), FIELDS)
def test_a_refusal_of_a_field_has_its_code_and_the_status_inside_the_body(
    refusal: Refusal, code: str, status: int
) -> None:
    extensions = json.loads(json.dumps(refusal.extensions))
    assert (refusal.code, extensions["code"], extensions["status_code"]) == (code, code, status)
    assert refusal.message
    assert "error_data" in extensions


def test_the_data_of_a_validation_rule_is_an_array() -> None:
    assert refusals.data_validation("c").extensions == bodies.validation_rule("c")
    assert isinstance(bodies.validation_rule("c")["error_data"], list)


def test_the_older_bodies_are_as_monday_sent_them() -> None:
    internal, crashed = bodies.internal_error(), bodies.crashed()
    assert internal["data"] is None
    assert _error(internal)["extensions"] == {
        "status_code": 500,
        "error_code": "INTERNAL_SERVER_ERROR",
        "service": "monolith",
    }
    assert (crashed["status_code"], crashed["error_code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert bodies.not_authenticated_text() == {"errors": ["Not Authenticated"]}
    assert bodies.legacy_validation()["account_id"]
    assert str(bodies.legacy_complexity_limit(3)["error_message"]).endswith(
        "query cost 30001 budget remaining 19986 out of 1000000 reset in 3 seconds"
    )


@pytest.mark.parametrize("page", [bodies.BAD_GATEWAY_PAGE, bodies.TOO_MANY_REQUESTS_PAGE])
def test_a_gateway_answers_pages(page: str) -> None:
    assert page.startswith("<html>")
