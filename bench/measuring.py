"""Which runs are made, in which order, and what each one measured.

Belongs here: cases, the run of one case, medians. Does not belong here: what is hoped for (`goals.py`), how
it is shown (`report.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import median
from typing import Any

from bench.child import Answer, Order, carry_out
from bench.dataset import CAMPAIGN_ID, DataSet
from bench.surroundings import Surroundings, write_configuration

OURS, AGAIN, HANDWRITTEN = "ours", "ours, again", "hand-written"
READ, POST, COPY = "ceiling: read", "ceiling: post", "ceiling: COPY"
MODULES = {
    OURS: ("bench.ours", ""),
    AGAIN: ("bench.ours", ""),
    HANDWRITTEN: ("bench.handwritten", ""),
    READ: ("bench.ceilings", "read"),
    POST: ("bench.ceilings", "post"),
    COPY: ("bench.ceilings", "copy"),
}
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Case:
    """One contender at one size, latency and number of connections."""

    contender: str
    lead_count: int
    latency_ms: int
    connections: int

    @property
    def label(self) -> str:
        """The case in a few words."""
        return f"{self.lead_count:,} leads, {self.latency_ms} ms, {self.contender}, {self.connections} connections"


@dataclass(frozen=True)
class Measurement:
    """What one run of a case took; of several runs, the median of each number."""

    case: Case
    wall_s: float
    cpu_s: float
    peak_mb: float
    start_s: float
    postgres_cpu_s: float
    sandbox_cpu_s: float
    request_count: int
    sent_count: int

    @property
    def leads_per_s(self) -> float:
        """Leads of the file by second of wall time."""
        return self.case.lead_count / self.wall_s

    @property
    def floor_s(self) -> float:
        """The shortest time in which that many requests can wait for their answers."""
        return self.request_count * self.case.latency_ms / 1000 / self.case.connections


class UnexpectedResultError(Exception):
    """A run ended, but not with what it had to deliver: its time means nothing."""


def cases(sizes: Sequence[int], *, latency_ms: int, connections: Sequence[int]) -> list[Case]:
    """The cases of one round: every contender without latency, ours and the script with it."""
    found: list[Case] = []
    for size in sizes:
        found += [Case(OURS, size, 0, connections[0]), Case(AGAIN, size, 0, connections[0])]
        found += [Case(HANDWRITTEN, size, 0, number) for number in connections]
        found += [Case(READ, size, 0, 1), *(Case(POST, size, 0, number) for number in connections)]
        found += [Case(COPY, size, 0, 1)]
        for number in connections:
            found += [Case(OURS, size, latency_ms, number), Case(HANDWRITTEN, size, latency_ms, number)]
    return found


def large_cases(sizes: Sequence[int], *, connections: int) -> list[Case]:
    """The cases of sizes that take long: ours, ours again, and the script, without latency."""
    return [Case(contender, size, 0, connections) for size in sizes for contender in (OURS, AGAIN, HANDWRITTEN)]


class Bench:
    """Makes runs, each in a fresh process on a fresh database and an empty sandbox."""

    def __init__(self, surroundings: Surroundings, data_sets: dict[int, DataSet]) -> None:
        self._surroundings = surroundings
        self._data_sets = data_sets
        self._numbers = count(1)
        self._database = ""

    def measure(self, case: Case) -> Measurement:
        """One run of the case. `AGAIN` has the database and the sandbox of the run before it."""
        if case.contender != AGAIN:
            self._renew(case)
        _say(case.label)
        postgres, sandbox = self._surroundings.postgres, self._surroundings.sandbox
        before = (postgres.cpu_s(), sandbox.cpu_s())
        module, _ = MODULES[case.contender]
        answer = carry_out(module, self._order(case), timeout_s=TIMEOUT_S)
        after = (postgres.cpu_s(), sandbox.cpu_s())
        self._check(case, answer)
        _say(f"  {answer.wall_s:.2f} s")
        return Measurement(
            case=case,
            wall_s=answer.wall_s,
            cpu_s=answer.cpu_s,
            peak_mb=answer.peak_mb,
            start_s=answer.start_s,
            postgres_cpu_s=after[0] - before[0],
            sandbox_cpu_s=after[1] - before[1],
            request_count=answer.done.request_count,
            sent_count=answer.done.sent_count,
        )

    def stages(self, case: Case) -> list[dict[str, Any]]:
        """Seconds by stage and step of one probed run."""
        self._renew(case)
        _say(f"{case.label}, stages")
        answer = carry_out("bench.ours", replace(self._order(case), is_probed=True), timeout_s=TIMEOUT_S)
        helpers = {"stage": "send", "step": "threads that send", "wall_s": 0.0, "calls": 0}
        timed_cpu_s = sum(row["cpu_s"] for row in answer.done.stages)
        return [*answer.done.stages, {**helpers, "cpu_s": answer.cpu_s - timed_cpu_s}]

    def _renew(self, case: Case) -> None:
        if self._database:
            self._surroundings.postgres.drop(self._database)
        self._database = f"bench_{next(self._numbers)}"
        self._surroundings.postgres.clone(self._database)
        self._surroundings.sandbox.reset(latency_ms=case.latency_ms)

    def _order(self, case: Case) -> Order:
        data_set = self._data_sets[case.lead_count]
        database = self._surroundings.postgres.address(self._database)
        config = self._surroundings.folder / "leadsync.yaml"
        url = self._surroundings.sandbox.url
        write_configuration(config, database=database, vendor_url=url, connections=case.connections, data_set=data_set)
        return Order(
            leads_csv=str(data_set.leads_csv),
            do_not_call_csv=str(data_set.do_not_call_csv),
            config=str(config),
            day=data_set.day.isoformat(),
            campaign_id=CAMPAIGN_ID,
            database=database,
            vendor_url=url,
            connections=case.connections,
            variant=MODULES[case.contender][1],
        )

    def _check(self, case: Case, answer: Answer) -> None:
        data_set = self._data_sets[case.lead_count]
        if answer.done.lead_count != data_set.lead_count:
            raise UnexpectedResultError(f"{case.label}: {answer.done.lead_count} leads were accounted for")
        if case.contender not in (OURS, AGAIN, HANDWRITTEN):
            return
        state = self._surroundings.sandbox.state()
        if state["customers"] != data_set.sent_count or state["duplicates"]:
            raise UnexpectedResultError(
                f"{case.label}: the vendor has {state['customers']} customers and {state['duplicates']} duplicates,"
                f" not {data_set.sent_count} and none"
            )


def medians(runs: Sequence[Measurement]) -> list[Measurement]:
    """One measurement per case: the median of its runs."""
    by_case: dict[Case, list[Measurement]] = {}
    for run in runs:
        by_case.setdefault(run.case, []).append(run)
    return [_median(measured) for measured in by_case.values()]


def best(measurements: Sequence[Measurement], contender: str, lead_count: int, latency_ms: int) -> Measurement | None:
    """The quickest measurement of the contender over its numbers of connections."""
    found = list(of(measurements, contender, lead_count, latency_ms))
    return min(found, key=lambda measurement: measurement.wall_s, default=None)


def of(measurements: Sequence[Measurement], contender: str, lead_count: int, latency_ms: int) -> Iterator[Measurement]:
    """The contender's measurements at that size and latency."""
    wanted = (contender, lead_count, latency_ms)
    return (m for m in measurements if (m.case.contender, m.case.lead_count, m.case.latency_ms) == wanted)


def _median(measured: Sequence[Measurement]) -> Measurement:
    names = ("wall_s", "cpu_s", "peak_mb", "start_s", "postgres_cpu_s", "sandbox_cpu_s")
    return replace(measured[0], **{name: median(getattr(one, name) for one in measured) for name in names})


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
