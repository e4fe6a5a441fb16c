"""Loads begin while the day is still being decided: nothing is sent before it is, and nothing if it never is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import DaySummary, load_day
from pipelines.store import LedgerUnavailableError
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, lead, leads
from tests.faults.running import NOT_YET, SENDING, Make, Vendor, assert_balanced, end_settle_time, load_in_full, once
from tests.reading import query, states

COUNT = 30
WITHIN_S = 30.0
LOOKING = Match(method="GET", path_contains="/campaigns/")
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"
STOPS = "SELECT campaign, reason FROM ledger.campaign_stops"

Began = Callable[[], bool]
Load = Future[DaySummary]


@contextmanager
def deciding(installation: Installation, began: Began, *, stop: threading.Event | None = None) -> Iterator[Load]:
    """Inside, every row of the day is read, its load has begun, and its decision cannot be committed."""
    with ThreadPoolExecutor(1) as thread:
        with installation.engine.connect() as other, other.begin():
            other.execute(text("LOCK TABLE ledger.decisions IN EXCLUSIVE MODE"))
            load = thread.submit(load_day, installation, DAY, stop=stop)
            deadline = time.monotonic() + WITHIN_S
            while not (began() and query(installation, WAITING)):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield load
        load.exception(timeout=WITHIN_S)


def is_asked(vendor: SandboxServer[Any]) -> bool:
    """Whether the vendor was asked anything."""
    return sum(vendor.vendor.store.requests.values()) > 0


def test_a_campaign_is_looked_at_while_the_day_is_decided_and_once(installations: Make, sinch: Vendor) -> None:
    """The vendor's answer is there when the day is decided; nobody is sent before."""
    installation = installations(rows=leads(COUNT))
    with deciding(installation, lambda: is_asked(sinch)) as load:
        assert sinch.vendor.held() == []
    assert load.result().problems == []
    assert load.result().vendors["sinch"].delivery.request_count == sum(sinch.vendor.store.requests.values())
    assert sinch.vendor.store.requests["read_campaign"] == 1
    assert sinch.vendor.store.creations == once(COUNT)


def test_a_day_that_is_not_decided_after_all_sends_nobody(installations: Make, sinch: Vendor) -> None:
    """The database drops the decision at its end; what is wrong is told as it is, and the next load loads the day."""
    installation = installations(rows=leads(COUNT))
    with deciding(installation, lambda: is_asked(sinch)) as load:
        [[pid]] = query(installation, WAITING)
        query(installation, "SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
    with pytest.raises(LedgerUnavailableError):
        load.result()
    assert sinch.vendor.held() == []
    assert query(installation, STOPS) == []
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)


def test_a_load_that_is_stopped_while_the_day_is_decided_says_so(installations: Make, sinch: Vendor) -> None:
    """The day is decided to its end, nobody is sent, and the reason outlives the decision."""
    installation, stop = installations(rows=leads(COUNT)), threading.Event()
    with deciding(installation, lambda: is_asked(sinch), stop=stop):
        stop.set()
    assert sinch.vendor.held() == []
    assert_balanced(installation)
    [problem] = [text for text in morning.report(installation, [DAY]).problems if "stopped" in text]
    assert problem.endswith("the load was stopped before everything was sent: run the day again")
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)


def test_a_look_that_fails_while_the_day_is_decided_is_told_of_once_it_is(installations: Make, sinch: Vendor) -> None:
    """The campaign is not there: its leads wait with the reason, as if it had been asked about afterwards."""
    installation = installations(rows=leads(COUNT))
    sinch.faults.add(Fault(kind="status", status=404, commit=True, match=LOOKING, times=None))
    with deciding(installation, lambda: is_asked(sinch)) as load:
        assert query(installation, STOPS) == []
    assert len(load.result().problems) == 1
    assert query(installation, STOPS) != []
    assert sinch.vendor.store.requests == {"read_campaign": 1}
    assert states(installation) == {"planned": COUNT}
    sinch.faults.clear()
    load_in_full(installation, COUNT)


def test_what_is_unsure_is_asked_about_while_the_day_is_decided(installations: Make, sinch: Vendor) -> None:
    """Answers were lost: the vendor is asked what became of them, and nobody is sent twice."""
    installation = installations(rows=leads(COUNT), sinch={"settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="lost_after_commit", match=SENDING, times=None))
    load_day(installation, DAY)
    sinch.faults.clear()
    end_settle_time(installation)
    unknown = "SELECT count(*) FROM ledger.imports WHERE state = 'unknown'"
    assert query(installation, unknown) != [(0,)]
    with deciding(installation, lambda: query(installation, unknown) == [(0,)]) as load:
        pass
    assert load.result().problems == []
    assert sinch.vendor.store.creations == once(COUNT)


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, SandboxServer[Any]]]:
    """The doubles of all vendors."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(kind)) for name, kind in KINDS.items()}


def test_the_loads_of_four_vendors_wait_for_the_day_side_by_side(
    tmp_path: Path, database: str, four: Mapping[str, SandboxServer[Any]]
) -> None:
    """Each has asked its vendor, and holds its connections to the ledger; the day is decided all the same."""
    rows = [lead(number, campaign=f"{name}-calls") for number, name in enumerate(four, start=1)]
    installation = Installation.load(write_vendors(tmp_path, four, database=database, rows=rows))
    with deciding(installation, lambda: all(map(is_asked, four.values()))) as load:
        pass
    assert load.result().problems == []
    assert [len(one.vendor.held()) for one in four.values()] == [1, 1, 1, 1]
    installation.close()
