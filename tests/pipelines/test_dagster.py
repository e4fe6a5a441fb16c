"""The code location in process: jobs, checks, metadata and schedules on a real instance."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from pipelines import morning, night
from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, REPORT, job_name
from pipelines.load import load_day
from pipelines.runs import failures, run_job
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import (
    ABSENT_TARGET,
    CAMPAIGN,
    DAY,
    OTHER_CAMPAIGN,
    OTHER_TARGET,
    TARGET,
    lead,
    leads,
    phone,
)
from tests.reading import states

Make = Callable[..., Installation]
LOAD = job_name("sinch")


def definitions(installation: Installation) -> dg.Definitions:
    """The code location of the test's configuration."""
    return build_definitions(installation.settings)


def run(installation: Installation, instance: dg.DagsterInstance, job: str, **more: Any) -> dg.ExecuteInProcessResult:
    """The job ran for the test's day."""
    return (
        definitions(installation)
        .resolve_job_def(job)
        .execute_in_process(partition_key=DAY.isoformat(), instance=instance, raise_on_error=False, **more)
    )


def numbers(result: dg.ExecuteInProcessResult, key: str) -> dict[str, Any]:
    """The numeric metadata of the asset's materialisation."""
    [event] = result.asset_materializations_for_node(key.replace("/", "__"))
    return {name: value.value for name, value in event.metadata.items() if isinstance(value.value, (int, float))}


def test_every_asset_says_what_it_is(installations: Make) -> None:
    """Every asset has a group, an owner, a kind and a description, and every job a description."""
    code_location = definitions(installations(rows=[]))
    graph = code_location.resolve_asset_graph()
    jobs = [job for job in code_location.resolve_all_job_defs() if not job.name.startswith("__")]
    assert [job.name for job in jobs if not job.description] == []
    bare = {
        key.to_user_string()
        for key in graph.materializable_asset_keys
        for node in [graph.get(key)]
        if not (node.group_name and node.owners and node.kinds and node.description)
    }
    assert bare == set()


def test_metadata_of_a_night_adds_up(installations: Make, instance: dg.DagsterInstance) -> None:
    """From rows read to leads accepted, each asset's numbers add up to those of the one before."""
    rows = [*leads(30), lead(31, phone1=""), lead(32, consent="no"), lead(33, phone1=lead(1)["phone1"])]
    installation = installations(rows=rows)
    intake, load = run(installation, instance, INTAKE), run(installation, instance, LOAD)
    report = run(installation, instance, REPORT)
    assert [result.success for result in (intake, load, report)] == [True, True, True]
    contacts = numbers(intake, "contacts")
    assert contacts["read"] == numbers(intake, "crm/leads")["read"] == 33
    assert (contacts["eligible"], contacts["invalid"], contacts["suppressed"], contacts["duplicate"]) == (30, 1, 1, 1)
    assert numbers(load, "sinch/customers")["planned"] == contacts["eligible"]
    sent = numbers(load, "sinch/customer_imports")
    assert (sent["sent"], sent["accepted"], sent["duplicate"], sent["rejected"]) == (30, 30, 0, 0)
    outcomes = numbers(report, "reporting/lead_outcomes")
    assert outcomes["read"] == 33 == sum(count for name, count in outcomes.items() if name != "read")
    [taken_back] = load.asset_materializations_for_node("sinch__withdrawals")
    assert taken_back.metadata["by_campaign"] == dg.MetadataValue.text("none")


def test_what_was_read_of_a_campaign_that_was_given_up_is_counted_once(
    installations: Make, instance: dg.DagsterInstance
) -> None:
    """It has a line for its vendor and one for nobody, and still as many rows as the file."""
    rows = [*leads(3), lead(4, phone1="")]
    load_day(installations(rows=rows), DAY)
    installation = installations(rows=rows, campaigns={OTHER_CAMPAIGN: OTHER_TARGET})
    load_day(installation, DAY)
    result = run(installation, instance, REPORT)
    outcomes = numbers(result, "reporting/lead_outcomes")
    assert outcomes["read"] == 4 == sum(count for name, count in outcomes.items() if name != "read")
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "every_lead_is_accounted_for"]
    assert (check.passed, check.metadata["read"].value) == (True, 4)


