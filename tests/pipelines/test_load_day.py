"""A day from the source to the report, over real sockets and a real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from connectors.errors import SetupError
from pipelines import eligibility, intake, morning, night
from pipelines.installation import Installation
from pipelines.intake import PullSummary
from pipelines.load import IncompleteError, load_day
from pipelines.store import Store
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import CAMPAIGN, DAY, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead, leads, write_rows
from tests.reading import query, states

Make = Callable[..., Installation]


def test_load_day_delivers_every_eligible_lead_once(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """Every lead that may be called is at the vendor, once, under its own id."""
    installation = installations(rows=leads(250))
    result = load_day(installation, DAY)
    assert result.problems == []
    assert states(installation) == {"accepted": 250}
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{n}"): 1 for n in range(1, 251)}


def test_second_load_sends_nothing(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """What is accepted and unchanged costs no request at all."""
    installation = installations(rows=leads(120))
    load_day(installation, DAY)
    sinch.vendor.store.requests.clear()
    result = load_day(installation, DAY)
    assert result.vendors["sinch"].plan.counts == {"unchanged": 120}
    assert dict(sinch.vendor.store.requests) == {}


def test_unusable_leads_are_accounted_for_by_reason(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """Every row that is not sent has a state and a reason, and the day adds up."""
    rows = [
        lead(1),
        lead(2, phone1="4.917E+11"),
        lead(3, phone1=""),
        lead(4, consent="no"),
        lead(5, phone1=lead(1)["phone1"]),
        lead(6, timezone="Europe/Berln"),
        lead(7, campaign="sprnig"),
        lead(1),
        lead(8, lead_id=""),
        lead(9),
    ]
    installation = installations(rows=rows, do_not_call=[{"phone": lead(9)["phone1"]}])
    load_day(installation, DAY)
    with installation.store() as store:
        rows_by_reason = {
            (row.state, row.reason_code): row.lead_count for row in store.rows("reporting", "reasons", days=[DAY])
        }
    assert rows_by_reason == {
        ("invalid", "phone_invalid"): 1,
        ("invalid", "phone_missing"): 1,
        ("suppressed", "consent_withdrawn"): 1,
        ("duplicate", "duplicate_number"): 1,
        ("invalid", "time_zone_invalid"): 1,
        ("invalid", "campaign_unknown"): 1,
        ("duplicate", "duplicate_lead"): 1,
        ("invalid", "lead_id_missing"): 1,
        ("suppressed", "do_not_call"): 1,
    }
    assert all(row.balanced for row in morning.report(installation, [DAY]).campaigns)
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1}
    assert CAMPAIGN in {row.campaign for row in morning.report(installation, [DAY]).campaigns}


def test_entry_without_a_country_bars_its_number_in_every_country(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """No campaign has the lead's country: it names it, or its number does. Who has other digits is sent."""
    rows = [
        lead(1),
        lead(2, phone1="0664 1234567", country="AT", timezone="Europe/Vienna"),
        lead(3, phone1="+43 664 7654321", country=""),
        lead(4, phone1="0664 1234568", country="AT", timezone="Europe/Vienna"),
        lead(5, phone1="8 (912) 345-67-89", country="RU"),
        lead(6, phone1="0030 21 2345 6789"),
    ]
    entries = ["0664/1234567", "06647654321", "8 912 3456789", "21 2345-6789", "+44 20 7946 0123", "nobody"]
    installation = installations(rows=rows, do_not_call=[{"phone": entry} for entry in entries])
    load_day(installation, DAY)
    assert states(installation) == {"accepted": 2, "suppressed": 4}
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1, (TARGET, "lead-L4"): 1}
    summary = night.refresh_do_not_call(installation)
    assert summary.counts == {
        "read_count": 6,
        "entry_count": 5,
        "national_count": 4,
        "unreadable_count": 1,
        "damaged_count": 0,
    }


