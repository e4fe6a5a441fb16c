"""A vendor's failure ends a load early: whoever waits has its sentence, and nobody has it who does not wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from pipelines import night
from pipelines.installation import Installation
from pipelines.ledger_rows import Scope
from pipelines.morning import report
from sandbox.faults import Fault, Match
from tests.factories import CAMPAIGN, DAY, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead, leads
from tests.faults.running import NOT_YET, SENDING, Make, Vendor, end_settle_time, load
from tests.reading import query, states

TWO_CAMPAIGNS = {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET}
REFUSED = "sinch create_customers: HTTP 401: the login was refused"
WAITING = (
    "SELECT DISTINCT campaign, reason_code, reason IS NOT NULL FROM reporting.lead_outcome WHERE state = 'planned'"
)


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


def test_a_campaign_that_is_given_up_waits_for_nothing(installations: Make, sinch: Vendor) -> None:
    """What the operator took out of the night is not told of as stopped for ever after."""
    installation = installations(rows=leads(30), sinch={"batch_size": 10})
    sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
    load(installation)
    sinch.faults.clear()
    given_up = _changed(installation, {"active": False})
    load(given_up)
    assert states(given_up) == {"suppressed": 30}
    assert report(given_up, [DAY]).problems == []
    given_up.close()


def test_what_another_run_finished_is_loaded(installations: Make) -> None:
    """A run gave up while another went on: the campaign is loaded in full, and may be switched."""
    installation = installations(rows=leads(30))
    load(installation)
    scope = Scope("sinch", (DAY,), (CAMPAIGN,))
    with installation.ledger() as ledger:
        ledger.record_early_end(scope, REFUSED)
        assert ledger.loaded_campaigns(scope) == [CAMPAIGN]
    assert report(installation, [DAY]).problems == []


def test_a_campaign_that_is_planned_in_part_is_not_loaded(installations: Make) -> None:
    """All of its imports are settled, and leads were left out: it must not be switched."""
    installation = installations(rows=leads(30))
    load(installation)
    scope = Scope("sinch", (DAY,), (CAMPAIGN,))
    with installation.ledger() as ledger:
        ledger.record_early_end(scope, REFUSED)
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


def _changed(installation: Installation, changes: Mapping[str, Any]) -> Installation:
    """The installation with changes to its first campaign."""
    path = installation.settings.folder / "leadsync.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    document["campaigns"][0] |= changes
    path.write_text(yaml.safe_dump(document), "utf-8")
    return Installation.load(path)
