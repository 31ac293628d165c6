"""The production tables as `tables.yaml` beside the repository describes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parents[4] / "shared" / "reference" / "tables.yaml"
NAMES = (
    "ORDERS_UNIFIED",
    "STG_MON_CustMasterSchedule",
    "STG_MON_CustMasterSchedule_Subitems",
    "MON_CustMasterSchedule",
    "MON_CustMasterSchedule_Subitems",
    "ERR_MON_CustMasterSchedule",
    "ERR_MON_CustMasterSchedule_Subitems",
    "MON_BatchProcessing",
)


@dataclass(frozen=True)
class ColumnFacts:
    """A column as SQL Server has it: its type in upper case without blanks, its default without parentheses."""

    name: str
    type: str
    nullable: bool
    default: str | None


@dataclass(frozen=True)
class TableFacts:
    """A table of the file."""

    columns: tuple[ColumnFacts, ...]
    primary_key: tuple[str, ...]
    indexes: dict[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def sizes(self) -> list[str]:
        """The INT columns between the two that border the sizes."""
        first, last = self.names.index("UNIT OF MEASURE"), self.names.index("TOTAL QTY")
        return [column.name for column in self.columns[first + 1 : last] if column.type == "INT"]


def production_table(name: str) -> TableFacts:
    """Read a table; the test that asks is skipped where the file is not there."""
    if not FILE.is_file():
        pytest.skip(f"{FILE} is not there: it lies beside the repository, not in it")
    table = _everything()[name]
    return TableFacts(
        tuple(_column(column) for column in table["columns"]),
        tuple(table.get("primary_key", ())),
        {index["name"]: tuple(index["columns"]) for index in table.get("indexes", ())},
    )


def plain_default(default: str | None) -> str | None:
    """Leave off the parentheses that SQL Server puts around a default."""
    return default[1:-1] if default and default.startswith("(") else default


@cache
def _everything() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _column(facts: dict[Any, Any]) -> ColumnFacts:
    # YAML reads the key `null` as None.
    return ColumnFacts(facts["name"], facts["type"], facts[None], plain_default(facts.get("default")))
