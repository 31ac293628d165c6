"""Logging: dotted event names with facts, and no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, quote_plus

import structlog

from order_staging.terminal import Lossy, coloured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"

_IN_URLS = re.compile(r"(?<=://)[^/\s:]*:[^/\s]*(?=@)")
_NAME = re.compile(r"(?i)authorization|api[-_]?key|token|password|passwd|pwd|secret")
_NAMED = re.compile(
    rf"(?i)(?P<name>{_NAME.pattern.removeprefix('(?i)')})"
    r"(?P<between>[\"']?\s*[:=]\s*[\"']?)(?P<value>(?:bearer\s+)?[^\s\"',;&}]+)"
)


class Redactor:
    """A structlog processor that hides secrets: those it is told of, and what looks like one.

    It goes after the exception is formatted, so that tracebacks are covered too.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secrets as they are; their URL-quoted forms are hidden as well."""
        forms = {
            form for secret in secrets if secret for form in (secret, quote(secret, ""), quote_plus(secret))
        }
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Clean every value of a log event, however deep."""
        return cast("EventDict", self.clean(event))

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - whatever is logged
        """Hide secrets in text, in containers, and in what else prints itself as text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {self.text(str(key)): self._named(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        return self.text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))

    def _named(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever is logged
        return (
            HIDDEN
            if value and isinstance(value, str | bytes) and _NAME.fullmatch(name)
            else self.clean(value)
        )

    def known(self, text: str) -> str:
        """Hide the secrets that it was told of, and the users and passwords of URLs."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _IN_URLS.sub(HIDDEN, text)

    def text(self, text: str) -> str:
        """Hide secrets in a text: also what stands behind a name such as `token:`."""
        text = self.known(text)
        return _NAMED.sub(lambda found: f"{found['name']}{found['between']}{HIDDEN}", text)


def configure(
    *,
    level: str = "INFO",
    json: bool = False,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Set structlog up for a program: level, JSON or readable lines, where to, and what to hide.

    A library that imports us keeps its own configuration; only the command line calls this. Lines that the stream
    does not take are lost: a batch must not break off because its log is full, or read no more.
    """
    target = stream or sys.stderr
    structlog.configure(
        processors=processors(json=json, colors=coloured(target), secrets=secrets),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", Lossy(target))),
        cache_logger_on_first_use=False,
    )


def processors(*, json: bool, colors: bool, secrets: Iterable[str]) -> list[Processor]:
    """Chain what every event goes through, ending as one line of text."""
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=colors)
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        Redactor(secrets),
        last,
    ]
