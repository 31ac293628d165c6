import pytest

from order_staging.sandbox.page.guard import CONTENT_SECURITY_POLICY, MARK, is_loopback, refusal

HOST = "127.0.0.1:8050"
MARKED = {MARK: "1"}


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:8050", "LOCALHOST", "[::1]:8050", "127.0.0.1"])
def test_loopback_names_are_answered(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8050",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8050",
        "user@evil.example",
        "192.168.1.7:8050",
        "0.0.0.0:8050",
        "",
        "127.0.0.1:port",
    ],
)
def test_other_names_are_not_answered_even_where_their_address_is_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": f"http://{HOST}"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{HOST}"},
    ],
)
def test_the_page_itself_may_read_and_change(headers: dict[str, str]) -> None:
    assert refusal("GET", headers, HOST) is None
    assert refusal("POST", headers | MARKED, HOST) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{HOST}"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_other_pages_may_do_nothing(headers: dict[str, str], method: str) -> None:
    assert refusal(method, headers | MARKED, HOST) is not None


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_nothing_is_changed_by_a_form_that_cannot_add_a_header(method: str) -> None:
    assert refusal(method, {}, HOST) == f"What changes anything bears the header {MARK}"


def test_the_policy_lets_nothing_in_from_elsewhere_and_no_script_in_line() -> None:
    policy = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert policy["require-trusted-types-for"] == "'script'"
