"""The commands as people and programs use them: what they say, what they change, what they never show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from pipelines.installation import Installation
from pipelines.load import load_day
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
    phone,
    write_configuration,
)

ROOT = Path(__file__).parents[2]
PERSON = {"first_name": "Adalbert", "last_name": "Geheim", "email": "geheim@example.com", "city": "Kölnstadt"}
PRIVATE = ("1511000", "Adalbert", "Geheim", "geheim@", "Kölnstadt", "s3cret", "4.917E+11")
Vendor = SandboxServer[SinchObi]
Configure = Callable[..., Path]
STRANGER = f"stranger_{os.getpid()}"


def leadsync(
    *arguments: str | Path, environment: Mapping[str, str] = {}, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """The command ended with the code, without a terminal; whatever it said holds no private data and no traceback."""
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, "SINCH_PASSWORD": "s3cret", **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said
    assert [private for private in PRIVATE if private in said] == []
    assert ended.returncode == code, said
    return ended


@pytest.fixture
def configure(tmp_path: Path, database: str, sinch: Vendor) -> Configure:
    """Writes a configuration that logs in, with leads of every kind."""
    sinch.vendor.knobs.require_auth, sinch.vendor.knobs.password = "basic", "s3cret"
    rows = [
        lead(1, **PERSON),
        lead(2, **PERSON),
        lead(3, **PERSON, phone1="4.917E+11"),
        lead(4, **PERSON, campaign=OTHER_CAMPAIGN),
        lead(5, **PERSON),
    ]

    def write(**changes: Any) -> Path:
        whole: dict[str, Any] = {
            "database": database,
            "sinch_url": sinch.url,
            "rows": rows,
            "campaigns": {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET},
            "do_not_call": [{"phone": phone(5), "reason": "asked"}],
            "sinch": {"auth_mode": "basic", "username": "api-user", "password": "${SINCH_PASSWORD}"},
        }
        return write_configuration(tmp_path, **whole | changes)

    return write


def row_counts(database: str) -> dict[str, int]:
    """How many rows each table of ours has."""
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    listed = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('crm', 'ledger', 'reference')"
    with engine.connect() as connection:
        tables = [name for (name,) in connection.execute(text(listed))]
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


def load(config: Path) -> list[str]:
    """The day was loaded in this process; what needs a person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SINCH_PASSWORD", "s3cret")
        with closing(Installation.load(config, actor="test")) as installation:
            return load_day(installation, DAY).problems


@pytest.fixture
def stranger(postgres: URL, database: str) -> Iterator[str]:
    """The address of this test's database for who may log in, and nothing more; `as_owner` knows him by `STRANGER`."""
    admin = create_engine(postgres.set(database=make_url(database).database), poolclass=NullPool)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE ROLE {STRANGER} LOGIN PASSWORD 's3cret'"))
    yield make_url(database).set(username=STRANGER, password="s3cret").render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {STRANGER}"))
        connection.execute(text(f"DROP ROLE {STRANGER}"))


def as_owner(address: str, statement: str) -> None:
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


NEEDED = "The ledger needs the user who owns its tables, and who may create schemas in the database"


@pytest.mark.parametrize(
    ("arguments", "granted", "lacking"),
    [
        (["status"], None, "permission denied for schema crm"),
        (["status"], "leadsync_reader", "permission denied for schema crm"),
        (["sync", "--day", str(DAY)], None, "permission denied for schema crm"),
        (["migrate"], None, "permission denied for "),
        (["migrate"], "leadsync_reader", "permission denied for "),
    ],
)
def test_user_without_rights_is_told_which_are_missing(
    configure: Configure, database: str, stranger: str, arguments: list[str], granted: str | None, lacking: str
) -> None:
    """The setting, what was denied and what is needed, in one sentence; nothing of the statement."""
    if granted:
        as_owner(database, f"GRANT {granted} TO {STRANGER}")
    ended = leadsync(*arguments, "--config", configure(database="${LEDGER}"), environment={"LEDGER": stranger}, code=1)
    assert ended.stderr.startswith(f"database: its user lacks a right there: {lacking}")
    assert ended.stderr.endswith(f". {NEEDED}\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["status"], ["sync", "--day", str(DAY)], ["migrate"]])
def test_user_who_may_not_make_the_schema_is_told_so(
    configure: Configure, database: str, stranger: str, arguments: list[str]
) -> None:
    """A database that holds nothing yet must be one in which schemas can be made."""
    as_owner(database, "DROP SCHEMA reporting, ledger, crm, reference, public CASCADE; CREATE SCHEMA public")
    ended = leadsync(*arguments, "--config", configure(database="${LEDGER}"), environment={"LEDGER": stranger}, code=1)
    assert ended.stderr.startswith("database: its user lacks a right there: permission denied for ")
    assert ended.stderr.endswith(f". {NEEDED}\n")


def a_file(home: Path) -> str:
    home.write_text("not a folder")
    return f"{home}/postgres{{}} cannot be used: Not a directory"


def nowhere(home: Path) -> str:
    home.symlink_to("/proc/nope")
    return "/proc/nope/postgres{} cannot be used: No such file or directory at /proc/nope"


def stray_file(home: Path) -> str:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "notes.txt").touch()
    return f"{home}/postgres{{}} cannot be used: it holds files, and no database; empty it"


