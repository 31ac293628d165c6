import pytest

from tests.unit.sandbox.sandbox_asking import Clock
from tests.unit.sandbox.sandbox_bulk_asking import KEY, SKIP, UPSERT, BulkAsker, counts_of, csv_of

TEXT = "text_mkr5wya6"
LONG = "long_text_mkr5p0cf"
NUMBER = "numeric_mkr5cact"
DATE = "date_mkr5zp5"
STATUS = "color_mkr5yf27"
HEADER = ["name", KEY, TEXT]


def _texts(bulk: BulkAsker) -> list[tuple[str, str | None, str | None]]:
    return [(item.name, item.text(KEY), item.text(TEXT)) for item in bulk.sandbox.items()]


async def test_skip_leaves_the_item_as_it_is(bulk: BulkAsker) -> None:
    await bulk.ask.item("A", {KEY: "k", TEXT: "old"})
    [before] = bulk.sandbox.items()
    status = await bulk.run(csv_of(HEADER, ["B", "k", "new"], ["C", "l", "other"]), SKIP)
    assert counts_of(status) == {"submitted": 2, "skipped": 1, "created": 1}
    assert bulk.sandbox.items()[0] == before
    assert (await bulk.report(status["report_url"]))[0]["itemId"] == before.id


async def test_upsert_updates_the_item_where_it_stands(bulk: BulkAsker, clock: Clock) -> None:
    bulk.sandbox.person.add_group("Elsewhere")
    await bulk.ask.item("A", {KEY: "k", TEXT: "old"})
    clock.wait(minutes=5)
    [before] = bulk.sandbox.items()
    status = await bulk.run(csv_of(HEADER, ["B", "k", "new"]), UPSERT)
    [after] = bulk.sandbox.items()
    assert counts_of(status) == {"submitted": 1, "updated": 1}
    assert (after.id, after.group_title, after.created_at) == (before.id, "Elsewhere", before.created_at)
    assert after.updated_at > before.updated_at
    assert _texts(bulk) == [("B", "k", "new")]


async def test_without_a_match_every_row_is_an_item(bulk: BulkAsker) -> None:
    await bulk.ask.item("A", {KEY: "k"})
    status = await bulk.run(csv_of(HEADER, ["B", "k", ""], ["C", "k", ""]))
    assert counts_of(status) == {"submitted": 2, "created": 2}


async def test_backfill_creates_without_matching(bulk: BulkAsker) -> None:
    for _ in range(2):
        job = (await bulk.backfill()).data["job"]
        await bulk.put(job["upload_url"], csv_of(HEADER, ["A", "k", ""]))
    assert _texts(bulk) == [("A", "k", None), ("A", "k", None)]


@pytest.mark.parametrize("match", [SKIP, UPSERT])
async def test_a_row_without_a_key_is_always_a_new_item(bulk: BulkAsker, match: object) -> None:
    await bulk.ask.item("A")
    content = csv_of(HEADER, ["B", "", ""], ["C", "", ""], ["D", "<NULL>", ""])
    status = await bulk.run(content, match)
    assert counts_of(status) == {"submitted": 3, "created": 3}


@pytest.mark.parametrize("match", [SKIP, UPSERT])
async def test_of_rows_with_the_same_key_the_last_counts(bulk: BulkAsker, match: object) -> None:
    content = csv_of(HEADER, ["A", "k", "1"], ["B", "l", "2"], ["C", "K", "3"])
    status = await bulk.run(content, match)
    assert counts_of(status) == {"submitted": 3, "skipped": 1, "created": 2}
    assert _texts(bulk) == [("B", "l", "2"), ("C", "K", "3")]
    first, *_ = await bulk.report(status["report_url"])
    assert (first["status"], first["itemId"]) == ("skipped", "")


async def test_an_invalid_row_does_not_take_the_place_of_an_earlier_one(bulk: BulkAsker) -> None:
    content = csv_of(["name", KEY, NUMBER], ["A", "k", "1"], ["B", "k", "many"])
    status = await bulk.run(content, SKIP)
    assert counts_of(status) == {"submitted": 2, "invalid": 1, "created": 1}


async def test_of_several_items_the_most_recently_created_is_updated(bulk: BulkAsker) -> None:
    for name in ("A", "B"):
        await bulk.ask.item(name, {KEY: "k"})
    first, second = bulk.sandbox.items()
    bulk.sandbox.person.change_values(first.id, {TEXT: "changed last"})
    await bulk.run(csv_of(HEADER, ["New", "k", ""]), UPSERT)
    assert {item.id: item.name for item in bulk.sandbox.items()} == {first.id: "A", second.id: "New"}


async def test_items_that_are_not_active_match_nothing(bulk: BulkAsker) -> None:
    for name in ("A", "B"):
        await bulk.ask.item(name, {KEY: "k"})
    archived, deleted = bulk.sandbox.items()
    bulk.sandbox.person.archive_item(archived.id)
    bulk.sandbox.person.delete_item(deleted.id)
    assert counts_of(await bulk.run(csv_of(HEADER, ["C", "k", ""]), SKIP))["created"] == 1


async def test_subitems_match_nothing(bulk: BulkAsker) -> None:
    await bulk.ask.item("A")
    await bulk.ask.subitem(bulk.sandbox.items()[0].id, "B")
    match = {"match_column_id": "name", "behaviour": "SKIP"}
    assert counts_of(await bulk.run(csv_of(["name"], ["B"]), match))["created"] == 1


@pytest.mark.parametrize(
    ("column", "held", "cell", "matches"),
    [
        ("name", "Straße", "STRASSE", True),
        ("name", "Order", "Orde", False),
        (KEY, "Key-1", "kEY-1", True),
        (KEY, "Key-1", "Key-10", False),
        (KEY, "Key-1", " Key-1", False),
        (LONG, {"text": "As it is"}, "As it is", True),
        (LONG, {"text": "As it is"}, "as it is", False),
        (NUMBER, "4.5", "4.50", True),
        (NUMBER, "4.5", "45", False),
        (DATE, {"date": "2026-01-02", "time": "10:00:00"}, "2026-01-02", True),
        (DATE, {"date": "2026-01-02"}, "2026-01-03", False),
        (STATUS, {"label": "Each"}, "Each", True),
    ],
)
async def test_values_match_by_their_type(
    bulk: BulkAsker, column: str, held: object, cell: str, matches: bool
) -> None:
    await bulk.ask.item("A", {column: held})
    match = {"match_column_id": column, "behaviour": "SKIP"}
    content = csv_of(["name"], [cell]) if column == "name" else csv_of(["name", column], ["B", cell])
    expected = {"submitted": 1, "skipped" if matches else "created": 1}
    assert counts_of(await bulk.run(content, match)) == expected


async def test_rows_match_items_that_earlier_rows_made_or_changed(bulk: BulkAsker) -> None:
    await bulk.ask.item("A", {KEY: "k"})
    match = {"match_column_id": "name", "behaviour": "UPSERT"}
    first = await bulk.run(csv_of(["name", KEY], ["A", "l"]), match)
    second = await bulk.run(csv_of(["name", KEY], ["B", "l"], ["C", "k"]), UPSERT)
    assert (counts_of(first)["updated"], counts_of(second)) == (
        1,
        {"submitted": 2, "updated": 1, "created": 1},
    )


async def test_a_file_without_the_column_to_match_by_is_rejected(bulk: BulkAsker) -> None:
    status = await bulk.run(csv_of(["name"], ["A"]), SKIP)
    assert (status["status"], status["failure_reason"]) == ("REJECTED", "INVALID_UPLOAD")
