"""Settles a day that is not loaded any more: what was sent comes to its end, and nothing is pulled, planned or sent.

Belongs here: what `leadsync sync` does of a day before `first_day`, which is no partition: no run can be about it. Does
not belong here: days that are loaded (`load.py`, `following.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import date

from connectors.errors import ConnectorError, SetupError
from pipelines import morning, night, recall
from pipelines.installation import Installation

LOOK_S = 1.0
MOST_POLLS, POLLING_S = 50, 20.0


def settle_day(
    installation: Installation,
    day: date,
    names: Sequence[str] = (),
    *,
    wait_s: float = 0,
    stop: threading.Event | None = None,
) -> list[str]:
    """Vendors were asked about what is unsure of the day, and what they finished was read; what failed, if anything.

    Args:
        wait_s: so long unseen outcomes, and then results, are waited for; without it what is due now is asked for.
    """
    stop = stop or threading.Event()
    problems: list[str] = []
    for vendor in installation.settings.vendors.configured():
        try:
            asked = night.ask(installation, vendor, [day], names, wait_s=wait_s, stop=stop)
            problems += night.failures_of(asked, day)
        except (SetupError, ConnectorError) as error:
            problems.append(f"{day}: {error}")
    problems += _results_read(installation, day, wait_s, stop)
    recall.take_back_noted(installation)  # now that it is known what the vendors have
    return list(dict.fromkeys(problems))


def _results_read(installation: Installation, day: date, wait_s: float, stop: threading.Event) -> list[str]:
    """What failed while results of the day were asked for and read."""
    problems: list[str] = []
    deadline = time.monotonic() + wait_s
    while morning.count_imports(installation, day)["submitted"]:
        polls = morning.poll_results(installation, limit=MOST_POLLS, budget_s=POLLING_S)
        problems += [f"{day}: {one.problem}" for one in polls.values() if one.problem]
        collected = morning.collect(installation, day, stop=stop)
        problems += [text for one in collected.values() for text in night.failures_of(one, day)]
        if time.monotonic() >= deadline or stop.wait(LOOK_S):
            break
    return problems
