from datetime import timedelta

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox
from order_staging.sandbox.bulk_answers import rate_limit_exceeded
from tests.unit.sandbox.sandbox_asking import Asker, Clock
from tests.unit.sandbox.sandbox_bulk_asking import KEY, SKIP, STATUS, BulkAsker, csv_of

DROPDOWN = "dropdown_mkr542p2"
STATUS_COLUMN = "color_mkr5yf27"
DATE = "date_mkr5zp5"


@pytest.mark.parametrize("version", ["2025-04", "2026-01", "2026-04"])
async def test_older_versions_know_no_bulk_import(bulk: BulkAsker, version: str) -> None:
    for query, field, kind in [
        ('mutation { ingest_items(board_id: 1, group_id: "a") { job_id } }', "ingest_items", "Mutation"),
        ('mutation { backfill_items(board_id: 1, group_id: "a") { job_id } }', "backfill_items", "Mutation"),
        ("{ fetch_job_status(job_id: 1) { __typename } }", "fetch_job_status", "Query"),
    ]:
        reply = await bulk.ask(query, api_version=version)
        assert reply.status == 200
        assert "data" not in reply.body
        assert reply.errors[0]["message"] == f'Cannot query field "{field}" on type "{kind}".'
        assert "extensions" not in reply.errors[0]
    assert bulk.sandbox.executed == ()


@pytest.mark.parametrize("version", ["2026-07", "2026-10", "2027-01", "dev"])
async def test_newer_versions_start_a_job(bulk: BulkAsker, version: str) -> None:
    reply = await bulk.start(api_version=version)
    assert set(reply.data["job"]) == {"job_id", "upload_url"}


async def test_a_server_may_have_no_bulk_import_at_all(bulk: BulkAsker) -> None:
    bulk.choose(served=False)
    reply = await bulk.start()
    messages = [error["message"] for error in reply.errors]
    assert 'Cannot query field "ingest_items" on type "Mutation".' in messages
    bulk.choose(served=True)
    assert "job" in (await bulk.start()).data


async def test_introspection_shows_bulk_imports_only_where_there_are_any(ask: Asker) -> None:
    query = '{ __type(name: "JobStatus") { possibleTypes { name } } }'
    assert (await ask(query)).data == {"__type": {"possibleTypes": [{"name": "ItemsJobStatus"}]}}
    assert (await ask(query, api_version="2026-04")).data == {"__type": None}


async def test_a_start_is_in_the_log_of_mutations(bulk: BulkAsker, clock: Clock) -> None:
    job = (await bulk.start(SKIP)).data["job"]
    [entry] = bulk.sandbox.executed
    assert (entry.operation, entry.alias, entry.request, entry.time) == ("ingest_items", "job", 1, clock.now)
    assert entry.result_id == job["job_id"]
    assert entry.arguments["on_match"] == SKIP


@pytest.mark.parametrize(
    ("board", "group", "match", "code"),
    [
        ("1", "topics", None, "InvalidBoardIdException"),
        ("9200517480", "topics", None, "InvalidBoardIdException"),
        (None, "unknown", None, "ResourceNotFoundException"),
        (None, "topics", {"match_column_id": "unknown", "behaviour": "SKIP"}, "InvalidColumnIdException"),
        (None, "topics", {"match_column_id": DROPDOWN, "behaviour": "SKIP"}, "InvalidArgumentException"),
        (
            None,
            "topics",
            {"match_column_id": "subtasks_mkr5c0kp", "behaviour": "SKIP"},
            "InvalidArgumentException",
        ),
    ],
)
async def test_refuses_to_start_where_the_rows_cannot_go(
    bulk: BulkAsker, board: str | None, group: str, match: object, code: str
) -> None:
    reply = await bulk.start(match, board=board, group=group)
    assert (reply.status, reply.data, reply.codes) == (200, {"job": None}, [code])


async def test_refuses_rows_for_the_subitem_board(bulk: BulkAsker) -> None:
    await bulk.ask.item()
    await bulk.ask.subitem(bulk.sandbox.items()[0].id)
    reply = await bulk.start(board=bulk.sandbox.subitem_board_id)
    assert reply.codes == ["InvalidArgumentException"]


@pytest.mark.parametrize(
    "column", ["name", KEY, DATE, STATUS_COLUMN, "long_text_mkr5p0cf", "numeric_mkr5cact"]
)
async def test_matches_by_columns_of_these_types(bulk: BulkAsker, column: str) -> None:
    reply = await bulk.start({"match_column_id": column, "behaviour": "UPSERT"})
    assert "errors" not in reply.body


@pytest.mark.parametrize(
    "match", [{"match_column_id": KEY}, {"match_column_id": KEY, "behaviour": "REPLACE"}]
)
async def test_a_match_that_is_not_valid_refuses_the_request(bulk: BulkAsker, match: object) -> None:
    reply = await bulk.start(match)
    assert "data" not in reply.body


