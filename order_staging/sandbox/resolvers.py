"""How the root fields find their values: queries here, mutations by their name."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, TypeVar

from order_staging.sandbox.activity import PLANNER, Activity
from order_staging.sandbox.budget import Complexity
from order_staging.sandbox.bulk_jobs import ItemsJobStatus, UploadJobInit
from order_staging.sandbox.context import Info
from order_staging.sandbox.object_resolvers import OBJECT_RESOLVERS, USER
from order_staging.sandbox.pages import Page
from order_staging.sandbox.refusals import bad_argument, unknown_board
from order_staging.sandbox.selection import by_column_values
from order_staging.sandbox.state import Board, Column, Group, Item, Lifecycle
from order_staging.sandbox.versions import VERSIONS, kind

_Entry = TypeVar("_Entry")

DEFAULT_LIMIT = 25
ITEMS_LIMIT = 100
MUTATIONS = (
    "create_item",
    "create_subitem",
    "create_group",
    "create_column",
    "change_multiple_column_values",
    "change_simple_column_value",
    "move_item_to_group",
    "delete_item",
    "archive_item",
    "archive_group",
    "delete_group",
)


def resolve_mutation(_root: object, info: Info, **arguments: object) -> Item | Group | Column | UploadJobInit:
    """Run the mutation that the field names."""
    return info.context.perform(str(info.path.key), info.field_name, arguments)


def resolve_job_status(_root: object, info: Info, *, job_id: str) -> ItemsJobStatus:
    """Tell how far a job of a bulk import is."""
    return info.context.bulk.imports.status(job_id)


def _paged(entries: Sequence[_Entry], limit: int | None, page: int | None) -> Sequence[_Entry]:
    limit, page = DEFAULT_LIMIT if limit is None else limit, 1 if page is None else page
    if limit < 1 or page < 1:
        raise bad_argument("limit and page start at 1", limit=limit, page=page)
    return entries[(page - 1) * limit : page * limit]


def _boards(
    _root: object,
    info: Info,
    *,
    limit: int | None,
    page: int | None,
    state: str | None,
    ids: list[str] | None = None,
) -> Sequence[Board]:
    known = [
        board
        for board in info.context.account.boards.values()
        if board.known and state in {None, "active", "all"}
    ]
    return _paged([board for board in known if ids is None or board.id in ids], limit, page)


def _items(
    _root: object,
    info: Info,
    *,
    limit: int | None,
    page: int | None,
    ids: list[str] | None = None,
    exclude_nonactive: bool | None = None,
) -> Sequence[Item]:
    if (limit or 0) > ITEMS_LIMIT or len(ids or ()) > ITEMS_LIMIT:
        raise bad_argument(f"At most {ITEMS_LIMIT} items can be asked for", limit=limit)
    items = info.context.account.items
    if ids is None:
        found = [item for item in items.values() if item.state is Lifecycle.ACTIVE]
    else:
        found = [items[item_id] for item_id in dict.fromkeys(ids) if item_id in items]
    if exclude_nonactive:
        found = [item for item in found if item.state is Lifecycle.ACTIVE]
    return _paged(found, limit, page)


def _items_page_by_column_values(
    _root: object,
    info: Info,
    *,
    board_id: str,
    limit: int,
    columns: list[dict[str, Any]] | None = None,
    cursor: str | None = None,
) -> Page:
    context = info.context
    board = context.account.boards.get(board_id)
    if board is None or not board.known:
        raise unknown_board(board_id)
    if (columns is None) == (cursor is None):
        raise bad_argument("Either columns or a cursor, and not both")
    if cursor is not None:
        return context.pages.after(cursor, limit)
    test = by_column_values(board, columns or ())
    return context.pages.first(filter(test, context.pages.seen.in_order(board)), limit)


def _next_items_page(_root: object, info: Info, *, cursor: str, limit: int) -> Page:
    return info.context.pages.after(cursor, limit)


def _complexity(_root: object, info: Info) -> Complexity:
    return info.context.complexity()


def _me(_root: object, _info: Info) -> Mapping[str, str]:
    return USER


def _users(
    _root: object, _info: Info, limit: int | None, page: int | None, ids: list[str] | None = None
) -> Sequence[Mapping[str, str]]:
    found = [user for user in (USER, PLANNER) if ids is None or user["id"] in ids]
    return _paged(found, limit, page)


def _activity_logs(
    board: Board,
    info: Info,
    *,
    item_ids: list[str] | None = None,
    column_ids: list[str] | None = None,
    **paging: int | None,
) -> Sequence[Activity]:
    entries = info.context.activity.newest(board.id, item_ids, column_ids)
    return _paged(entries, paging.get("limit"), paging.get("page"))


def _described(version: str) -> Mapping[str, str]:
    return {"kind": kind(version), "value": version, "display_name": version}


def _version(_root: object, info: Info) -> Mapping[str, str]:
    return _described(info.context.version)


def _versions(_root: object, _info: Info) -> Sequence[Mapping[str, str]]:
    return [_described(version) for version in sorted(VERSIONS)]


def _platform_api(_root: object, info: Info) -> Mapping[str, object]:
    calls = info.context.daily()
    today = info.context.clock().astimezone(UTC).date()
    used = {"day": today.isoformat(), "usage": int(calls.used)}
    return {
        "daily_limit": {"base": calls.limit, "total": calls.limit},
        "daily_analytics": {"by_day": [used]},
    }


RESOLVERS: dict[str, dict[str, Callable[..., object]]] = {
    "Query": {
        "boards": _boards,
        "items": _items,
        "items_page_by_column_values": _items_page_by_column_values,
        "next_items_page": _next_items_page,
        "complexity": _complexity,
        "me": _me,
        "users": _users,
        "version": _version,
        "versions": _versions,
        "platform_api": _platform_api,
    },
    "Mutation": {"complexity": _complexity},
    **OBJECT_RESOLVERS,
    "Board": {**OBJECT_RESOLVERS["Board"], "activity_logs": _activity_logs},
}
