"""Items as they are on the board, their values in the shapes in which values are sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ACTIVE = "active"
"""The state of an item that is in use."""


@dataclass(frozen=True, slots=True)
class BoardSubitem:
    """A subitem: its id, its name, and by column id the values of those columns that have one."""

    id: int
    name: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardItem:
    """An item: its id, name and state (`active`, `archived`, `deleted`), and its group's id and title.

    `values` has, by column id, those columns that were asked for and have a value. `subitems` are the active ones,
    where they were asked for.
    """

    id: int
    name: str
    state: str
    group_id: str
    group: str
    values: dict[str, object] = field(default_factory=dict)
    subitems: tuple[BoardSubitem, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it is in use: neither archived nor deleted."""
        return self.state == ACTIVE


def board_item(
    answer: Mapping[str, Any], columns: Collection[str], subitem_columns: Collection[str]
) -> BoardItem:
    """Read an item out of an answer, with these columns of it and of its subitems.

    A state that the answer leaves out is that of an item in use, a group that it leaves out has no id and no title.
    """
    group = answer.get("group") or {}
    return BoardItem(
        id=int(answer["id"]),
        name=str(answer["name"]),
        state=_state(answer),
        group_id=str(group.get("id") or ""),
        group=str(group.get("title") or ""),
        values=_values(answer.get("column_values") or (), columns),
        subitems=tuple(
            BoardSubitem(
                id=int(subitem["id"]),
                name=str(subitem["name"]),
                values=_values(subitem.get("column_values") or (), subitem_columns),
            )
            for subitem in answer.get("subitems") or ()
            if _state(subitem) == ACTIVE
        ),
    )


def board_value(column_value: Mapping[str, Any]) -> object | None:
    """Bring a column's value of an answer into the shape in which such a value is sent; None for an empty one.

    The answer has the fields `type`, `text` and `value`, and `values` for a dropdown. A number is written plainly
    ("4.5"). A date has a `time` (UTC) where people set one. A column of a type that is never sent has its text.
    """
    text = column_value.get("text")
    stored = _decoded(column_value.get("value"))
    match column_value.get("type"):
        case "long_text":
            long_text = (stored.get("text") if isinstance(stored, dict) else None) or text
            return {"text": str(long_text)} if long_text else None
        case "numbers":
            return _number(text if stored is None else stored)
        case "date":
            return _date(stored)
        case "dropdown":
            labels = [str(option["label"]) for option in column_value.get("values") or ()]
            return {"labels": labels} if labels else None
        case "status":
            return {"label": str(text)} if text else None
        case _:
            return str(text) if text else None


def _state(answer: Mapping[str, Any]) -> str:
    return str(answer.get("state") or ACTIVE)


def _values(answers: Sequence[Mapping[str, Any]], columns: Collection[str]) -> dict[str, object]:
    values = {str(answer["id"]): board_value(answer) for answer in answers if answer["id"] in columns}
    return {column: value for column, value in values.items() if value is not None}


def _decoded(value: Any) -> Any:  # noqa: ANN401 - anything that JSON can be
    """Read monday's JSON scalar, which comes as JSON text or as what that text says; numbers stay exact."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        return value


def _number(value: Any) -> str | None:  # noqa: ANN401 - anything that JSON can be
    written = "" if value is None else str(value)
    try:
        number = Decimal(written)
    except InvalidOperation:
        return written or None
    if not number.is_finite():
        return written
    plain = format(number, "f") if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _date(stored: Any) -> object | None:  # noqa: ANN401 - anything that JSON can be
    if not isinstance(stored, dict) or not stored.get("date"):
        return None
    parts = {part: str(stored[part]) for part in ("date", "time") if stored.get(part)}
    return dict(parts)
