from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_staging.sandbox import FailureReason, Sandbox
from order_staging.sandbox.plans import UNLIMITED
from tests.unit.sandbox.sandbox_asking import Asker, Clock
from tests.unit.sandbox.sandbox_bulk_asking import KEY, SKIP, UPSERT, BulkAsker, counts_of, csv_of

NUMBER = "numeric_mkr5cact"
FOUR = csv_of(["name"], ["A"], ["B"], ["C"], ["D"])


def _names(bulk: BulkAsker) -> list[str]:
    return [item.name for item in bulk.sandbox.items()]


async def test_without_a_time_to_take_a_job_is_done_at_the_next_look(bulk: BulkAsker) -> None:
    job = await bulk.uploaded(FOUR)
    assert _names(bulk) == ["A", "B", "C", "D"]
    status = await bulk.status(job)
    assert (status["status"], status["progress_percentage"], status["fully_imported"]) == (
        "COMPLETED",
        100,
        True,
    )
    assert (status["failure_reason"], status["failure_message"]) == (None, None)
    assert counts_of(status) == {"submitted": 4, "created": 4}


async def test_items_appear_while_the_job_is_worked_on(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_job=10, seconds_per_row=5)
    job = await bulk.uploaded(FOUR)
    seen = []
    for _ in range(7):
        status = await bulk.status(job)
        seen.append((status["status"], status["progress_percentage"], len(_names(bulk))))
        clock.wait(seconds=5)
    assert seen == [
        ("PROCESSING", 0, 0),
        ("PROCESSING", 0, 0),
        ("PROCESSING", 0, 0),
        ("PROCESSING", 25, 1),
        ("PROCESSING", 50, 2),
        ("PROCESSING", 75, 3),
        ("COMPLETED", 100, 4),
    ]


