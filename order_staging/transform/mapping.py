"""Which source column goes to which column of the board, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field as Constraint
from pydantic import StrictBool, StrictInt, StringConstraints, field_validator, model_validator

from order_staging.transform import documents
from order_staging.transform.documents import Document, problem_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

UUID_COLUMN = "record_uuid"
"""The column of ORDERS_UNIFIED that identifies a row."""

Name = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=128)]
ColumnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=128)]
NameTemplate = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Constraint(min_length=1)]


class FieldType(StrEnum):
    """The types of monday.com's columns that we write."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBERS = "numbers"
    DATE = "date"
    DROPDOWN = "dropdown"
    STATUS = "status"


class Misfit(StrEnum):
    """What becomes of a value that does not fit: the row is refused, or the field is left out with a note."""

    REJECT = "reject"
    BLANK = "blank"


class OnConflict(StrEnum):
    """Who is right about a value that both sides changed, differently, since the last acknowledged delivery.

    The sides are the source and the people on the board. A value that one side alone changed is no conflict.
    """

    SOURCE = "source"
    """The source's value is sent, and what people wrote is replaced."""

    BOARD = "board"
    """The board keeps what people wrote; the conflict is settled until the source changes once more."""

    REPORT = "report"
    """Nothing is sent; the conflict is reported by every run until a person has settled it."""


class RemovedSize(StrEnum):
    """What becomes of the subitem of a size that is gone from the source, or is 0 there."""

    ZERO = "zero"
    """Its quantity is set to 0; the subitem stays, with all that people wrote on it."""

    DELETE = "delete"
    """The subitem is deleted."""


class Rule(StrEnum):
    """The rules that go beyond copying; module `rules` has them."""

    CANONICAL_CUSTOMER = "canonical_customer"
    CLEAN_TEXT = "clean_text"
    ORDER_TYPE = "order_type"
    TRUE_IS_ZERO = "true_is_zero"


LABELS = frozenset({FieldType.DROPDOWN, FieldType.STATUS})
"""Types whose values are labels: they lose their outer blanks, and those that the board lacks are created."""

_WORDS = frozenset({FieldType.TEXT, FieldType.LONG_TEXT, FieldType.DROPDOWN, FieldType.STATUS})
_FITTING_TYPES = {
    Rule.CANONICAL_CUSTOMER: _WORDS,
    Rule.CLEAN_TEXT: _WORDS,
    Rule.ORDER_TYPE: _WORDS,
    Rule.TRUE_IS_ZERO: frozenset({FieldType.NUMBERS}),
}


class Field(Document):
    """One column of the board that we write.

    `title` is its title there and its column's name in STG and MON; `column` is monday's id; `source` is the
    column of ORDERS_UNIFIED. An empty value of a `required` field makes the row invalid, and so does a value
    that does not fit where the field is `required`, is part of the business `key`, or says `on_misfit:
    reject`. `on_conflict` decides where people and the source both changed the value.
    """

    title: Name
    column: ColumnId
    type: FieldType
    source: Name
    rule: Rule | None = None
    on_misfit: Misfit = Misfit.BLANK
    on_conflict: OnConflict = OnConflict.SOURCE
    required: StrictBool = False
    key: StrictBool = False

    @property
    def refuses_misfits(self) -> bool:
        """Whether a value that does not fit makes the row invalid."""
        return self.key or self.required or self.on_misfit is Misfit.REJECT

    @model_validator(mode="after")
    def _rule_fits_type(self) -> Self:
        if self.rule is not None and self.type not in _FITTING_TYPES[self.rule]:
            raise problem_at(f"the rule {self.rule} does not go with a column of type {self.type}", "rule")
        return self

    @model_validator(mode="after")
    def _key_is_comparable(self) -> Self:
        # Queries compare what the source says with what was delivered, and know of no other rule.
        if self.key and self.type not in _WORDS:
            raise problem_at(f"the business key is text; rows are not found again by {self.type}", "key")
        if self.key and self.rule not in {None, Rule.CLEAN_TEXT}:
            raise problem_at(
                f"rows are not found again by what the rule {self.rule} makes; a key field has {Rule.CLEAN_TEXT} "
                "or none",
                "key",
            )
        return self


class Grouping(Document):
    """Where a group's title comes from: the source columns of the customer and of the season, best first.

    `on_conflict` decides where people moved an item and the source puts it into another group, too.
    """

    customer: Name
    seasons: Names
    on_conflict: OnConflict = OnConflict.SOURCE


class SubitemColumn(Document):
    """A column of the subitems' board."""

    column: ColumnId
    type: FieldType


