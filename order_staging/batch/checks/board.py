"""Findings about the board: is there room for what would come, and where is the key? Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.batch.checks.findings import Finding, listed, note, ok, problem, warning
from order_staging.batch.preflight import PREPARE, misfits
from order_staging.batch.preparing import key_column_of
from order_staging.errors import ConfigurationError
from order_staging.monday.account import ITEMS_A_BOARD, LABELS_A_COLUMN, SUBITEMS_AN_ITEM
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from order_staging.batch.checks.demand import Demand
    from order_staging.monday import Board, BoardColumn
    from order_staging.settings import Settings
    from order_staging.transform import BoardMapping

NOT_COUNTED = "what would come was not counted"
NEARLY = 0.9
"""From this share of a limit on it is worth a warning."""


@dataclass(frozen=True)
class LiveBoard:
    """The board and that of its subitems (None before the first one) as they are, and what we want of them.

    `hidden` says that there is a board of subitems which could not be read.
    """

    mapping: BoardMapping
    settings: Settings
    board: Board
    subitems: Board | None
    hidden: bool = False


def board_findings(live: LiveBoard, demand: Demand | None) -> list[Finding]:
    """Find everything about the board; `demand` is None where the pending orders could not be read."""
    board = live.board
    wrong = misfits(live.mapping, board, live.subitems, live.settings.key_column)
    fitting = [] if wrong else [ok("columns", f"the mapping fits the board {board.name!r} ({board.id})")]
    return [
        *fitting,
        *wrong,
        *_key_column(live),
        _capacity("items", "items", board, demand.orders if demand else None),
        *_subitem_board(live, demand),
        *_labels(live, demand),
    ]


def delivered_finding(board: Board, looked_at: int, boards: Mapping[int, int]) -> Finding:
    """Tell whether what was delivered belongs to the board; `boards` has those of the items looked at, by item."""
    newest = f"{counted(looked_at, 'item')} that MON has, the newest"
    here = sum(board_id == board.id for board_id in boards.values())
    elsewhere = Counter(board_id for board_id in boards.values() if board_id != board.id).most_common(1)
    if (here and not elsewhere) or not looked_at:
        return ok("delivered", f"of {newest}, {here} belong to the board")
    where = f", and {elsewhere[0][1]} belong to the board {elsewhere[0][0]}" if elsewhere else ""
    return warning(
        "delivered",
        f"of {newest}, {here or 'none'} belong to the board {board.id}{where}",
        "check ORDER_STAGING_BOARD_ID and ORDER_STAGING_DATABASE_URL: each board needs a database of its own",
    )


def _key_column(live: LiveBoard) -> Iterator[Finding]:
    subject, wanted = "key column", live.settings.key_column
    if wanted is None:
        yield _without_key_column(live.board)
        return
    mapped = next((field for field in live.mapping.fields if field.column == wanted), None)
    if mapped is not None:
        yield problem(
            subject,
            f"{wanted} is also the column of {mapped.title!r}, which would overwrite the key",
            f"unset ORDER_STAGING_KEY_COLUMN, and {PREPARE}",
        )
    elif (column := live.board.column(wanted)) is not None and column.type == "text":
        yield ok(subject, f"{wanted} ({column.title!r}) holds the key of every item")


def _without_key_column(board: Board) -> Finding:
    try:
        column = key_column_of(board, None)
    except ConfigurationError:
        column = None
    advice = PREPARE if column is None else f"set ORDER_STAGING_KEY_COLUMN={column.id}, which the board has"
    message = "none is set: items are recognised by their names alone, and bulk imports are not possible"
    return warning("key column", message, advice)


def _subitem_board(live: LiveBoard, demand: Demand | None) -> Iterator[Finding]:
    subject, board = "subitems", live.subitems
    if demand is not None and demand.most_sizes > SUBITEMS_AN_ITEM:
        yield problem(
            subject,
            f"an order line has {demand.most_sizes} sizes; monday.com takes {SUBITEMS_AN_ITEM} subitems an item",
            "split the order line in the source; the sizes beyond would be rejected",
        )
    if board is None:
        if not live.hidden:
            yield note(subject, "their board does not exist yet: monday.com makes it with the first subitem")
        return
    own = live.board.subitem_board_id
    if own is not None and own != board.id:
        yield warning(
            subject,
            f"ORDER_STAGING_SUBITEM_BOARD_ID is {board.id}, and the board's subitems live on {own}",
            "unset ORDER_STAGING_SUBITEM_BOARD_ID",
        )
    yield _capacity(subject, "subitems", board, demand.subitems if demand else None)


def _capacity(subject: str, things: str, board: Board, coming: int | None) -> Finding:
    limit = ITEMS_A_BOARD if board.items_limit is None else board.items_limit
    said = " (monday.com's usual limit)" if board.items_limit is None else ""
    would_come = NOT_COUNTED if coming is None else f"up to {coming:,} would come"
    room = f"{board.items_count:,} of {limit:,} {things}{said}, and {would_come}"
    expected = board.items_count + (coming or 0)
    if expected > limit:
        advice = f"archive {things} that are done with, or bring fewer orders with --customer and --limit"
        return problem(subject, f"{room}: too many for the board", advice)
    if expected > limit * NEARLY:
        return warning(subject, f"{room}: the board is nearly full", f"archive {things} that are done with")
    return note(subject, room) if coming is None else ok(subject, room)


def _labels(live: LiveBoard, demand: Demand | None) -> Iterator[Finding]:
    columns = [(live.board, field.title, field.column, field.type) for field in live.mapping.fields]
    size = live.mapping.subitems.size
    if live.subitems is not None:
        columns.append((live.subitems, "Size", size.column, size.type))
    for board, title, column_id, kind in columns:
        column = board.column(column_id)
        if kind not in LABELS_A_COLUMN or column is None or column.type != kind:
            continue
        yield from _labels_of(title, column, demand.labels[column_id] if demand else None)
    for title, values in (demand.left_out if demand else {}).items():
        first = next(iter(values))
        yield warning(
            f"labels of {title}",
            f"{counted(len(values), 'value does', 'values do')} not fit: {first[:40]!r} {values[first]}",
            "correct the values in the source",
        )


def _labels_of(title: str, column: BoardColumn, pending: set[str] | None) -> Iterator[Finding]:
    subject, limit = f"labels of {title}", LABELS_A_COLUMN[column.type]
    wanted = pending or set()
    retired = sorted(wanted & set(column.deactivated_labels) - set(column.labels))
    if retired:
        yield warning(
            subject,
            f"orders use {counted(len(retired), 'label', 'labels')} deactivated on the board: {listed(retired)}",
            "activate them again, or correct the orders",
        )
    known = {*column.labels, *column.deactivated_labels}
    coming = len(wanted - known)
    would_come = NOT_COUNTED if pending is None else f"{coming} would come"
    room = f"{column.id} has {len(known)} of {limit} labels, and {would_come}"
    if len(known) + coming > limit:
        yield problem(
            subject,
            f"{room}: too many for a column of type {column.type}",
            "remove labels that nobody uses, or make it a text column on the board and in the mapping",
        )
    elif len(known) + coming > limit * NEARLY:
        yield warning(subject, f"{room}: the column is nearly full", "remove labels that nobody uses")
    elif coming:
        yield ok(subject, room)
