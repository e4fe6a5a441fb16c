"""The commands as people and programs use them: what they say, what they change, what they never show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.errors import SetupError
from pipelines.sandboxed import sandboxed
from sandbox.faults import Fault, Match
from tests.commands import ROOT, Configure, Vendor, leadsync, load
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import (
    ABSENT_TARGET,
    CAMPAIGN,
    DAY,
    OTHER_CAMPAIGN,
    OTHER_TARGET,
    TARGET,
    lead,
    write_configuration,
)


def row_counts(database: str) -> dict[str, int]:
    """How many rows each table of ours has."""
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    listed = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('crm', 'ledger', 'reference')"
    with engine.connect() as connection:
        tables = [name for (name,) in connection.execute(text(listed))]
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


def test_sync_loads_the_day_and_says_so(configure: Configure, sinch: Vendor) -> None:
    """One command loads the day; the answer comes first, then the counts, then the reasons."""
    ended = leadsync("sync", "--config", configure(), "--day", DAY)
    assert ended.stdout.splitlines()[:2] == [f"Loading {DAY} …", f"{DAY}: every lead has its outcome"]
    assert "phone_invalid" in ended.stdout
    assert ended.stderr == ""
    assert sinch.vendor.store.creations == dict.fromkeys(
        [(TARGET, "lead-L1"), (TARGET, "lead-L2"), (OTHER_TARGET, "lead-L4")], 1
    )


def test_sync_of_one_campaign_leaves_the_other_alone(configure: Configure, sinch: Vendor) -> None:
    """`--campaign` sends that campaign and no other, and tells of that one alone."""
    ended = leadsync("sync", "--config", configure(), "--day", DAY, "--campaign", OTHER_CAMPAIGN)
    assert sinch.vendor.store.creations == {(OTHER_TARGET, "lead-L4"): 1}
    assert CAMPAIGN not in ended.stdout
    assert ended.stdout.splitlines()[1] == f"{DAY} (only {OTHER_CAMPAIGN}): every lead has its outcome"


@pytest.mark.parametrize("wait", ["nan", "inf", "86401"])
def test_wait_that_is_no_time_is_refused(wait: str) -> None:
    """A wait is a number of seconds, not below nothing and not above a day."""
    ended = leadsync("sync", "--day", DAY, f"--wait={wait}", code=2)
    assert f"Invalid value for '--wait': {wait} is not a number of seconds from 0 to 86400" in ended.stderr


def test_help_of_wait_says_what_holds_with_and_without_a_number() -> None:
    """One number for `--wait` alone; none for a command without it, where nothing is waited for."""
    told = " ".join(leadsync("sync", "--help").stdout.split())
    assert "--wait [SECONDS]" in told
    assert "900 where no number is given. Without --wait nothing is waited for." in told
    assert "default: 0" not in told


def test_wait_below_nothing_is_refused() -> None:
    """What begins with a dash is taken for an option, and there is none like it."""
    assert "-5" in leadsync("sync", "--day", DAY, "--wait=-5", code=2).stderr


@pytest.mark.parametrize(
    "words", [("leads", "--day", DAY, "--limit"), ("purge", "--days"), ("vendor", "platform", "user_list", "--limit")]
)
def test_number_beyond_all_bounds_is_refused(words: tuple[Any, ...]) -> None:
    """No command takes a number that the database, the calendar or the machine does not have."""
    assert "is not in the range 1<=x<=" in leadsync(*words, "99999999999999999999", code=2).stderr


def test_sync_as_json_is_the_whole_report(configure: Configure) -> None:
    """Standard output is one JSON document with the counts of every state and the reasons."""
    report = json.loads(leadsync("sync", "--config", configure(), "--day", DAY, "--json").stdout)
    assert (report["days"], report["problems"], report["open_imports"]) == ([str(DAY)], [], [])
    rows = report["campaigns"]
    counts = {row["campaign"]: (row["read_count"], row["accepted_count"], row["balanced"]) for row in rows}
    assert counts == {CAMPAIGN: (4, 2, True), OTHER_CAMPAIGN: (1, 1, True)}
    assert {(row["state"], row["reason_code"], row["lead_count"]) for row in report["reasons"]} == {
        ("invalid", "phone_invalid", 1),
        ("suppressed", "do_not_call", 1),
    }


@pytest.mark.slow
def test_demo_as_json_is_its_result_alone(tmp_path: Path, database: str) -> None:
    """What goes on meanwhile is for people; of the vendors those are loaded that are configured."""
    sinch_url = "${SINCH_URL:-http://127.0.0.1:1}"
    config = write_configuration(tmp_path, database=database, sinch_url=sinch_url, rows=[lead()], empty_day="pass")
    home = {"LEADSYNC_HOME": str(tmp_path / "home")}
    ended = leadsync("demo", "--json", "--config", config, environment=home, timeout_s=200)
    result = json.loads(ended.stdout)
    assert (result["first"]["sent"], result["again"]["sent"], result["problems"]) == (1, 0, [])


def test_demo_sends_to_the_sandbox_or_not_at_all(configure: Configure, sinch: Vendor) -> None:
    """A configuration that names the vendor's own address would load it, though the sandbox was asked for."""
    ended = leadsync("demo", "--config", configure(), code=1)
    assert ended.stderr == (
        f"vendors.sinch.base_url leads to {sinch.url}, and not to the sandbox; write ${{SINCH_URL:-{sinch.url}}} there,"
        " so that the sandbox can take its place. Nothing was sent\n"
    )
    assert dict(sinch.vendor.store.requests) == {}


