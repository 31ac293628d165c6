"""Reading at length: source rows on a connection of their own, beside those that write what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from order_staging.database import READING, database_errors, require_undisturbed
from order_staging.errors import PersistenceError
from order_staging.repositories import Pages, SourceRepository

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from order_staging.repositories import Rows

Start = Callable[[SourceRepository], Pages]
"""Begins to read, at what is wanted first by then."""


class SourceReading:
    """Source rows, a chunk at a time; nothing is written.

    After an error the connection is given back, and the next call starts anew on another: so whoever starts it
    has to know what was dealt with. All calls are made by one thread.
    """

    def __init__(self, session_factory: Callable[[], Session], start: Start) -> None:
        """Take what makes sessions, and what begins to read."""
        self._session_factory = session_factory
        self._start = start
        self._session: Session | None = None
        self._pages: Pages | None = None

    def next(self) -> Rows:
        """Read the next rows, none once all are read. Raises `PersistenceError`."""
        try:
            with database_errors():
                return next(self._pages or self._open(), [])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back; if that fails, nothing is lost with it."""
        (session, self._session), (pages, self._pages) = (self._session, None), (self._pages, None)
        if session is None:
            return
        with suppress(PersistenceError), database_errors(), session:
            if pages is not None:
                pages.close()

    def _open(self) -> Pages:
        session = self._session = self._session_factory()
        require_undisturbed(session.connection(execution_options={READING: True}))
        self._pages = self._start(SourceRepository(session))
        return self._pages