def other_version(home: Path) -> str:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("9.6\n")
    return f"{home}/postgres{{}} cannot be used: its database is of PostgreSQL '9.6', and the embedded one is 18"


@pytest.mark.parametrize("by_variable", [True, False], ids=["LEADSYNC_HOME", "beside"])
@pytest.mark.parametrize("spoil", [a_file, nowhere, stray_file, other_version])
def test_folder_of_the_embedded_server_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], str], *, by_variable: bool
) -> None:
    """The setting, the folder, the variable where it is set, and the cause."""
    config = write_configuration(tmp_path, database="embedded", sinch_url="http://127.0.0.1:1")
    expected = spoil(tmp_path / ("home" if by_variable else ".leadsync"))
    environment = {"LEADSYNC_HOME": str(tmp_path / "home") if by_variable else ""}
    ended = leadsync("status", "--config", config, environment=environment, code=1)
    named = ", which LEADSYNC_HOME names," if by_variable else ""
    assert (ended.stdout, ended.stderr) == ("", f"database: embedded: the folder {expected.format(named)}\n")


@pytest.mark.parametrize("arguments", [["demo"], ["up", "--port", "1"], ["sync", "--day", "2026-11-17"], ["migrate"]])
def test_every_command_that_needs_the_folder_says_so(tmp_path: Path, arguments: list[str]) -> None:
    """Some make it before any database is asked."""
    config = write_configuration(tmp_path, database="embedded", sinch_url="http://127.0.0.1:1")
    ended = leadsync(*arguments, "--config", config, environment={"LEADSYNC_HOME": "/proc/nope"}, code=1)
    assert ended.stderr.startswith("database: embedded: the folder /proc/nope")
    assert ", which LEADSYNC_HOME names, cannot be used: No such file or directory" in ended.stderr
    assert ended.stderr.count("\n") == 1


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


def test_status_before_any_load_says_how_to_begin(configure: Configure) -> None:
    """With nothing loaded there is nothing to report, and that needs a person; LEADSYNC_CONFIG names the file."""
    ended = leadsync("status", environment={"LEADSYNC_CONFIG": str(configure())}, code=1)
    assert (ended.stdout, ended.stderr) == (
        "",
        "nothing was loaded yet; begin with `leadsync sync --day …`\n",
    )


def test_status_is_the_newest_day_and_needs_a_person_only_when_one_is_needed(
    configure: Configure, sinch: Vendor
) -> None:
    """After a load that was cut off the code is 1 and says what is open; after the next it is 0."""
    config = configure(campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: ABSENT_TARGET})
    assert len(load(config)) == 1
    open_report = json.loads(leadsync("status", "--config", config, "--json", code=1).stdout)
    assert (open_report["days"], "1 lead is planned" in open_report["problems"]) == ([str(DAY)], True)
    config = configure()
    assert load(config) == []
    good = leadsync("status", "--config", config, "--day", DAY)
    assert good.stdout.startswith(f"{DAY}: every lead has its outcome\n")


def test_status_without_a_day_notices_that_last_night_is_missing(configure: Configure) -> None:
    """The newest day was loaded well, and is not the one that was asked about: that needs a person."""
    config = configure()
    assert load(config) == []
    zone = ZoneInfo("Europe/Berlin")
    last = (datetime.now(zone) - timedelta(days=1)).date()
    assert last > DAY
    ended = leadsync("status", "--config", config, code=1)
    assert f"! {DAY + timedelta(days=1)} to {last}: nothing was pulled; {DAY} is the newest day" in ended.stdout


