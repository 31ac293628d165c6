import asyncio
import http.client
import json
import socket
import threading
import urllib.error
import urllib.request

import aiohttp
import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox, SandboxServer, SandboxThread, bodies

CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "Ström") { id name } }'


def _post(
    url: str, query: str, headers: dict[str, str] | None = None, variables: dict[str, object] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(  # noqa: S310 - a loopback URL
        url,
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Authorization": "sandbox-token", "Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - a loopback URL
            return response.status, response.read(), dict(response.headers.items())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers.items())


def test_serves_from_a_thread_and_leaves_nothing_behind() -> None:
    sandbox = Sandbox()
    with SandboxThread(sandbox) as served:
        status, body, headers = _post(served.url, CREATE)
        port = int(served.url.rsplit(":")[-1].split("/")[0])
    answer = json.loads(body)
    assert (status, answer["data"]["it"]["name"]) == (200, "Ström")
    assert headers["x-request-id"] == answer["extensions"]["request_id"]
    assert headers["api-version"] == "2026-10"
    assert sandbox.items()[0].id == answer["data"]["it"]["id"]
    assert not any(thread.name == "sandbox" for thread in threading.enumerate())
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_a_port_in_use_is_an_error_where_the_thread_is_started() -> None:
    with SandboxThread(Sandbox()) as served:
        port = int(served.url.rsplit(":")[-1].split("/")[0])
        with pytest.raises(OSError, match="address already in use"), SandboxThread(Sandbox(), port=port):
            pass


def test_a_wrong_token_is_answered_with_401() -> None:
    with SandboxThread(Sandbox()) as served:
        status, body, _ = _post(served.url, CREATE, {"Authorization": "wrong"})
    assert status == 401
    assert json.loads(body)["errors"] == bodies.not_authenticated()["errors"]


def test_a_fault_may_answer_a_page_of_html() -> None:
    sandbox = Sandbox()
    sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=502, body=bodies.BAD_GATEWAY_PAGE))
    with SandboxThread(sandbox) as served:
        status, body, headers = _post(served.url, CREATE)
    assert (status, body.decode()) == (502, bodies.BAD_GATEWAY_PAGE)
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("kind", "created"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.EXECUTE_THEN_DROP, 1)])
def test_a_dropped_connection_has_no_answer(kind: FaultKind, created: int) -> None:
    sandbox = Sandbox()
    sandbox.faults.add(Fault(kind))
    with SandboxThread(sandbox) as served:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            _post(served.url, CREATE)
        assert len(sandbox.items()) == created
        assert _post(served.url, CREATE)[0] == 200


def test_a_mutation_is_replayed_by_its_idempotency_key_over_http() -> None:
    sandbox = Sandbox()
    with SandboxThread(sandbox) as served:
        first, second = (_post(served.url, CREATE, {"Idempotency-Key": "k"}) for _ in range(2))
    assert first[1] == second[1]
    assert second[2]["Idempotency-Replayed"] == "true"
    assert len(sandbox.items()) == 1


async def test_work_goes_on_when_the_client_gives_up_waiting() -> None:
    sandbox = Sandbox()
    sandbox.faults.add(Fault(FaultKind.DELAY, seconds=0.3))
    async with (
        SandboxServer(sandbox) as server,
        aiohttp.ClientSession(headers={"Authorization": sandbox.token}) as http_,
    ):
        with pytest.raises(TimeoutError):
            await http_.post(server.url, json={"query": CREATE}, timeout=aiohttp.ClientTimeout(total=0.05))
        assert sandbox.items() == []
        await asyncio.sleep(0.5)
    assert len(sandbox.items()) == 1


def test_takes_requests_of_several_megabytes() -> None:
    with SandboxThread(Sandbox()) as served:
        status, _, _ = _post(served.url, "{ me { id } }", variables={"note": "x" * 9_000_000})
    assert status == 200


def test_listens_on_the_loopback_address_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(Sandbox(), host="0.0.0.0")  # noqa: S104 - refused
