"""SIGKILL between any two steps of sending, polling and collecting: nothing is lost, and nothing is sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import morning
from pipelines.load import load_day
from tests.factories import DAY, lead, phone
from tests.faults import vendors
from tests.faults.vendors import LATER, MakeSite, Site
from tests.reading import query

sites = vendors.sites

COUNT = 20
ROOT = Path(__file__).parents[2]
SETTINGS = {
    "sobot": {"max_details_per_import": 10, "remove_duplicates_rule": "NonRemoveDuplicates"},
    "platform": {"bulk_max_leads": 10},
}


@dataclass
class Children:
    """Processes that do an errand and die on the way."""

    process: subprocess.Popen[str]
    journal: Path

    def run(self, site: Site, day: date, errand: str, *, killed_at: int = 0) -> bool:
        """Whether the errand came to its end; `killed_at` 0 never kills it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{site.config} {day} {errand} {killed_at} {self.journal}\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        assert status in (0, -signal.SIGKILL)
        return status == 0

    @property
    def steps(self) -> list[str]:
        """The steps of the newest errand."""
        return self.journal.read_text().splitlines()


@pytest.fixture
def children(tmp_path: Path, sites: MakeSite) -> Iterator[Children]:
    """A process that forks errands; it knows the secrets that the sites know."""
    script = Path(__file__).with_name("vendor_crash_child.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        yield Children(process, tmp_path / "journal")
        assert process.stdin is not None
        process.stdin.close()


def begin(site: Site, number: int) -> date:
    """The CRM has a day of leads of its own."""
    day = DAY + timedelta(days=number)
    site.write(
        [
            lead(
                n,
                campaign=site.campaign,
                lead_id=f"{day}.{n}",
                phone1=phone(1000 * number + n),
                updated_at=f"{day}T10:00:00+01:00",
            )
            for n in range(1, COUNT + 1)
        ]
    )
    return day


def recover(site: Site, day: date, number: int, where: str) -> None:
    """The leases end, the sensors tick, the next night begins: then everything is accepted once and adds up."""
    for _ in range(30):
        site.advance(200)
        site.tick()
        load_day(site.installation, day)
        if not site.open_imports():
            break
    assert site.open_imports() == [], where
    [row] = morning.report(site.installation, [day]).campaigns
    assert (row.read_count, row.accepted_count, row.balanced) == (COUNT, COUNT, True), where
    ours = [n for n in site.numbers() if phone(1000 * number)[1:] <= n <= phone(1000 * number + 999)[1:]]
    assert ours == sorted(phone(1000 * number + n)[1:] for n in range(1, COUNT + 1)), where


def crash(site: Site, children: Children, number: int, errand: str, step: int) -> bool:
    """Whether the errand ended before the step was reached; either way every lead is there once."""
    day = begin(site, number)
    if errand != "load":
        assert children.run(site, day, "load")
    if errand == "collect":
        site.advance()
        assert children.run(site, day, "poll")
    elif errand == "poll":
        site.advance()
    is_over = children.run(site, day, errand, killed_at=step)
    recover(site, day, number, f"{errand} killed at step {step}, {children.steps[-1]}")
    return is_over


def every(site: Site, children: Children, errand: str, stride: int) -> None:
    """The errand is killed at every `stride`-th step, each on a day of its own."""
    crash(site, children, 1, errand, 0)
    steps = children.steps
    first = steps.index("before submit") if errand == "load" else 1
    for number, step in enumerate(range(first, len(steps) + 2, stride), 2):
        crash(site, children, number, errand, step)


@LATER
@pytest.mark.parametrize(("errand", "stride"), [("load", 10), ("poll", 6), ("collect", 14)])
def test_process_killed_between_two_steps_loses_and_repeats_nothing(
    way: str, errand: str, stride: int, sites: MakeSite, children: Children
) -> None:
    """Wherever a load, a poll or a collection dies, the next runs accept every lead, and the vendor has each once."""
    site = sites(way, rows=[], settings=SETTINGS[way])
    every(site, children, errand, stride)
    assert query(site.installation, "SELECT count(*) FROM ledger.imports WHERE claim_token IS NOT NULL") == [(0,)]


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@LATER
@pytest.mark.parametrize("errand", ["load", "poll", "collect"])
def test_process_killed_at_every_step_loses_and_repeats_nothing(
    way: str, errand: str, sites: MakeSite, children: Children
) -> None:
    """The same at every step."""
    every(sites(way, rows=[], settings=SETTINGS[way]), children, errand, 1)