def test_status_without_a_day_tells_of_older_days_that_wait(configure: Configure, sinch: Vendor) -> None:
    """The newest day was loaded well; an older one was not, and is not forgotten for it."""
    following = DAY + timedelta(days=1)
    rows = [lead(1), lead(2), lead(3, updated_at=f"{following}T10:00:00+01:00")]
    config = configure(rows=rows, campaigns={CAMPAIGN: ABSENT_TARGET})
    assert len(load(config)) == 1
    config = configure(rows=rows)
    leadsync("sync", "--config", config, "--day", following)
    ended = leadsync("status", "--config", config, code=1)
    assert f"! {DAY}: 2 leads are planned; leadsync status --day {DAY}" in ended.stdout
    leadsync("sync", "--config", config, "--day", DAY)
    assert "planned" not in leadsync("status", "--config", config, code=1).stdout


@pytest.mark.parametrize("is_loaded", [False, True], ids=["before_any_load", "after_a_good_one"])
def test_status_says_why_the_last_intake_failed(is_loaded: bool, configure: Configure) -> None:
    """The sentence is not in the logs of some machine alone; it goes when the day is decided."""
    config = configure()
    if is_loaded:
        assert load(config) == []
    leads_csv = config.with_name("leads.csv")
    kept = leads_csv.read_bytes()
    leads_csv.unlink()
    sentence = leadsync("sync", "--config", config, "--day", DAY, code=1).stderr.strip()
    assert "sources.leads.csv: no file matches" in sentence
    nothing = "" if is_loaded else "nothing was pulled and decided; "
    ended = leadsync("status", "--config", config, code=1)
    assert f"! {DAY}: {nothing}the last intake failed: {sentence}" in ended.stdout
    leads_csv.write_bytes(kept)
    assert load(config) == []
    assert "intake failed" not in leadsync("status", "--config", config, "--day", DAY).stdout


def test_status_of_a_day_without_a_row_says_what_the_load_said(configure: Configure) -> None:
    """An empty night is no night on which every lead has its outcome; where it is normal, it is."""
    config = configure(rows=[])
    leadsync("sync", "--config", config, "--day", DAY, code=1)
    ended = leadsync("status", "--config", config, "--day", DAY, code=1)
    assert f"! {DAY}: no row of this day in sources.leads; nothing was sent" in ended.stdout
    allowed = leadsync("status", "--config", configure(rows=[], empty_day="pass"), "--day", DAY)
    assert f"{DAY}: every lead has its outcome" in allowed.stdout


def test_leads_names_who_is_not_at_the_vendor(configure: Configure) -> None:
    """By their ids and reasons, without a number; narrowed by campaign, state and reason; a limit is told."""
    rows = [lead(1), lead(2, phone1="x"), lead(3, consent="no"), lead(4, campaign="sprnig")]
    config = configure(rows=rows)
    load(config)

    def told(*more: str, code: int = 0) -> Any:
        return json.loads(leadsync("leads", "--config", config, "--day", DAY, "--json", *more, code=code).stdout)

    assert {(one["lead_id"], one["reason_code"]) for one in told()} == {
        ("L2", "phone_invalid"),
        ("L3", "consent_withdrawn"),
        ("L4", "campaign_unknown"),
    }
    assert [one["lead_id"] for one in told("--state", "accepted")] == ["L1"]
    assert [one["lead_id"] for one in told("--reason", "consent_withdrawn")] == ["L3"]
    assert [one["lead_id"] for one in told("--campaign", "sprnig")] == ["L4"]
    for form in ((), ("--json",)):
        cut = leadsync("leads", "--config", config, "--day", DAY, "--limit", "2", *form)
        assert cut.stderr == "There are more than 2: narrow it down, or raise --limit.\n"
        assert lead(1)["phone1"] not in cut.stdout
    never = leadsync("leads", "--config", config, "--day", "2026-11-15", code=1)
    assert never.stderr == "2026-11-15: nothing was pulled and decided\n"
    unknown = leadsync("leads", "--config", config, "--day", DAY, "--campaign", "sprin", code=1)
    assert unknown.stderr == f"there is no campaign 'sprin' on {DAY}; there are: {OTHER_CAMPAIGN}, {CAMPAIGN}, sprnig\n"
    assert told("--campaign", OTHER_CAMPAIGN) == []
    nobody = leadsync("leads", "--config", config, "--day", DAY, "--reason", "consent")
    reasons = "campaign_unknown, consent_withdrawn, phone_invalid"
    assert nobody.stdout == f"{DAY}: no such lead; the reasons of the day are: {reasons}\n"
    refused = leadsync("leads", "--config", config, "--day", DAY, "--state", "lost", code=2)
    assert "lost is no state; there are accepted, invalid" in refused.stderr


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
    assert "platform-calls" in ended.stdout


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_day_that_cannot_be_loaded_is_refused(configure: Configure, command: str) -> None:
    """Days before the first and days that have not begun have no rows; nothing is written for them."""
    config = configure()
    early = leadsync(command, "--config", config, "--day", "2026-10-31", code=1)
    assert early.stderr == "--day 2026-10-31 lies before first_day, 2026-11-01\n"
    late = leadsync(command, "--config", config, "--day", "2999-01-01", code=1)
    assert late.stderr == "--day 2999-01-01 has not begun in Europe/Berlin\n"


