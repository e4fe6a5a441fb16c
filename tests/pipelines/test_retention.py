"""What is forgotten, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import SetupError
from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.report import newest_days
from sandbox.faults import Fault
from tests.factories import DAY, lead, leads, phone, write_rows
from tests.faults.running import NOT_YET, SENDING, Make, Vendor, end_settle_time
from tests.reading import query, states

AFTER = DAY + timedelta(days=1)
OUTCOMES = "SELECT state, reason_code, count(*) FROM reporting.lead_outcome GROUP BY state, reason_code"
PRIVATE = """
    SELECT (SELECT count(*) FROM crm.leads), (SELECT count(*) FROM ledger.contacts WHERE cardinality(phones) > 0),
           (SELECT count(*) FROM ledger.deliveries WHERE phone IS NOT NULL OR phones IS NOT NULL),
           (SELECT count(*) FROM ledger.imports WHERE payload IS NOT NULL)
"""


def test_purge_forgets_persons_and_keeps_outcomes(installations: Callable[..., Installation]) -> None:
    """After the retention no number, name or payload is left, and every lead still has its state."""
    installation = installations(rows=[*leads(3), lead(4, phone1="")])
    load_day(installation, DAY)
    before = states(installation)
    counts = morning.forget(installation, DAY + timedelta(days=1))
    assert counts == {"rows_count": 4, "contacts_count": 3, "deliveries_count": 3, "payloads_count": 1}
    assert states(installation) == before == {"accepted": 3, "invalid": 1}
    assert query(installation, "SELECT count(*) FROM crm.leads") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.contacts WHERE cardinality(phones) > 0") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.deliveries WHERE phone IS NOT NULL") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.imports WHERE payload IS NOT NULL") == [(0,)]
    assert morning.report(installation, [DAY]).problems == []


def test_purge_keeps_days_inside_the_retention(installations: Callable[..., Installation]) -> None:
    """The day itself is kept when the retention begins with it."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    assert set(morning.forget(installation, DAY).values()) == {0}


def test_purged_day_is_still_the_newest_one(installations: Callable[..., Installation]) -> None:
    """Who asks without a day is told of the last that was loaded, not that none was."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    morning.forget(installation, AFTER)
    with installation.store() as store:
        assert newest_days(store, AFTER) == [DAY]


def test_deciding_a_purged_day_needs_a_new_pull(installations: Callable[..., Installation]) -> None:
    """A purged day is not decided from nothing: its decisions stay as they are."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    morning.forget(installation, DAY + timedelta(days=1))
    with pytest.raises(SetupError, match="was not pulled"):
        night.decide(installation, DAY)
    assert states(installation) == {"accepted": 3}


def test_what_waits_is_given_up_with_its_numbers(installations: Make, sinch: Vendor) -> None:
    """Leads that no vendor has say that they were never sent, nothing of them is kept, and nothing waits for ever."""
    installation = _refused(installations, sinch)
    counts = morning.forget(installation, AFTER)
    assert counts == {"rows_count": 5, "contacts_count": 5, "deliveries_count": 5, "payloads_count": 3}
    assert query(installation, OUTCOMES) == [("suppressed", "purged_unsent", 5)]
    assert query(installation, PRIVATE) == [(0, 0, 0, 0)]
    assert set(morning.forget(installation, AFTER).values()) == {0}
    assert morning.due_questions(installation, limit=20) == []
    assert morning.report(installation, [DAY]).problems == []
    assert all(row.balanced for row in morning.report(installation, [DAY]).campaigns)


def test_leads_that_nobody_planned_are_given_up_too(installations: Make) -> None:
    """Not planned yet, and purged: that is their end, and it says so."""
    installation = installations(rows=leads(3))
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    morning.forget(installation, AFTER)
    assert query(installation, OUTCOMES) == [("suppressed", "purged_unsent", 3)]
    assert morning.report(installation, [DAY]).problems == []


def test_purged_day_is_sent_when_it_is_loaded_again(installations: Make, sinch: Vendor) -> None:
    """The source still has the leads: a new pull sends those that were never sent."""
    installation = _refused(installations, sinch)
    morning.forget(installation, AFTER)
    assert load_day(installation, DAY).problems == []
    assert states(installation) == {"accepted": 5}
    assert len(sinch.vendor.held()) == 5


