"""The state file: an account as a JSON document, and beside it a journal of what changed since."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from order_staging.sandbox.journal import Changes, replay
from order_staging.sandbox.state import Account

JOURNAL_BYTES = 4 * 1024**2
"""The journal is folded into the file when it is longer than this, and than the file."""


class StateFile:
    """Keeps an account in a file and its journal, which is the file's name and `.journal`; takes the file's path.

    What is saved has reached the system when `save` returns: a killed process loses nothing of it. A line that
    was cut off by the end of the process, or belongs to an older file, is not read. Nothing is written before
    the first change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._journal = path.parent / f"{path.name}.journal"
        self._draft = path.parent / f"{path.name}.new"
        self._generation = 0
        self._changes: Changes | None = None
        self._file_bytes = 0
        self._journal_bytes = 0

    def load(self) -> Account | None:
        """The account that the file and its journal hold, None where there is no file yet.

        Raises OSError where the file cannot be read, or could not be written later, and ValueError where it holds
        something else than an account.
        """
        self._draft.touch()
        self._draft.unlink()
        if not self._path.exists():
            return None
        text = self._path.read_text(encoding="utf-8")
        try:
            return self._account(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self._path} holds no board of the sandbox's; name another") from error

    def _account(self, document: dict[str, Any]) -> Account:
        self._generation = document.pop("generation", 0)
        account = Account.from_json(document)
        for line in self._lines():
            replay(account, json.loads(line))
        return account

    def save(self, account: Account, changed_items: Iterable[str]) -> None:
        """Write down what changed since the last time; takes the ids of the items that did."""
        if self._changes is None or self._journal_bytes > max(JOURNAL_BYTES, self._file_bytes):
            self.write(account)
            return
        line = self._changes.line(changed_items)
        if line is not None:
            self._append(json.dumps(line))

    def write(self, account: Account) -> None:
        """Write the whole account beside the file, put it in its place in one step, and drop the journal."""
        self._generation += 1
        text = json.dumps({"generation": self._generation, **account.to_json()})
        self._draft.write_text(text, encoding="utf-8")
        self._draft.replace(self._path)
        # Should the process end here, the journal is of an older generation and will not be read again.
        self._journal.unlink(missing_ok=True)
        self._changes = Changes(account)
        self._file_bytes, self._journal_bytes = len(text), 0

    def fold(self, account: Account) -> None:
        """Write the whole account where lines were added to the journal, which is dropped."""
        if self._journal_bytes:
            self.write(account)

    def _append(self, line: str) -> None:
        with self._journal.open("a", encoding="utf-8") as journal:
            if not self._journal_bytes:
                journal.write(f"{self._generation}\n")
            self._journal_bytes += journal.write(line + "\n")

    def _lines(self) -> list[str]:
        if not self._journal.exists():
            return []
        generation, *lines = self._journal.read_text(encoding="utf-8").split("\n")
        # After the last line break there is nothing, or a line that was cut off.
        return lines[:-1] if generation == str(self._generation) else []
