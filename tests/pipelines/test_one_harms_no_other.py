"""One campaign, lead or vendor in trouble hinders no other, and a rerun begins where it must."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest
import yaml
from sqlalchemy import text

from connectors.directory import DirectoryEntry
from connectors.errors import ContractError
from pipelines import morning, night, reference, upkeep
from pipelines.dryrun import dry_run
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, job_name
from pipelines.load import load_day
from pipelines.preflight import look
from pipelines.runs import run_job
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, lead, leads
from tests.reading import query, states

Servers = dict[str, SandboxServer[Any]]
Make = Callable[..., Installation]
WAITING = (
    "SELECT lead_id, state, reason_code, reason FROM reporting.lead_outcome WHERE reason_code = 'load_ended_early'"
)


class Broken(NamedTuple):
    """A configuration of which one vendor cannot be opened, how it reads when it is well, and what is wrong."""

    config: Path
    good: str
    sentence: str


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """The doubles that tell later."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(KINDS[name])) for name in ("sobot", "platform")}


CANNOT_BE_OPENED = {
    "certificate": (
        {"client_cert": "no.pem", "client_key": "no.key", "auth_mode": "certificate"},
        "vendors.sinch.client_cert, client_key: cannot be read: No such file or directory",
    ),
    "no-settings": (None, "vendors.sinch is not in the configuration, but a campaign needs it"),
}


@pytest.fixture(params=CANNOT_BE_OPENED)
def broken(request: pytest.FixtureRequest, tmp_path: Path, database: str, servers: Servers) -> Iterator[Broken]:
    """Sinch cannot be opened, Sobot and the Platform can; each has a lead."""
    spoilt, sentence = CANNOT_BE_OPENED[request.param]
    with serve(KINDS["sinch"]) as sinch:
        servers["sinch"] = sinch
        rows = [lead(number, campaign=f"{name}-calls") for number, name in enumerate(servers, start=1)]
        config = write_vendors(tmp_path, servers, database=database, rows=rows)
        good = config.read_text("utf-8")
        document = yaml.safe_load(good)
        settings = document["vendors"].pop("sinch")
        if spoilt is not None:
            document["vendors"]["sinch"] = settings | spoilt
        config.write_text(yaml.safe_dump(document), "utf-8")
        yield Broken(config, good, sentence)


def test_vendor_that_cannot_be_opened_stops_no_other(broken: Broken, servers: Servers) -> None:
    """The rows of all are pulled, the others' are sent, and the report says what keeps this vendor's back."""
    installation = Installation.load(broken.config)
    assert load_day(installation, DAY).problems == [f"{DAY}: {broken.sentence}"]
    assert [len(servers[name].vendor.held()) for name in ("sobot", "platform", "sinch")] == [1, 1, 0]
    assert f"sinch-calls on {DAY} was stopped: {broken.sentence}" in morning.report(installation, [DAY]).problems
    assert query(installation, WAITING) == [("L3", "planned", "load_ended_early", broken.sentence)]
    installation.close()
    broken.config.write_text(broken.good, "utf-8")
    installation = Installation.load(broken.config)
    assert load_day(installation, DAY).problems == []
    assert states(installation)["accepted"] >= 1
    assert len(servers["sinch"].vendor.held()) == 1
    assert query(installation, WAITING) == []
    installation.close()


def test_vendor_that_cannot_be_opened_fails_its_own_run_alone(broken: Broken, servers: Servers) -> None:
    """In Dagster the day is pulled and the others are loaded; the vendor's run fails, and the report says why."""
    installation = Installation.load(broken.config)
    with dg.instance_for_test() as instance:
        assert run_job(installation.settings, instance, INTAKE, [DAY]).success
        if "sinch" in installation.settings.vendors.configured():
            assert not run_job(installation.settings, instance, job_name("sinch"), [DAY]).success
            assert query(installation, WAITING) == [("L3", "planned", "load_ended_early", broken.sentence)]
        assert run_job(installation.settings, instance, job_name("sobot"), [DAY]).success
    assert len(servers["sobot"].vendor.held()) == 1
    installation.close()


