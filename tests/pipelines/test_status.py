"""What `status` and `leads` tell in the morning."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from connectors.errors import SetupError
from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.reading import tell
from sandbox.faults import Fault, Match
from tests.commands import Configure, Vendor, leadsync, load
from tests.factories import ABSENT_TARGET, CAMPAIGN, DAY, OTHER_CAMPAIGN, TARGET, lead, leads
from tests.reading import query

Make = Callable[..., Installation]
SETTLED = "what was sent is asked about; nothing is pulled, planned or sent"


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


@pytest.mark.parametrize("is_tried", [True, False], ids=["failed", "never_run"])
def test_a_night_that_failed_is_told_of_after_the_next(is_tried: bool, installations: Make) -> None:
    """A good night does not make the one before it good; days before the first pull are no nights."""
    days = [DAY + timedelta(days=number) for number in range(4)]
    installation = installations(rows=[lead(n, updated_at=f"{day}T10:00:00+01:00") for n, day in enumerate(days)])
    load_day(installation, days[0])
    leads_csv = installation.settings.folder / "leads.csv"
    failed = [f"{days[1]} to {days[2]}: nothing was pulled and decided"]
    if is_tried:
        kept = leads_csv.rename(leads_csv.with_suffix(".away"))
        with pytest.raises(SetupError) as caught:
            load_day(installation, days[1])
        failed = [
            f"{days[1]}: nothing was pulled and decided; the last intake failed: {caught.value}",
            f"{days[2]}: nothing was pulled and decided",
        ]
        kept.rename(leads_csv)
    load_day(installation, days[3])
    assert morning.told_of_older_days(installation, days[3]) == failed
    for day in days[1:3]:
        load_day(installation, day)
    assert morning.told_of_older_days(installation, days[3]) == []


def test_a_day_that_the_schedule_leaves_out_is_not_missed(installations: Make) -> None:
    """Where nobody pulls the days of a weekend, none of them is told of."""
    following = DAY + timedelta(days=4)
    rows = [lead(1), lead(2, updated_at=f"{following}T10:00:00+01:00")]
    installation = installations(rows=rows, nightly="0 2 19 11 *")  # of these days the night after the 18th alone
    load_day(installation, DAY)
    load_day(installation, following)
    missed = [f"{DAY + timedelta(days=1)}: nothing was pulled and decided"]
    assert morning.told_of_older_days(installation, following) == missed


def test_a_decided_day_that_nobody_planned_is_told_of(installations: Make) -> None:
    """The process died after the decision: the leads have no delivery and no import that could tell of them."""
    following = DAY + timedelta(days=1)
    installation = installations(rows=[lead(1), lead(2), lead(3, updated_at=f"{following}T10:00:00+01:00")])
    night.refresh_campaigns(installation)
    night.refresh_do_not_call(installation)
    night.pull_and_decide(installation, DAY)
    load_day(installation, following)
    told = [f"{DAY}: 2 leads are planned; leadsync status --day {DAY}"]
    assert morning.told_of_older_days(installation, following) == told
    load_day(installation, DAY)
    assert morning.told_of_older_days(installation, following) == []


def test_what_was_given_back_and_not_planned_again_is_told_of(installations: Make, sinch: Vendor) -> None:
    """The vendor has nothing of an import, something was decided since, and the run that asked died before planning."""
    following = DAY + timedelta(days=1)
    sinch.faults.add(Fault(kind="reset_before_processing", match=Match(path_contains="customers/list"), times=None))
    rows = [lead(1), lead(2), lead(3, updated_at=f"{following}T10:00:00+01:00")]
    installation = installations(rows=rows, sinch={"settle_s": 3600})
    load_day(installation, DAY)
    sinch.faults.clear()
    load_day(installation, following)
    with installation.engine.begin() as connection:  # the settle time is over
        connection.execute(text("UPDATE ledger.imports SET due_at = now()"))
    night.ask_and_withdraw(installation, "sinch", [DAY])
    assert query(installation, "SELECT day, count(*) FROM ledger.imports WHERE settled_at IS NULL GROUP BY day") == []
    told = [f"{DAY}: 2 leads are planned; leadsync status --day {DAY}"]
    assert morning.told_of_older_days(installation, following) == told
    assert night.plan_and_send(installation, "sinch", [DAY]).delivery.problem is None
    assert morning.told_of_older_days(installation, following) == []


def test_sync_of_a_day_before_the_first_settles_what_was_sent(
    configure: Configure, sinch: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be finished, and not loaded; one that has nothing to finish is refused."""
    monkeypatch.setenv("SINCH_PASSWORD", "s3cret")
    login = {"auth_mode": "basic", "username": "api-user", "password": "${SINCH_PASSWORD}", "settle_s": 3600}
    config = configure(rows=[lead(1)], sinch=login)
    sinch.faults.add(Fault(kind="lost_after_commit", match=Match(path_contains="customers/list"), times=None))
    load(config)
    sinch.faults.clear()
    config = configure(rows=[lead(1), lead(2)], first_day=f"{DAY + timedelta(days=1)}")
    with closing(Installation.load(config, actor="test")) as installation:
        with installation.engine.begin() as connection:  # the settle time is over
            connection.execute(text("UPDATE ledger.imports SET due_at = now()"))
        settled = leadsync("sync", "--config", config, "--day", str(DAY))
        assert settled.stderr == f"{DAY} lies before first_day: {SETTLED}\n"
        assert query(installation, "SELECT lead_id, state FROM reporting.lead_outcome") == [("L1", "accepted")]
    refused = leadsync("sync", "--config", config, "--day", str(DAY), code=2)
    assert refused.stderr == f"--day {DAY} lies before first_day, {DAY + timedelta(days=1)}\n"


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


