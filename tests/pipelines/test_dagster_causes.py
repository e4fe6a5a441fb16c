"""What a person reads in Dagster, and in the report, of a night that went wrong there: the cause, not a mere count."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, REPORT, job_name
from pipelines.runs import run_job
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import CAMPAIGN, DAY, lead, leads
from tests.reading import query

Make = Callable[..., Installation]
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


def test_a_report_that_needs_a_person_is_not_green(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Its check has the sentences, and its text the campaign, what waits and why; after a mend it passes."""
    installation = installations(rows=leads(5), sinch={"batch_size": 2})
    assert run_job(installation.settings, instance, INTAKE, [DAY]).success
    sinch.faults.add(Fault(kind="status", status=401, match=Match(), times=None))
    assert not run_job(installation.settings, instance, job_name("sinch"), [DAY]).success
    check, text = reported(installation, instance)
    problems = morning.report(installation, [DAY]).problems
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["problems"].value == problems
    assert check.metadata["count"].value == len(problems)
    [(reason,)] = query(installation, "SELECT DISTINCT reason FROM reporting.lead_outcome")
    assert f"| {CAMPAIGN} | 3 | planned | 5 | {reason} | send it: " in text
    sinch.faults.clear()
    assert run_job(installation.settings, instance, job_name("sinch"), [DAY]).success
    check, text = reported(installation, instance)
    assert check.passed
    assert "Open imports" not in text


def reported(installation: Installation, instance: dg.DagsterInstance) -> tuple[dg.AssetCheckEvaluation, str]:
    """What the check of the report came to, and the text of the report."""
    result = run_job(installation.settings, instance, REPORT, [DAY])
    assert result.success
    [made] = result.asset_materializations_for_node("reporting__nightly_report")
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "nothing_needs_a_person"]
    return check, str(made.metadata["report"].value)
