"""Every fault shows on the wire as its kind says, and stores what its kind says.

Belongs here: faults, their plan, and latency. Does not belong here: OBI's own rules
(`test_sandbox_sinch.py`).
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from sandbox.exchange import Answer, Request
from sandbox.faults import Fault, FaultPlan, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from sandbox.sinch.seeds import RENEWALS_ID

CAMPAIGNS = "/RI/obi/campaigns"
LIST = f"{CAMPAIGNS}/{RENEWALS_ID}/customers/list"
ON_LIST = {"method": "POST", "path_contains": "customers/list"}
LONG_S = 60.0
READ_TIMEOUT_S = 0.2


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer[SinchObi]]:
    with SandboxServer(SinchObi()) as running:
        yield running


@pytest.fixture
def obi(server: SandboxServer[SinchObi]) -> SinchObi:
    server.vendor.reset()
    server.faults.clear()
    return server.vendor


@pytest.fixture(scope="module")
def opened(server: SandboxServer[SinchObi]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=10) as client:
        yield client


@pytest.fixture
def client(opened: httpx.Client, obi: SinchObi) -> httpx.Client:
    """A client of the double, whose state is fresh."""
    return opened


def arm(client: httpx.Client, kind: str, **fields: Any) -> None:
    """The fault is in force for batches, and no other fault is."""
    answer = client.post("/_sandbox/faults", json=[{"kind": kind, "match": ON_LIST, **fields}])
    assert answer.status_code == 200, answer.text


def post(client: httpx.Client, *external_ids: str, **options: Any) -> httpx.Response:
    """Posts a batch of valid customers."""
    customers = [{"externalId": external_id, "numbers": "123"} for external_id in external_ids]
    return client.post(LIST, json=customers, **options)


def stored(obi: SinchObi) -> list[str]:
    """The externalIds stored, sorted."""
    return sorted(external_id for _, external_id in obi.store.creations)


# --- connections that break ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("lost_after_commit", ["a"]), ("reset_before_processing", []), ("reset_before_body", [])],
)
def test_reset_stores_as_its_kind_says(client: httpx.Client, obi: SinchObi, kind: str, expected: list[str]) -> None:
    """The client reads no byte of an answer; only `lost_after_commit` has stored.

    A reset that meets the client between head and body reaches httpx as an end without an answer.
    """
    arm(client, kind)
    with pytest.raises((httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        post(client, "a")
    assert stored(obi) == expected
    assert post(client, "b").status_code == 200


def test_reset_is_an_rst_and_not_an_end(client: httpx.Client, server: SandboxServer[SinchObi]) -> None:
    """The socket fails with a reset; an orderly end would read as an empty answer."""
    server.faults.replace([Fault(kind="lost_after_commit")])
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"GET {CAMPAIGNS} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_reset_before_body_answers_a_head_whose_body_never_came(
    client: httpx.Client, server: SandboxServer[SinchObi], obi: SinchObi
) -> None:
    """The reset comes after the head alone, and the operation was never reached."""
    server.faults.replace([Fault(kind="reset_before_body")])
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"POST {LIST} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    assert obi.store.requests == {}


@pytest.mark.parametrize(("kind", "expected"), [("stall_after_commit", ["a"]), ("stall_before_commit", [])])
def test_stall_is_a_read_time_out(client: httpx.Client, obi: SinchObi, kind: str, expected: list[str]) -> None:
    """The client's patience ends without an answer; only `stall_after_commit` has stored."""
    arm(client, kind, seconds=LONG_S)
    with pytest.raises(httpx.ReadTimeout):
        post(client, "a", timeout=READ_TIMEOUT_S)
    assert stored(obi) == expected


def test_stall_after_commit_ends_in_the_answer(client: httpx.Client) -> None:
    """A client that waits longer than the stall reads the answer."""
    arm(client, "stall_after_commit", seconds=0.01)
    assert post(client, "a").json()[0]["statusCode"] == 201