def test_checks_pass_on_a_good_night(installations: Make, instance: dg.DagsterInstance) -> None:
    """Every check of the intake and of the load is evaluated and passes."""
    installation = installations(rows=leads(3))
    evaluations = [
        (evaluation.asset_key.to_user_string(), evaluation.check_name, evaluation.passed)
        for job in (INTAKE, LOAD, REPORT)
        for evaluation in run(installation, instance, job).get_asset_check_evaluations()
    ]
    assert sorted(evaluations) == [
        ("contacts", "every_campaign_is_known", True),
        ("contacts", "every_lead_is_accounted_for", True),
        ("crm/campaigns", "campaigns_can_be_loaded", True),
        ("crm/do_not_call", "every_entry_bars_somebody", True),
        ("crm/leads", "source_has_rows", True),
        ("reporting/import_outcomes", "results_were_read", True),
        ("reporting/import_outcomes", "vendor_counts_agree", True),
        ("reporting/lead_outcomes", "every_lead_is_accounted_for", True),
        ("reporting/nightly_report", "nothing_needs_a_person", True),
        ("sinch/customer_imports", "few_leads_are_rejected", True),
        ("sinch/customer_imports", "no_outcome_is_unknown", True),
        ("sinch/customers", "every_lead_is_accounted_for", True),
    ]


def test_who_must_not_be_called_is_taken_back_by_the_load(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Its asset tells how many; where the vendor does not do it, it fails with the sentence, and the load goes on."""
    installation = installations(rows=leads(3))
    run(installation, instance, INTAKE)
    assert run(installation, instance, LOAD).success
    installation = installations(rows=leads(3), do_not_call=[{"phone": phone(2)}])
    run(installation, instance, INTAKE)
    sinch.faults.add(Fault(kind="status", match=Match(method="DELETE"), times=None))
    failed = run(installation, instance, LOAD)
    [step] = [event for event in failed.all_node_events if event.is_step_failure]
    assert step.step_key == "sinch__withdrawals"
    assert "may still dial" in str(step.event_specific_data)
    assert failed.asset_materializations_for_node("sinch__customer_imports")
    sinch.faults.clear()
    again = run(installation, instance, LOAD)
    assert again.success
    assert numbers(again, "sinch/withdrawals") == {"withdrawn": 1, "not_withdrawn": 0}
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 2, 3)}


def test_lost_row_blocks_what_follows(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """When a row that was read has no verdict, the run fails and nothing is planned or sent."""
    installation = installations(rows=leads(3))
    assert run(installation, instance, INTAKE).success
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE crm.read_counts SET read_count = read_count + 1"))
    assets = definitions(installation)
    selection = ["contacts", "sinch/customers", "sinch/customer_imports"]
    result = dg.materialize(
        list(assets.assets or []),
        selection=selection,
        partition_key=DAY.isoformat(),
        instance=instance,
        resources=dict(assets.resources or {}),
        raise_on_error=False,
    )
    assert not result.success
    assert [e.asset_key.to_user_string() for e in result.get_asset_materialization_events()] == ["contacts"]
    assert sinch.vendor.store.creations == {}


def test_failing_campaign_fails_the_run_and_stops_no_other(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """A campaign that the vendor does not have is named in the failure; the other campaign is loaded."""
    rows = [lead(1), lead(2, campaign=OTHER_CAMPAIGN)]
    targets = {CAMPAIGN: TARGET, OTHER_CAMPAIGN: ABSENT_TARGET}
    installation = installations(rows=rows, campaigns=targets)
    assert run(installation, instance, INTAKE).success
    result = run(installation, instance, LOAD)
    assert failures(result) == [
        f"{DAY} {OTHER_CAMPAIGN}: campaigns.{OTHER_CAMPAIGN}.target.campaign_id: "
        f"sinch has no campaign {ABSENT_TARGET} that this account may see (HTTP 404)"
    ]
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1}
    assert states(installation) == {"accepted": 1, "planned": 1}


def test_failed_load_is_not_materialised(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Nothing is green that was not loaded: the day is failed, and the failure has the sentence, not a stack."""
    installation = installations(rows=leads(3))
    assert run(installation, instance, INTAKE).success
    sinch.faults.add(Fault(kind="status", status=503, match=Match(), times=None))
    result = run(installation, instance, LOAD)
    materialised = {e.asset_key.to_user_string() for e in result.get_asset_materialization_events()}
    assert materialised == {"sinch/customers", "sinch/withdrawals"}
    [failed] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failed.user_failure_data.description.startswith(f"{DAY}: sinch ")
    assert failed.user_failure_data.metadata[f"{DAY} accepted"].value == 0
    assert "no_outcome_is_unknown" in {one.check_name for one in result.get_asset_check_evaluations()}


def test_range_materialises_the_days_that_were_loaded(installations: Make, instance: dg.DagsterInstance) -> None:
    """Of two days one has a campaign that is not there: the run fails, and the other day is loaded."""
    rows = [lead(1, updated_at=f"{DAY - timedelta(days=1)}T10:00:00+01:00"), lead(2, campaign=OTHER_CAMPAIGN)]
    installation = installations(rows=rows, campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: ABSENT_TARGET})
    for number in (1, 0):
        night.refresh_campaigns(installation)
        night.pull_and_decide(installation, DAY - timedelta(days=number))
    result = run_job(installation.settings, instance, LOAD, [DAY - timedelta(days=1), DAY])
    assert not result.success
    materialised = {(e.asset_key.to_user_string(), e.partition) for e in result.get_asset_materialization_events()}
    assert ("sinch/customer_imports", str(DAY - timedelta(days=1))) in materialised
    assert ("sinch/customer_imports", str(DAY)) not in materialised