def test_checks_of_a_vendor_count_its_own_leads(tmp_path: Path, database: str, servers: Servers) -> None:
    """That the outcome at one vendor was not seen is no warning about the other."""
    rows = [lead(number, campaign=f"{name}-calls") for name in servers for number in (1, 2)]
    installation = Installation.load(write_vendors(tmp_path, servers, database=database, rows=rows))
    sending, asking = (Match(path_contains=path) for path in (KINDS["sobot"].create_path, "/import-result"))
    servers["sobot"].faults.add(Fault(kind="lost_after_commit", match=sending, times=None))
    servers["sobot"].faults.add(Fault(kind="status", match=asking, times=None))
    passed: dict[str, list[bool]] = {}
    with dg.instance_for_test() as instance:
        assert run_job(installation.settings, instance, INTAKE, [DAY]).success
        for name in ("sobot", "platform"):
            result = run_job(installation.settings, instance, job_name(name), [DAY])
            evaluated = result.get_asset_check_evaluations()
            passed[name] = [one.passed for one in evaluated if one.check_name == "no_outcome_is_unknown"]
    assert passed == {"sobot": [False], "platform": [True]}
    installation.close()


def test_all_vendors_are_loaded_at_once(
    tmp_path: Path, database: str, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow vendor holds up no other: here each answers its first import only when the other was given one."""
    given = {name: threading.Event() for name in servers}
    for name, server in servers.items():
        answer = partial(_answer_when_all_were_given, given, name, server.vendor.answer)
        monkeypatch.setattr(server.vendor, "answer", answer)
    rows = [lead(number, campaign=f"{name}-calls") for name in servers for number in range(1, 26)]
    installation = Installation.load(write_vendors(tmp_path, servers, database=database, rows=rows))
    assert load_day(installation, DAY).problems == []
    assert states(installation) == {"submitted": 50}
    installation.close()


def _answer_when_all_were_given(
    given: dict[str, threading.Event], name: str, answer: Callable[[Any], Any], request: Any
) -> Any:
    if KINDS[name].create_path in request.path and request.method == "POST":
        given[name].set()
        assert all(event.wait(timeout=30) for event in given.values())
    return answer(request)


def test_check_names_a_vendor_that_cannot_be_opened(broken: Broken) -> None:
    """Every other vendor is looked at all the same."""
    installation = Installation.load(broken.config)
    findings = {finding.what: finding.problem for finding in look(installation, DAY)}
    assert findings["sinch"] == broken.sentence
    assert findings["sobot: sobot-calls"] is None
    assert findings["platform: platform-calls"] is None
    installation.close()


def test_check_asks_a_vendor_that_is_not_there_once(tmp_path: Path, database: str, servers: Servers) -> None:
    """One line says so, with the setting; what it knows and its targets are not asked for in vain."""
    config = write_vendors(tmp_path, servers, database=database)
    document = yaml.safe_load(config.read_text("utf-8"))
    document["vendors"]["platform"]["base_url"] = "http://127.0.0.1:1"
    config.write_text(yaml.safe_dump(document), "utf-8")
    installation = Installation.load(config)
    findings = [finding for finding in look(installation, DAY) if finding.what.startswith("platform")]
    assert [(finding.what, finding.is_good) for finding in findings] == [("platform", False)]
    assert str(findings[0].problem).startswith("vendors.platform.base_url: platform ")
    assert str(findings[0].problem).endswith(
        ": no connection to 127.0.0.1:1: nothing listens there; is the vendor up, and the address right?"
    )
    installation.close()


def test_check_of_a_vendor_that_limits_does_not_doubt_its_address(
    tmp_path: Path, database: str, servers: Servers
) -> None:
    """A token that is refused for now (429) is a matter of waiting."""
    servers["sobot"].faults.add(Fault(kind="status", status=429, match=Match(path_contains="/tokens"), times=None))
    with closing(Installation.load(write_vendors(tmp_path, servers, database=database))) as installation:
        [told] = [str(finding.problem) for finding in look(installation, DAY) if finding.what == "sobot"]
    assert told.startswith("vendors.sobot: sobot company_token: no token")
    assert told.endswith("(HTTP 429); sobot limits how often it is asked: wait a minute")


def test_dry_run_plans_the_others_where_a_vendor_cannot_be_opened(broken: Broken) -> None:
    """What the others would be sent is shown, and what is wrong with this one."""
    installation = Installation.load(broken.config)
    planned = dry_run(installation, DAY)
    assert {row["campaign"]: row["would be sent"] for row in planned["campaigns"]} == {
        "platform-calls": 1,
        "sobot-calls": 1,
    }
    assert planned["problems"] == [broken.sentence]
    installation.close()


def test_calls_of_the_others_are_read_where_a_vendor_cannot_be_opened(broken: Broken) -> None:
    """What the vendor would say of its calls is a problem of its own."""
    installation = Installation.load(broken.config)
    load_day(installation, DAY)
    _, _, problems = morning.read_call_results(installation, DAY)
    assert [problem for problem in problems if "sinch" in problem] == [f"{DAY}: {broken.sentence}"]
    installation.close()


def test_stopped_campaign_keeps_back_no_other(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Dagster, too: the plan of one campaign stops, the other's leads are sent, and the run says which."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    rows = [lead(1, campaign="platform-calls"), lead(2, campaign="gone")]
    with serve(KINDS["platform"]) as server, dg.instance_for_test() as instance:
        config = write_vendors(tmp_path, {"platform": server}, database=database, rows=rows)
        document = yaml.safe_load(config.read_text("utf-8"))
        document["campaigns"].append({"campaign": "gone", "vendor": "platform", "target": {"list_id": 999}})
        config.write_text(yaml.safe_dump(document), "utf-8")
        installation = Installation.load(config)
        upkeep.refresh_reference(installation, "platform", "lists")
        assert run_job(installation.settings, instance, INTAKE, [DAY]).success
        result = run_job(installation.settings, instance, job_name("platform"), [DAY])
        checks = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
        assert checks["every_lead_is_accounted_for"]
        assert not result.success
        assert [phone for _, phone in server.vendor.held()] == ["4915110000001"]
        installation.close()


def test_rerun_reconsiders_what_the_plan_refused(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent who is known by now lets the lead go; planning accounts for every contact each time."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    rows = [lead(1, campaign="sobot-calls", agent="new.one"), lead(2, campaign="sobot-calls")]
    with serve(KINDS["sobot"]) as server:
        installation = Installation.load(write_vendors(tmp_path, {"sobot": server}, database=database, rows=rows))
        upkeep.refresh_reference(installation, "sobot", "agents")
        night.refresh_campaigns(installation)
        night.pull_and_decide(installation, DAY)
        for _ in range(2):
            counts = night.plan(installation, "sobot", [DAY]).counts
            assert counts == {"planned": 1, "invalid": 1}
            assert counts.total() == night.count_eligible(installation, "sobot", [DAY])
        with installation.store() as store:
            reference.refresh(store, "sobot", "agents", [DirectoryEntry("7", "new.one")])
        assert night.plan(installation, "sobot", [DAY]).counts == {"planned": 2}
        installation.close()


def test_campaign_that_moved_to_another_vendor_updates_nobody_there(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lead that one vendor has is no lead of the other: its id there means somebody else."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    rows = [lead(1, campaign="sobot-calls")]
    with serve(KINDS["jtel"]) as jtel, serve(KINDS["platform"]) as platform:
        for vendor, server in (("jtel", jtel), ("platform", platform)):
            config = write_vendors(tmp_path, {vendor: server}, database=database, rows=rows)
            text = config.read_text("utf-8").replace(f"{vendor}-calls", "sobot-calls")
            config.write_text(text, "utf-8")
            installation = Installation.load(config)
            assert load_day(installation, DAY).problems == []
            installation.close()
        assert (len(jtel.vendor.held()), platform.vendor.held()) == (1, [])
        assert platform.vendor.store.requests["lead_update"] == 0


def test_vendor_that_left_the_configuration_stops_no_polls(tmp_path: Path, database: str, servers: Servers) -> None:
    """The results of the others are asked for, and the missing one is named."""
    rows = [lead(number, campaign=f"{name}-calls") for name in servers for number in range(1, 26)]
    installation = Installation.load(write_vendors(tmp_path, servers, database=database, rows=rows))
    load_day(installation, DAY)
    installation.close()
    config = tmp_path / "leadsync.yaml"
    document = yaml.safe_load(config.read_text("utf-8"))
    document["vendors"].pop("platform")
    document["campaigns"] = [one for one in document["campaigns"] if one["vendor"] != "platform"]
    config.write_text(yaml.safe_dump(document), "utf-8")
    installation = Installation.load(config)
    servers["sobot"].vendor.clock.advance(60)
    polled = morning.poll_results(installation, limit=50, budget_s=10)
    assert polled["sobot"].finished == 1
    assert "vendors.platform is not in the configuration" in str(polled["platform"].problem)
    assert morning.collect(installation, DAY)["sobot"].counts["accepted"] == 25
    installation.close()


def test_results_of_a_campaign_that_is_not_active_any_more_are_read(
    tmp_path: Path, database: str, servers: Servers
) -> None:
    """What was sent comes to its end, whatever became of the campaign."""
    rows = [lead(number, campaign="sobot-calls") for number in range(1, 26)]
    installation = Installation.load(write_vendors(tmp_path, servers, database=database, rows=rows))
    load_day(installation, DAY)
    installation.close()
    config = tmp_path / "leadsync.yaml"
    document = yaml.safe_load(config.read_text("utf-8"))
    for campaign in document["campaigns"]:
        campaign["active"] = False
    config.write_text(yaml.safe_dump(document), "utf-8")
    installation = Installation.load(config)
    night.refresh_campaigns(installation)
    servers["sobot"].vendor.clock.advance(60)
    morning.poll_results(installation, limit=50, budget_s=10)
    assert morning.collect(installation, DAY)["sobot"].counts["accepted"] == 25
    installation.close()


def test_unknown_import_that_cannot_be_asked_about_holds_up_no_other(
    installations: Make, sinch: SandboxServer[Any]
) -> None:
    """One look-up that is refused leaves its import unknown; everything else is sent."""
    sinch.faults.replace([Fault(kind="lost_after_commit", match=Match(method="POST"))])
    installation = installations(rows=leads(2), sinch={"batch_size": 1, "connections": 1, "settle_s": 0.01})
    sinch.faults.add(
        Fault(kind="status", status=400, match=Match(method="GET", path_contains="/customers"), times=None)
    )
    load_day(installation, DAY)
    assert states(installation) == {"unknown": 1, "accepted": 1}


def test_empty_directory_is_not_believed(installations: Make) -> None:
    """Rights that were taken away look like an empty list; what was known stays, and the refresh fails."""
    installation = installations(rows=[])
    with installation.store() as store:
        reference.refresh(store, "sinch", "users", [DirectoryEntry("A", "Anna")])
        with pytest.raises(ContractError, match="no users at all"):
            reference.refresh(store, "sinch", "users", [])
    assert query(installation, "SELECT key, vanished_at FROM reference.entries") == [("A", None)]


def test_ledger_that_refuses_a_vendors_rows_stops_no_other(tmp_path: Path, database: str, servers: Servers) -> None:
    """The others are loaded; the load and the report say what the database refused, and the next load goes on."""
    rows = [lead(number, campaign=f"{name}-calls") for number, name in enumerate(servers, start=1)]
    with closing(Installation.load(write_vendors(tmp_path, servers, database=database, rows=rows))) as installation:
        _change(installation, "ALTER TABLE ledger.deliveries ADD CONSTRAINT no_l1 CHECK (lead_id <> 'L1')")
        sentence = "the database refused a row: no_l1"
        assert load_day(installation, DAY).problems == [f"{DAY}: {sentence}"]
        assert f"sobot-calls on {DAY} was stopped: {sentence}" in morning.report(installation, [DAY]).problems
        assert query(installation, WAITING) == [("L1", "planned", "load_ended_early", sentence)]
        assert [len(servers[name].vendor.held()) for name in ("sobot", "platform")] == [0, 1]
        _change(installation, "ALTER TABLE ledger.deliveries DROP CONSTRAINT no_l1")
        assert load_day(installation, DAY).problems == []
        assert query(installation, WAITING) == []


def _change(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))