def test_stall_before_commit_ends_in_a_reset(client: httpx.Client, obi: SinchObi) -> None:
    """A client that waits longer than the stall is reset, and nothing was ever stored."""
    arm(client, "stall_before_commit", seconds=0.01)
    with pytest.raises(httpx.ReadError):
        post(client, "a")
    assert stored(obi) == []


def test_truncated_body_breaks_the_promised_length(client: httpx.Client, obi: SinchObi) -> None:
    """The head is right, the body stops short of Content-Length, and the request was processed."""
    arm(client, "truncated", bytes=12)
    chunks: list[bytes] = []
    with client.stream("POST", LIST, json=[{"externalId": "a", "numbers": "1"}]) as answer:
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) > 12
        with pytest.raises(httpx.RemoteProtocolError):
            chunks.extend(answer.iter_raw())
    assert len(b"".join(chunks)) == 12
    assert stored(obi) == ["a"]


def test_stopping_the_server_does_not_wait_for_a_stall() -> None:
    """A server that stalls a request stops at once, and the client sees its connection go."""
    with SandboxServer(SinchObi()) as stalling, ThreadPoolExecutor() as pool:
        stalling.faults.replace([Fault(kind="stall_before_commit", seconds=LONG_S)])
        pending = pool.submit(httpx.get, f"{stalling.url}{CAMPAIGNS}", timeout=LONG_S)
        assert stalling.faults.wait_until_fired()
        stalling.stop()
        assert isinstance(pending.exception(timeout=10), httpx.TransportError)


# --- answers that are wrong ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status", "expected"),
    [({}, 502, []), ({"status": 500, "commit": True}, 500, ["a"]), ({"status": 503}, 503, [])],
)
def test_html_is_an_error_page(
    client: httpx.Client, obi: SinchObi, fields: dict[str, Any], status: int, expected: list[str]
) -> None:
    """An error page has the status asked for, 502 by default; `commit` decides what is stored."""
    arm(client, "html", **fields)
    answer = post(client, "a")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")
    assert stored(obi) == expected


def test_html_200_hides_a_processed_request(client: httpx.Client, obi: SinchObi) -> None:
    """The page says 200 though it is no JSON, and the request was processed."""
    arm(client, "html_200")
    answer = post(client, "a")
    assert (answer.status_code, answer.text[:1]) == (200, "<")
    assert stored(obi) == ["a"]


@pytest.mark.parametrize("retry_after", ["7", "Wed, 21 Oct 2026 07:28:00 GMT"])
@pytest.mark.parametrize(("commit", "expected"), [(False, []), (True, ["a"])])
def test_status_carries_retry_after_in_either_form(
    client: httpx.Client, obi: SinchObi, retry_after: str, commit: bool, expected: list[str]
) -> None:
    """A status comes with the Retry-After as given, and is processed only with `commit`."""
    arm(client, "status", status=429, retry_after=retry_after, commit=commit)
    answer = post(client, "a")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, retry_after)
    assert stored(obi) == expected


def test_status_defaults_to_503_without_retry_after(client: httpx.Client) -> None:
    """Without fields, the status is 503 and nobody says when to come back."""
    arm(client, "status")
    answer = post(client, "a")
    assert answer.status_code == 503
    assert "retry-after" not in answer.headers


def test_status_401_carries_a_challenge(client: httpx.Client) -> None:
    """A password that expires in mid-run is 401 with a challenge."""
    arm(client, "status", status=401)
    assert post(client, "a").headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(("count", "left"), [(1, 2), (2, 1), (9, 0)])
def test_short_response_loses_its_last_results(client: httpx.Client, obi: SinchObi, count: int, left: int) -> None:
    """All entries are stored, and the result array lacks its last ones."""
    arm(client, "short_response", count=count)
    assert len(post(client, "a", "b", "c").json()) == left
    assert stored(obi) == ["a", "b", "c"]


def test_entry_status_fails_entries_by_position(client: httpx.Client, obi: SinchObi) -> None:
    """The entries at the positions answer the status and are not stored; others are."""
    arm(client, "entry_status", positions=[0, 2, 99], status=503)
    results = post(client, "a", "b", "c").json()
    assert [result["statusCode"] for result in results] == [503, 201, 503]
    assert stored(obi) == ["b"]


