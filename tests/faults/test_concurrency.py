"""Several runs of one day at once, runs that are told to stop, and runs that were thought dead."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from pipelines import night
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.morning import report
from sandbox.faults import Fault
from tests.factories import DAY, leads, with_lease
from tests.faults.running import (
    ASKING,
    SENDING,
    Make,
    Vendor,
    assert_balanced,
    bounded,
    change,
    load,
    load_in_full,
    once,
)
from tests.reading import query, states

COUNT = 200

# What another run's look for silent senders does once the lease of a process that slept is over.
TAKE_OVER = """
UPDATE ledger.imports SET state = 'unknown', claim_token = NULL, claimed_by = NULL, lease_until = NULL, due_at = now()
WHERE state = 'sending'
"""
WAITING = "SELECT DISTINCT reason_code, reason FROM reporting.lead_outcome WHERE state = 'planned'"
PUT_OFF = "SELECT count(*) FROM ledger.imports WHERE state = 'planned' AND due_at > now()"
ROOT = Path(__file__).parents[2]


class Run(Thread):
    """A load in a thread of its own; `outcome` is `done`, or the error that ended it."""

    def __init__(self, installation: Installation, barrier: Barrier | None = None, *, wait_s: float = 0) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.outcome: str | BaseException | None = None
        self._installation = installation
        self._barrier = barrier
        self._wait_s = wait_s
        self.start()

    def run(self) -> None:
        try:
            if self._barrier:
                self._barrier.wait(30)
            load_day(self._installation, DAY, stop=self.stop, wait_s=self._wait_s)
            self.outcome = "done"
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: the test looks at it
            self.outcome = error

    def ended(self, within_s: float = 60) -> str:
        """How the run ended."""
        self.join(within_s)
        return "never" if self.is_alive() else str(self.outcome)


@pytest.mark.parametrize("count", [2, 4])
def test_runs_of_one_day_at_once_create_each_lead_once(count: int, installations: Make, sinch: Vendor) -> None:
    """However many runs load a day at once, each lead is created once, and together they load it all."""
    sinch.vendor.knobs.unique_external_id = False
    barrier = Barrier(count)
    rows = leads(COUNT)
    made = [installations(rows=rows, sinch={"batch_size": 10}) for _ in range(count)]
    assert all(installation.engine for installation in made)
    runs = [Run(installation, barrier) for installation in made]
    outcomes = [run.ended() for run in runs]
    assert set(sinch.vendor.store.creations.values()) <= {1}
    load_in_full(made[0], COUNT)
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(made[0])
    assert outcomes == ["done"] * count


@pytest.mark.parametrize("chunk_rows", [COUNT // 10, COUNT])
def test_runs_that_read_at_once_take_turns(
    chunk_rows: int, installations: Make, sinch: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days of many chunks and of one, and a list that takes its time: no run waits for one that waits for it, and none
    decides from what another has read meanwhile."""
    monkeypatch.setattr("pipelines.intake.CHUNK_ROWS", chunk_rows)
    refresh, pauses = night.refresh_do_not_call, itertools.cycle([0.3, 0.0, 0.1])

    def refresh_slowly(installation: Installation) -> dict[str, int]:
        time.sleep(next(pauses))
        return refresh(installation)

    monkeypatch.setattr(night, "refresh_do_not_call", refresh_slowly)
    barrier = Barrier(3)
    made = [installations(rows=leads(COUNT), sinch={"batch_size": 10}) for _ in range(3)]
    assert all(installation.engine for installation in made)
    assert [run.ended() for run in [Run(installation, barrier) for installation in made]] == ["done"] * 3
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(made[0])


@pytest.mark.parametrize("count", [2, 4])
def test_sending_at_once_shares_the_work(count: int, installations: Make, sinch: Vendor) -> None:
    """Several senders of one plan send each batch once between them."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 10})
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    night.plan(installation, "sinch", [DAY])
    threads = [Thread(target=night.send, args=(installation, "sinch", [DAY]), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert states(installation) == {"accepted": COUNT}
    assert sinch.vendor.store.creations == once(COUNT)
    assert sinch.vendor.store.requests["create_customers"] == COUNT // 10


def test_second_load_of_a_loaded_day_at_once_changes_nothing(installations: Make, sinch: Vendor) -> None:
    """Two runs that meet on a day that is loaded already end well and send nothing."""
    rows = leads(COUNT)
    made = [installations(rows=rows) for _ in range(2)]
    load_day(made[0], DAY)
    assert made[1].engine
    sinch.vendor.store.requests.clear()
    barrier = Barrier(2)
    runs = [Run(installation, barrier) for installation in made]
    assert [run.ended() for run in runs] == ["done", "done"]
    assert dict(sinch.vendor.store.requests) == {}
    assert states(made[0]) == {"accepted": COUNT}


@contextmanager
def child() -> Iterator[subprocess.Popen[str]]:
    """A process that is ready to load."""
    script = Path(__file__).with_name("load_child.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def go(process: subprocess.Popen[str], config: Path) -> None:
    """The process begins to load the day."""
    assert process.stdin is not None
    process.stdin.write(f"{config} {DAY}\n")
    process.stdin.flush()


def test_processes_that_load_one_day_at_once_create_each_lead_once(
    tmp_path: Path, installations: Make, sinch: Vendor
) -> None:
    """Two processes share nothing but the ledger, and that is enough."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 10})
    with ExitStack() as stack:
        processes = [stack.enter_context(child()) for _ in range(2)]
        for process in processes:
            go(process, tmp_path / "leadsync.yaml")
        ends = [process.communicate(timeout=60)[0] for process in processes]
    assert set(sinch.vendor.store.creations.values()) <= {1}
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)
    assert ends == ["done\n", "done\n"]


