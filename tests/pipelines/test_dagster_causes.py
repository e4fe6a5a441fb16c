"""What a person reads in Dagster, and in the report, of a night that went wrong there: the cause, not a mere count."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.jobs import job_name
from pipelines.runs import run_job
from sandbox.faults import Fault, Match
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, lead
from tests.reading import query

BEFORE = DAY - timedelta(days=1)
WAITING = "SELECT day, state, reason_code, reason FROM reporting.lead_outcome ORDER BY day"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment has what the vendors' settings name."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("status", [401, 503])
@pytest.mark.parametrize("vendor", ["sobot", "platform", "jtel"])
def test_a_vendor_that_fails_where_targets_are_made_is_the_cause(
    vendor: str, status: int, tmp_path: Path, database: str, instance: dg.DagsterInstance
) -> None:
    """As in `leadsync sync`: each campaign of every day of the run has the sentence by which its step failed."""
    rows = [lead(n, campaign=f"{vendor}-calls", updated_at=f"{day}T10:00:00") for n, day in enumerate((BEFORE, DAY), 1)]
    with serve(KINDS[vendor]) as server:
        config = write_vendors(tmp_path, {vendor: server}, database=database, rows=rows)
        with closing(Installation.load(config)) as installation:
            night.refresh_campaigns(installation)
            for day in (BEFORE, DAY):
                night.pull_and_decide(installation, day)
            server.faults.add(Fault(kind="status", status=status, match=Match(), times=None))
            result = run_job(installation.settings, instance, job_name(vendor), [BEFORE, DAY])
            assert not result.success
            cause = query(installation, WAITING)
            assert [row[:3] for row in cause] == [(day, "planned", "load_ended_early") for day in (BEFORE, DAY)]
            [sentence] = {row[3] for row in cause}
            assert str(status) in sentence
            assert f"{vendor}-calls on {DAY} was stopped: {sentence}" in morning.report(installation, [DAY]).problems
