"""docs/mapping.md explains every key of both files, with its default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from order_staging.errors import DataFileError
from order_staging.transform import (
    BoardMapping,
    Customer,
    Customers,
    Field,
    Misfit,
    OnConflict,
    RemovedSize,
    Rule,
    documents,
)
from order_staging.transform.mapping import FieldType, Grouping, NumberFormat, Subitems

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
MODELS: dict[str, dict[str, tuple[type[BaseModel], ...]]] = {
    "The board": {"": (BoardMapping,)},
    "A field": {"": (Field,)},
    "Group, numbers and subitems": {
        "group.": (Grouping,),
        "numbers.": (NumberFormat,),
        "subitems.": (Subitems,),
    },
    "The customers": {"": (Customers, Customer)},
}


def rows(heading: str) -> dict[str, str]:
    """Read the first table below a heading: each key, and the default that stands beside it."""
    (section,) = re.findall(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
    table = re.findall(r"^\| key .*\n(?:\|.*\n)+", section, re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines()[2:]]
    return {key.strip("`"): default for key, default in cells}


def keys(heading: str) -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for prefix, models in MODELS[heading].items():
        for model in models:
            found |= {f"{prefix}{name}": field for name, field in model.model_fields.items()}
    return found


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_with_its_default_and_no_other(heading: str) -> None:
    written, there = rows(heading), keys(heading)
    assert sorted(written) == sorted(there)
    for key, field in there.items():
        if field.is_required():
            assert written[key] == "", key
        elif field.default is None or field.default == ():
            assert written[key] in {"copies the value", "none"}, key
        else:
            assert written[key] == f"`{str(field.default).lower()}`", key


def test_every_word_that_a_key_may_have() -> None:
    for word in (*FieldType, *Rule, *Misfit, *OnConflict, *RemovedSize):
        assert f"`{word}`" in PAGE, word


def test_its_examples_are_what_they_show() -> None:
    mapping, customers = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    read = documents.parse(customers, "customers.yaml", Customers)
    assert read.canonical("title  9") == "TITLE NINE"
    # It is an excerpt: fields that the name and the group need are not in it.
    with pytest.raises(
        DataFileError, match="the name needs exactly one field with the source 'CUSTOMER STYLE'"
    ):
        documents.parse(mapping, "mapping.yaml", BoardMapping)
    Field.model_validate(yaml.safe_load(mapping)["fields"][0])
