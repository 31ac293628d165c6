"""The business key: what the source, staging and production call the same order line by, whatever its UUID is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import Unicode, column, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from order_staging.models import Base, OrdersUnified
from order_staging.models.types import UNICODE_MAX
from order_staging.repositories.base import exactly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler

    from order_staging.models import ProductionOrder, StagedOrder

CONTROL_CHARACTERS = ("\t", "\n", "\v", "\r")
"""The control characters that occur in practice: the rules remove them from what they clean."""
BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\N{NO-BREAK SPACE}"
"""What the rules take for blanks at the ends of a text, as far as every database's encoding has them."""
COMMON_BLANKS = "\t\n\r\N{NO-BREAK SPACE}"
"""Those, beside the blank itself, that occur in practice."""


class KeyPart(NamedTuple):
    """A field of the business key: its column of ORDERS_UNIFIED, and its column of staging and production."""

    source: str
    title: str
    cleaned: bool
    """Whether the rules clean the source's text, rather than copy it."""
    required: bool
    """Whether no order line is without it: a source row that has it empty is invalid, and no row is its own."""


BusinessKey: TypeAlias = tuple[KeyPart, ...]
"""The parts in the order of the mapping; the first one is the order's number."""

KeyTexts: TypeAlias = "dict[str, ColumnElement[str]]"
"""What a row has of each part, to be compared; the names are the same for every table, and begin with `key`."""


def names_of(key: BusinessKey) -> list[str]:
    """Name the parts within a statement."""
    return [f"key_{place}" for place in range(len(key))]


def source_texts(key: BusinessKey) -> KeyTexts:
    """Give the business key of a source row."""
    known = Base.metadata.tables[OrdersUnified.__tablename__].c
    # The live table may have columns that its model does not know.
    columns: list[ColumnElement[str | None]] = [
        known[part.source] if part.source in known else column(part.source, UNICODE_MAX) for part in key
    ]
    return _texts(key, columns)


def row_texts(key: BusinessKey, row: type[StagedOrder | ProductionOrder]) -> KeyTexts:
    """Give the business key of a row of staging or production, to be compared with a source row's."""
    known = Base.metadata.tables[row.__tablename__].c
    return _texts(key, [known[part.title] for part in key])


def complete(key: BusinessKey) -> list[ColumnElement[bool]]:
    """Tell which source rows have what no business key may lack."""
    texts = source_texts(key)
    return [texts[name] != "" for name, part in zip(names_of(key), key, strict=True) if part.required]


def labelled(texts: KeyTexts) -> list[Any]:
    """Give the parts to a statement that selects them."""
    return [text.label(name) for name, text in texts.items()]


def _texts(key: BusinessKey, columns: Sequence[ColumnElement[str | None]]) -> KeyTexts:
    return {
        name: _clean(each) if part.cleaned else _plain(each)
        for name, part, each in zip(names_of(key), key, columns, strict=True)
    }


def _plain(text: ColumnElement[str | None]) -> ColumnElement[str]:
    """Compare text without outer blanks, NULL and blanks alone as empty: as it was staged."""
    return exactly(trimmed(func.coalesce(text, "")))


def _clean(text: ColumnElement[str | None]) -> ColumnElement[str]:
    """Compare text that the rules have cleaned of control characters with text that they have not."""
    expression: ColumnElement[str] = func.coalesce(text, "")
    for character in CONTROL_CHARACTERS:
        expression = func.replace(expression, character, "")
    return exactly(trimmed(expression))


class trimmed(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """A text without the blanks at its ends: a cell of a spreadsheet often ends with a no-break one."""

    inherit_cache = True
    type = Unicode()


@compiles(trimmed)
def _trimmed(element: trimmed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    inner = compiler.process(element.clauses, **options)
    if compiler.dialect.name == "sqlite":
        return f"trim({inner}, '{BLANKS}')"
    if compiler.dialect.name == "postgresql":
        return f"btrim({inner}, '{BLANKS}')"
    # SQL Server takes other characters than blanks off since 2017 only, and has no short way before.
    for blank in COMMON_BLANKS:
        inner = f"REPLACE({inner}, NCHAR({ord(blank)}), N' ')"
    return f"LTRIM(RTRIM({inner}))"