async def test_counts_grow_while_the_job_is_worked_on(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_job=1, seconds_per_row=1)
    job = await bulk.uploaded(csv_of(["name"], ["A"], [""], ["B"]))
    counts = []
    for _ in range(5):
        status = await bulk.status(job)
        counts.append(None if status["counts"] is None else counts_of(status))
        assert not status["report_created"] or status["status"] == "COMPLETED"
        clock.wait(seconds=1)
    assert counts == [
        None,
        {"submitted": 3},
        {"submitted": 3, "created": 1},
        {"submitted": 3, "created": 1, "invalid": 1},
        {"submitted": 3, "created": 2, "invalid": 1},
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(looks=st.lists(st.integers(0, 30), max_size=6))
async def test_it_does_not_matter_when_anybody_looks(looks: list[int]) -> None:
    boards = []
    for moments in (looks, []):
        clock = Clock()
        bulk = BulkAsker(Asker(Sandbox(key_column=KEY, clock=clock)))
        bulk.choose(seconds_per_job=3, seconds_per_row=2)
        await bulk.uploaded(csv_of(["name", KEY], ["A", "k"], ["B", "l"], ["C", "m"]), UPSERT)
        clock.wait(seconds=1)
        await bulk.uploaded(csv_of(["name", KEY], ["D", "m"], ["E", "k"], ["F", "l"]), UPSERT)
        for seconds in moments:
            clock.wait(seconds=seconds)
            bulk.sandbox.items()
        clock.wait(minutes=5)
        boards.append([(item.name, item.created_at, item.updated_at) for item in bulk.sandbox.items()])
        assert [entry.number for entry in bulk.sandbox.executed] == list(range(1, 9))
    assert boards[0] == boards[1]


async def test_jobs_are_worked_on_side_by_side(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=2)
    await bulk.uploaded(csv_of(["name"], ["A1"], ["A2"]))
    clock.wait(seconds=1)
    await bulk.uploaded(csv_of(["name"], ["B1"], ["B2"]))
    clock.wait(minutes=1)
    assert _names(bulk) == ["A1", "B1", "A2", "B2"]


async def test_an_item_is_as_old_as_its_row(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=60)
    await bulk.uploaded(FOUR)
    clock.wait(hours=1)
    moments = [f"2026-11-02T09:{minute}:00Z" for minute in (31, 32, 33, 34)]
    assert [item.created_at for item in bulk.sandbox.items()] == moments
    assert [entry.time.minute for entry in bulk.sandbox.executed[1:]] == [31, 32, 33, 34]


async def test_a_mutation_finds_what_was_imported_before_it(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=1)
    await bulk.uploaded(FOUR)
    clock.wait(seconds=2)
    await bulk.ask.item("From a request")
    clock.wait(seconds=2)
    found = await bulk.ask(
        f"{{ boards(ids: [{bulk.sandbox.board_id}]) {{ items_page {{ items {{ name }} }} }} }}"
    )
    [board] = found.data["boards"]
    assert [item["name"] for item in board["items_page"]["items"]] == ["A", "B", "From a request", "C", "D"]
    assert [entry.operation for entry in bulk.sandbox.executed] == [
        "ingest_items",
        "ingest_items.create",
        "ingest_items.create",
        "create_item",
        "ingest_items.create",
        "ingest_items.create",
    ]


async def test_every_row_that_does_something_is_in_the_log(bulk: BulkAsker) -> None:
    await bulk.ask.item("Old", {KEY: "k"})
    [old] = bulk.sandbox.items()
    content = csv_of(["name", KEY], ["A", "k"], ["B", "l"], ["", "m"], ["C", "n"], ["D", "n"])
    for match in (UPSERT, SKIP):
        await bulk.run(content, match)
    log = bulk.sandbox.executed
    starts = [entry for entry in log if entry.operation == "ingest_items"]
    rows = [entry for entry in log if entry.operation.startswith("ingest_items.")]
    assert [(row.operation.split(".")[1], row.arguments["serial"]) for row in rows] == [
        ("update", 1),
        ("create", 2),
        ("skip", 4),
        ("create", 5),
        ("skip", 1),
        ("skip", 2),
        ("skip", 4),
        ("skip", 5),
    ]
    assert rows[0].result_id == old.id
    assert [row.alias for row in rows] == [starts[0].result_id] * 4 + [starts[1].result_id] * 4
    assert [row.request for row in rows] == [starts[0].request] * 4 + [starts[1].request] * 4
    assert rows[1].arguments["column_values"] == {KEY: "l"}
    assert [entry.number for entry in log] == list(range(1, len(log) + 1))


@pytest.mark.parametrize("rows", [0, 1, 3, 4])
async def test_a_job_may_fail_midway_and_leave_its_first_rows(bulk: BulkAsker, rows: int) -> None:
    bulk.choose(fail_after_rows=rows)
    status = await bulk.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("FAILED", "INTERNAL_ERROR")
    assert status["progress_percentage"] == 25 * rows
    assert (status["counts"]["submitted"], status["counts"]["created"]) == (4, rows)
    assert (status["fully_imported"], status["report_created"], status["report_url"]) == (False, False, None)
    assert _names(bulk) == ["A", "B", "C", "D"][:rows]


async def test_a_file_with_fewer_rows_does_not_fail(bulk: BulkAsker) -> None:
    bulk.choose(fail_after_rows=5)
    assert (await bulk.run(FOUR))["status"] == "COMPLETED"


async def test_a_file_keeps_the_choices_of_the_moment_it_was_uploaded(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=1)
    job = await bulk.uploaded(FOUR)
    bulk.choose(seconds_per_row=100, fail_after_rows=1)
    clock.wait(seconds=4)
    assert (await bulk.status(job))["status"] == "COMPLETED"


@pytest.mark.parametrize("reason", list(FailureReason))
async def test_a_file_may_be_rejected_for_any_reason(bulk: BulkAsker, reason: FailureReason) -> None:
    bulk.choose(reject_with=reason)
    status = await bulk.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("REJECTED", reason)
    assert status["failure_message"]
    assert (status["counts"], status["report_created"], _names(bulk)) == (None, False, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"text_key,name\nk,A\n", b"name,unknown\nA,1\n", b"name,text_key\nA\n", b"name.subitem\nA\n"],
)
async def test_a_file_that_is_none_is_rejected_whole(bulk: BulkAsker, content: bytes) -> None:
    status = await bulk.run(content)
    assert (status["status"], status["failure_reason"]) == ("REJECTED", "INVALID_UPLOAD")
    assert status["failure_message"]
    assert _names(bulk) == []


