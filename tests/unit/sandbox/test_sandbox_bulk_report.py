from order_staging.sandbox import RowOutcome, SecondUpload
from tests.unit.sandbox.sandbox_bulk_asking import KEY, SKIP, UPSERT, BulkAsker, csv_of, storage_request

STATUS = "color_mkr5yf27"
DATE = "date_mkr5zp5"
NUMBER = "numeric_mkr5cact"


async def test_the_report_has_a_line_for_every_row_and_a_column_for_every_failed_one(bulk: BulkAsker) -> None:
    header = ["name", STATUS, NUMBER, DATE]
    status = await bulk.run(
        csv_of(header, ["A", "", "1", ""], ["B", "NotALabel", "", ""], ["C", "NotALabel", "", "soon"])
    )
    [item] = bulk.sandbox.items()
    label = f'Label ""NotALabel"" is invalid for column ""{STATUS}""'
    day = f'Value ""soon"" is invalid for column ""{DATE}""'
    assert await bulk.report_text(status["report_url"]) == (
        f"serialNo,status,itemId,error,{STATUS},{DATE}\n"
        f"1,success,{item.id},,,\n"
        f'2,validation_error,,"[{STATUS}]: {label}","{label}",\n'
        f'3,validation_error,,"[{STATUS}]: {label}; [{DATE}]: {day}","{label}","{day}"\n'
    )


async def test_the_report_may_have_a_column_for_every_column_of_the_file(bulk: BulkAsker) -> None:
    bulk.choose(report_all_columns=True)
    status = await bulk.run(csv_of(["name", NUMBER], ["A", "1"]))
    assert list((await bulk.report(status["report_url"]))[0]) == [
        *("serialNo", "status", "itemId", "error"),
        *("name", NUMBER),
    ]


async def _words(bulk: BulkAsker) -> list[tuple[str, bool]]:
    bulk.choose(failing_rows=frozenset({3}))
    await bulk.ask.item("Old", {KEY: "k"})
    content = csv_of(["name", KEY], ["A", "k"], ["", "l"], ["B", "m"], ["C", "n"])
    update = await bulk.report((await bulk.run(content, UPSERT))["report_url"])
    skip = await bulk.report((await bulk.run(csv_of(["name", KEY], ["A", "k"]), SKIP))["report_url"])
    return [(line["status"], bool(line["itemId"])) for line in [*update, *skip]]


async def test_the_report_names_outcomes(bulk: BulkAsker) -> None:
    assert await _words(bulk) == [
        ("updated", True),
        ("validation_error", False),
        ("failed", False),
        ("success", True),
        ("skipped", True),
    ]


async def test_the_words_of_the_report_are_a_choice(bulk: BulkAsker) -> None:
    words = {outcome: outcome.upper() for outcome in RowOutcome}
    bulk.choose(report_words=words)
    named = [word for word, _ in await _words(bulk)]
    assert named == ["UPDATED", "INVALID", "FAILED", "CREATED", "SKIPPED"]


async def test_rows_may_have_no_item_id(bulk: BulkAsker) -> None:
    bulk.choose(blank_item_ids=frozenset({RowOutcome.SKIPPED, RowOutcome.CREATED}))
    assert [known for _, known in await _words(bulk)] == [True, False, False, False, False]


async def test_there_may_be_no_report(bulk: BulkAsker) -> None:
    bulk.choose(report=False)
    status = await bulk.run(csv_of(["name"], ["A"]))
    assert (status["status"], status["report_created"], status["report_url"]) == ("COMPLETED", False, None)


async def test_a_failed_job_may_have_a_report_of_the_rows_it_reached(bulk: BulkAsker) -> None:
    bulk.choose(fail_after_rows=2, report_after_failure=True)
    status = await bulk.run(csv_of(["name"], ["A"], ["B"], ["C"]))
    assert (status["status"], status["report_created"]) == ("FAILED", True)
    assert [line["serialNo"] for line in await bulk.report(status["report_url"])] == ["1", "2"]


async def test_a_job_that_was_given_another_file_has_no_report_before_that_is_done(bulk: BulkAsker) -> None:
    bulk.choose(second_upload=SecondUpload.PROCESSED)
    job = (await bulk.start()).data["job"]
    await bulk.put(job["upload_url"], csv_of(["name"], ["A"]))
    url = (await bulk.status(job["job_id"]))["report_url"]
    bulk.choose(seconds_per_job=10)
    await bulk.put(job["upload_url"], csv_of(["name"], ["B"]))
    answer = await bulk.sandbox.storage.get(storage_request(url))
    assert answer is not None
    assert answer.status == 404
    assert (await bulk.status(job["job_id"]))["status"] == "PROCESSING"
