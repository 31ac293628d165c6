"""What each type of column accepts, keeps and shows."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from order_staging.sandbox.labels import EMPTY_STATUS, known_id, label_id
from order_staging.sandbox.refusals import bad_value, read_only_column
from order_staging.sandbox.state import Column
from order_staging.sandbox.texts import utf16_length

LONG_TEXT_LENGTH = 2_000
NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Writing:
    """How values are written: whether missing labels are created, and the moment as ISO 8601 text."""

    create_labels: bool
    now: str


def parse(column: Column, value: object, writing: Writing) -> object:
    """The value as it is kept, None for an empty one; may add labels to the column.

    Raises a Refusal for a column that cannot be written and for a value that has not the column's form.
    """
    parser = PARSERS.get(column.type)
    if parser is None:
        raise read_only_column(column.id, column.type)
    return parser(column, value, writing)


def simple_value(column: Column, value: str) -> object:
    """A value written as plain text, in the form that `parse` takes; an empty text clears the column."""
    if not value:
        return None
    if column.type == "date":
        day, _, time = value.partition(" ")
        return {"date": day, "time": time} if time else {"date": day}
    if column.type == "dropdown":
        return {"labels": [label.strip() for label in value.split(",")]}
    if column.type == "status":
        return {"label": value}
    return {"text": value} if column.type == "long_text" else value


def shown_text(column: Column, stored: object) -> str | None:
    """The stored value as people read it; an empty one is None or "", as the type has it."""
    if stored is None:
        return "" if column.type in {"text", "long_text", "numbers", "date"} else None
    if isinstance(stored, str):
        return stored
    facts = _mapping(column, stored)
    if column.type == "date":
        return " ".join(str(facts[part]) for part in ("date", "time") if part in facts)
    if column.type == "dropdown":
        return ", ".join(chosen_labels(column, stored).values())
    if column.type == "status":
        return column.labels.get(_number(facts["index"]))
    return str(facts["text"])


def chosen_labels(column: Column, stored: object) -> dict[int, str]:
    """The labels that a dropdown's stored value has chosen, by label id; none where it is empty."""
    ids = [] if stored is None else _ids(_mapping(column, stored))
    return {key: column.labels[key] for key in ids if key in column.labels}


def shown_value(stored: object) -> str | None:
    """The stored value as JSON text, None where there is none."""
    return None if stored is None else json.dumps(stored, ensure_ascii=False, separators=(",", ":"))


def _parse_text(column: Column, value: object, _writing: Writing) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise bad_value(column.id, column.type, "text is a JSON string")


def _parse_long_text(column: Column, value: object, writing: Writing) -> object:
    if not value and not isinstance(value, str):
        return None
    text = _mapping(column, value).get("text")
    if not isinstance(text, str):
        raise bad_value(column.id, column.type, 'a long text is {"text": ...}')
    if utf16_length(text) > LONG_TEXT_LENGTH:
        raise bad_value(column.id, column.type, f"a long text has at most {LONG_TEXT_LENGTH} characters")
    return {"text": text, "changed_at": writing.now} if text else None


def _parse_numbers(column: Column, value: object, _writing: Writing) -> str | None:
    if value is None:
        return None
    if value == "":
        return "0"  # as the service does: an empty text is nought, only null clears
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return value
    raise bad_value(column.id, column.type, "a number is a numeric string")


def _parse_date(column: Column, value: object, writing: Writing) -> object:
    if not value and not isinstance(value, str):
        return None
    facts = _mapping(column, value)
    day, time = facts.get("date"), facts.get("time")
    if not isinstance(day, str) or not _is_date(day):
        raise bad_value(column.id, column.type, 'a date is {"date": "YYYY-MM-DD"}')
    if time is not None and not (isinstance(time, str) and TIME.fullmatch(time)):
        raise bad_value(column.id, column.type, "a time is HH:MM:SS")
    return {"date": day, **({} if time is None else {"time": time}), "changed_at": writing.now}


def _parse_dropdown(column: Column, value: object, writing: Writing) -> object:
    if not value and not isinstance(value, str):
        return None
    facts = _mapping(column, value)
    if facts.keys() not in ({"labels"}, {"ids"}):
        raise bad_value(column.id, column.type, 'a dropdown is {"labels": [...]} or {"ids": [...]}')
    [(form, entries)] = facts.items()
    if not isinstance(entries, list):
        raise bad_value(column.id, column.type, f"{form} is a list")
    if form == "ids":
        ids = [known_id(column, entry) for entry in entries]
    else:
        ids = [label_id(column, _label(column, entry), create=writing.create_labels) for entry in entries]
    return {"ids": list(dict.fromkeys(ids))} if ids else None


def _parse_status(column: Column, value: object, writing: Writing) -> object:
    if not value and not isinstance(value, str):
        return None
    facts = _mapping(column, value)
    if facts.keys() not in ({"label"}, {"index"}):
        raise bad_value(column.id, column.type, 'a status is {"label": ...} or {"index": ...}')
    [(form, entry)] = facts.items()
    if form == "label":
        label = _label(column, entry)
        if not label.isdecimal():
            return {"index": label_id(column, label, create=writing.create_labels)}
        entry = label  # the service takes a label of digits for the number of one
    number = known_id(column, entry)
    return None if number == EMPTY_STATUS and number not in column.labels else {"index": number}


def _mapping(column: Column, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise bad_value(column.id, column.type, f"a {column.type} value is an object")
    return value


def _label(column: Column, entry: object) -> str:
    if not isinstance(entry, str):
        raise bad_value(column.id, column.type, "a label is a string")
    return entry


def _ids(facts: dict[str, object]) -> list[int]:
    ids = facts["ids"]
    return [_number(key) for key in ids] if isinstance(ids, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else int(str(value))


def _is_date(text: str) -> bool:
    if not ISO_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


PARSERS: dict[str, Callable[[Column, object, Writing], object]] = {
    "date": _parse_date,
    "dropdown": _parse_dropdown,
    "long_text": _parse_long_text,
    "numbers": _parse_numbers,
    "status": _parse_status,
    "text": _parse_text,
}
