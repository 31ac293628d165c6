"""Warms the server of `tests.processes`: a run compiles its SQL and parses its documents once for all processes.

A third of what a short run costs is SQLAlchemy's compiling, which each process would do anew. Here the server does
whole runs before it forks, and its children's engines share what was compiled then. `warm` starts the server;
imported within it, this module does the runs. Nothing else about the children differs.
"""

from __future__ import annotations

import json
import os
from multiprocessing import forkserver, get_context
from typing import TYPE_CHECKING, Any

import sqlalchemy

from order_staging import BatchService, Settings, database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import URL, Engine

ORDERS = "WARM_ORDERS"
"""The variable that says which runs to do: the settings of each, in JSON."""


def warm(runs: Sequence[dict[str, str]], repository: str) -> None:
    """Start the server, anew where it runs, and have it do these runs, each of customer GREYSON with changes."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined] # there is no public way
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.processes_preload", __name__])
    before = dict(os.environ)
    os.environ |= {ORDERS: json.dumps(list(runs)), "PYTHONPATH": repository, "PYTHONWARNINGS": "error"}
    try:
        forkserver.ensure_running()
        process = context.Process(target=int)
        process.start()
        process.join()
    finally:
        os.environ.clear()
        os.environ.update(before)


def sharing() -> Callable[..., Engine]:
    """Give what makes engines that use the first one's dialect, and what was compiled with it, of each dialect."""
    make, first = sqlalchemy.create_engine, dict[str, Any]()

    def create_engine(url: URL, **options: Any) -> Engine:
        engine = make(url, **options)
        known = first.setdefault(engine.dialect.name, engine)
        engine.dialect = engine.pool._dialect = known.dialect
        engine._compiled_cache = known._compiled_cache
        return engine

    return create_engine


def _run_all(runs: Sequence[dict[str, str]]) -> None:
    vars(database)["_create_engine"] = sharing()
    for settings in runs:
        service = BatchService(Settings(_env_file=None, **settings))  # as the environment's
        service.process_customers(["GREYSON"], changes=True)


if ORDERS in os.environ:
    import contextlib
    import gc

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123 - the null device
        _run_all(json.loads(os.environ.pop(ORDERS)))
    gc.collect()
    gc.freeze()
