"""Logs: lines that parse, and no secret in any of them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from order_staging import logs
from order_staging.logs import HIDDEN, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "eyJhbGciOiJIUzI1NiJ9.a+b/c=="
SECRETS = st.text("abcXYZ019+/=%@:&?# ~.é", min_size=8, max_size=30).filter(lambda text: text.strip())


@pytest.fixture(autouse=True)
def _own_configuration() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def lines(*, json: bool = True, level: str = "INFO", secrets: tuple[str, ...] = (TOKEN,)) -> io.StringIO:
    """Log to a text; give it."""
    stream = io.StringIO()
    logs.configure(level=level, json=json, stream=stream, secrets=secrets)
    return stream


def only(stream: io.StringIO) -> dict[str, Any]:
    """Read the single line that was logged."""
    (line,) = stream.getvalue().rstrip("\n").split("\n")
    return dict(json.loads(line))


class Full(io.StringIO):
    """A stream whose disk is full, or whose reader has left."""

    def write(self, _: str, /) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise BrokenPipeError


def leaves(value: Any) -> Iterator[str]:
    """Walk through every text of a structure, keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(key)
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield str(value)


def test_a_line_of_json_has_the_event_its_facts_the_level_and_the_time() -> None:
    stream = lines()
    structlog.get_logger().info("batch.loaded", customer="GREYSON", rows=69, odd='"quotes"\nand é 漢字')
    line = only(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "batch.loaded",
        "level": "info",
        "customer": "GREYSON",
        "rows": 69,
        "odd": '"quotes"\nand é 漢字',
    }


def test_context_that_is_bound_once_is_on_every_line() -> None:
    stream = lines()
    structlog.contextvars.bind_contextvars(batch="b1", token_of_batch=f"has {TOKEN}")
    structlog.get_logger().info("one")
    structlog.get_logger().info("two")
    read = [json.loads(line) for line in stream.getvalue().rstrip("\n").split("\n")]
    assert [(line["event"], line["batch"]) for line in read] == [("one", "b1"), ("two", "b1")]
    assert TOKEN not in stream.getvalue()


def test_below_the_level_nothing_is_logged() -> None:
    stream = lines(level="warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert only(stream)["event"] == "loud"


def test_on_a_terminal_lines_are_for_people_and_colourless_elsewhere() -> None:
    stream = lines(json=False)
    structlog.get_logger().info("batch.loaded", rows=69)
    assert "batch.loaded" in stream.getvalue()
    assert "rows=69" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_secret_in_an_exceptions_traceback_is_hidden(*, json_lines: bool) -> None:
    stream = lines(json=json_lines)
    error = RuntimeError(f"request with {TOKEN} failed")
    error.__cause__ = ValueError(f"401 for {TOKEN}")
    structlog.get_logger().error("request.failed", headers={"Authorization": TOKEN}, exc_info=error)
    assert TOKEN not in stream.getvalue()
    assert "RuntimeError: request with [hidden] failed" in stream.getvalue()
    assert "ValueError: 401 for [hidden]" in stream.getvalue()


@dataclass
class Request:
    """Something that prints itself with what it holds."""

    token: str


@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        {"variables": [{"deep": (TOKEN, {TOKEN})}]},
        {TOKEN: "as a key"},
        [[frozenset({TOKEN})]],
        TOKEN.encode(),
        ValueError(TOKEN),
        Request(TOKEN),
        f"https://x.example/?q={quote(TOKEN, safe='')}",
        f"https://x.example/?q={quote_plus(TOKEN)}",
        json.dumps({"query": "{ me }", "key": TOKEN}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("json_lines", [True, False])
def test_a_known_secret_is_hidden_wherever_it_stands(value: Any, *, json_lines: bool) -> None:
    stream = lines(json=json_lines)
    structlog.get_logger().info("event", value=value)
    assert all(form not in stream.getvalue() for form in (TOKEN, quote(TOKEN, safe=""), quote_plus(TOKEN)))
    assert HIDDEN in stream.getvalue()


def test_a_secret_in_the_events_own_name_or_in_a_facts_name_is_hidden() -> None:
    stream = lines()
    structlog.get_logger().info(f"used {TOKEN}", **{TOKEN: 1})
    assert TOKEN not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql+psycopg://loader:hunter2@db/orders",
        "mssql+pyodbc://:hunter2@db/orders",
        "mssql+pyodbc://loader@server:hunter2@server.database.windows.net/orders",
        "PWD=hunter2;SERVER=db",
        "password = 'hunter2'",
        '{"token": "hunter2"}',
        "api_key=hunter2&page=1",
        "Authorization: Bearer hunter2",
        "authorization: hunter2",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_told(text: str) -> None:
    assert "hunter2" not in Redactor().text(text)
    assert HIDDEN in Redactor().text(text)


@pytest.mark.parametrize("name", ["Authorization", "token", "api_key", "api-key", "password", "PWD"])
def test_a_fact_whose_name_says_secret_is_hidden_though_nobody_told(name: str) -> None:
    assert Redactor().clean({"headers": {name: "hunter2"}}) == {"headers": {name: HIDDEN}}


@pytest.mark.parametrize(
    "text",
    ["https://api.monday.com/v2", "12:30:45", "tokens", "the token was refused", "a@b.example", "PO: 4755"],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert Redactor(["something-else"]).text(text) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("abc 123.é", max_size=8),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("xyz", max_size=4), inner),
    )
)
def test_values_without_secrets_pass_unchanged(value: Any) -> None:
    assert Redactor(["a-secret-of-somebody"]).clean(value) == value


