"""What became of the calls, as the vendor tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY, TARGET, leads
from tests.reading import query


def test_call_results_of_the_day_are_stored(
    installations: Callable[..., Installation], sinch: SandboxServer[SinchObi]
) -> None:
    """Results that changed on the day are stored by lead; a customer without a call says nothing; twice is once."""
    sinch.vendor.store.clock = lambda: datetime(2026, 11, 17, 12, tzinfo=UTC)
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    sinch.vendor.store.record_outcome(
        TARGET, "lead-L2", {"result": "SUCCESS", "callResult": "ANSWERED", "callCount": 2}
    )
    assert morning.read_call_results(installation, DAY) == morning.read_call_results(installation, DAY) == (1, 1, [])
    told = query(
        installation, "SELECT source, lead_id, day, result, call_result, call_count FROM reporting.call_outcome"
    )
    assert told == [("lead", "L2", DAY, "SUCCESS", "ANSWERED", 2)]
