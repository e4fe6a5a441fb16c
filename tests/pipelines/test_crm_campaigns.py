"""Campaigns that the CRM lists: one that cannot be loaded keeps back its own leads, and says why."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from connectors.errors import SetupError
from pipelines import morning
from pipelines.dryrun import dry_run
from pipelines.installation import Installation
from pipelines.jobs import INTAKE
from pipelines.load import load_day
from pipelines.preflight import look
from pipelines.runs import run_job
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY, OTHER_TARGET, QUICK, TARGET, lead, write_document
from tests.reading import query

OF_BAD = """
    SELECT state, reason_code, reason, count(*) FROM reporting.lead_outcome WHERE campaign = 'bad' GROUP BY 1, 2, 3
"""
GOOD = ("good", "sinch", TARGET, "DE")
REPAIRED = ("bad", "sinch", OTHER_TARGET, "DE")
DEFECTS = [
    pytest.param(
        ("bad", "snich", OTHER_TARGET, "DE"),
        "sources.campaigns, row 3: campaign bad: there is no vendor 'snich'; there are sinch, sobot, platform, jtel",
        id="vendor",
    ),
    pytest.param(
        ("bad", "", OTHER_TARGET, "DE"),
        "sources.campaigns, row 3: campaign bad: there is no vendor ''; there are sinch, sobot, platform, jtel",
        id="no-vendor",
    ),
    pytest.param(
        ("bad", "sinch", OTHER_TARGET, "Germany"),
        "sources.campaigns, row 3: campaign bad: region 'Germany' is not an ISO 3166 code such as DE",
        id="region",
    ),
    pytest.param(
        ("bad", "sinch", "", "DE"), "sources.campaigns, row 3: campaign bad: the target is missing", id="target"
    ),
    pytest.param(("bad", "sinch"), "sources.campaigns: line 3 has 2 of 4 fields", id="cut-row"),
]


def configured(folder: Path, database: str, sinch: SandboxServer[SinchObi], *listed: Sequence[str]) -> Installation:
    """Two leads of the campaign `good`, three of `bad`; the CRM lists the given campaigns."""
    with (folder / "campaigns.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("campaign", "vendor", "target", "region"), *listed])
    document = {
        "vendors": {"sinch": {**QUICK, "base_url": sinch.url, "auth_mode": "none"}},
        "sources": {
            "leads": {"csv": "leads.csv", "cursor": "updated_at"},
            "do_not_call": {"csv": "do_not_call.csv"},
            "campaigns": {"csv": "campaigns.csv"},
        },
    }
    rows = [lead(number, campaign="good" if number < 3 else "bad") for number in range(1, 6)]
    return Installation.load(write_document(folder, document, database=database, rows=rows))


@pytest.mark.parametrize(("row", "sentence"), DEFECTS)
def test_campaign_that_cannot_be_loaded_keeps_back_no_other(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi], row: Sequence[str], sentence: str
) -> None:
    """The others are loaded; the report says why its leads wait; when the CRM is mended, the same day sends them."""
    installation = configured(tmp_path, database, sinch, GOOD, row)
    load_day(installation, DAY)
    assert {target for target, _ in sinch.vendor.store.creations} == {TARGET}
    assert [p for p in morning.report(installation, [DAY]).problems if "bad" in p] == [
        f"bad on {DAY} was stopped: {sentence}"
    ]
    assert query(installation, OF_BAD) == [("planned", "campaign_stopped", sentence, 3)]
    installation.close()
    installation = configured(tmp_path, database, sinch, GOOD, REPAIRED)
    assert load_day(installation, DAY).problems == []
    assert len(sinch.vendor.store.creations) == 5
    assert morning.report(installation, [DAY]).problems == []
    installation.close()


def test_campaign_without_a_name_is_told_of(tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]) -> None:
    """No lead can name it, and nobody is kept back; `check` says which row it is."""
    installation = configured(tmp_path, database, sinch, ("", "sinch", OTHER_TARGET, "DE"), GOOD)
    problems = {finding.what: finding.problem for finding in look(installation, DAY) if not finding.is_good}
    assert problems == {"campaign (row 2)": "sources.campaigns, row 2: the campaign has no name"}
    installation.close()


def test_campaign_that_is_off_is_no_defect(tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]) -> None:
    """A row that was switched off in the CRM may be as wrong as it likes."""
    installation = configured(tmp_path, database, sinch, GOOD)
    header = ("campaign", "vendor", "target", "region", "active")
    with (tmp_path / "campaigns.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, (*GOOD, "yes"), ("bad", "snich", "", "", "no")])
    assert load_day(installation, DAY).problems == []
    assert morning.report(installation, [DAY]).problems == []
    installation.close()


def test_naming_a_campaign_that_cannot_be_loaded_says_why(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """Who asks for it alone is told what is wrong with it, and nothing is sent."""
    installation = configured(tmp_path, database, sinch, GOOD, ("bad", "snich", OTHER_TARGET, "DE"))
    with pytest.raises(SetupError, match="there is no vendor 'snich'"):
        load_day(installation, DAY, ["bad"])
    assert sinch.vendor.store.creations == {}
    installation.close()


def test_dagster_warns_of_a_campaign_that_cannot_be_loaded(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """The night goes on; the check of `crm/campaigns` names the campaign and what is wrong with it."""
    installation = configured(tmp_path, database, sinch, GOOD, ("bad", "snich", OTHER_TARGET, "DE"))
    with dg.instance_for_test() as instance:
        result = run_job(installation.settings, instance, INTAKE, [DAY])
    assert result.success
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "campaigns_can_be_loaded"]
    assert not check.passed
    assert "snich" in str(check.metadata["bad"].value)
    installation.close()


EMPTIED = (
    "sources.campaigns: 2 campaigns were listed before, and none is now; nothing was replaced."
    " If none is meant to be listed, take sources.campaigns out of the configuration"
)


def test_list_that_lost_all_its_campaigns_stops_the_intake(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """An emptied export is no list of campaigns: nothing is replaced, and the morning has the sentence."""
    with closing(configured(tmp_path, database, sinch, GOOD, REPAIRED)) as installation:
        assert load_day(installation, DAY).problems == []
    with closing(configured(tmp_path, database, sinch)) as installation:
        with pytest.raises(SetupError, match=re.escape(EMPTIED)):
            load_day(installation, DAY)
        assert EMPTIED in morning.report(installation, [DAY]).problems[0]
        assert [finding.problem for finding in look(installation, DAY) if not finding.is_good] == [EMPTIED]
        with pytest.raises(SetupError, match=re.escape(EMPTIED)):
            dry_run(installation, DAY)
        assert query(installation, "SELECT campaign FROM crm.campaigns ORDER BY 1") == [("bad",), ("good",)]
    with closing(configured(tmp_path, database, sinch, GOOD, REPAIRED)) as installation:
        assert load_day(installation, DAY).problems == []
        assert morning.report(installation, [DAY]).problems == []


def test_campaigns_that_nobody_knows_are_named(tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]) -> None:
    """A list that lost a campaign whose leads are there calls none of them, and says so everywhere."""
    sentence = f"{DAY}: 3 leads name campaigns that nobody knows, and none of them is called: bad (3)"
    with closing(configured(tmp_path, database, sinch, GOOD)) as installation:
        assert dry_run(installation, DAY)["problems"] == [sentence]
        assert load_day(installation, DAY).problems == [sentence]
        assert morning.report(installation, [DAY]).problems == [sentence]
        assert load_day(installation, DAY, ["good"]).problems == []
        with dg.instance_for_test() as instance:
            result = run_job(installation.settings, instance, INTAKE, [DAY])
    assert result.success
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "every_campaign_is_known"]
    assert (check.passed, check.metadata["problems"].value) == (False, [sentence])


def test_campaigns_that_share_a_target_are_not_loaded(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """Which of them is meant nobody knows: both wait, and are told of with their rows."""
    with closing(configured(tmp_path, database, sinch, GOOD, ("bad", "sinch", TARGET, "DE"))) as installation:
        load_day(installation, DAY)
        assert sinch.vendor.store.creations == {}
        assert morning.report(installation, [DAY]).problems[0] == (
            f"bad, good on {DAY} were stopped: sources.campaigns: good (row 2) and bad (row 3) are loaded into sinch's"
            f" campaign_id {TARGET}: who is in both would be called twice."
            " Give each its own target, or set one inactive"
        )


HEADER = ("campaign", "vendor", "target", "region", "active")


def listing(folder: Path, *rows: Sequence[str]) -> None:
    """The CRM lists these campaigns, with a word on whether each is active."""
    with (folder / "campaigns.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


@pytest.mark.parametrize("word", ["paused", "-", "maybe", "stopped"])
def test_word_that_is_neither_yes_nor_no_loads_nobody(
    word: str, tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """What was meant is not guessed: the leads wait, and the sentence names the row."""
    with closing(configured(tmp_path, database, sinch, GOOD)) as installation:
        listing(tmp_path, (*GOOD, "yes"), (*REPAIRED, word))
        load_day(installation, DAY)
        assert {target for target, _ in sinch.vendor.store.creations} == {TARGET}
        sentence = f"sources.campaigns, row 3: campaign bad: active is {word!r}, which is neither a yes nor a no"
        assert query(installation, OF_BAD) == [("planned", "campaign_stopped", f"{sentence}; write true or false", 3)]


@pytest.mark.parametrize("word", ["inactive", "Off", "disabled", "nein", "0", "FALSE"])
def test_campaign_that_is_off_in_any_word_suppresses_its_leads(
    word: str, tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """People say it in many words."""
    with closing(configured(tmp_path, database, sinch, GOOD)) as installation:
        listing(tmp_path, (*GOOD, "Active"), (*REPAIRED, word))
        assert load_day(installation, DAY).problems == []
        assert [row[:2] for row in query(installation, OF_BAD)] == [("suppressed", "campaign_inactive")]


@pytest.mark.parametrize(
    "second",
    [(*REPAIRED, "no"), ("bad", "sinch", TARGET, "DE", "yes"), ("bad", "sinch", OTHER_TARGET, "GB", "yes")],
    ids=["inactive", "target", "region"],
)
def test_campaign_that_is_listed_twice_is_not_loaded(
    second: Sequence[str], tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """Which row is meant nobody knows, and the sentence names both."""
    with closing(configured(tmp_path, database, sinch, GOOD)) as installation:
        listing(tmp_path, (*REPAIRED, "yes"), (*GOOD, "yes"), second)
        load_day(installation, DAY)
        assert {target for target, _ in sinch.vendor.store.creations} == {TARGET}
        sentence = "sources.campaigns, row 2 and row 4: campaign bad is listed twice, and not alike: which is meant"
        assert query(installation, OF_BAD) == [("planned", "campaign_stopped", f"{sentence} nobody knows", 3)]


def test_campaign_that_is_listed_twice_alike_is_loaded(
    tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]
) -> None:
    """A query that joins says the same twice, and there is nothing to guess; nor is there of two that are off."""
    with closing(configured(tmp_path, database, sinch, GOOD, GOOD)) as installation:
        assert load_day(installation, DAY, ["good"]).problems == []
        listing(tmp_path, (*GOOD, "yes"), (*REPAIRED, "no"), ("bad", "sinch", TARGET, "DE", "off"))
        assert load_day(installation, DAY).problems == []
