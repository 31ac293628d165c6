import asyncio
import csv
import socket
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from order_staging.sandbox import (
    BulkRules,
    Fault,
    FaultKind,
    Sandbox,
    SandboxServer,
    SandboxThread,
    storage_error,
)

CSV_TYPE = {"Content-Type": "text/csv"}
START = 'mutation { job: ingest_items(board_id: 9200517329, group_id: "topics") { job_id upload_url } }'
STATUS = """query ($job: ID!) { job: fetch_job_status(job_id: $job) { ... on ItemsJobStatus {
  status failure_reason counts { created } report_url } } }"""


async def _ask(http: aiohttp.ClientSession, server: SandboxServer, query: str, **variables: str) -> Any:
    headers = {"Authorization": "sandbox-token"}
    async with http.post(
        server.url, json={"query": query, "variables": variables}, headers=headers
    ) as response:
        return (await response.json())["data"]["job"]


async def test_an_import_goes_all_the_way_over_http() -> None:
    sandbox = Sandbox()
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        job = await _ask(http, server, START)
        assert urlsplit(job["upload_url"]).netloc == urlsplit(server.url).netloc
        url = URL(job["upload_url"], encoded=True)
        content = 'name,text_mkr5wya6\r\n"Ström, ""quoted""","שלום\n\N{T-SHIRT}"\r\n'.encode()
        async with http.put(url, data=content, headers=CSV_TYPE) as response:
            assert (response.status, await response.read()) == (200, b"")
        status = await _ask(http, server, STATUS, job=job["job_id"])
        assert (status["status"], status["counts"]) == ("COMPLETED", {"created": 1})
        async with http.get(URL(status["report_url"], encoded=True)) as response:
            assert (response.status, response.content_type) == (200, "text/csv")
            assert (len(sandbox.uploads), sandbox.storage.downloads) == (1, 1)
            [line] = csv.DictReader(StringIO(await response.text(), newline=""))
    [item] = sandbox.items()
    assert (item.name, item.text("text_mkr5wya6")) == ('Ström, "quoted"', "שלום\n\N{T-SHIRT}")
    assert (line["status"], line["itemId"]) == ("success", item.id)


@pytest.mark.parametrize(
    ("headers", "chunked", "told"),
    [
        ({"Content-Type": "text/plain"}, False, (403, "SignatureDoesNotMatch")),
        ({**CSV_TYPE, "Authorization": "sandbox-token"}, False, (403, "AccessDenied")),
        ({**CSV_TYPE, "x-amz-checksum-crc32": "AAAAAA=="}, False, (403, "AccessDenied")),
        (CSV_TYPE, True, (501, "NotImplemented")),
    ],
)
async def test_the_storage_refuses_in_xml(
    headers: dict[str, str], chunked: bool, told: tuple[int, str]
) -> None:
    async with SandboxServer(Sandbox()) as server, aiohttp.ClientSession() as http:
        url = URL((await _ask(http, server, START))["upload_url"], encoded=True)
        async with http.put(url, data=b"name\nA\n", headers=headers, chunked=chunked or None) as response:
            assert (response.status, response.content_type) == (told[0], "application/xml")
            assert f"<Code>{told[1]}</Code>" in await response.text()


async def test_a_put_without_a_length_is_refused() -> None:
    async with SandboxServer(Sandbox()) as server, aiohttp.ClientSession() as http:
        parts = urlsplit((await _ask(http, server, START))["upload_url"])
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        target = f"{parts.path}?{parts.query}"
        writer.write(
            f"PUT {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: text/csv\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"</Error>")
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"<Code>MissingContentLength</Code>" in answer


async def test_takes_files_beyond_the_size_of_a_request_and_none_beyond_that_of_a_file() -> None:
    sandbox = Sandbox(bulk=BulkRules(file_bytes=12 * 1024**2))
    row = b'A,"' + b"x" * 50_000 + b'"\n'
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        for rows, reason in [(240, None), (260, "FILE_TOO_LARGE")]:
            job = await _ask(http, server, START)
            url = URL(job["upload_url"], encoded=True)
            content = b"name,text_mkr5wya6\n" + row * rows
            async with http.put(url, data=BytesIO(content), headers=CSV_TYPE) as response:
                assert response.status == 200
            assert (await _ask(http, server, STATUS, job=job["job_id"]))["failure_reason"] == reason
            assert sandbox.uploads[-1].size == len(content)
    assert len(sandbox.items()) == 240


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(FaultKind.DROP_BEFORE, [False, False, True]), (FaultKind.EXECUTE_THEN_DROP, [True, False, False])],
)
async def test_an_upload_may_be_lost_before_or_after_it_is_stored(
    kind: FaultKind, stored: list[bool]
) -> None:
    sandbox = Sandbox()
    # Of its own accord aiohttp sends a PUT a second time when the connection is lost.
    sandbox.faults.add(Fault(kind, "bulk_upload", times=2))
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        url = URL((await _ask(http, server, START))["upload_url"], encoded=True)
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.put(url, data=b"name\nA\n", headers=CSV_TYPE)
        assert len(sandbox.items()) == stored[0]
        async with http.put(url, data=b"name\nA\n", headers=CSV_TYPE) as response:
            assert response.status == 200
    assert [upload.stored for upload in sandbox.uploads] == stored
    assert [upload.status for upload in sandbox.uploads] == [None, None, 200]
    assert len(sandbox.items()) == 1


async def test_a_file_that_breaks_off_is_not_stored() -> None:
    sandbox = Sandbox()
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        job = await _ask(http, server, START)
        parts = urlsplit(job["upload_url"])
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = (
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: text/csv\r\n"
        )
        writer.write(f"{head}Content-Length: 100\r\n\r\nname\nA\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await _ask(http, server, STATUS, job=job["job_id"]))["status"] == "UPLOAD_PENDING"
    assert sandbox.uploads == ()


async def test_the_storage_may_answer_what_a_fault_says() -> None:
    sandbox = Sandbox()
    busy = storage_error(503, "SlowDown", "Please reduce your request rate.")
    for operation in ("bulk_upload", "bulk_report"):
        sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, operation, status=503, body=busy.body))
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        job = await _ask(http, server, START)
        url = URL(job["upload_url"], encoded=True)
        for status in (503, 200):
            async with http.put(url, data=b"name\nA\n", headers=CSV_TYPE) as response:
                assert (response.status, response.content_type) == (status, "application/xml")
        report_url = (await _ask(http, server, STATUS, job=job["job_id"]))["report_url"]
        for status in (503, 200):
            async with http.get(URL(report_url, encoded=True)) as response:
                assert response.status == status


def test_urls_lead_to_the_server_of_the_moment() -> None:
    sandbox = Sandbox()
    for _ in range(2):
        with SandboxThread(sandbox) as served:
            assert sandbox.storage.base_url == served.url.removesuffix("/v2")


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
async def test_urls_of_an_ipv6_address_have_brackets() -> None:
    sandbox = Sandbox()
    async with SandboxServer(sandbox, host="::1"):
        assert sandbox.storage.base_url.startswith("http://[::1]:")


async def test_imported_items_are_in_the_state_file_as_soon_as_they_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    sandbox = Sandbox(path=path)
    async with SandboxServer(sandbox) as server, aiohttp.ClientSession() as http:
        job = await _ask(http, server, START)
        url = URL(job["upload_url"], encoded=True)
        await http.put(url, data=b"name\nA\nB\n", headers=CSV_TYPE)
        await _ask(http, server, STATUS, job=job["job_id"])
        assert [item.name for item in Sandbox(path=path).items()] == ["A", "B"]
