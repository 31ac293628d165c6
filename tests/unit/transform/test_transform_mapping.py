from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from order_staging.errors import DataFileError
from order_staging.transform.mapping import (
    BoardMapping,
    FieldType,
    Misfit,
    OnConflict,
    RemovedSize,
    Rule,
    load_mapping,
)

SMALL = """\
board_id: 42
name: Board
title: ["Style"]
group:
  customer: "Customer"
  seasons: ["Season"]
numbers: {thousands: ",", prefixes: ["$"]}
subitems:
  name: "Size {size}"
  size: {column: dropdown_1, type: dropdown}
  quantity: {column: numeric_1, type: numbers}
fields:
  - title: "CUSTOMER"
    column: dropdown_2
    type: dropdown
    source: "Customer"
    required: true
  - title: "STYLE"
    column: text_1
    type: text
    source: "Style"
    key: true
    required: true
"""


OPTIONAL_KEY = """\
  - title: "PO NUMBER"
    column: text_2
    type: text
    source: "PO"
    key: true
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_packaged_mapping_is_the_board_of_44_fields() -> None:
    mapping = load_mapping()
    assert mapping.board_id == 9200517329
    assert len(mapping.fields) == 44
    assert Counter(field.type.value for field in mapping.fields) == {
        "numbers": 16,
        "dropdown": 10,
        "text": 10,
        "long_text": 4,
        "date": 3,
        "status": 1,
    }


def test_freight_is_a_column_of_numbers_and_no_longer_the_text_column_it_was() -> None:
    freight = load_mapping().field_by_title("FREIGHT")
    assert (freight.column, freight.type) == ("numeric_mksfr0r2", FieldType.NUMBERS)


def test_the_business_key_is_what_relinking_matches() -> None:
    assert {field.title for field in load_mapping().key_fields} == {
        "AAG ORDER NUMBER",
        "STYLE",
        "COLOR",
        "PO NUMBER",
        "CUSTOMER ALT PO",
    }


def test_the_orders_number_is_the_first_key_field() -> None:
    assert load_mapping().key_fields[0].title == "AAG ORDER NUMBER"


def test_number_style_colour_and_customer_are_required_and_nothing_else_is() -> None:
    required = {field.title for field in load_mapping().fields if field.required}
    assert required == {"AAG ORDER NUMBER", "STYLE", "COLOR", "CUSTOMER"}


def test_each_rule_has_its_fields() -> None:
    rules = {field.title: field.rule for field in load_mapping().fields if field.rule}
    assert rules == {
        "ORDER TYPE": Rule.ORDER_TYPE,
        "CUSTOMER": Rule.CANONICAL_CUSTOMER,
        "STYLE": Rule.CLEAN_TEXT,
        "STYLE DESCRIPTION": Rule.CLEAN_TEXT,
        "COLOR": Rule.CLEAN_TEXT,
        "US TARIFF RATE": Rule.TRUE_IS_ZERO,
    }


def test_only_the_customer_rejects_what_does_not_fit() -> None:
    rejecting = [field.title for field in load_mapping().fields if field.on_misfit is Misfit.REJECT]
    assert rejecting == ["CUSTOMER"]


def test_the_source_columns_are_all_that_the_rules_read_each_once() -> None:
    columns = load_mapping().source_columns
    assert len(columns) == len(set(columns)) == 45
    assert columns[0] == "record_uuid"
    assert {"CUSTOMER NAME", "CUSTOMER SEASON", "AAG SEASON", "ALIAS/RELATED ITEM"} <= set(columns)


def test_source_columns_include_a_season_that_no_field_shows(tmp_path: Path) -> None:
    assert load_mapping(written(tmp_path, SMALL)).source_columns == (
        "record_uuid",
        "Style",
        "Customer",
        "Season",
    )


def test_fields_are_found_by_title_and_by_source() -> None:
    mapping = load_mapping()
    assert mapping.field_by_title("COLOR").source == "CUSTOMER COLOUR DESCRIPTION"
    assert mapping.field_by_source("CUSTOMER COLOUR DESCRIPTION").title == "COLOR"
    with pytest.raises(KeyError, match="COLOUR"):
        mapping.field_by_title("COLOUR")
    with pytest.raises(KeyError, match="COLOUR"):
        mapping.field_by_source("COLOUR")


def test_a_mapping_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(load_mapping().fields[0], "title", "other")  # noqa: B010 - mypy knows that it is frozen


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("board_id: 42", "board_id: 0", 1, "greater than 0"),
        ("board_id: 42", "board_id: '42'", 1, "integer"),
        ("board_id: 42", "board_id: true", 1, "integer"),
        ('title: ["Style"]', 'title: ["Colour"]', 3, "exactly one field with the source 'Colour'"),
        ('title: ["Style"]', "title: []", 3, "at least 1"),
        ('customer: "Customer"', 'customer: "Client"', 5, "exactly one field with the source 'Client'"),
        ('seasons: ["Season"]', "seasons: []", 6, "at least 1"),
        ('thousands: ","', 'thousands: "."', 7, "thousands"),
        ('thousands: ","', 'thousands: ",,"', 7, "thousands"),
        ('prefixes: ["$"]', 'prefixes: ["-"]', 7, "prefixes"),
        ('"Size {size}"', '"Size"', 9, "{size}"),
        ("column: dropdown_1, type: dropdown", "column: dropdown_1, type: date", 10, "dropdown or text"),
        ("column: numeric_1, type: numbers", "column: numeric_1, type: text", 11, "type numbers"),
        ("column: numeric_1", "column: dropdown_1", 11, "there twice"),
        ('    required: true\n  - title: "STYLE"', '  - title: "STYLE"', 13, "must be required"),
        ("    type: text", "    type: mirror", 20, "fields[1].type"),
        ("    column: text_1", "    column: dropdown_2", 19, "the same column"),
        ("    column: text_1", "    column: text 1", 19, "column"),
        ('  - title: "STYLE"', '  - title: "customer"', 18, "the same title"),
        ('  - title: "STYLE"', '  - title: " STYLE"', 18, "title"),
        ("    key: true", "    key: 1", 22, "boolean"),
        ("    key: true", "    on_misfit: drop", 22, "'reject' or 'blank'"),
        ("    key: true", "    rule: true_is_zero", 22, "does not go with a column of type text"),
        ("    key: true", "    rule: double", 22, "rule"),
        ("    key: true", "    on_conflicts: board", 22, "unknown key"),
        ("    key: true", "    on_conflict: people", 22, "'source', 'board' or 'report'"),
        ("name: Board", "name: Board\ntitle_on_conflict: people", 3, "'source', 'board' or 'report'"),
        ("name: Board", "name: Board\non_conflict: board", 3, "unknown key"),
        ("group:", "group:\n  on_conflict: people", 5, "'source', 'board' or 'report'"),
        ("group:", "group:\n  removed: zero", 5, "unknown key"),
        ("subitems:", "subitems:\n  on_conflict: people", 9, "'source', 'board' or 'report'"),
        ("subitems:", "subitems:\n  removed: archive", 9, "'zero' or 'delete'"),
        ("    key: true\n", "", 13, "business key"),
        ("    key: true\n    required: true\n", "    key: true\n", 18, "the name needs each of its parts"),
        (
            "    key: true\n    required: true\n",
            f"    required: true\n{OPTIONAL_KEY}",
            27,
            "must be required",
        ),
        ("    key: true", "    key: true\n    rule: order_type", 22, "found again"),
        ("    key: true", "    key: true\n    rule: canonical_customer", 22, "found again"),
        ("    type: text", "    type: date", 22, "found again"),
        ("    type: text", "    type: numbers", 22, "found again"),
        ("    column: text_1\n", "", 18, "'column' is missing"),
        ("name: Board\n", "", 1, "'name' is missing"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_the_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert SMALL.count(old) == 1
    with pytest.raises(DataFileError) as caught:
        load_mapping(written(tmp_path, SMALL.replace(old, new)))
    assert (caught.value.line, words in caught.value.problem) == (line, True), caught.value


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("field_type", list(FieldType))
def test_a_rule_goes_only_with_the_types_it_makes(tmp_path: Path, rule: Rule, field_type: FieldType) -> None:
    text = (
        f'{SMALL}  - {{title: "OTHER", column: other, type: {field_type}, source: "Other", rule: {rule}}}\n'
    )
    goes = (rule is Rule.TRUE_IS_ZERO) == (
        field_type is FieldType.NUMBERS
    ) and field_type is not FieldType.DATE
    path = written(tmp_path, text)
    if goes:
        assert load_mapping(path).field_by_title("OTHER").rule is rule
    else:
        with pytest.raises(DataFileError, match="does not go with"):
            load_mapping(path)


def test_a_source_may_feed_two_fields_unless_the_name_or_the_group_needs_it(tmp_path: Path) -> None:
    second = '  - {title: "OTHER", column: text_9, type: text, source: "%s"}\n'
    assert (
        len(
            load_mapping(
                written(
                    tmp_path,
                    SMALL
                    + second % "Season"
                    + second.replace("OTHER", "MORE").replace("_9", "_8") % "Season",
                )
            ).fields
        )
        == 4
    )
    with pytest.raises(DataFileError, match="exactly one field"):
        load_mapping(written(tmp_path, SMALL + second % "Style"))


def test_defaults_are_lenient() -> None:
    field = load_mapping().field_by_title("NOTES")
    assert (field.on_misfit, field.required, field.key, field.rule) == (Misfit.BLANK, False, False, None)
    assert not field.refuses_misfits


def conflict_options(mapping: BoardMapping) -> list[OnConflict]:
    return [
        mapping.title_on_conflict,
        mapping.group.on_conflict,
        mapping.subitems.on_conflict,
        *(field.on_conflict for field in mapping.fields),
    ]


def test_the_source_is_right_and_removed_sizes_are_0_unless_the_mapping_says_otherwise(
    tmp_path: Path,
) -> None:
    for mapping in (load_mapping(), load_mapping(written(tmp_path, SMALL))):
        assert set(conflict_options(mapping)) == {OnConflict.SOURCE}
        assert mapping.subitems.removed is RemovedSize.ZERO


@pytest.mark.parametrize("on_conflict", OnConflict)
def test_each_conflict_option_is_for_its_own_place(tmp_path: Path, on_conflict: OnConflict) -> None:
    places = ["name: Board\ntitle_", "group:\n  ", "subitems:\n  ", "    key: true\n    "]
    changed = []
    for place in places:
        old = place.splitlines()[0]
        text = SMALL.replace(old, f"{place}on_conflict: {on_conflict}")
        changed.append(conflict_options(load_mapping(written(tmp_path, text))))
    source = OnConflict.SOURCE
    assert changed == [
        [on_conflict, source, source, source, source],
        [source, on_conflict, source, source, source],
        [source, source, on_conflict, source, source],
        [source, source, source, source, on_conflict],
    ]


def test_subitems_of_removed_sizes_are_deleted_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    text = SMALL.replace("subitems:", "subitems:\n  removed: delete")
    assert load_mapping(written(tmp_path, text)).subitems.removed is RemovedSize.DELETE


def test_the_packaged_mapping_writes_its_options_out_for_readers() -> None:
    mapping = load_mapping()
    assert "title_on_conflict" in mapping.model_fields_set
    assert "on_conflict" in mapping.group.model_fields_set
    assert {"on_conflict", "removed"} <= mapping.subitems.model_fields_set


@pytest.mark.parametrize("title", ["CUSTOMER", "PO NUMBER", "STYLE"])
def test_reject_key_and_required_each_refuse_misfits(title: str) -> None:
    assert load_mapping().field_by_title(title).refuses_misfits


def test_required_alone_refuses_misfits(tmp_path: Path) -> None:
    customer = load_mapping(written(tmp_path, SMALL)).field_by_title("CUSTOMER")
    assert (customer.key, customer.on_misfit, customer.refuses_misfits) == (False, Misfit.BLANK, True)


def test_the_mapping_survives_its_own_json() -> None:
    mapping = load_mapping()
    assert BoardMapping.model_validate_json(mapping.model_dump_json()) == mapping