def test_status_of_a_day_that_has_not_begun_is_refused(configure: Configure) -> None:
    """Nobody can do anything about a day that is not there yet: it was a slip of the pen."""
    ended = leadsync("status", "--config", configure(), "--day", "2999-01-01", code=2)
    assert (ended.stdout, ended.stderr) == ("", "--day 2999-01-01 has not begun in Europe/Berlin\n")


def test_status_of_a_day_that_was_never_loaded_needs_a_person(configure: Configure) -> None:
    """A day without a load is a problem, not an empty success."""
    report = json.loads(leadsync("status", "--config", configure(), "--day", "2026-11-15", "--json", code=1).stdout)
    assert report["problems"] == ["2026-11-15: nothing was pulled and decided"]


def test_a_day_that_was_pulled_before_it_had_ended_is_not_done(installations: Make) -> None:
    """What came after is in no report; while the day goes on, and for files of a day, that is nobody's problem."""
    installation = installations(rows=[lead(1)], timezone="Europe/Berlin")
    load_day(installation, DAY)
    assert morning.report(installation, [DAY]).problems == []
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE crm.pulls SET pulled_at = :noon"), {"noon": noon})
    told = f"{DAY}: it was pulled at 12:30 of that day, and not since it is over; load it again"
    assert morning.report(installation, [DAY]).problems == [told]
    of_a_day = installation.settings.folder / f"leads-{DAY}.csv"
    (installation.settings.folder / "leads.csv").rename(of_a_day)
    sources = {"leads": {"csv": "leads-{day}.csv"}}
    assert morning.report(installations(rows=[lead(1)], sources=sources), [DAY]).problems == []


def test_status_is_of_a_day_that_is_over(configure: Configure) -> None:
    """Who loads today's leads at noon asks for last night all the same."""
    zone = ZoneInfo("Europe/Berlin")
    today = datetime.now(zone).date()
    yesterday = today - timedelta(days=1)
    rows = [lead(number, updated_at=f"{day}T00:00:01") for number, day in ((1, yesterday), (2, today))]
    config = configure(rows=rows)
    for day in (yesterday, today):
        leadsync("sync", "--config", config, "--day", day)
    assert leadsync("status", "--config", config).stdout.startswith(f"{yesterday}: every lead has its outcome\n")


def test_leads_that_a_vendor_had_before_are_told_apart(installations: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """Yesterday's file under today's name is accepted in full, and nothing of it was sent."""
    rows = [*leads(2), *leads(3, updated_at=f"{DAY + timedelta(days=1)}T10:00:00+01:00")]
    installation = installations(rows=rows)
    for day in (DAY, DAY + timedelta(days=1)):
        load_day(installation, day)
    report = morning.report(installation, [DAY + timedelta(days=1)])
    assert [(row.accepted_count, row.accepted_before_count) for row in report.campaigns] == [(3, 2)]
    tell(report, zone=installation.settings.zone)
    assert "   accepted   before   adds up" in capsys.readouterr().out