def test_one_run_backfills_several_days(installations: Make, instance: dg.DagsterInstance) -> None:
    """A single run over three days leaves each day its own numbers."""
    rows = [
        lead(number, updated_at=f"{DAY - timedelta(days=ago)}T10:00:00+01:00")
        for number, ago in ((1, 2), (2, 1), (3, 1), (4, 0), (5, 0), (6, 0))
    ]
    installation = installations(rows=rows)
    night.refresh_campaigns(installation)
    assets = definitions(installation)
    result = dg.materialize(
        list(assets.assets or []),
        selection=["crm/leads", "contacts", "sinch/customers", "sinch/customer_imports"],
        instance=instance,
        resources=dict(assets.resources or {}),
        tags={
            "dagster/asset_partition_range_start": (DAY - timedelta(days=2)).isoformat(),
            "dagster/asset_partition_range_end": DAY.isoformat(),
        },
    )
    accepted = {
        event.partition: event.metadata["accepted"].value
        for event in result.asset_materializations_for_node("sinch__customer_imports")
    }
    assert accepted == {"2026-11-15": 1, "2026-11-16": 2, "2026-11-17": 3}


def test_nothing_private_reaches_dagster(
    installations: Make,
    instance: dg.DagsterInstance,
    sinch: SandboxServer[SinchObi],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No number, name, address or password is in an event, in metadata or in a log, also when things fail."""
    caplog.set_level("DEBUG")
    private = lead(
        1, first_name="Zaphodine", last_name="Beeblebroxa", email="zaphodine@example.org", phone1="+4915112345678"
    )
    refused = lead(2, phone1="+4915187654321")
    sinch.vendor.knobs.reject_numbers = ["+4915187654321"]
    sinch.faults.add(Fault(kind="html", match=Match(path_contains="customers/list"), commit=True))
    installation = installations(
        rows=[private, refused, lead(3, timezone="+4915100001111", agent="x" * 10)],
        sinch={"auth_mode": "basic", "username": "api-user", "password": "${TEST_SECRET:-sw0rdfish}"},
    )
    for job in (INTAKE, LOAD, LOAD, REPORT):
        run(installation, instance, job)
    told = "\n".join(str(record) for run_id in instance.get_run_ids() for record in instance.all_logs(run_id))
    for secret in ("Zaphodine", "Beeblebroxa", "zaphodine@", "15112345678", "15187654321", "15100001111", "sw0rdfish"):
        assert secret not in told
        assert secret not in caplog.text
    assert states(installation) == {"accepted": 1, "rejected": 1, "invalid": 1}


def test_schedule_asks_for_the_day_that_ended(installations: Make, instance: dg.DagsterInstance) -> None:
    """At 02:00 in Berlin on the 18th, which is the 18th in UTC too, the 17th is loaded."""
    assets = definitions(installations(rows=[]))
    at = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=at, repository_def=assets.get_repository_def()
    ) as context:
        [request] = assets.resolve_schedule_def("nightly").evaluate_tick(context).run_requests or []
    assert request.partition_key == "2026-11-17"


def test_on_demand_run_sends_only_the_named_campaign(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Run config `campaigns` narrows a load; the others stay to be planned."""
    rows = [lead(1), lead(2, campaign=OTHER_CAMPAIGN)]
    installation = installations(rows=rows, campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET})
    assert run(installation, instance, INTAKE).success
    config = {"config": {"campaigns": [OTHER_CAMPAIGN]}}
    ops = {"ops": {"sinch__customers": config, "sinch__customer_imports": config}}
    assert run(installation, instance, LOAD, run_config=ops).success
    assert sinch.vendor.store.creations == {(OTHER_TARGET, "lead-L2"): 1}