@pytest.mark.parametrize(("rows", "state"), [(10_000, "COMPLETED"), (10_001, "REJECTED")])
async def test_a_file_to_ingest_has_10_000_rows_at_most(bulk: BulkAsker, rows: int, state: str) -> None:
    status = await bulk.run(csv_of(["name"], *[[f"Order {row}"] for row in range(rows)]))
    assert status["status"] == state
    assert len(_names(bulk)) == (rows if state == "COMPLETED" else 0)


@pytest.mark.parametrize(("rows", "state"), [(4, "COMPLETED"), (5, "REJECTED")])
async def test_a_file_to_backfill_has_a_limit_of_its_own(bulk: BulkAsker, rows: int, state: str) -> None:
    bulk.choose(ingest_rows=2, backfill_rows=4)
    job = (await bulk.backfill()).data["job"]
    await bulk.put(job["upload_url"], csv_of(["name"], *[["A"]] * rows))
    assert (await bulk.status(job["job_id"]))["status"] == state


def test_a_file_to_backfill_has_20_000_rows_at_most(sandbox: Sandbox) -> None:
    rules = sandbox.bulk_rules
    assert (rules.backfill_rows, rules.file_bytes, rules.jobs_per_hour) == (20_000, 157_286_400, 100)
    assert rules.rows_per_hour == 19_000


async def _small(bulk: BulkAsker, clock: Clock, items: int) -> BulkAsker:
    small = BulkAsker(Asker(Sandbox(key_column=KEY, clock=clock, items_limit=items)))
    small.sandbox.bulk_rules = bulk.sandbox.bulk_rules
    await small.ask.item("Old", {KEY: "k"})
    return small


async def test_rows_that_do_not_fit_on_the_board_are_rejected_before_any_is_made(
    bulk: BulkAsker, clock: Clock
) -> None:
    small = await _small(bulk, clock, 4)
    status = await small.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("REJECTED", "BOARD_CAPACITY_EXCEEDED")
    assert _names(small) == ["Old"]


async def test_only_rows_that_make_items_need_room(bulk: BulkAsker, clock: Clock) -> None:
    small = await _small(bulk, clock, 2)
    content = csv_of(["name", KEY], ["A", "k"], ["", "x"], ["B", "l"], ["C", "l"])
    status = await small.run(content, SKIP)
    assert counts_of(status) == {"submitted": 4, "invalid": 1, "skipped": 2, "created": 1}