def test_each_address_of_a_vendor_leads_to_the_sandbox(tmp_path: Path) -> None:
    """The example's does; one that is named in a list, or by module, is looked at, too."""
    with sandboxed(ROOT / "leadsync.yaml", log_file=tmp_path / "log") as addresses:
        assert os.environ["SOBOT_URL"] == addresses["SOBOT_URL"]
    for name in ("report_hosts", "hosts.cc-ivr"):
        text = (ROOT / "leadsync.yaml").read_text("utf-8")
        shown = {"report_hosts": 'report_hosts: ["', "hosts.cc-ivr": "cc-ivr: "}[name]
        text = text.replace(f"{shown}${{SOBOT_SECOND_HOST_URL:-http://127.0.0.1:8702}}", f"{shown}https://one.example")
        (tmp_path / "leadsync.yaml").write_text(text, "utf-8")
        leads = rf"^vendors\.sobot\.{name} leads to https://one\.example, and not to the sandbox; "
        sentence = leads + r"write \${SOBOT_SECOND_HOST_URL:-https://one\.example} there, "
        with (
            pytest.raises(SetupError, match=sentence),
            sandboxed(tmp_path / "leadsync.yaml", log_file=tmp_path / "log"),
        ):
            pass


def test_sync_waits_for_outcomes_that_were_not_seen(configure: Configure, sinch: Vendor) -> None:
    """An answer that was lost is asked for within `--wait`, and nothing is sent twice."""
    sinch.faults.replace([Fault(kind="lost_after_commit", match=Match(path_contains="/customers/list"), times=2)])
    leadsync("sync", "--config", configure(), "--day", DAY, "--wait", "30")
    assert set(sinch.vendor.store.creations.values()) == {1}
    assert len(sinch.vendor.store.creations) == 3


def test_plan_changes_nothing_and_sends_nothing(configure: Configure, sinch: Vendor, database: str) -> None:
    """A dry run tells what a load would send and leaves every table, and the vendor, as they were."""
    config = configure()
    before = row_counts(database)
    plan = json.loads(leadsync("plan", "--config", config, "--day", DAY, "--json").stdout)
    assert row_counts(database) == before
    assert dict(sinch.vendor.store.requests) == {}
    assert plan["campaigns"] == [
        {"campaign": OTHER_CAMPAIGN, "would be sent": 1},
        {"campaign": CAMPAIGN, "would be sent": 2},
    ]
    assert plan["reasons"] == [{"reason": "do_not_call", "leads": 1}, {"reason": "phone_invalid", "leads": 1}]
    assert plan["samples"][0] == {
        "campaign": OTHER_CAMPAIGN,
        "sample": {
            "externalId": "lead-L4",
            "numbers": "+49 *** *** 0004",
            "timeZone": "Europe/Berlin",
            "attributes": {
                "attribute": [
                    {"name": "First Name", "value": "A***"},
                    {"name": "Last Name", "value": "G***"},
                    {"name": "City", "value": "K***"},
                ]
            },
        },
    }


def test_plan_after_a_load_changes_nothing(configure: Configure, sinch: Vendor, database: str) -> None:
    """A dry run of a day that was loaded finds nothing to send, and its rollback takes nothing away."""
    config = configure()
    load(config)
    before, requests = row_counts(database), dict(sinch.vendor.store.requests)
    ended = leadsync("plan", "--config", config, "--day", DAY)
    assert f"{DAY}: what would be sent (nothing was)" in ended.stdout
    assert "unchanged" in ended.stdout
    assert (row_counts(database), dict(sinch.vendor.store.requests)) == (before, requests)


def test_check_looks_at_everything_and_sends_nothing(configure: Configure, sinch: Vendor, database: str) -> None:
    """One finding for the database, the campaigns, each source, each kind that the vendor knows, each target."""
    config = configure()
    before = row_counts(database)
    found = json.loads(leadsync("check", "--config", config, "--day", DAY, "--json").stdout)
    assert {row["what"]: row["problem"] for row in found} == {
        "database": None,
        "campaigns": None,
        "sources.leads": None,
        "sources.do_not_call": None,
        **{f"sinch: {kind}": None for kind in ("users", "queues", "queue groups", "skills", "time zones", "campaigns")},
        f"sinch: {CAMPAIGN}": None,
        f"sinch: {OTHER_CAMPAIGN}": None,
    }
    assert row_counts(database) == before
    assert dict(sinch.vendor.store.requests) == {"list_campaigns": 1, "read_campaign": 2}


