"""Follows a day's asynchronous imports to their end from a program: the real sensor, and the runs that it asks for.

Belongs here: the loop that a daemon would be. Does not belong here: what the sensor asks (`sensors.py`) and
how results are settled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date

import dagster as dg

from pipelines import morning, night
from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import REPORT
from pipelines.runs import failures, run_job

LOOK_S, TELL_S = 1.0, 30.0


def follow(
    installation: Installation,
    instance: dg.DagsterInstance,
    days: Sequence[date],
    *,
    wait_s: float,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """The days' imports are settled, or the time is over; what failed meanwhile, one sentence each.

    `tell` hears at the beginning, and now and then, what is waited for.

    Each round is a tick of the sensor `import_results`; the runs that it asks for are executed here. What a
    vendor gave back is sent again by the load of its day.
    """
    stop = stop or threading.Event()
    deadline = time.monotonic() + wait_s
    problems: list[str] = []
    next_told = 0.0
    while not stop.is_set() and time.monotonic() < deadline and not _is_settled(installation, days):
        if time.monotonic() >= next_told:
            tell(f"waiting for {morning.told_of_waiting(installation, days)}")
            next_told = time.monotonic() + TELL_S
        requested = [day for day in _tick(installation, instance) if day in days]
        for day in requested:
            problems += failures(run_job(installation.settings, instance, REPORT, [day]))
        if requested:
            _send_leftovers(installation, days, stop)
        else:
            stop.wait(LOOK_S)
    return list(dict.fromkeys(problems))


def _is_settled(installation: Installation, days: Sequence[date]) -> bool:
    return not any(morning.count_imports(installation, day)["submitted"] for day in days)


def _tick(installation: Installation, instance: dg.DagsterInstance) -> list[date]:
    """The days for which the sensor asks for a run."""
    definitions = build_definitions(installation.settings)
    sensor = definitions.resolve_sensor_def("import_results")
    with dg.build_sensor_context(
        instance=instance, definitions=definitions, resources=definitions.resources
    ) as context:
        tick = sensor.evaluate_tick(context)
    requests = tick.run_requests or []
    return [date.fromisoformat(request.partition_key) for request in requests if request.partition_key]


def _send_leftovers(installation: Installation, days: Sequence[date], stop: threading.Event) -> None:
    """What a vendor finished without storing goes on in new imports; they are sent now."""
    for day in days:
        if morning.count_imports(installation, day)["planned"]:
            for vendor in night.vendors_in_use(installation):
                night.send(installation, vendor, [day], stop=stop)
