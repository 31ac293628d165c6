"""What changed in an account between two moments, as a line of a journal."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from order_staging.sandbox.state import Account, Board, board_from_json, item_from_json

Line = dict[str, Any]


class Changes:
    """What changes in an account from one call of `line` to the next; takes the account as it is at first."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._orders = {board.id: list(board.order) for board in account.boards.values()}
        self._boards = {board.id: _facts(board) for board in account.boards.values()}
        self._issued = account.issued

    def line(self, changed_items: Iterable[str]) -> Line | None:
        """What changed since the last line, None for nothing; takes the ids of the items that did."""
        line: Line = {"items": [asdict(self._account.items[item_id]) for item_id in changed_items]}
        facts = {board.id: _facts(board) for board in self._account.boards.values()}
        line["boards"] = [board for board_id, board in facts.items() if board != self._boards.get(board_id)]
        line["orders"] = {
            board.id: splice(self._orders[board.id], board.order)
            for board in self._account.boards.values()
            if board.order != self._orders[board.id]
        }
        if not any(line.values()) and self._issued == self._account.issued:
            return None
        for board_id in line["orders"]:
            self._orders[board_id] = list(self._account.boards[board_id].order)
        self._boards, self._issued = facts, self._account.issued
        return {**line, "issued": self._issued}


def replay(account: Account, line: Line) -> None:
    """Change an account as a line says."""
    for facts in line["items"]:
        account.items[facts["id"]] = item_from_json(facts)
    for facts in line["boards"]:
        order = account.boards[facts["id"]].order
        account.boards[facts["id"]] = board_from_json({**facts, "order": order})
    for board_id, (start, removed, inserted) in line["orders"].items():
        account.boards[board_id].order[start : start + removed] = inserted
    account.issued = line["issued"]


def splice(before: Sequence[str], after: Sequence[str]) -> tuple[int, int, list[str]]:
    """Where lists differ: the first place, how many entries are gone from there, and those in their place."""
    shorter = min(len(before), len(after))
    start = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    rest = shorter - start
    same = next((back for back in range(rest) if before[-1 - back] != after[-1 - back]), rest)
    return start, len(before) - start - same, list(after[start : len(after) - same])


def _facts(board: Board) -> dict[str, Any]:
    """A board without its order, which is told by what changed in it."""
    bare = Board(
        board.id, board.name, board.type, board.items_limit, board.columns, board.groups, [], board.known
    )
    return asdict(bare)