def test_entry_status_defaults_to_500_at_the_first_entry(client: httpx.Client) -> None:
    """Without fields, the first entry answers 500."""
    arm(client, "entry_status")
    assert [result["statusCode"] for result in post(client, "a", "b").json()] == [500, 201]


def test_extra_fields_are_added_to_every_object(client: httpx.Client) -> None:
    """Every object of a list, or the single object, gains the fields."""
    client.post("/_sandbox/faults", json=[{"kind": "extra_fields", "times": None, "fields": {"x": 1}}])
    assert all(row["x"] == 1 for row in client.get(CAMPAIGNS).json())
    assert client.get(f"{CAMPAIGNS}/{RENEWALS_ID}").json()["x"] == 1
    assert client.get(f"{CAMPAIGNS}/bad").text == "Invalid GUID: 'bad'"


def test_slow_answers_well_after_a_while(client: httpx.Client, obi: SinchObi) -> None:
    """A slow request is processed, outlasts a short patience, and is answered well to a longer one."""
    faults = [{"kind": "slow", "seconds": LONG_S}, {"kind": "slow", "seconds": 0.01}]
    client.post("/_sandbox/faults", json=faults)
    with pytest.raises(httpx.ReadTimeout):
        post(client, "a", timeout=READ_TIMEOUT_S)
    assert post(client, "b").json()[0]["statusCode"] == 201
    assert stored(obi) == ["a", "b"]


# --- the plan -----------------------------------------------------------------------------------


def test_skip_and_times_choose_the_requests(client: httpx.Client) -> None:
    """`skip` requests pass, `times` are spoilt, and the rest pass again."""
    arm(client, "status", skip=1, times=2)
    assert [post(client, name).status_code for name in "abcde"] == [200, 503, 503, 200, 200]


def test_null_times_is_for_ever(client: httpx.Client) -> None:
    """Without a limit the fault lasts until it is removed."""
    arm(client, "status", times=None)
    assert [post(client, name).status_code for name in "abc"] == [503] * 3
    assert client.delete("/_sandbox/faults").status_code == 204
    assert post(client, "a").status_code == 200


def test_unmatched_requests_pass_and_are_not_counted(client: httpx.Client) -> None:
    """Another method or path neither meets the fault nor uses up its skip."""
    arm(client, "status", skip=1)
    assert client.get(CAMPAIGNS).status_code == 200
    assert [post(client, name).status_code for name in "ab"] == [200, 503]


def test_control_is_never_spoilt(client: httpx.Client) -> None:
    """A fault on everything leaves the control requests alone."""
    client.post("/_sandbox/faults", json=[{"kind": "status", "times": None}])
    assert client.get("/_sandbox/health").status_code == 200
    assert client.get(CAMPAIGNS).status_code == 503


def test_first_due_fault_wins_and_the_next_keeps_its_times(client: httpx.Client) -> None:
    """A request meets one fault; the second of the list is met by the next request."""
    faults = [{"kind": "status", "status": 429}, {"kind": "status", "status": 500}]
    client.post("/_sandbox/faults", json=faults)
    assert [client.get(CAMPAIGNS).status_code for _ in range(3)] == [429, 500, 200]


def test_plan_is_read_back_with_counts(client: httpx.Client, server: SandboxServer[SinchObi]) -> None:
    """The plan reads as it was set, with how many requests matched and were spoilt."""
    arm(client, "status", status=429, skip=1)
    for name in "abc":
        post(client, name)
    [fault] = client.get("/_sandbox/faults").json()
    assert (fault["kind"], fault["status"], fault["match"]) == ("status", 429, {**ON_LIST, "body_contains": None})
    assert (fault["matched_count"], fault["fired_count"]) == (3, 1)
    assert server.faults.fired_count == 1


