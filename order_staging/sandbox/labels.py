"""Labels of status and dropdown columns: finding them, and creating those that are missing."""

from order_staging.sandbox.refusals import bad_value, missing_label
from order_staging.sandbox.state import Column
from order_staging.sandbox.texts import utf16_length

EMPTY_STATUS = 5
STATUS_LABEL_LENGTH = 30
LABEL_ID_DIGITS = 9
DROPDOWN_LABELS = 500
# A new status label takes the number of its colour; the grey of the empty status is the last to be taken.
STATUS_IDS: tuple[int, ...] = (
    *range(EMPTY_STATUS),
    *range(EMPTY_STATUS + 1, 20),
    *range(101, 111),
    *range(151, 161),
    EMPTY_STATUS,
)


def label_id(column: Column, label: str, *, create: bool) -> int:
    """The id of a label, which is created where it is missing and `create` is set.

    Raises a Refusal where the label is missing, blank, too long, or one more than the column may have.
    """
    for known_id, known in column.labels.items():
        if known == label:
            return known_id
    if not create:
        raise missing_label(column.id, column.type)
    new_id = _free_id(column, label)
    column.labels[new_id] = label
    column.revision += 1
    return new_id


def known_id(column: Column, entry: object) -> int:
    """The entry, a whole number or its digits, as a label id of the column; raises a Refusal where it is none."""
    digits = "" if isinstance(entry, bool) else str(entry)
    if not digits.isdecimal() or len(digits) > LABEL_ID_DIGITS:
        raise bad_value(column.id, column.type, "a label id is a whole number")
    number = int(digits)
    if number not in column.labels and not (column.type == "status" and number == EMPTY_STATUS):
        raise missing_label(column.id, column.type)
    return number


def _free_id(column: Column, label: str) -> int:
    if not label.strip():
        raise bad_value(column.id, column.type, "a label must not be empty")
    if column.type == "dropdown":
        return _free_dropdown_id(column)
    if utf16_length(label) > STATUS_LABEL_LENGTH:
        raise bad_value(column.id, column.type, f"a label has at most {STATUS_LABEL_LENGTH} characters")
    for candidate in STATUS_IDS:
        if candidate not in column.labels:
            return candidate
    raise bad_value(column.id, column.type, f"a status column has at most {len(STATUS_IDS)} labels")


def _free_dropdown_id(column: Column) -> int:
    if len(column.labels) >= DROPDOWN_LABELS:
        raise bad_value(column.id, column.type, f"a dropdown column has at most {DROPDOWN_LABELS} labels")
    return max(column.labels, default=0) + 1


def settings(column: Column, board_ids: list[str]) -> dict[str, object]:
    """The settings of a column in their typed form; takes the boards of subitems for a subtasks column."""
    if column.type == "subtasks":
        return {"boardIds": [int(board_id) for board_id in board_ids]}
    if column.type == "dropdown":
        labels = [{"id": key, "label": name, "is_deactivated": False} for key, name in column.labels.items()]
        return {"labels": labels, "limit_select": False}
    if column.type == "status":
        return {"labels": [_status_label(column, key, place) for place, key in enumerate(column.labels)]}
    return {}


def legacy_settings(column: Column, board_ids: list[str]) -> dict[str, object]:
    """The settings of a column as their older, textual form has them."""
    if column.type == "dropdown":
        return {"labels": [{"id": key, "name": name} for key, name in column.labels.items()]}
    if column.type == "status":
        return {"labels": {str(key): name for key, name in column.labels.items()}}
    return settings(column, board_ids)


def _status_label(column: Column, key: int, place: int) -> dict[str, object]:
    return {"id": key, "label": column.labels[key], "color": key, "index": place, "is_deactivated": False}
