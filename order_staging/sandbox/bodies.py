"""Bodies that monday.com answers when it does not do what it was asked; each function makes a fresh one.

The status that goes with a body is in its docstring. The sandbox adds `extensions.request_id` on the way out.
"""

from collections.abc import Mapping

Body = dict[str, object]

BAD_GATEWAY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
TOO_MANY_REQUESTS_PAGE = "<html><head><title>429</title></head><body><h1>Too Many Requests</h1></body></html>"


def refused(message: str, **extensions: object) -> Body:
    """A request refused as a whole, without `data`: nothing of it ran."""
    error: Body = {"message": message}
    if extensions:
        error["extensions"] = extensions
    return {"errors": [error]}


def minute_limit(retry_in_seconds: int = 58) -> Body:
    """429: too many requests in a minute."""
    message = "Minute rate limit exceeded"
    return refused(message, code="MINUTE_RATE_LIMIT_EXCEEDED", retry_in_seconds=retry_in_seconds)


def concurrency_limit(retry_in_seconds: int = 15) -> Body:
    """429: too many requests in flight."""
    message = "Too many concurrent requests"
    return refused(message, code="MAX_CONCURRENCY_EXCEEDED", retry_in_seconds=retry_in_seconds)


def documented_concurrency_limit(retry_in_seconds: int | None = None) -> Body:
    """429: too many requests in flight, as the documentation spells it; older servers tell no wait."""
    wait = {} if retry_in_seconds is None else {"retry_in_seconds": retry_in_seconds}
    return refused("Concurrency limit exceeded", code="maxConcurrencyExceeded", **wait)


def documented_minute_limit(retry_in_seconds: int = 58) -> Body:
    """429: too many requests in a minute, as the documentation spells it."""
    message = "Minute limit rate exceeded"
    return refused(message, code="Rate Limit Exceeded", retry_in_seconds=retry_in_seconds)


def ip_limit(retry_in_seconds: int = 10) -> Body:
    """429: too many requests from one address."""
    message = "IP rate limit exceeded"
    return refused(message, code="IP_RATE_LIMIT_EXCEEDED", retry_in_seconds=retry_in_seconds)


def daily_limit(retry_in_seconds: int = 3599) -> Body:
    """429: the calls of the day are used up."""
    return refused("Daily limit exceeded", code="DAILY_LIMIT_EXCEEDED", retry_in_seconds=retry_in_seconds)