def test_terminated_process_settles_what_is_out_and_releases_the_rest(
    tmp_path: Path, installations: Make, sinch: Vendor
) -> None:
    """SIGTERM: the batch in flight gets its verdicts, what was claimed is planned again, nothing stays `sending`."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 10, "connections": 2})
    sinch.faults.add(Fault(kind="slow", match=SENDING, seconds=0.5, skip=2, times=2))
    with child() as process:
        go(process, tmp_path / "leadsync.yaml")
        assert sinch.faults.wait_until_fired(2, deadline_s=30)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == "done\n"
    assert set(states(installation)) == {"accepted", "planned"}
    assert query(installation, "SELECT count(*) FROM ledger.imports WHERE claim_token IS NOT NULL") == [(0,)]
    assert len(sinch.vendor.store.creations) == states(installation)["accepted"]
    load_in_full(installation, COUNT, runs=1)
    assert sinch.vendor.store.creations == once(COUNT)


def test_stopped_run_ends_its_wait_for_the_rate_limit(installations: Make, sinch: Vendor) -> None:
    """A batch that waits a minute for its turn is given up at once when its run is told to stop."""
    installation = installations(rows=leads(40), sinch={"batch_size": 10, "connections": 1})
    sinch.faults.add(Fault(kind="status", status=429, retry_after="60", match=SENDING, skip=1))
    run = Run(installation)
    assert sinch.faults.wait_until_fired()
    run.stop.set()
    assert run.ended(10) == "done"
    assert states(installation) == {"accepted": 10, "planned": 30}
    told = query(installation, WAITING)
    assert ("load_ended_early", "the load was stopped before everything was sent: run the day again") in told
    load(installation)
    assert report(installation, [DAY]).problems == []


def test_stopped_run_ends_its_rest(installations: Make, sinch: Vendor) -> None:
    """A run whose every batch waits for longer than a claim lasts ends at once too, and says what each waits for."""
    installation = installations(rows=leads(40), sinch={"batch_size": 10, "connections": 1})
    sinch.faults.add(Fault(kind="status", status=429, retry_after="120", match=SENDING, skip=1))
    run = Run(installation)
    deadline = time.monotonic() + 20
    while query(installation, PUT_OFF) != [(3,)]:
        assert run.is_alive()
        assert time.monotonic() < deadline
    run.stop.set()
    assert run.ended(10) == "done"
    assert states(installation) == {"accepted": 10, "planned": 30}
    assert sorted(query(installation, WAITING)) == [
        ("not_sent", "sinch create_customers: not sent: sinch asks to wait"),
        ("rate_limited", "sinch create_customers: HTTP 429: too many requests for now"),
    ]
    load(installation)
    assert report(installation, [DAY]).problems == []


def test_stopped_run_leaves_its_questions_open(installations: Make, sinch: Vendor) -> None:
    """A question that was stopped half-way leaves its import unknown, unclaimed, and for the next run to ask."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(40), sinch={"batch_size": 10, "connections": 1})
    sinch.faults.replace(
        [
            Fault(kind="lost_after_commit", match=SENDING, times=4),
            Fault(kind="slow", match=ASKING, seconds=0.5, times=2),
        ]
    )
    run = Run(installation)
    assert sinch.faults.wait_until_fired(5)
    run.stop.set()
    assert run.ended(30) == "done"
    assert set(states(installation)) <= {"accepted", "unknown"}
    assert query(installation, "SELECT count(*) FROM ledger.imports WHERE claim_token IS NOT NULL") == [(0,)]
    load_in_full(installation, 40)
    assert sinch.vendor.store.creations == once(40)


@pytest.mark.parametrize("kind", ["stall_before_commit", "stall_after_commit"])
def test_claim_that_was_taken_over_is_noticed(kind: str, installations: Make, sinch: Vendor) -> None:
    """A run whose lease was ended by another stores nothing over what the other found out, and nothing is twice."""
    sinch.vendor.knobs.unique_external_id = False
    first, second = (installations(rows=leads(20), sinch={"batch_size": 20, "read_timeout_s": 30}) for _ in range(2))
    assert second.engine
    sinch.faults.add(Fault(kind=kind, match=SENDING, seconds=6))
    stalled = Run(first)
    assert sinch.faults.wait_until_fired()
    change(second, TAKE_OVER)
    with bounded():
        night.send(second, "sinch", [DAY])
    assert states(second) == {"accepted": 20}
    attempts = query(second, "SELECT sum(attempts) FROM ledger.imports")
    assert stalled.ended() == "done"
    assert states(second) == {"accepted": 20}
    assert query(second, "SELECT sum(attempts) FROM ledger.imports") == attempts
    assert sinch.vendor.store.creations == once(20)
    assert_balanced(second)


def test_stalled_run_keeps_its_lease(installations: Make, sinch: Vendor) -> None:
    """A request that takes longer than the lease is not taken from the run that is still there."""
    sinch.vendor.knobs.unique_external_id = False
    first, second = (
        with_lease(installations(rows=leads(20), sinch={"batch_size": 20, "read_timeout_s": 30}), 1.5) for _ in range(2)
    )
    assert second.engine
    sinch.faults.add(Fault(kind="slow", match=SENDING, seconds=4))
    run = Run(first)
    assert sinch.faults.wait_until_fired()
    [(lease,)] = query(second, "SELECT lease_until FROM ledger.imports")
    with bounded():
        while query(second, "SELECT now() <= :lease", lease=lease) == [(True,)]:
            night.send(second, "sinch", [DAY], wait_s=0)
    night.send(second, "sinch", [DAY])
    assert states(second) == {"sending": 20}
    assert run.ended() == "done"
    assert states(second) == {"accepted": 20}
    assert sinch.vendor.store.requests["create_customers"] == 1
