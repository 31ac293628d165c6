"""Colours and widths are chosen by the stream and by the variables that people know."""

from __future__ import annotations

import os
import sys
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from order_staging import terminal


def test_closed_streams_become_the_null_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    terminal.open_closed()
    opened = sys.stdin, sys.stdout, sys.stderr
    assert [stream.name for stream in opened] == [os.devnull] * 3
    assert not terminal.coloured(opened[1], {})
    for stream in opened:
        stream.close()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "variables", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "xterm-256color"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "unknown"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": "0"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (StringIO(), {}, False),
        (StringIO(), {"FORCE_COLOR": "1"}, True),
        (StringIO(), {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (StringIO(), {"FORCE_COLOR": ""}, False),
        (StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "yes"}, False),
    ],
)
def test_colours_are_refused_asked_for_or_left_to_the_terminal(
    stream: StringIO, variables: dict[str, str], coloured: bool
) -> None:
    assert terminal.coloured(stream, variables) is coloured


@pytest.mark.parametrize("given", ["", "0", "-3", "wide"])
def test_where_no_terminal_limits_lines_they_are_not_broken(given: str) -> None:
    assert terminal.width(StringIO(), {"COLUMNS": given}) == terminal.UNBROKEN


def test_columns_wins_over_the_stream() -> None:
    assert terminal.width(StringIO(), {"COLUMNS": "61"}) == 61
    assert terminal.width(Terminal(), {"COLUMNS": "200"}) == 200


def test_lines_are_written_over_on_a_terminal_that_can_alone() -> None:
    assert terminal.is_capable(Terminal(), {"TERM": "screen"})
    assert not terminal.is_capable(Terminal(), {"TERM": "dumb"})
    assert not terminal.is_capable(StringIO(), {"FORCE_COLOR": "1"})


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", b"GR?N ?"), ("cp1252", b"GR\xdcN ?"), ("utf-8", None)]
)
def test_what_an_encoding_lacks_is_a_question_mark_and_no_error(encoding: str, shown: bytes | None) -> None:
    stream = TextIOWrapper(BytesIO(), encoding)
    terminal.forgive(stream, StringIO())
    stream.write("GR\N{LATIN CAPITAL LETTER U WITH DIAERESIS}N \N{RIGHTWARDS ARROW}")
    stream.flush()
    assert terminal.takes_everything(stream) is (shown is None)
    assert stream.buffer.getvalue() == (shown or "GR\xdcN \u2192".encode())


class Raising(BytesIO):
    """What fails as a full disk does, or as a pipe whose reader has left."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, _: object, /) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), terminal.UnwritableError),
        (BrokenPipeError(32, "Broken pipe"), BrokenPipeError),
    ],
)
def test_guarded_output_tells_that_it_is_itself_what_fails_but_not_that_a_reader_has_left(
    monkeypatch: pytest.MonkeyPatch, error: OSError, raised: type[OSError]
) -> None:
    before = TextIOWrapper(Raising(error), "utf-8", "replace", line_buffering=True)
    monkeypatch.setattr(sys, "stdout", before)
    terminal.guard_output()
    with pytest.raises(raised) as found:
        print("a line")  # noqa: T201 - what is tested
    assert (type(found.value), found.value.strerror) == (raised, error.strerror)
    assert (sys.stdout.encoding, sys.stdout.errors) == (before.encoding, before.errors)
