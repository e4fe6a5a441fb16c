"""SIGKILL between any two steps of a load: the next run finishes it, and the vendor has every lead once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.faults import Fault
from tests.factories import DAY, TARGET, lead, phone, write_configuration
from tests.faults.running import SENDING, Vendor
from tests.reading import query

COUNT = 60
ROOT = Path(__file__).parents[2]


@dataclass
class Children:
    """Processes that load days and die on the way."""

    process: subprocess.Popen[str]
    journal: Path

    def load(self, config: Path, day: date, *, killed_at: int) -> bool:
        """Whether the load came to its end; `killed_at` 0 never kills it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{config} {day} {killed_at} {self.journal}\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        assert status in (0, -signal.SIGKILL)
        return status == 0

    @property
    def steps(self) -> list[str]:
        """The steps of the newest load."""
        return self.journal.read_text().splitlines()


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """A process that forks loads."""
    script = Path(__file__).with_name("crash_child.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        yield Children(process, tmp_path / "journal")
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Days:
    """Days of leads of their own, over one database and one vendor."""

    folder: Path
    database: str
    sinch: Vendor
    number: int = 0

    def next(self) -> tuple[date, Path, dict[tuple[str, str], int]]:
        """A new day, its configuration for the process that dies, and what the vendor is to have of it."""
        self.number += 1
        day = DAY + timedelta(days=self.number)
        rows = [
            lead(n, lead_id=f"{day}.{n}", phone1=phone(1000 * self.number + n), updated_at=f"{day}T10:00:00+01:00")
            for n in range(1, COUNT + 1)
        ]
        config = write_configuration(
            self.folder, database=self.database, sinch_url=self.sinch.url, rows=rows,
            sinch={"batch_size": 20},
        )  # fmt: skip
        return day, config, {(TARGET, f"lead-{day}.{n}"): 1 for n in range(1, COUNT + 1)}


@pytest.fixture
def days(tmp_path: Path, database: str, sinch: Vendor) -> Days:
    """Days over this test's database and double, which stores every resend."""
    sinch.vendor.knobs.unique_external_id = False
    return Days(tmp_path, database, sinch)


def recover(config: Path, day: date) -> None:
    """The dead process's leases end while the run waits; then everything is accepted and adds up."""
    installation = Installation.load(config.with_name("leadsync.yaml"), actor="survivor")
    try:
        load_day(installation, day, wait_s=20)
        [row] = morning.report(installation, [day]).campaigns
        assert (row.read_count, row.accepted_count, row.balanced) == (COUNT, COUNT, True)
        open_states = query(installation, "SELECT state FROM ledger.imports WHERE settled_at IS NULL")
        assert open_states == []
    finally:
        installation.close()


def creations(sinch: Vendor, day: date) -> dict[tuple[str, str], int]:
    """How often the vendor stored each lead of the day."""
    return {key: count for key, count in sinch.vendor.store.creations.items() if key[1].startswith(f"lead-{day}.")}


def crash_and_recover(children: Children, days: Days, step: int, spoil: Callable[[], None] = lambda: None) -> bool:
    """Whether the load ended before the step was reached; either way every lead is there once."""
    day, config, expected = days.next()
    spoil()
    is_over = children.load(config, day, killed_at=step)
    recover(config, day)
    assert creations(days.sinch, day) == expected, f"killed at step {step}, {children.steps[-1]}"
    return is_over


def send_steps(steps: list[str]) -> range:
    """The steps from the first look at the target on."""
    return range(steps.index("before preflight") + 1, len(steps) + 2)


def test_load_killed_between_any_two_steps_of_sending_loses_and_repeats_nothing(children: Children, days: Days) -> None:
    """Wherever in sending a load dies, the next run accepts every lead, and each was created once."""
    day, config, expected = days.next()
    assert children.load(config, day, killed_at=0)
    assert creations(days.sinch, day) == expected
    for step in send_steps(children.steps):
        crash_and_recover(children, days, step)


def test_load_killed_while_it_reads_and_plans_loses_nothing(children: Children, days: Days) -> None:
    """Wherever a load dies before it sends, the next run loads the day in full."""
    day, config, _ = days.next()
    assert children.load(config, day, killed_at=0)
    for step in range(1, send_steps(children.steps).start, 5):
        crash_and_recover(children, days, step)


def test_load_killed_while_it_asks_repeats_nothing(children: Children, days: Days) -> None:
    """A load that dies while the vendor is asked about a lost answer leaves the question open."""

    def spoil() -> None:
        days.sinch.faults.replace([Fault(kind="lost_after_commit", match=SENDING, times=1)])

    day, config, _ = days.next()
    spoil()
    assert children.load(config, day, killed_at=0)
    start = send_steps(children.steps).start
    for step in range(start, len(children.steps) + 2, 5):
        crash_and_recover(children, days, step, spoil)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_load_killed_at_every_step_loses_and_repeats_nothing(children: Children, days: Days) -> None:
    """The same for every step of the whole load, with an answer lost and a batch refused on the way."""

    def spoil() -> None:
        days.sinch.faults.replace(
            [
                Fault(kind="reset_before_processing", match=SENDING, times=1),
                Fault(kind="status", status=400, match=SENDING, skip=2, times=1),
            ]
        )

    step, is_over = 1, False
    while not is_over:
        is_over = crash_and_recover(children, days, step, spoil)
        step += 1