def test_check_names_each_thing_that_is_wrong(configure: Configure) -> None:
    """One wrong target and one missing file are two findings beside the good ones."""
    config = configure(campaigns={CAMPAIGN: ABSENT_TARGET, OTHER_CAMPAIGN: OTHER_TARGET})
    (config.parent / "do_not_call.csv").unlink()
    found = json.loads(leadsync("check", "--config", config, "--day", DAY, "--json", code=1).stdout)
    problems = {row["what"]: row["problem"] for row in found if row["problem"]}
    assert problems.keys() == {"sources.do_not_call", f"sinch: {CAMPAIGN}"}
    assert problems["sources.do_not_call"].startswith("sources.do_not_call.csv: no file matches ")
    assert problems[f"sinch: {CAMPAIGN}"].startswith(f"campaigns.{CAMPAIGN}.target.campaign_id: ")


def test_check_finds_a_refused_login(configure: Configure) -> None:
    """A password that the vendor refuses is a finding, in words and as JSON, before any night."""
    ended = leadsync("check", "--config", configure(), "--day", DAY, environment={"SINCH_PASSWORD": "other"}, code=1)
    assert "vendors.sinch.username, password: sinch refused the login (HTTP 401)" in ended.stdout


def test_sync_that_cannot_wait_tells_what_it_loaded(tmp_path: Path, database: str) -> None:
    """Without Dagster's instance nothing can be followed; what was sent before that is told all the same."""
    rows = [lead(number, campaign="platform-calls") for number in range(1, 26)]
    with serve(KINDS["platform"]) as server:
        config = write_vendors(tmp_path, {"platform": server}, database=database, rows=rows)
        environment = {**SECRETS, "DAGSTER_HOME": str(tmp_path / "no-home")}
        ended = leadsync("sync", "--config", config, "--day", DAY, "--wait", "5", environment=environment, code=1)
    told = f"DAGSTER_HOME: {tmp_path}/no-home must be the whole path of a folder that is there"
    assert f"! {DAY}: cannot wait: {told}" in ended.stderr
    assert "! 25 leads are submitted" in ended.stderr
    assert f"asks the vendor for the result, or leadsync sync --day {DAY} --wait" in ended.stdout
    assert "platform-calls" in ended.stdout


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("postgresql://bob:s3cret@127.0.0.1:1/x", ": no connection to postgresql://bob:***@127.0.0.1:1/x: nothing"),
        ("mysql://bob:s3cret@127.0.0.1/x", " must be PostgreSQL, postgresql://…, not mysql"),
        ("s3cret", " must be postgresql://user:password@host:port/name;"),
    ],
)
def test_storage_that_dagster_cannot_use_is_named(configure: Configure, address: str, why: str, tmp_path: Path) -> None:
    """Nothing is started that would wait for it, or fall over it."""
    environment = {"DAGSTER_PG_URL": address, "LEADSYNC_HOME": str(tmp_path / "home")}
    ended = leadsync("up", "--config", configure(), environment=environment, code=1)
    assert f"DAGSTER_PG_URL{why}" in ended.stderr


def test_service_that_does_not_start_names_its_log(configure: Configure, tmp_path: Path) -> None:
    """What Dagster has against a `dagster.yaml` of the user's stands there."""
    config = configure()
    config.with_name("dagster.yaml").write_text("run_retries: {enabled: maybe}\n", "utf-8")
    ended = leadsync("up", "--config", config, environment={"LEADSYNC_HOME": str(tmp_path / "home")}, code=1)
    log_file = tmp_path / "home" / "logs" / "webserver.log"
    assert ended.stderr == f"webserver ended with code 1; see {log_file}\n"
    assert "run_retries" in log_file.read_text("utf-8")


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_day_that_cannot_be_loaded_is_refused(configure: Configure, command: str) -> None:
    """Days before the first and days that have not begun have no rows; nothing is written for them."""
    config = configure()
    early = leadsync(command, "--config", config, "--day", "2026-10-31", code=2)
    assert early.stderr == "--day 2026-10-31 lies before first_day, 2026-11-01\n"
    late = leadsync(command, "--config", config, "--day", "2999-01-01", "--json", code=2)
    assert late.stderr == "--day 2999-01-01 has not begun in Europe/Berlin\n"
    assert json.loads(late.stdout) == {"error": late.stderr.strip()}


def test_port_that_is_none_is_refused() -> None:
    """A port is a number that there is."""
    assert "99999 is not in the range" in leadsync("up", "--port", "99999", code=2).stderr


def test_migrate_is_repeatable_and_hides_the_password(configure: Configure) -> None:
    """Migrating a database that has the newest schema changes nothing."""
    assert leadsync("migrate", "--config", configure()).stdout.endswith(" has the newest schema\n")