def test_port_that_is_none_is_refused() -> None:
    """A port is a number that there is."""
    assert "99999 is not in the range" in leadsync("up", "--port", "99999", code=2).stderr


def test_status_of_a_day_that_was_never_loaded_needs_a_person(configure: Configure) -> None:
    """A day without a load is a problem, not an empty success."""
    report = json.loads(leadsync("status", "--config", configure(), "--day", "2026-11-15", "--json", code=1).stdout)
    assert report["problems"] == ["2026-11-15: nothing was pulled and decided"]


def in_a_shell(line: str, *, code: int) -> subprocess.CompletedProcess[str]:
    """The line, in which `leadsync` is the command, ended with the code, and without a traceback."""
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'leadsync() {{ "{sys.executable}" -m pipelines.cli "$@"; }}; {line}'],
        cwd=ROOT, env={**os.environ, "SINCH_PASSWORD": "s3cret"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code, ended.stderr
    return ended


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_sync_without_a_stream_loads_all_the_same(configure: Configure, sinch: Vendor, streams: str) -> None:
    """Where nobody listens nothing is said; the load, and its exit code, are those of any other."""
    config = configure()
    in_a_shell(f"leadsync sync --config {config} --day {DAY} {streams}", code=0)
    assert len(sinch.vendor.store.creations) == 3
    in_a_shell(f"leadsync status --config {config} {streams}", code=1)  # last night is missing


def test_sync_onto_a_full_disk_loads_and_says_what_is_missing(configure: Configure, sinch: Vendor) -> None:
    """The load is not to blame for the disk; that its answer was lost is a sentence, and needs a person."""
    ended = in_a_shell(f"leadsync sync --config {configure()} --day {DAY} > /dev/full", code=1)
    assert ended.stderr == "standard output could not be written: No space left on device\n"
    assert len(sinch.vendor.store.creations) == 3
    in_a_shell(f"leadsync sync --config {configure()} --day {DAY} --json > /dev/full", code=1)
    in_a_shell(f"leadsync sync --config {configure()} --day 2999-01-01 2> /dev/full", code=1)


def test_a_reader_that_wants_no_more_is_no_failure(configure: Configure) -> None:
    """What is piped into `head` ends with the code that it has without."""
    config = configure()
    load(config)
    for form in ("", "--json"):
        ended = in_a_shell(f"leadsync status --config {config} --day {DAY} {form} | (exec <&-; sleep 0.1)", code=0)
        assert (ended.stdout, ended.stderr) == ("", "")
    told = in_a_shell(f"leadsync leads --config {config} --day {DAY} | head -n 1", code=0)
    assert told.stdout == f"{DAY}: leads\n"


def test_interrupt_during_the_first_imports_is_a_word() -> None:
    """Ctrl-C before the command has begun ends like Ctrl-C in it: `interrupted`, 130."""
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from pipelines.entry import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


def test_migrate_is_repeatable_and_hides_the_password(configure: Configure) -> None:
    """Migrating a database that has the newest schema changes nothing."""
    assert leadsync("migrate", "--config", configure()).stdout.endswith(" has the newest schema\n")
