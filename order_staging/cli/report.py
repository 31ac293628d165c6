"""`report`: what happened, as a page that needs nothing but a browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from order_staging.cli import program
from order_staging.cli.looking import batch_named, reading
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.cli.pages import write_page
from order_staging.errors import ConfigurationError, UnknownBatchError
from order_staging.logs import Redactor
from order_staging.reporting.reports import (
    BoardLinks,
    batch_facts,
    batch_page,
    batch_report,
    period_page,
    period_report,
)
from order_staging.transform import load_mapping

if TYPE_CHECKING:
    from order_staging.reporting.reports import BatchReport, PeriodReport
    from order_staging.settings import Settings
    from order_staging.unit_of_work import UnitOfWork

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SINCE = re.compile(r"([1-9][0-9]{0,3})([hdw])")


def report(
    batch: Annotated[
        str | None, typer.Argument(help="a batch's id, or how it begins; or give --since")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="the page to write")],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="over all batches of the last 12h, 30d or 8w"),
    ] = None,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Write what happened in a batch, or in the batches of some time, as a page that works offline.

    Example: order-staging report 1f0c2a9e --out batch.html

    Example: order-staging report --since 30d --out month.html
    """
    with program.program(output, log_level, log_format) as ours:
        if (batch is None) == (since is None):
            raise ConfigurationError("give a batch, or --since with a time such as 30d, and not both")
        now = datetime.now(UTC).replace(tzinfo=None)
        begin = None if since is None else beginning(since, now)
        # Whatever stands in the tables: a page goes by mail to people who must not have the token.
        clean = Redactor(ours.settings.secrets()).known
        with reading(ours.settings) as uow:
            if begin is None:
                found = _of_batch(uow, ours.settings, str(batch), now)
                page, about = batch_page(found, clean), {"batch_id": found.batch.batch_id}
            else:
                period = _of_time(uow, begin, now)
                page, about = period_page(period, clean), {"since": f"{period.since:%Y-%m-%dT%H:%M:%SZ}"}
        written = write_page(out, page)
        document = {"report": str(out), "bytes": written} | about
        ours.show(document, lambda: f"Wrote {out}, {written:,} bytes: open it in a browser.")


def _of_batch(uow: UnitOfWork, settings: Settings, text: str, now: datetime) -> BatchReport:
    facts = batch_facts(uow, batch_named(uow, text), now)
    if facts is None:
        raise UnknownBatchError(text)
    fields = [field.title for field in load_mapping(settings.mapping).fields]
    return batch_report(facts, now=now, links=BoardLinks(settings.board_url), fields=fields)


def _of_time(uow: UnitOfWork, since: datetime, now: datetime) -> PeriodReport:
    batches, failures = uow.history.batches_since(since), uow.history.failures_since(since)
    return period_report(batches, failures, since=since, now=now)


def beginning(text: str, now: datetime) -> datetime:
    """Read how far to look back from `now`: `12h`, `30d`, `8w`. Raises `ConfigurationError`."""
    found = _SINCE.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigurationError(
            f"--since {text!r} is no time to look back; give hours, days or weeks: 12h, 30d, 8w"
        )
    return now - int(found[1]) * UNITS[found[2]]
