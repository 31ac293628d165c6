from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_staging.sandbox import Sandbox
from tests.unit.sandbox.sandbox_asking import Asker, Clock
from tests.unit.sandbox.sandbox_bulk_asking import KEY, UPSERT, BulkAsker, counts_of, csv_of

TEXT = "text_mkr5wya6"
LONG = "long_text_mkr5p0cf"
NUMBER = "numeric_mkr5cact"
DATE = "date_mkr5zp5"
DROPDOWN = "dropdown_mkr542p2"
STATUS = "color_mkr5yf27"
MIRROR = "lookup_mkrbrdr1"
MOMENT = "2026-11-02T09:30:00Z"


@pytest.fixture(autouse=True)
def _labels(sandbox: Sandbox) -> None:
    sandbox.person.add_labels(DROPDOWN, "GREYSON", "Ärmel", "7")
    sandbox.person.add_labels(STATUS, "Each", "12", "9")


@pytest.mark.parametrize(
    ("column", "cell", "stored"),
    [
        (TEXT, " as it is ", " as it is "),
        (TEXT, '"quoted", with\r\nlines and \N{T-SHIRT}', '"quoted", with\r\nlines and \N{T-SHIRT}'),
        (TEXT, "שלום, עולם", "שלום, עולם"),
        (TEXT, "0012", "0012"),
        (LONG, "x" * 2_000, {"text": "x" * 2_000, "changed_at": MOMENT}),
        (NUMBER, "42.50", "42.50"),
        (NUMBER, "-3", "-3"),
        (DATE, "2026-02-28", {"date": "2026-02-28", "changed_at": MOMENT}),
        (DROPDOWN, "GREYSON", {"ids": [1]}),
        (DROPDOWN, "Ärmel ,GREYSON", {"ids": [2, 1]}),
        (DROPDOWN, "7", {"ids": [3]}),
        (STATUS, "Each", {"index": 0}),
        (STATUS, "12", {"index": 1}),
        (STATUS, "9", {"index": 2}),
    ],
)
async def test_a_cell_is_display_text_of_its_column(
    bulk: BulkAsker, column: str, cell: str, stored: object
) -> None:
    status = await bulk.run(csv_of(["name", column], ["A", cell]))
    assert (status["status"], counts_of(status)) == ("COMPLETED", {"submitted": 1, "created": 1})
    assert bulk.sandbox.items()[0].column_values == {column: stored}


def _invalid(cell: str, column: str) -> str:
    return f'Value "{cell}" is invalid for column "{column}"'


@pytest.mark.parametrize(
    ("column", "cell", "error"),
    [
        (STATUS, "NotALabel", f'Label "NotALabel" is invalid for column "{STATUS}"'),
        (STATUS, "each", f'Label "each" is invalid for column "{STATUS}"'),
        (STATUS, " Each", f'Label " Each" is invalid for column "{STATUS}"'),
        (STATUS, "0", f'Label "0" is invalid for column "{STATUS}"'),
        (DROPDOWN, "GREYSON, Other", f'Label "Other" is invalid for column "{DROPDOWN}"'),
        (DROPDOWN, "GREYSON,", f'Label "" is invalid for column "{DROPDOWN}"'),
        (DROPDOWN, "1", f'Label "1" is invalid for column "{DROPDOWN}"'),
        (LONG, "x" * 2_001, _invalid("x" * 2_001, LONG)),
        (NUMBER, "1,000", _invalid("1,000", NUMBER)),
        (NUMBER, "many", _invalid("many", NUMBER)),
        (DATE, "28.02.2026", _invalid("28.02.2026", DATE)),
        (DATE, "2026-02-30", _invalid("2026-02-30", DATE)),
        (DATE, "2026-02-28 10:00:00", _invalid("2026-02-28 10:00:00", DATE)),
        (MIRROR, "5", _invalid("5", MIRROR)),
        ("pulse_id_mkr5pb5q", "5", _invalid("5", "pulse_id_mkr5pb5q")),
        ("subtasks_mkr5c0kp", "<NULL>", _invalid("<NULL>", "subtasks_mkr5c0kp")),
    ],
)
async def test_a_cell_that_does_not_fit_makes_its_row_invalid(
    bulk: BulkAsker, column: str, cell: str, error: str
) -> None:
    status = await bulk.run(csv_of(["name", column], ["A", cell], ["B", ""]))
    assert counts_of(status) == {"submitted": 2, "invalid": 1, "created": 1}
    assert [item.name for item in bulk.sandbox.items()] == ["B"]
    assert (await bulk.report(status["report_url"]))[0] == {
        "serialNo": "1",
        "status": "validation_error",
        "itemId": "",
        "error": f"[{column}]: {error}",
        column: error,
    }


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "\N{T-SHIRT}" * 128, "<NULL>"])
async def test_a_name_has_1_to_255_characters(bulk: BulkAsker, name: str) -> None:
    status = await bulk.run(csv_of(["name"], [name]))
    assert counts_of(status) == {"submitted": 1, "invalid": 1}
    assert (await bulk.report(status["report_url"]))[0]["name"]


@pytest.mark.parametrize("name", ["x" * 255, "\N{T-SHIRT}" * 127, " a "])
async def test_a_name_within_its_length_arrives_as_it_is(bulk: BulkAsker, name: str) -> None:
    await bulk.run(csv_of(["name"], [name]))
    assert [item.name for item in bulk.sandbox.items()] == [name]


async def test_imports_create_no_labels(bulk: BulkAsker) -> None:
    before = bulk.sandbox.labels(STATUS), bulk.sandbox.labels(DROPDOWN)
    await bulk.run(csv_of(["name", STATUS, DROPDOWN], ["A", "New", "New"]))
    assert (bulk.sandbox.labels(STATUS), bulk.sandbox.labels(DROPDOWN)) == before


async def test_an_empty_cell_leaves_a_value_and_null_clears_it(bulk: BulkAsker) -> None:
    columns = {TEXT: "x", NUMBER: "1", DATE: "2026-01-01", DROPDOWN: "GREYSON", STATUS: "Each", LONG: "y"}
    header = ["name", KEY, *columns]
    await bulk.run(csv_of(header, ["A", "k", *columns.values()]), UPSERT)
    full = bulk.sandbox.items()[0].column_values
    await bulk.run(csv_of(header, ["A", "k", *[""] * len(columns)]), UPSERT)
    assert bulk.sandbox.items()[0].column_values == full
    await bulk.run(csv_of(header, ["A", "k", *["<NULL>"] * len(columns)]), UPSERT)
    assert bulk.sandbox.items()[0].column_values == {KEY: "k"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=100).filter(str.strip),
    text=st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text != "<NULL>"),
)
async def test_texts_arrive_as_the_items_channel_brings_them(name: str, text: str) -> None:
    bulk = BulkAsker(Asker(Sandbox(clock=Clock())))
    values: dict[str, Any] = {TEXT: text, LONG: {"text": text}}
    await bulk.ask.item(name if name != "<NULL>" else "-", values)
    await bulk.run(csv_of(["name", TEXT, LONG], [name if name != "<NULL>" else "-", text, text]))
    one, other = bulk.sandbox.items()
    assert (one.name, one.column_values) == (other.name, other.column_values)
