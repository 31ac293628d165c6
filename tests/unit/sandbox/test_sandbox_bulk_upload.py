from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox, SecondUpload, storage_error
from order_staging.sandbox.answers import Answer
from tests.unit.sandbox.sandbox_asking import Asker, Clock
from tests.unit.sandbox.sandbox_bulk_asking import BulkAsker, counts_of, csv_of, storage_request

CONTENT = csv_of(["name"], ["A"])


@pytest.fixture
async def url(bulk: BulkAsker) -> str:
    return str((await bulk.start()).data["job"]["upload_url"])


def _job(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def _told(answer: Answer | None) -> tuple[int, str | None]:
    assert answer is not None
    assert answer.headers["Content-Type"] == "application/xml"
    if not answer.body:
        return answer.status, None
    return answer.status, ET.fromstring(str(answer.body).encode()).findtext("Code")  # noqa: S314 - our own


async def test_a_job_waits_for_its_file(bulk: BulkAsker, url: str, clock: Clock) -> None:
    clock.wait(days=1)
    assert await bulk.status(_job(url)) == {
        "status": "UPLOAD_PENDING",
        "counts": None,
        "progress_percentage": 0,
        "failure_reason": None,
        "failure_message": None,
        "fully_imported": False,
        "report_created": False,
        "report_url": None,
    }


async def test_takes_a_file_of_csv(bulk: BulkAsker, url: str, clock: Clock) -> None:
    assert _told(await bulk.put(url, CONTENT)) == (200, None)
    [upload] = bulk.sandbox.uploads
    assert (upload.job_id, upload.size, upload.stored, upload.status) == (_job(url), len(CONTENT), True, 200)
    assert upload.time == clock.now
    assert [item.name for item in bulk.sandbox.items()] == ["A"]


@pytest.mark.parametrize(
    ("headers", "without", "told"),
    [
        ({"content_type": "application/octet-stream"}, None, (403, "SignatureDoesNotMatch")),
        ({"content_type": "text/csv; charset=utf-8"}, None, (403, "SignatureDoesNotMatch")),
        ({}, "content-type", (403, "SignatureDoesNotMatch")),
        ({"authorization": "sandbox-token"}, None, (403, "AccessDenied")),
        ({"x_amz_checksum_crc32": "AAAAAA=="}, None, (403, "AccessDenied")),
        ({"x_amz_checksum_sha256": "x"}, None, (403, "AccessDenied")),
        ({"x_amz_sdk_checksum_algorithm": "CRC32"}, None, (403, "AccessDenied")),
        ({"transfer_encoding": "chunked"}, "content-length", (501, "NotImplemented")),
        ({}, "content-length", (411, "MissingContentLength")),
    ],
)
async def test_refuses_headers_that_the_url_does_not_allow(
    bulk: BulkAsker, url: str, headers: dict[str, str], without: str | None, told: tuple[int, str]
) -> None:
    assert _told(await bulk.put(url, CONTENT, without, **headers)) == told
    assert [(upload.stored, upload.status) for upload in bulk.sandbox.uploads] == [(False, told[0])]
    assert (await bulk.status(_job(url)))["status"] == "UPLOAD_PENDING"
    assert _told(await bulk.put(url, CONTENT)) == (200, None)


@pytest.mark.parametrize(
    "parameter", ["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date", "X-Amz-Security-Token"]
)
async def test_refuses_a_url_that_was_changed(bulk: BulkAsker, url: str, parameter: str) -> None:
    base, query = url.split("?")
    pairs = parse_qsl(query)
    changed = [(key, value[:-1] + "0" if key == parameter else value) for key, value in pairs]
    left_out = [(key, value) for key, value in pairs if key != parameter]
    if parameter == "X-Amz-Expires":
        changed = [(key, "6000" if key == parameter else value) for key, value in pairs]
    for wrong in (changed, left_out, [], [*pairs, ("more", "1")]):
        if wrong != pairs:
            assert _told(await bulk.put(f"{base}?{urlencode(wrong)}", CONTENT)) == (403, "AccessDenied")
    assert bulk.sandbox.items() == []


async def test_quoting_what_needs_quotes_is_part_of_the_url(bulk: BulkAsker, url: str) -> None:
    assert "%2B" in url
    assert _told(await bulk.put(url.replace("%2B", "+"), CONTENT)) == (403, "AccessDenied")
    assert _told(await bulk.put(url.replace("%2F", "/"), CONTENT)) == (200, None)


async def test_the_url_of_one_job_is_no_good_for_another(bulk: BulkAsker, url: str) -> None:
    other = (await bulk.start()).data["job"]
    mixed = url.replace(_job(url), other["job_id"])
    assert _told(await bulk.put(mixed, CONTENT)) == (403, "AccessDenied")


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 403)])
async def test_a_url_is_good_for_ten_minutes(
    bulk: BulkAsker, url: str, clock: Clock, seconds: int, status: int
) -> None:
    clock.wait(seconds=seconds)
    assert _told(await bulk.put(url, CONTENT))[0] == status