def test_planning_a_purged_day_changes_nothing(installations: Make, sinch: Vendor) -> None:
    """A run of a day of which nothing is left to plan ends well, and every contact that it counts is accounted for."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    morning.forget(installation, AFTER)
    assert night.plan(installation, "sinch", [DAY]).counts.total() == 0
    assert night.count_eligible(installation, "sinch", [DAY]) == 0
    assert night.send(installation, "sinch", [DAY]).problem is None
    assert states(installation) == {"accepted": 3}
    assert len(sinch.vendor.held()) == 3


def test_what_a_plan_refused_stays_refused_when_its_numbers_are_gone(
    installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """A plan counts it while it could decide otherwise, and not after that."""
    installation = installations(rows=leads(3))
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    write_rows(tmp_path / "do_not_call.csv", [{"phone": phone(2)}], ("phone", "reason", "until"))
    night.refresh_do_not_call(installation)
    assert night.plan_and_send(installation, "sinch", [DAY]).plan.counts == {"planned": 2, "suppressed": 1}
    assert night.count_eligible(installation, "sinch", [DAY]) == 3
    morning.forget(installation, AFTER)
    assert night.plan(installation, "sinch", [DAY]).counts.total() == 0
    assert night.count_eligible(installation, "sinch", [DAY]) == 0
    assert sorted(query(installation, OUTCOMES)) == [("accepted", None, 2), ("suppressed", "do_not_call", 1)]


def test_unseen_outcome_is_followed_to_its_end(installations: Make, sinch: Vendor) -> None:
    """The vendor has the leads: they are accepted, and the next purge takes what had to be kept to ask."""
    installation = _unseen(installations, sinch, "lost_after_commit")
    morning.forget(installation, AFTER)
    assert query(installation, OUTCOMES) == [("unknown", "outcome_unknown", 5)]
    assert query(installation, PRIVATE) == [(0, 0, 5, 1)]
    _answer_questions(installation)
    assert query(installation, OUTCOMES) == [("accepted", None, 5)]
    assert morning.due_questions(installation, limit=20) == []
    assert morning.forget(installation, AFTER) == {
        "rows_count": 0,
        "contacts_count": 0,
        "deliveries_count": 5,
        "payloads_count": 1,
    }
    assert query(installation, PRIVATE) == [(0, 0, 0, 0)]
    assert len(sinch.vendor.held()) == 5


def test_unseen_outcome_that_turns_out_absent_is_sent_once_more(installations: Make, sinch: Vendor) -> None:
    """Nothing was decided or listed since: the batch goes again as it is, from what was kept of it."""
    installation = _unseen(installations, sinch, "reset_before_processing")
    morning.forget(installation, AFTER)
    _answer_questions(installation)
    assert query(installation, OUTCOMES) == [("accepted", None, 5)]
    assert morning.due_questions(installation, limit=20) == []
    assert len(sinch.vendor.held()) == 5


def test_unseen_outcome_that_turns_out_absent_is_given_up(installations: Make, sinch: Vendor) -> None:
    """The list was read since, and nobody can be looked up in it any more: they are not sent, and say so."""
    installation = _unseen(installations, sinch, "reset_before_processing")
    morning.forget(installation, AFTER)
    night.refresh_do_not_call(installation)
    _answer_questions(installation)
    assert query(installation, OUTCOMES) == [("suppressed", "purged_unsent", 5)]
    assert morning.due_questions(installation, limit=20) == []
    assert morning.report(installation, [DAY]).problems == []
    assert sinch.vendor.held() == []
    morning.forget(installation, AFTER)
    assert query(installation, PRIVATE) == [(0, 0, 0, 0)]


def _refused(installations: Make, sinch: Vendor) -> Installation:
    """Five leads in three imports wait, as the vendor refused the login; it takes it now."""
    installation = installations(rows=leads(5), sinch={"batch_size": 2})
    sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
    load_day(installation, DAY)
    assert states(installation) == {"planned": 5}
    sinch.faults.clear()
    return installation


def _unseen(installations: Make, sinch: Vendor, fault: str) -> Installation:
    """Five leads in one import, of which the answer was not seen; the vendor is well now."""
    installation = installations(rows=leads(5), sinch={"settle_s": NOT_YET})
    sinch.faults.add(Fault(kind=fault, match=SENDING, times=None))
    load_day(installation, DAY)
    assert states(installation) == {"unknown": 5}
    sinch.faults.clear()
    end_settle_time(installation)
    return installation


def _answer_questions(installation: Installation) -> None:
    """What is due was asked about, planned and sent, as the sensor's run does it."""
    [due] = morning.due_questions(installation, limit=20)
    night.ask_and_withdraw(installation, due.vendor, [due.day])
    night.plan(installation, due.vendor, [due.day])
    assert night.send(installation, due.vendor, [due.day]).problem is None
