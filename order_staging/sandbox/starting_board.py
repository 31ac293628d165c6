"""The board, empty, as the sandbox starts with it: the Customer Master Schedule, unless it is given another."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from order_staging.sandbox.state import Account, Board, Column, Group

SUBITEM_BOARD_LIMIT = 100_000


def starting_account(items_limit: int, file: Path | None = None) -> Account:
    """An account with the board and its subitem board, which stays unknown until the first subitem.

    Takes how many items the board may hold, and a file like `board.yaml` where it is to be another board.
    """
    document = _document(file)
    main = _board(document["board"], "board", items_limit, Group("topics", "Orders"))
    subitems = _board(
        document["subitems"], "sub_items_board", SUBITEM_BOARD_LIMIT, Group("topics", "Subitems")
    )
    subitems.known = False
    return Account(main.id, subitems.id, {main.id: main, subitems.id: subitems})


def key_column_added(account: Account, key_column: str | None) -> None:
    """Add a text column with that id for the source's UUID to the board, where it is not there yet."""
    columns = account.boards[account.main_board_id].columns
    if key_column is not None and key_column not in columns:
        columns[key_column] = Column(key_column, "SOURCE UUID", "text")


@cache
def _document(file: Path | None) -> dict[str, Any]:
    # Read once: tests make thousands of accounts, and reading takes longer than many of them do.
    source = files(__package__) / "board.yaml" if file is None else file
    document: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return document


def _board(facts: dict[str, Any], board_type: str, items_limit: int, group: Group) -> Board:
    columns = {column_id: Column(column_id, title, kind) for column_id, title, kind in facts["columns"]}
    return Board(facts["id"], facts["name"], board_type, items_limit, columns, [group])