async def test_a_url_is_good_for_as_long_as_is_chosen(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(url_seconds=5)
    url = (await bulk.start()).data["job"]["upload_url"]
    clock.wait(seconds=5)
    assert _told(await bulk.put(url, CONTENT)) == (403, "AccessDenied")


async def test_the_job_of_a_file_that_is_too_large_is_rejected(bulk: BulkAsker, url: str) -> None:
    bulk.choose(file_bytes=len(CONTENT) - 1)
    assert _told(await bulk.put(url, CONTENT)) == (200, None)
    status = await bulk.status(_job(url))
    assert (status["status"], status["failure_reason"]) == ("REJECTED", "FILE_TOO_LARGE")
    assert bulk.sandbox.uploads[0].size == len(CONTENT)


@pytest.mark.parametrize(
    ("choice", "status", "stored", "created"),
    [
        (SecondUpload.IGNORED, 200, False, 1),
        (SecondUpload.REFUSED, 403, False, 1),
        (SecondUpload.PROCESSED, 200, True, 2),
    ],
)
@pytest.mark.parametrize("looked", [True, False])
async def test_a_second_file_for_a_job_meets_what_is_chosen(
    bulk: BulkAsker, url: str, choice: SecondUpload, status: int, stored: bool, created: int, looked: bool
) -> None:
    bulk.choose(second_upload=choice)
    await bulk.put(url, CONTENT)
    if looked:
        assert (await bulk.status(_job(url)))["status"] == "COMPLETED"
    assert _told(await bulk.put(url, CONTENT))[0] == status
    assert [upload.stored for upload in bulk.sandbox.uploads] == [True, stored]
    assert len(bulk.sandbox.items()) == created
    assert counts_of(await bulk.status(_job(url))) == {"submitted": 1, "created": 1}


@pytest.mark.parametrize(
    ("fault", "status", "stored"),
    [
        (Fault(FaultKind.DROP_BEFORE, "bulk_upload"), None, False),
        (Fault(FaultKind.EXECUTE_THEN_DROP, "bulk_upload"), None, True),
        (Fault(FaultKind.ANSWER_INSTEAD, "bulk_upload", status=503), 503, False),
        (Fault(FaultKind.ANSWER_INSTEAD, "bulk_upload", status=403), 403, False),
        (Fault(FaultKind.EXECUTE_THEN_ANSWER, "bulk_upload", status=500), 500, True),
    ],
)
async def test_an_upload_meets_faults_on_order(
    bulk: BulkAsker, url: str, fault: Fault, status: int | None, stored: bool
) -> None:
    bulk.sandbox.faults.add(fault)
    answer = await bulk.put(url, CONTENT)
    assert (None if answer is None else answer.status) == status
    assert [(upload.stored, upload.status) for upload in bulk.sandbox.uploads] == [(stored, status)]
    assert len(bulk.sandbox.items()) == stored
    await bulk.put(url, CONTENT)
    assert len(bulk.sandbox.items()) == 1


async def test_an_upload_may_be_slow_and_too_slow(clock: Clock) -> None:
    async def sleep(seconds: float) -> None:
        clock.wait(seconds=seconds)

    bulk = BulkAsker(Asker(Sandbox(clock=clock, sleep=sleep)))
    for seconds, status in [(500, 200), (700, 403)]:
        bulk.sandbox.faults.add(Fault(FaultKind.DELAY, "bulk_upload", seconds=seconds))
        url = (await bulk.start()).data["job"]["upload_url"]
        assert _told(await bulk.put(url, CONTENT))[0] == status


async def test_faults_of_other_operations_leave_uploads_alone(bulk: BulkAsker, url: str) -> None:
    bulk.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, "ingest_items"))
    assert _told(await bulk.put(url, CONTENT)) == (200, None)


@pytest.mark.parametrize("kind", ["changed", "upload", "expired"])
async def test_a_report_needs_its_own_url(bulk: BulkAsker, url: str, clock: Clock, kind: str) -> None:
    await bulk.put(url, CONTENT)
    report_url = (await bulk.status(_job(url)))["report_url"]
    if kind == "changed":
        report_url = report_url[:-1] + ("0" if report_url[-1] != "0" else "1")
    elif kind == "upload":
        report_url = url.replace("bulk-upload", "bulk-report")
    else:
        clock.wait(minutes=10)
    assert _told(await bulk.sandbox.storage.get(storage_request(report_url))) == (403, "AccessDenied")


async def test_every_look_at_a_job_gives_a_new_url_of_its_report(
    bulk: BulkAsker, url: str, clock: Clock
) -> None:
    await bulk.put(url, CONTENT)
    urls = [(await bulk.status(_job(url)))["report_url"] for _ in range(3)]
    assert len(set(urls)) == 3
    clock.wait(minutes=20)
    later = (await bulk.status(_job(url)))["report_url"]
    assert len(await bulk.report(later)) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(FaultKind.DROP_BEFORE, "bulk_report"), None),
        (Fault(FaultKind.EXECUTE_THEN_DROP, "bulk_report"), None),
        (Fault(FaultKind.ANSWER_INSTEAD, "bulk_report", status=503), 503),
    ],
)
async def test_a_download_meets_faults_on_order(
    bulk: BulkAsker, url: str, fault: Fault, status: int | None
) -> None:
    await bulk.put(url, CONTENT)
    bulk.sandbox.faults.add(fault)
    report_url = (await bulk.status(_job(url)))["report_url"]
    answer = await bulk.sandbox.storage.get(storage_request(report_url))
    assert (None if answer is None else answer.status) == status
    assert len(await bulk.report(report_url)) == 1


def test_errors_of_the_storage_are_xml() -> None:
    assert _told(storage_error(503, "SlowDown", "<Too> many & more")) == (503, "SlowDown")
