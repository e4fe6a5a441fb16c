"""A vendor's failure ends a load early: whoever waits has its sentence, and nobody has it who does not wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import yaml

from pipelines import night
from pipelines.delivery import STOPPED, deliver
from pipelines.installation import Installation
from pipelines.ledger_rows import Scope
from pipelines.morning import report
from sandbox.faults import Fault, Match
from tests.factories import ABSENT_TARGET, CAMPAIGN, DAY, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead, leads, write_rows
from tests.faults.running import NOT_YET, SENDING, Make, Vendor, end_settle_time, load
from tests.reading import query, states

OTHER_ABSENT_TARGET = ABSENT_TARGET.replace("F", "E")
NEXT = DAY + timedelta(days=1)
TWO_CAMPAIGNS = {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET}
REFUSED = "sinch create_customers: HTTP 401: the login was refused"
WAITING = (
    "SELECT DISTINCT campaign, reason_code, reason IS NOT NULL FROM reporting.lead_outcome WHERE state = 'planned'"
)

NEXT_ACTIONS = "SELECT next_action FROM reporting.open_import"
OUTCOMES = "SELECT state, reason_code, count(*) FROM reporting.lead_outcome GROUP BY state, reason_code"


@pytest.mark.parametrize("count", [50, 600, 3000])
def test_every_campaign_of_the_vendor_has_the_sentence(count: int, installations: Make, sinch: Vendor) -> None:
    """Also campaigns, and leads, that nobody had planned yet when the load ended."""
    rows = [*leads(count), *(lead(n, campaign=OTHER_CAMPAIGN) for n in range(count + 1, 2 * count + 1))]
    installation = installations(rows=rows, campaigns=TWO_CAMPAIGNS)
    sinch.faults.add(Fault(kind="status", status=401, match=Match(), times=None))
    [failure] = load(installation).problems
    sentence = failure.removeprefix(f"{DAY}: ")
    campaigns = sorted(TWO_CAMPAIGNS)
    assert report(installation, [DAY]).problems[0] == f"{', '.join(campaigns)} on {DAY} were stopped: {sentence}"
    assert sorted(query(installation, WAITING)) == [(name, "load_ended_early", True) for name in campaigns]


@pytest.mark.parametrize(
    ("changes", "state", "reason_code"),
    [
        ({"active": False}, "suppressed", "campaign_inactive"),
        ({"campaign": "summer-promo"}, "invalid", "campaign_unknown"),
        (None, "invalid", "campaign_unknown"),
    ],
    ids=["inactive", "renamed", "removed"],
)
def test_a_campaign_that_is_given_up_waits_for_nothing(
    changes: Mapping[str, Any] | None, state: str, reason_code: str, installations: Make, sinch: Vendor
) -> None:
    """What the operator took out of the night is in no plan, and not told of as delivered, or as stopped, for ever."""
    installation = installations(rows=leads(30), sinch={"batch_size": 10})
    sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
    load(installation)
    assert states(installation) == {"planned": 30}
    sinch.faults.clear()
    with closing(_changed(installation, changes)) as given_up:
        load(given_up)
        assert query(given_up, OUTCOMES) == [(state, reason_code, 30)]
        assert query(given_up, NEXT_ACTIONS) == []
        of_names = [] if reason_code == "campaign_inactive" else [f"{DAY}: 30 leads name campaigns that nobody knows"]
        assert [text.partition(",")[0] for text in report(given_up, [DAY]).problems] == of_names
    assert sinch.vendor.held() == []


@pytest.mark.parametrize("changes", [{"active": False}, {"campaign": "summer-promo"}, None])
def test_a_campaign_that_was_stopped_and_given_up_fails_no_load(
    changes: Mapping[str, Any] | None, installations: Make
) -> None:
    """Why it was stopped is no problem of its day any more, and of no other campaign."""
    targets = {CAMPAIGN: ABSENT_TARGET, OTHER_CAMPAIGN: OTHER_ABSENT_TARGET}
    installation = installations(rows=[lead(1), lead(2, campaign=OTHER_CAMPAIGN)], campaigns=targets)
    load(installation)
    [given_up, other] = sorted(night.recorded_stops(installation, "sinch", DAY), key=lambda stop: CAMPAIGN not in stop)
    assert CAMPAIGN in given_up
    with closing(_changed(installation, changes)) as changed:
        night.refresh_campaigns(changed)
        night.decide(changed, DAY)
        assert night.recorded_stops(changed, "sinch", DAY) == [other]
        told = [text for text in report(changed, [DAY]).problems if "stopped" in text]
        assert len(told) == 1
        assert told[0].startswith(f"{OTHER_CAMPAIGN} on {DAY} was stopped")


def test_what_waits_for_a_campaign_that_is_gone_says_what_ends_it(installations: Make, sinch: Vendor) -> None:
    """Sending the day cannot help; deciding it does. The command is whole: who reads it types it."""
    installation = installations(rows=leads(5))
    sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
    load(installation)
    sending = f"send it: materialise the imports of this day, or leadsync sync --day {DAY}"
    assert query(installation, NEXT_ACTIONS) == [(sending,)]
    with closing(_changed(installation, None)) as given_up:
        night.refresh_campaigns(given_up)
        command = f"leadsync sync --day {DAY}"
        deciding = f"its campaign is not active any more: materialise contacts of this day, or {command}"
        assert query(given_up, NEXT_ACTIONS) == [(deciding,)]
        night.decide(given_up, DAY)
        assert query(given_up, NEXT_ACTIONS) == []


def test_what_the_vendor_may_have_stays_when_its_campaign_is_gone(installations: Make, sinch: Vendor) -> None:
    """An outcome that was not seen is no plan: it is told of as such, asked about, and comes to its end."""
    installation = installations(rows=leads(5), sinch={"settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="lost_after_commit", match=SENDING, times=1))
    load(installation)
    with closing(_changed(installation, None)) as given_up:
        load(given_up)
        assert query(given_up, OUTCOMES) == [("unknown", "campaign_unknown_after_delivery", 5)]
        end_settle_time(given_up)
        night.ask(given_up, "sinch", [DAY])
        assert query(given_up, OUTCOMES) == [("accepted", "campaign_unknown_after_delivery", 5)]


def test_a_lead_that_waits_hides_no_refusal(installations: Make, sinch: Vendor) -> None:
    """A row that refuses a lead says just that while the vendor has nothing of it."""
    rows = leads(2)
    installation = installations(rows=rows)
    sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
    load(installation)
    no = [row | {"consent": "no", "updated_at": f"{NEXT}T10:00:00+01:00"} for row in rows]
    write_rows(installation.settings.folder / "leads.csv", [*rows, *no])
    night.pull_and_decide(installation, NEXT)
    told = "SELECT state, reason_code, import_id FROM reporting.lead_outcome WHERE day = :day"
    assert query(installation, told, day=NEXT) == [("suppressed", "consent_withdrawn", None)] * 2
    [campaign] = report(installation, [NEXT]).campaigns
    assert campaign.balanced


def test_a_run_that_is_terminated_says_so(installations: Make) -> None:
    """What is under way is finished, the rest released, and whoever waits has the sentence, as after SIGTERM."""
    installation = installations(rows=leads(80), sinch={"batch_size": 10})
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    night.plan(installation, "sinch", [DAY])

    def feed() -> Iterator[set[str]]:
        yield {CAMPAIGN}
        raise KeyboardInterrupt

    with installation.ledger() as ledger, installation.gateway("sinch") as gateway:
        campaigns, terms = installation.campaigns(ledger.store, "sinch", ()), installation.terms("sinch")
        with pytest.raises(KeyboardInterrupt):
            deliver(ledger, gateway, Scope("sinch", (DAY,), (CAMPAIGN,)), campaigns, terms, feed=feed())
    assert states(installation).keys() == {"accepted", "planned"}
    assert query(installation, WAITING) == [(CAMPAIGN, "load_ended_early", True)]
    assert report(installation, [DAY]).problems[0] == f"{CAMPAIGN} on {DAY} was stopped: {STOPPED}"


def test_what_another_run_finished_is_loaded(installations: Make) -> None:
    """A run gave up while another went on: the campaign is loaded in full, and may be switched."""
    installation = installations(rows=leads(30))
    load(installation)
    scope = Scope("sinch", (DAY,), (CAMPAIGN,))
    with installation.ledger() as ledger:
        ledger.record_early_end(scope, REFUSED, is_passing=False)
        assert ledger.loaded_campaigns(scope) == [CAMPAIGN]
    assert report(installation, [DAY]).problems == []


def test_a_campaign_that_is_planned_in_part_is_not_loaded(installations: Make) -> None:
    """All of its imports are settled, and leads were left out: it must not be switched."""
    installation = installations(rows=leads(30))
    load(installation)
    scope = Scope("sinch", (DAY,), (CAMPAIGN,))
    with installation.ledger() as ledger:
        ledger.record_early_end(scope, REFUSED, is_passing=False)
        ledger.store.run("contacts", "delete_day", day=DAY, source="lead")
    longer = installations(rows=leads(31))
    night.pull_and_decide(longer, DAY)
    with longer.ledger() as ledger:
        assert ledger.loaded_campaigns(scope) == []


def test_a_reason_of_its_own_stays(installations: Make, sinch: Vendor) -> None:
    """Leads that the vendor said it has not keep that; no lead has the code of one reason and the words of another."""
    installation = installations(rows=leads(20), sinch={"batch_size": 10, "settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="status", status=503, match=SENDING, times=1))
    load(installation)
    end_settle_time(installation)
    night.ask(installation, "sinch", [DAY])
    sinch.faults.add(Fault(kind="status", status=401, match=Match(), times=None))
    assert night.send(installation, "sinch", [DAY]).problem is not None
    told = "SELECT DISTINCT error_code, detail FROM reporting.open_import WHERE state = 'planned'"
    assert query(installation, told) == [("absent_at_vendor", None)]
    assert query(installation, WAITING) == [(CAMPAIGN, "absent_at_vendor", False)]


def _changed(installation: Installation, changes: Mapping[str, Any] | None) -> Installation:
    """The installation with changes to its first campaign; None removes it."""
    path = installation.settings.folder / "leadsync.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    if changes is None:
        del document["campaigns"][0]
    else:
        document["campaigns"][0] |= changes
    path.write_text(yaml.safe_dump(document), "utf-8")
    return Installation.load(path)
