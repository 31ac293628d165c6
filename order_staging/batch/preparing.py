"""The key column: found on the board, or created there once, whoever else is at it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.errors import AuthenticationError, ConfigurationError, OutcomeUnknownError, TerminalError
from order_staging.monday import Created, NotExecuted, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from order_staging.monday import Board, BoardColumn, MondayClient
    from order_staging.settings import Settings

log = structlog.get_logger(__name__)

KEY_COLUMN_ID, KEY_COLUMN_TITLE = "text_source_uuid", "Source UUID"
"""The key column as we create it. The id is fixed, so that a board can never have two of them."""

_COLUMN_ID = re.compile(r"[a-z_][a-z0-9_]{0,23}")
"""The ids that monday.com takes for a new column."""


@dataclass(frozen=True, slots=True)
class PreparedBoard:
    """The board's key column, whether it was created just now, and the board of the subitems, if there is one.

    `subitem_board_id` is None before the first subitem. Where the answer was lost, `created` says that the
    column is there now and was not before.
    """

    key_column: str
    created: bool
    subitem_board_id: int | None

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return asdict(self)


def key_column_of(board: Board, wanted: str | None) -> BoardColumn | None:
    """Find the key column of a board: the `wanted` one, or else the one that has our id or our title.

    Raises `ConfigurationError` where a column of that id does not hold text.
    """
    column = board.column(wanted or KEY_COLUMN_ID)
    if column is not None and column.type == "text":
        return column
    ours = [each for each in board.columns if each.title == KEY_COLUMN_TITLE and each.type == "text"]
    if wanted is None and ours:
        return ours[0]
    if column is not None:
        raise ConfigurationError(
            f"the board's column {column.id} is of type {column.type} and not text; "
            "set ORDER_STAGING_KEY_COLUMN to another id"
        )
    return None


async def prepare(
    client: MondayClient, settings: Settings, sleep: Callable[[float], Awaitable[None]]
) -> PreparedBoard:
    """Find the key column, or create it; safe to do again, and for several to do at once.

    Raises `TerminalError` where monday.com refuses, `OutcomeUnknownError` where it stays unclear,
    `ConfigurationError` for a setting that names no column which can be the key column.
    """
    wanted = settings.key_column
    if wanted is not None and not _COLUMN_ID.fullmatch(wanted):
        # An id that monday.com gave itself may look otherwise; a new one may not.
        return await _require_there(client, wanted)
    outcome: NotExecuted | Rejected | Unknown | None = None
    for _ in range(settings.max_attempts):
        board = await client.board()
        if column := key_column_of(board, wanted):
            return PreparedBoard(column.id, isinstance(outcome, Unknown), board.subitem_board_id)
        if isinstance(outcome, Rejected):
            raise TerminalError(
                f"monday.com refused to create the key column: {outcome.message}", code=outcome.code
            )
        answer = await client.create_text_column(wanted or KEY_COLUMN_ID, KEY_COLUMN_TITLE)
        if isinstance(answer, Created):
            return PreparedBoard(answer.id, created=True, subitem_board_id=board.subitem_board_id)
        outcome = answer
        _require_permission(outcome)
        log.info("board.looking_again", reason=outcome.message)
        # The answer was lost, or somebody else is creating the column at this moment: the board will tell.
        await sleep(settings.recovery_delay)
    reason = "" if outcome is None else f" ({outcome.message})"
    raise OutcomeUnknownError(f"whether the key column was created is unclear{reason}; run this again later")


async def _require_there(client: MondayClient, wanted: str) -> PreparedBoard:
    board = await client.board()
    column = key_column_of(board, wanted)
    if column is None:
        raise ConfigurationError(
            f"the board has no column {wanted}, and monday.com takes no such id for a new one; set "
            "ORDER_STAGING_KEY_COLUMN to lower-case letters, digits and _, at most 24, or unset it"
        )
    return PreparedBoard(column.id, created=False, subitem_board_id=board.subitem_board_id)


def _require_permission(outcome: NotExecuted | Rejected | Unknown) -> None:
    ends = outcome.ends_run if isinstance(outcome, NotExecuted) else None
    if isinstance(ends, AuthenticationError):
        raise AuthenticationError(
            f"the token's user may not create columns on this board ({outcome.message}); let an owner of the board "
            f"run this, or create a text column {KEY_COLUMN_TITLE!r} there by hand",
            status=ends.status,
            code=ends.code,
        ) from ends
    if ends is not None:
        raise ends