def test_faults_switch_from_python(client: httpx.Client, server: SandboxServer[SinchObi]) -> None:
    """The plan object and the control requests are the same plan."""
    server.faults.add(Fault(kind="status", status=429, match=Match(method="GET")))
    assert client.get("/_sandbox/faults").json()[0]["status"] == 429
    assert client.get(CAMPAIGNS).status_code == 429


@pytest.mark.parametrize(
    "faults",
    [
        {},
        [1],
        [{"kind": "no_such_kind"}],
        [{"kind": "status", "times": "many"}],
        [{"kind": "status", "match": {"verb": "GET"}}],
        [{"kind": "status", "match": 1}],
        [{"kind": "status", "unknown": 1}],
        [{"kind": "slow"}, {"kind": "entry_status", "positions": [True]}],
    ],
)
def test_bad_faults_are_400_and_change_nothing(client: httpx.Client, faults: Any) -> None:
    """A plan that cannot be read is refused whole."""
    arm(client, "status")
    assert client.post("/_sandbox/faults", json=faults).status_code == 400
    assert [fault["kind"] for fault in client.get("/_sandbox/faults").json()] == ["status"]


def test_probability_repeats_with_its_seed() -> None:
    """The same seed spoils the same requests, also after the plan is replaced; about the share asked."""
    fault = Fault(kind="status", times=None, probability=0.25)

    def spoilt(plan: FaultPlan) -> list[bool]:
        plan.replace([fault])
        return [plan.take("GET", "/") is not None for _ in range(400)]

    first = FaultPlan(seed=7)
    assert spoilt(first) == spoilt(first) == spoilt(FaultPlan(seed=7))
    assert spoilt(first) != spoilt(FaultPlan(seed=8))
    assert 60 < sum(spoilt(first)) < 140


def test_times_is_exact_under_threads() -> None:
    """Threads that ask at once are spoilt exactly as often as asked."""
    plan = FaultPlan()
    plan.replace([Fault(kind="status", times=50)])
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: plan.take("GET", "/"), range(500)))
    assert sum(fault is not None for fault in taken) == 50


def test_answer_comes_in_one_piece(server: SandboxServer[SinchObi]) -> None:
    """As a vendor's does: a head that comes before its body wakes the client once more."""
    host, port = server.url.removeprefix("http://").split(":")
    request = f"GET {CAMPAIGNS} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nAuthorization: Basic eDp5\r\n\r\n"
    with socket.create_connection((host, int(port))) as raw:
        for _ in range(20):
            raw.sendall(request.encode())
            head, _, body = raw.recv(65536).partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}\r\n".encode() in head + b"\r\n"


def test_latency_delays_every_request(client: httpx.Client, obi: SinchObi) -> None:
    """A request is stored late, at the half of the latency, even though its client gave up."""
    obi.knobs.latency_ms = 10 * READ_TIMEOUT_S * 1000
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        post(client, "a", timeout=READ_TIMEOUT_S)
    assert stored(obi) == []
    while not stored(obi):
        assert time.monotonic() < started + 9 * READ_TIMEOUT_S, "it was not stored before its answer was due"
        time.sleep(0.01)
    assert time.monotonic() >= started + 5 * READ_TIMEOUT_S


def test_latency_holds_the_work_of_the_double(
    client: httpx.Client, obi: SinchObi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that takes the double as long as a third of the latency is there at its end, and no later."""
    obi.knobs.latency_ms = 900
    answer = obi.answer

    def work(request: Request) -> Answer:
        time.sleep(0.3)
        return answer(request)

    monkeypatch.setattr(obi, "answer", work)
    started = time.monotonic()
    client.get(CAMPAIGNS)
    assert 0.9 <= time.monotonic() - started < 1.15


@pytest.mark.parametrize("taken", [0, 2], ids=["the_first", "a_later_one"])
def test_a_port_that_is_taken_is_told_in_a_sentence(taken: int) -> None:
    """Whichever of the doubles' ports it is; nothing is served then."""
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1] - taken
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (1, "")
    place = f"--host 127.0.0.1 --port {port}, or on one of the ports after it"
    assert ended.stderr == f"sandbox: cannot listen on {place}: Address already in use\n"