def test_entry_without_a_country_that_is_listed_after_the_decision_holds_the_plan(
    installations: Make, sinch: SandboxServer[SinchObi], tmp_path: Path
) -> None:
    """The plan holds its contacts against the newest list."""
    rows = [lead(1), lead(2, phone1="0664 1234567", country="AT", timezone="Europe/Vienna")]
    installation = installations(rows=rows)
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    write_rows(tmp_path / "do_not_call.csv", [{"phone": "0664 1234567"}], ("phone", "reason", "until"))
    night.refresh_do_not_call(installation)
    assert night.plan_and_send(installation, "sinch", [DAY]).plan.counts == {"planned": 1, "suppressed": 1}
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1}


def test_the_last_row_of_the_day_says_whether_a_lead_may_be_called(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """Consent that is withdrawn later on the day holds for the rows before; given again after that, it counts."""
    morning_, noon, evening = (f"{DAY}T{hour}:00:00+01:00" for hour in ("08", "12", "18"))
    rows = [
        lead(1, updated_at=morning_),
        lead(1, updated_at=noon, consent="no"),
        lead(2, updated_at=morning_, consent="no"),
        lead(2, updated_at=noon, consent="yes"),
        lead(3, updated_at=morning_),
        lead(3, updated_at=noon, consent="no"),
        lead(3, updated_at=evening, consent="yes"),
        lead(6, updated_at=noon, consent="no"),
        lead(6, updated_at=evening),
        lead(4, updated_at=noon),
        lead(4, updated_at=noon, consent="no"),
        lead(5, updated_at=morning_),
        lead(5, updated_at=noon, campaign=OTHER_CAMPAIGN, consent="no"),
    ]
    installation = installations(rows=rows, campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET})
    assert load_day(installation, DAY).problems == []
    assert {external_id for _, external_id in sinch.vendor.store.creations} == {"lead-L2", "lead-L3", "lead-L5"}
    assert states(installation) == {"accepted": 3, "suppressed": 4, "duplicate": 6}
    assert load_day(installation, DAY).problems == []
    assert states(installation) == {"accepted": 3, "suppressed": 4, "duplicate": 6}


def test_number_of_a_source_that_is_not_read_any_more_is_not_called_twice(installations: Make, tmp_path: Path) -> None:
    """What was decided of it stands, and may be planned: the leads of the day are compared with it."""
    write_rows(tmp_path / "customers.csv", [lead(1, lead_id="C1")])
    customers = {
        "customers": {"csv": "customers.csv", "cursor": "updated_at"},
        "do_not_call": {"csv": "do_not_call.csv"},
    }
    load_day(installations(sources=customers), DAY)
    result = load_day(installations(rows=[lead(1), lead(2)]), DAY)
    assert result.decisions.by_reason == {"duplicate_number": 1}


def test_a_list_that_cannot_be_read_leaves_the_day_as_it_was(
    installations: Make, sinch: SandboxServer[SinchObi], tmp_path: Path
) -> None:
    """Rows are read while the do-not-call list is: without the list none is decided, stored or sent."""
    installation = installations(rows=leads(50))
    load_day(installation, DAY)
    write_rows(tmp_path / "leads.csv", leads(80))
    spoilt = installations(rows=leads(80), do_not_call=[{"phone": "+4915112345678"}])
    (tmp_path / "do_not_call.csv").write_text("number\n+4915112345678\n")
    with pytest.raises(SetupError, match=r"sources\.do_not_call"):
        load_day(spoilt, DAY)
    assert states(installation) == {"accepted": 50}
    with installation.store() as store:
        [read] = store.rows("contacts", "read_counts", day=DAY)
        assert (read.read_count, store.one("contacts", "verdict_counts", day=DAY).row_count) == (50, 50)
    assert [thread.name for thread in threading.enumerate() if thread.name == "ahead"] == []
    assert len(sinch.vendor.store.creations) == 50