def test_unknown_campaign_in_run_config_is_named(installations: Make, instance: dg.DagsterInstance) -> None:
    """A name that is no campaign fails the run with the names that are."""
    installation = installations(rows=leads(1))
    assert run(installation, instance, INTAKE).success
    config = {"config": {"campaigns": ["sprnig-promo"]}}
    result = run(installation, instance, LOAD, run_config={"ops": {"sinch__customers": config}})
    assert failures(result)[0] == "there is no active campaign 'sprnig-promo'; of sinch there are: spring-promo"


def two_vendors(folder: Path, database: str, sinch: SandboxServer[Any], jtel: SandboxServer[Any]) -> Installation:
    """An installation with a campaign at each of the two, and a lead in each."""
    rows = [lead(1, campaign="sinch-calls"), lead(2, campaign="jtel-calls")]
    return Installation.load(write_vendors(folder, {"sinch": sinch, "jtel": jtel}, database=database, rows=rows))


def test_campaign_of_another_vendor_in_run_config_is_named(
    tmp_path: Path, database: str, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that would load nothing of what was asked for fails, at whichever asset, and says whose campaign it is."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with (
        serve(KINDS["sinch"]) as sinch,
        serve(KINDS["jtel"]) as jtel,
        closing(two_vendors(tmp_path, database, sinch, jtel)) as installation,
    ):
        assert run(installation, instance, INTAKE).success
        names = ("withdrawals", "customers", "customer_imports", "campaign_status")
        config = {f"sinch__{name}": {"config": {"campaigns": ["jtel-calls"]}} for name in names}
        told = "campaign 'jtel-calls' is of jtel, and this run loads sinch: launch jtel_load"
        for name in names:
            result = run(
                installation,
                instance,
                LOAD,
                asset_selection=[dg.AssetKey(["sinch", name])],
                run_config={"ops": {f"sinch__{name}": config[f"sinch__{name}"]}},
            )
            assert failures(result) == [told]
        assert failures(run(installation, instance, LOAD, run_config={"ops": config}))[0] == told
        ours = {"jtel__contacts": {"config": {"campaigns": ["jtel-calls"]}}}
        both = {"sinch__customers": {"config": {"campaigns": ["sinch-calls", "jtel-calls"]}}} | ours
        keys = [dg.AssetKey(["sinch", "customers"]), dg.AssetKey(["jtel", "contacts"])]
        assets = definitions(installation)
        job = assets.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(
            partition_key=DAY.isoformat(), instance=instance, asset_selection=keys, run_config={"ops": both}
        ).success


def test_a_failed_intake_is_told_in_the_morning(
    installations: Make, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Whichever asset it was: the report of the day has the sentence, until the day is decided."""
    installation = installations(rows=leads(3))
    (tmp_path / "do_not_call.csv").write_text("number\n+4930123456\n")
    assert not run(installation, instance, INTAKE).success
    told, *_ = morning.report(installation, [DAY]).problems
    assert told.startswith(f"{DAY}: nothing was pulled and decided; the last intake failed: sources.do_not_call")
    (tmp_path / "do_not_call.csv").write_text("phone\n+4930123456\n")
    assert run(installation, instance, INTAKE).success
    assert [text for text in morning.report(installation, [DAY]).problems if "intake" in text] == []


def test_an_emptied_do_not_call_list_fails_its_asset(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Nothing is decided after it: the vendors' loads, which follow the intake, do not begin."""
    installation = installations(rows=leads(3), do_not_call=[{"phone": phone(2)}])
    night.refresh_do_not_call(installation)
    result = run(installations(rows=leads(3)), instance, INTAKE)
    assert not result.success
    [failed] = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == "crm__do_not_call"
    assert "contacts" not in {e.asset_key.to_user_string() for e in result.get_asset_materialization_events()}
    told, *_ = morning.report(installation, [DAY]).problems
    assert "sources.do_not_call: 1 number was listed before, and none is now; nothing was replaced" in told