def test_numbers_and_truth_keep_their_types_and_the_rest_becomes_text() -> None:
    cleaned = Redactor().clean({"n": 1, "x": 1.5, "t": True, "no": None, "money": Decimal("1.50")})
    assert cleaned == {"n": 1, "x": 1.5, "t": True, "no": None, "money": "1.50"}


def test_empty_secrets_hide_nothing() -> None:
    assert Redactor(["", ""]).text("plain") == "plain"


def test_a_secret_that_contains_another_is_hidden_whole() -> None:
    assert Redactor(["hunter2", "hunter2-and-more"]).text("hunter2-and-more") == HIDDEN


def hiding_places(secret: str) -> st.SearchStrategy[Any]:
    """Structures that hold a secret somewhere."""
    filler = st.text(max_size=5) | st.integers() | st.none()
    around = st.tuples(st.text(max_size=5), st.text(max_size=5))
    plain = around.map(lambda both: f"{both[0]}{secret}{both[1]}")
    inside = plain | st.sampled_from(
        [
            secret.encode(),
            quote(secret, safe=""),
            quote_plus(secret),
            ValueError(secret),
            f"https://u:{secret}@h/",
        ]
    )
    return st.recursive(
        inside,
        lambda deeper: (
            st.tuples(deeper, filler)
            | st.lists(deeper | filler, min_size=1).flatmap(
                lambda items: deeper.map(lambda one: [*items, one])
            )
            | st.dictionaries(st.text(max_size=3), deeper, min_size=1)
            | deeper.map(lambda _: {secret: 1})
        ),
        max_leaves=5,
    )


@given(SECRETS.flatmap(lambda secret: st.tuples(st.just(secret), hiding_places(secret))))
@example(("00000000", "00000000\x85"))
def test_a_secret_survives_in_no_structure(hidden: tuple[str, Any]) -> None:
    secret, value = hidden
    stream = lines(secrets=(secret,))
    structlog.get_logger().info("event", value=value)
    forms = {secret, quote(secret, safe=""), quote_plus(secret)}
    assert not [text for text in leaves(only(stream)["value"]) for form in forms if form in text]


def test_an_error_may_name_a_setting_without_its_problem_being_hidden() -> None:
    words = Redactor(["hush"]).known(
        "ORDER_STAGING_MONDAY_TOKEN: must be one word, not hush, at https://u:p@host"
    )
    assert words == f"ORDER_STAGING_MONDAY_TOKEN: must be one word, not {HIDDEN}, at https://{HIDDEN}@host"


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    logs.configure(stream=Full())
    structlog.get_logger().info("batch.ended", customer="GREYSON CLOTHIERS")