async def test_only_an_admin_may_backfill(bulk: BulkAsker) -> None:
    bulk.choose(admin=False)
    assert (await bulk.backfill()).codes == ["USER_UNAUTHORIZED"]
    assert (await bulk.start()).data["job"]


async def test_a_job_nobody_started_is_not_found(ask: Asker) -> None:
    reply = await ask(STATUS, {"job": "1"})
    assert (reply.status, reply.data, reply.codes) == (200, None, ["ResourceNotFoundException"])


async def test_an_idempotency_key_starts_one_job(bulk: BulkAsker) -> None:
    first = await bulk.start(idempotency_key="k")
    second = await bulk.start(idempotency_key="k")
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.data == second.data
    assert len(bulk.sandbox.executed) == 1


@pytest.mark.parametrize(("kind", "started"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.EXECUTE_THEN_DROP, 1)])
async def test_a_start_meets_faults_on_order(bulk: BulkAsker, kind: FaultKind, started: int) -> None:
    bulk.sandbox.faults.add(Fault(kind, operation="ingest_items"))
    query = f'mutation {{ ingest_items(board_id: {bulk.sandbox.board_id}, group_id: "topics") {{ job_id }} }}'
    assert await bulk.ask.maybe(query) is None
    assert len(bulk.sandbox.executed) == started


async def test_permission_to_start_may_be_missing(bulk: BulkAsker) -> None:
    bulk.sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, "ingest_items", extensions={"code": "USER_UNAUTHORIZED"})
    )
    assert (await bulk.start()).codes == ["USER_UNAUTHORIZED"]


async def test_a_start_costs_what_a_mutation_costs(bulk: BulkAsker) -> None:
    board = bulk.sandbox.board_id
    query = (
        f'mutation {{ ingest_items(board_id: {board}, group_id: "topics") {{ job_id }}'
        " complexity { query } }"
    )
    assert (await bulk.ask(query)).data["complexity"] == {"query": 10_000}


async def test_an_account_starts_so_many_jobs_an_hour(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(jobs_per_hour=3)
    await bulk.start()
    clock.wait(minutes=10)
    await bulk.backfill()
    await bulk.start()
    clock.wait(minutes=20, milliseconds=1)
    for refused in (await bulk.start(), await bulk.backfill()):
        assert (refused.status, refused.codes) == (429, ["RATE_LIMIT_EXCEEDED"])
        assert "data" not in refused.body
        assert refused.errors[0]["extensions"]["retryAfterMs"] == 30 * 60_000 - 1
    clock.wait(minutes=30)
    assert (await bulk.start()).status == 200
    assert len(bulk.sandbox.executed) == 4


async def test_two_starts_in_one_request_need_two_jobs_left(bulk: BulkAsker) -> None:
    bulk.choose(jobs_per_hour=1)
    start = f'ingest_items(board_id: {bulk.sandbox.board_id}, group_id: "topics") {{ job_id }}'
    reply = await bulk.ask(f"mutation {{ a: {start} b: {start} }}")
    assert (reply.status, reply.errors[0]["extensions"]["retryAfterMs"]) == (429, 3_600_000)
    assert bulk.sandbox.executed == ()


async def test_refused_starts_and_other_mutations_use_up_no_jobs(bulk: BulkAsker) -> None:
    bulk.choose(jobs_per_hour=1)
    await bulk.start(board="1")
    await bulk.ask.item()
    assert (await bulk.start()).status == 200
    assert (await bulk.start()).status == 429


async def test_a_refusal_for_the_limit_is_not_kept_for_its_idempotency_key(bulk: BulkAsker) -> None:
    bulk.choose(jobs_per_hour=1)
    await bulk.start()
    assert (await bulk.start(idempotency_key="k")).status == 429
    bulk.choose(jobs_per_hour=2)
    assert (await bulk.start(idempotency_key="k")).data["job"]


async def test_no_job_starts_when_the_rows_of_the_hour_are_used_up(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(rows_per_hour=3)
    await bulk.run(csv_of(["name"], ["A"], ["B"]))
    clock.wait(minutes=30)
    await bulk.run(csv_of(["name"], ["C"]))
    refused = await bulk.start()
    assert (refused.status, refused.errors[0]["extensions"]["retryAfterMs"]) == (429, 30 * 60_000)
    assert (await bulk.backfill()).status == 200
    clock.wait(minutes=30)
    assert (await bulk.start()).status == 200


def test_the_wait_is_told_in_whole_milliseconds_rounded_up() -> None:
    answer = rate_limit_exceeded(timedelta(microseconds=1_001))
    assert isinstance(answer.body, dict)
    assert answer.body["errors"] == [
        {"message": "Rate limit exceeded", "extensions": {"code": "RATE_LIMIT_EXCEEDED", "retryAfterMs": 2}}
    ]


def test_rules_are_given_when_the_sandbox_is_made(sandbox: Sandbox) -> None:
    assert Sandbox(bulk=sandbox.bulk_rules).bulk_rules == sandbox.bulk_rules