def complexity_limit(retry_in_seconds: int = 22) -> Body:
    """429: the complexity points of the minute are used up."""
    message = "Complexity budget exhausted"
    return refused(message, code="COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=retry_in_seconds)


def observed_complexity_limit(retry_in_seconds: int = 22) -> Body:
    """429: the complexity points of the minute are used up, in a spelling that others saw."""
    message = "Complexity budget exhausted"
    return refused(message, code="complexityBudgetExhausted", retry_in_seconds=retry_in_seconds)


def complexity_limit_of_2025_01(
    retry_in_seconds: int = 22, *, cost: int = 30_001, left: int = 19_986, limit: int = 1_000_000
) -> Body:
    """429: the complexity points of the minute are used up, with the points as versions of early 2025 tell them."""
    return refused(
        "Complexity budget exhausted",
        code="COMPLEXITY_BUDGET_EXHAUSTED",
        complexity=cost,
        complexity_budget_left=left,
        complexity_budget_limit=limit,
        retry_in_seconds=retry_in_seconds,
        status_code=429,
    )


def legacy_complexity_limit(
    reset_in_seconds: int = 3, *, cost: int = 30_001, left: int = 19_986, limit: int = 1_000_000
) -> Body:
    """200: the complexity points are used up, in the form of versions before 2025-01."""
    text = f"query cost {cost} budget remaining {left} out of {limit} reset in {reset_in_seconds} seconds"
    return {
        "error_code": "ComplexityException",
        "status_code": 429,
        "error_message": f"Complexity budget exhausted, {text}",
        "error_data": {},
    }


def request_too_complex(cost: int = 6_000_000) -> Body:
    """429: one request above what any may cost, in points; it will not get better by waiting."""
    message = "Request is too complex"
    return refused(
        message, code="REQUEST_MAX_COMPLEXITY_EXCEEDED", cost=cost, max_complexity_per_request=5_000_000
    )


def subgraph_limit(field: str) -> Body:
    """200: one field is null, because a service behind the gateway limits itself."""
    message = "Rate limit already blocked for board-columns-errors"
    return _null_field(field, message, code="tooManyRequests", status_code=400, service="data-structure")


def field_limit(field: str, retry_in_seconds: int = 15) -> Body:
    """200: one field is null, because fields of its kind were asked for too often."""
    return _null_field(
        field,
        "Field limit exceeded",
        code="FIELD_LIMIT_EXCEEDED",
        status_code=429,
        retry_in_seconds=retry_in_seconds,
        error_data={"entity": "subitems"},
    )


def field_minute_limit(field: str) -> Body:
    """200: one field is null, because values of its kind were asked for too often in a minute."""
    message = "Field minute rate limit exceeded"
    return _null_field(field, message, code="FIELD_MINUTE_RATE_LIMIT_EXCEEDED", status_code=429)


def timeout() -> Body:
    """503: the service gave up waiting for itself; what it did is unknown."""
    return refused("Request processing timeout exceeded", code="TIMEOUT_EXCEEDED")


def internal_error() -> Body:
    """200: the whole request failed inside; `data` is null, and what was done is unknown."""
    extensions = {"status_code": 500, "error_code": "INTERNAL_SERVER_ERROR", "service": "monolith"}
    return {
        "data": None,
        "errors": [{"message": "Internal server error", "path": [], "extensions": extensions}],
    }


def crashed() -> Body:
    """500: the service crashed; what was done is unknown."""
    return {
        "status_code": 500,
        "error_message": "Internal server error",
        "error_code": "INTERNAL_SERVER_ERROR",
        "errors": ["Internal server error"],
    }


def not_authenticated() -> Body:
    """401: the token is missing or wrong."""
    return refused("Not authenticated", code="NOT_AUTHENTICATED")


def not_authenticated_text() -> Body:
    """401: the token is missing or wrong, as an array of strings."""
    return {"errors": ["Not Authenticated"]}


def idempotency_conflict() -> Body:
    """409: the first request with this idempotency key is still running."""
    message = "A request with this idempotency key is currently being processed"
    return refused(message, code="IDEMPOTENCY_CONFLICT")


def locked() -> Body:
    """423: somebody else is writing there."""
    message = "Resource is currently locked, please try again later"
    return refused(message, status_code=423)


def reused_idempotency_key() -> Body:
    """422: this idempotency key was used with another body. Our own choice, the service documents none."""
    message = "This idempotency key was used with a different request"
    return refused(message, code="IDEMPOTENCY_KEY_REUSED", status_code=422)


def bad_request() -> Body:
    """400: the request is not understood."""
    return refused("Bad request", code="BAD_REQUEST", status_code=400)


def restricted_address() -> Body:
    """401: the account lets in other addresses only."""
    return refused("Your ip is restricted", status_code=401)


def unauthorized_user() -> Body:
    """403: the user of the token may not do this."""
    message = "User unauthorized to perform action"
    return refused(message, code="UserUnauthorizedException", status_code=403)


def access_denied() -> Body:
    """403: the user of the token may not use the API."""
    return refused("Access denied", code="USER_ACCESS_DENIED", status_code=403)


def not_found() -> Body:
    """404: what was asked for does not exist."""
    return refused("Resource not found", code="ResourceNotFoundException", status_code=404)


def invalid_record() -> Body:
    """422: what was to be written is not valid."""
    return refused("Record is invalid", code="RecordInvalidException", status_code=422)


def parse_error(what: str = "INT") -> Body:
    """200: the document cannot be read, as the older engine says it."""
    return refused(f"Parse error on {what}", status_code=200)


def legacy_validation(message: str = "Field 'wrong' doesn't exist on type 'Board'") -> Body:
    """200: the document is not valid, in the form of versions before 2025-01."""
    error = {"message": message, "locations": [{"line": 1, "column": 3}], "fields": ["query", "boards"]}
    return {"errors": [error], "account_id": 4711}


def malformed_body(message: str) -> Body:
    """400: the body is not the JSON object it has to be."""
    return refused(message, code="JsonParseException", status_code=400)


def invalid_version(version: str) -> Body:
    """200: the version header is not of the form YYYY-MM."""
    message = "The API version is not valid"
    return refused(
        message,
        code="InvalidVersionException",
        status_code=200,
        error_data={"version": version},
        service="monolith",
    )


def alias_error(alias: str, message: str, extensions: Mapping[str, object]) -> Body:
    """The error of one alias, for the list of errors."""
    return {"message": message, "path": [alias], "extensions": dict(extensions)}


def validation_rule(column_id: str, message: str = "'Quantity' must be at least [5]") -> Body:
    """The `extensions` of a mutation that a validation rule of the board refuses; their data is an array."""
    data = [{"itemId": None, "columnIds": [column_id], "message": message}]
    return {"code": "DATA_VALIDATIONS_ERROR", "status_code": 422, "error_data": data}


def _null_field(field: str, message: str, **extensions: object) -> Body:
    return {"data": {field: None}, "errors": [alias_error(field, message, extensions)]}