async def test_a_job_may_fail_when_the_board_is_full(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(checks_capacity_first=False)
    small = await _small(bulk, clock, 3)
    status = await small.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("FAILED", "BOARD_CAPACITY_EXCEEDED")
    assert (status["counts"]["created"], _names(small)) == (2, ["Old", "A", "B"])


async def test_others_may_fill_the_board_meanwhile(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=1)
    small = await _small(bulk, clock, 5)
    job = await small.uploaded(FOUR)
    clock.wait(seconds=1)
    await small.ask.item("Theirs")
    clock.wait(minutes=1)
    assert (await small.status(job))["failure_reason"] == "BOARD_CAPACITY_EXCEEDED"
    assert _names(small) == ["Old", "A", "Theirs", "B", "C"]


async def test_rows_beyond_those_of_the_hour_are_rejected(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(rows_per_hour=6)
    await bulk.run(FOUR)
    status = await bulk.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("REJECTED", "ACCOUNT_CAPACITY_EXCEEDED")
    assert (await bulk.run(csv_of(["name"], ["E"], ["F"])))["status"] == "COMPLETED"
    clock.wait(hours=1)
    assert (await bulk.run(FOUR))["status"] == "COMPLETED"


async def test_rows_beyond_those_of_the_hour_may_be_let_through(bulk: BulkAsker) -> None:
    bulk.choose(rows_per_hour=6, rejects_over_budget=False)
    await bulk.run(FOUR)
    assert (await bulk.run(FOUR))["status"] == "COMPLETED"
    assert (await bulk.start()).status == 429


async def test_backfilled_and_rejected_rows_do_not_count_towards_the_hour(bulk: BulkAsker) -> None:
    bulk.choose(rows_per_hour=4)
    job = (await bulk.backfill()).data["job"]
    await bulk.put(job["upload_url"], FOUR)
    bulk.choose(reject_with=FailureReason.PERMISSION_DENIED)
    await bulk.run(FOUR)
    bulk.choose(reject_with=None)
    assert (await bulk.run(FOUR))["status"] == "COMPLETED"


async def test_rows_may_fail_although_they_are_valid(bulk: BulkAsker) -> None:
    bulk.choose(failing_rows=frozenset({2}))
    status = await bulk.run(FOUR)
    assert counts_of(status) == {"submitted": 4, "created": 3, "failed": 1}
    assert (status["status"], status["fully_imported"]) == ("COMPLETED", False)
    assert _names(bulk) == ["A", "C", "D"]
    assert [entry.error for entry in bulk.sandbox.executed] == [None, None, "INTERNAL_ERROR", None, None]


async def test_rows_fail_when_their_group_or_column_goes_away(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=1)
    person = bulk.sandbox.person
    group = person.add_group("Short-lived")
    job = (await bulk.start(group=group)).data["job"]
    await bulk.put(job["upload_url"], csv_of(["name", NUMBER], ["A", ""], ["B", "1"], ["C", ""]))
    clock.wait(seconds=1)
    person.remove_column(NUMBER)
    clock.wait(seconds=1)
    person.delete_group(group)
    clock.wait(seconds=1)
    assert counts_of(await bulk.status(job["job_id"])) == {"submitted": 3, "created": 1, "failed": 2}


async def test_invalid_rows_leave_a_job_fully_imported(bulk: BulkAsker) -> None:
    status = await bulk.run(csv_of(["name"], [""], ["A"]))
    assert (status["status"], status["fully_imported"]) == ("COMPLETED", True)
    assert counts_of(status) == {"submitted": 2, "invalid": 1, "created": 1}


async def test_items_go_to_the_bottom_of_their_group(bulk: BulkAsker) -> None:
    await bulk.ask.item("Old")
    group = bulk.sandbox.person.add_group("New")
    job = (await bulk.start(group=group)).data["job"]
    await bulk.put(job["upload_url"], FOUR)
    await bulk.run(FOUR)
    titles = [(item.group_title, item.name) for item in bulk.sandbox.items()]
    assert titles == [("New", name) for name in "ABCD"] + [("Orders", name) for name in ("Old", *"ABCD")]


async def test_rows_fail_when_the_column_to_match_by_goes_away(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(seconds_per_row=1)
    job = await bulk.uploaded(csv_of(["name", KEY], ["A", "k"], ["B", "l"]), SKIP)
    clock.wait(seconds=1)
    bulk.sandbox.person.remove_column(KEY)
    clock.wait(seconds=1)
    assert counts_of(await bulk.status(job)) == {"submitted": 2, "created": 1, "failed": 1}


async def test_a_job_fails_when_the_account_is_full(clock: Clock) -> None:
    bulk = BulkAsker(Asker(Sandbox(clock=clock, plan=replace(UNLIMITED, items_per_account=3))))
    status = await bulk.run(FOUR)
    assert (status["status"], status["failure_reason"]) == ("FAILED", "ACCOUNT_CAPACITY_EXCEEDED")
    assert _names(bulk) == ["A", "B", "C"]