def test_a_source_that_breaks_leaves_the_others_as_they_were(installations: Make, tmp_path: Path) -> None:
    """Else the day would hold rows of which nothing was decided, and no plan of it could be made."""
    write_rows(tmp_path / "customers.csv", [lead(n, lead_id=f"C{n}") for n in range(10, 15)])
    both = {
        "leads": {"csv": "leads.csv", "cursor": "updated_at"},
        "customers": {"csv": "customers.csv", "cursor": "updated_at"},
        "do_not_call": {"csv": "do_not_call.csv"},
    }
    installation = installations(rows=leads(5), sources=both)
    load_day(installation, DAY)
    write_rows(tmp_path / "customers.csv", [lead(10, lead_id="C10")])
    (tmp_path / "leads.csv").unlink()
    with pytest.raises(SetupError, match=r"sources\.leads"):
        load_day(installation, DAY)
    assert night.plan(installation, "sinch", [DAY]).counts == {"unchanged": 10}


def test_a_file_that_shrunk_hides_nothing_that_was_sent(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """Three leads are sent, and one row is left when the day is loaded again: the others are told apart from it."""
    load_day(installations(rows=leads(3)), DAY)
    installation = installations(rows=leads(1))
    assert load_day(installation, DAY).problems == []
    outcomes = "SELECT lead_id, state, reason_code, is_read FROM reporting.lead_outcome ORDER BY lead_id"
    assert query(installation, outcomes) == [
        ("L1", "accepted", None, True),
        ("L2", "accepted", "row_gone", False),
        ("L3", "accepted", "row_gone", False),
    ]
    report = morning.report(installation, [DAY])
    assert [(row.read_count, row.accepted_count, row.gone_count, row.balanced) for row in report.campaigns] == [
        (1, 1, 2, True)
    ]
    assert report.problems == []


def test_an_open_import_is_a_problem_though_its_rows_are_gone(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """What was sent and not answered may be called: it is told of, whatever the file says since."""
    sinch.faults.add(Fault(kind="lost_after_commit", match=Match(path_contains="customers/list"), times=None))
    load_day(installations(rows=leads(3), sinch={"settle_s": 3600}), DAY)
    sinch.faults.clear()
    installation = installations(rows=[lead(7)], sinch={"settle_s": 3600})
    load_day(installation, DAY)
    assert morning.report(installation, [DAY]).problems == ["3 leads are without an outcome, and their rows are gone"]
    assert states(installation) == {"accepted": 1}


def test_a_row_without_a_verdict_keeps_everything_back(
    installations: Make, sinch: SandboxServer[SinchObi], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of ours loses a row: while it is not known whose it was, nobody is sent, and nobody is taken back."""
    judge = eligibility.judge

    def losing(*args: Any) -> pd.DataFrame:
        return judge(*args).iloc[:-1]

    def assert_kept_back(installation: Installation, count: int) -> None:
        monkeypatch.setattr(eligibility, "judge", losing)
        with pytest.raises(IncompleteError, match=rf"has a verdict: .*\({count}, {count - 1}\)"):
            load_day(installation, DAY)
        monkeypatch.undo()

    first = installations(rows=leads(30), sinch={"batch_size": 10})
    assert_kept_back(first, 30)
    assert night.send(first, "sinch", [DAY]).counts == {}
    assert sinch.vendor.held() == []
    load_day(first, DAY)
    second = installations(rows=leads(60), do_not_call=[{"phone": lead(1)["phone1"]}])
    assert_kept_back(second, 60)
    assert len(sinch.vendor.held()) == 30
    assert load_day(second, DAY).problems == []
    assert states(second) == {"accepted": 59, "withdrawn": 1}


def test_the_last_rows_are_stored_while_their_source_is_closed(
    installations: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a source does after its last row, such as its commit, keeps no row from its verdict."""
    stored, waited = threading.Event(), []
    copy, record = Store.copy, intake._record_pull

    def copied(store: Store, table: str, rows: pd.DataFrame) -> None:
        copy(store, table, rows)
        if table == "ledger.contacts":
            stored.set()

    def recorded(store: Store, summary: PullSummary) -> None:
        waited.append(stored.wait(timeout=10))
        record(store, summary)

    monkeypatch.setattr(Store, "copy", copied)
    monkeypatch.setattr(intake, "_record_pull", recorded)
    night.pull_and_decide(installations(rows=leads(3)), DAY)
    assert waited == [True]