class Subitems(Document):
    """How a size becomes a subitem: its name, with {size} for the size's label, and its two columns.

    `on_conflict` decides where people and the source both changed a subitem's name, label or quantity, and
    `removed` what becomes of the subitem of a size that the source no longer has.
    """

    name: NameTemplate
    size: SubitemColumn
    quantity: SubitemColumn
    on_conflict: OnConflict = OnConflict.SOURCE
    removed: RemovedSize = RemovedSize.ZERO

    @model_validator(mode="after")
    def _columns_hold_what_they_must(self) -> Self:
        if "{size}" not in self.name:
            raise problem_at("the name of a subitem must contain {size}, or all sizes have the same", "name")
        if self.size.type not in {FieldType.DROPDOWN, FieldType.TEXT}:
            raise problem_at("a size goes to a column of type dropdown or text", "size", "type")
        if self.quantity.type is not FieldType.NUMBERS:
            raise problem_at("a quantity goes to a column of type numbers", "quantity", "type")
        if self.size.column == self.quantity.column:
            raise problem_at(f"the column {self.size.column} is there twice", "quantity", "column")
        return self


class NumberFormat(Document):
    """How numbers are written in the source's text columns; the decimal point is always a point.

    `thousands` separates groups of three digits ("" for none); `prefixes` may stand before a number.
    """

    thousands: Annotated[str, StringConstraints(pattern=r"^[^0-9A-Za-z.+-]?$")]
    prefixes: tuple[Annotated[str, StringConstraints(pattern=r"^[^\s0-9.+-]+$")], ...]


PLAIN_NUMBERS = NumberFormat(thousands="", prefixes=())
"""Numbers as programs write them: no separators, no currency."""


class BoardMapping(Document):
    """The whole mapping of a board.

    `title` lists the source columns whose values make an item's name; `title_on_conflict` decides where
    people renamed an item and the source names it anew, too.
    """

    board_id: Annotated[StrictInt, Constraint(gt=0)]
    name: Name
    title: Names
    title_on_conflict: OnConflict = OnConflict.SOURCE
    group: Grouping
    fields: Annotated[tuple[Field, ...], Constraint(min_length=1)]
    subitems: Subitems
    numbers: NumberFormat

    def field_by_title(self, title: str) -> Field:
        """Find a field by its title. Raises `KeyError` where there is none."""
        for field in self.fields:
            if field.title == title:
                return field
        raise KeyError(title)

    def field_by_source(self, source: str) -> Field:
        """Find the first field that a source column feeds. Raises `KeyError` where there is none."""
        for field in self.fields:
            if field.source == source:
                return field
        raise KeyError(source)

    @property
    def key_fields(self) -> tuple[Field, ...]:
        """The fields of the business key, in the order of the mapping."""
        return tuple(field for field in self.fields if field.key)

    @property
    def number_field(self) -> Field:
        """The order's number: the first field of the business key."""
        return self.key_fields[0]

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Every column of ORDERS_UNIFIED that the rules read, each once, the sizes apart."""
        fields = (field.source for field in self.fields)
        return tuple(
            dict.fromkeys((UUID_COLUMN, *self.title, self.group.customer, *self.group.seasons, *fields))
        )

    @field_validator("fields")
    @classmethod
    def _unique(cls, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        # Databases tell columns apart without regard to case, so titles must differ in more than that.
        _refuse_repeated("title", (field.title.casefold() for field in fields))
        _refuse_repeated("column", (field.column for field in fields))
        return fields

    @model_validator(mode="after")
    def _parts_exist(self) -> Self:
        for problem, place in self._missing_parts():
            raise problem_at(problem, *place)
        return self

    def _missing_parts(self) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        sources = [field.source for field in self.fields]
        for index, source in enumerate(self.title):
            if sources.count(source) != 1:
                yield f"the name needs exactly one field with the source {source!r}", ("title", index)
            elif not self.field_by_source(source).required:
                yield (
                    "the name needs each of its parts: this one's field must be required",
                    ("fields", sources.index(source)),
                )
        if sources.count(self.group.customer) != 1:
            yield (
                f"the group needs exactly one field with the source {self.group.customer!r}",
                ("group", "customer"),
            )
        elif not self.field_by_source(self.group.customer).required:
            yield (
                "the group needs a customer: its field must be required",
                ("fields", sources.index(self.group.customer)),
            )
        if not self.key_fields:
            yield "no field is part of the business key; mark those that are with key: true", ("fields",)
        elif not any(field.required for field in self.key_fields):
            yield (
                "a field of the business key must be required: rows that have none of it are not found again",
                ("fields", self.fields.index(self.number_field), "key"),
            )


def load_mapping(path: Path | None = None) -> BoardMapping:
    """Read the mapping from a file, or ours. Raises `DataFileError` with the line of what is wrong."""
    text, name = documents.read(path, "mapping.yaml")
    return documents.parse(text, name, BoardMapping)


def _refuse_repeated(key: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise problem_at(f"another field has the same {key}", index, key)
        seen.add(value)
