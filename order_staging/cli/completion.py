"""Values that a shell completes: customers from their file, batches from the database. Nothing is written or asked.

Whatever is wrong (settings, a file, a database that is away or slow) is no completion, and no word of it.
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Engine

    from order_staging.settings import Settings

Item = tuple[str, str]
"""A value, and what a shell that can do so says of it."""

DEADLINE = 2.0
"""Seconds after which nobody waits for the database any more."""
NEWEST = 200
"""Batches among which ids are completed."""


def customers(incomplete: str) -> list[Item]:
    """List the customers of the customers file whose names, or else whose aliases, begin so, in any case."""
    return _quietly(lambda: _customers(incomplete))


def batches(incomplete: str) -> list[Item]:
    """List the ids of batches that begin so, the newest first."""
    return _quietly(lambda: _batches(incomplete))


VALUES: dict[str, Callable[[str], list[Item]]] = {"customer": customers, "batch": batches}
"""What completes the values of the options and arguments of a name."""


def _quietly(find: Callable[[], Iterable[Item]]) -> list[Item]:
    # Nothing that a driver or a log says may be taken for a completion, or stand in the line that is typed.
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            return list(find())
        except Exception:  # noqa: BLE001 - whatever it is, somebody is just typing
            return []


def _in_time(find: Callable[[], Iterable[Item]]) -> list[Item]:
    """Give what is found before the deadline, and nothing after it."""
    found: list[Item] = []

    def work() -> None:
        with suppress(Exception):
            found.extend(find())

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    return [] if thread.is_alive() else found


def matching(names: Iterable[str], incomplete: str) -> Iterator[str]:
    """Give the names that begin so, in the letters that were typed: shells look for these."""
    for name in names:
        if name.startswith(incomplete):
            yield name
        elif name.casefold().startswith(incomplete.casefold()):
            yield name.lower() if incomplete.islower() else incomplete + name[len(incomplete) :]


def _customers(incomplete: str) -> Iterator[Item]:
    # What it takes is imported when somebody completes a value, and not for the words of a command.
    from order_staging.settings import Settings  # noqa: PLC0415
    from order_staging.transform import load_customers  # noqa: PLC0415

    known = load_customers(Settings.load().customers).customers
    found = list(matching((each.name for each in known), incomplete))
    aliases = {alias: each.name for each in known for alias in each.aliases}
    yield from ((name, "") for name in found)
    if not found:
        yield from ((alias, "an alias") for alias in matching(aliases, incomplete))


def _batches(incomplete: str) -> Iterator[Item]:
    from sqlalchemy.orm import sessionmaker  # noqa: PLC0415

    from order_staging.database import reading_only  # noqa: PLC0415
    from order_staging.settings import Settings  # noqa: PLC0415
    from order_staging.unit_of_work import UnitOfWork  # noqa: PLC0415

    engine = _engine(Settings.load())

    def newest() -> list[Item]:
        with UnitOfWork(sessionmaker(reading_only(engine))) as uow:
            found = uow.batches.newest(NEWEST)
            return [(str(each.batch_id), f"{each.customer_name}, {each.status}") for each in found]

    told = dict(_in_time(newest))
    for batch_id in matching(told, incomplete):
        yield batch_id, told.get(batch_id.lower(), "")


def _engine(settings: Settings) -> Engine:
    """Make an engine that changes nothing: a file of SQLite is opened for reading, and not made."""
    from urllib.parse import quote  # noqa: PLC0415

    from sqlalchemy import make_url  # noqa: PLC0415

    from order_staging.database import create_engine  # noqa: PLC0415

    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
        # Where nobody else has it open, reading would leave the files of a write-ahead log beside it.
        alone = {} if Path(f"{url.database}-wal").exists() else {"immutable": "1"}
        reading = {"mode": "ro", "uri": "true"} | alone
        url = url.set(database=f"file:{quote(url.database)}").update_query_dict(reading)
    return create_engine(url.render_as_string(hide_password=False))
