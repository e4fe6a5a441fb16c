"""Which imports may be claimed, by whom, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from pipelines import night
from pipelines.installation import Installation
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Claim, Scope, Setback
from pipelines.store import utc_now
from tests.factories import CAMPAIGN, DAY, leads
from tests.faults.running import Make, change, end_settle_time
from tests.reading import query

SCOPE = Scope("sinch", (DAY,), (CAMPAIGN,))
HOUR = timedelta(hours=1)


@pytest.fixture
def installation(installations: Make) -> Installation:
    """Two leads are planned in one import."""
    installation = installations(rows=leads(2))
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)
    night.plan(installation, "sinch", [DAY])
    return installation


@pytest.fixture
def ledgers(installation: Installation) -> Iterator[list[Ledger]]:
    """Two runs at once, each with claims of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(installation.ledger()) for _ in range(2)]


def to_send(ledger: Ledger) -> list[Claim]:
    """What the run may send now; its claim holds for an hour."""
    return ledger.claim_planned(
        SCOPE, limit=5, lease_until=utc_now() + HOUR, not_after=time.monotonic() + 60, targets={}
    )


def to_ask(ledger: Ledger) -> list[Claim]:
    """What the run may ask about now; its claim holds for an hour."""
    return ledger.claim_unknown(SCOPE, limit=5, lease_until=utc_now() + HOUR, not_after=time.monotonic() + 60)


def test_what_is_put_off_is_not_sent_before_its_time(installation: Installation, ledgers: list[Ledger]) -> None:
    """The vendor said when; until then no run takes it."""
    [claim] = to_send(ledgers[0])
    ledgers[0].return_to_plan([Setback(claim.import_id, utc_now() + HOUR, "rate_limited", None)])
    assert [to_send(ledger) for ledger in ledgers] == [[], []]
    change(installation, "UPDATE ledger.imports SET due_at = due_at - interval '1 hour'")
    assert [one.import_id for one in to_send(ledgers[1])] == [claim.import_id]


def test_what_a_run_asks_about_no_other_asks_about(installation: Installation, ledgers: list[Ledger]) -> None:
    """Until its claim is over: then it fell silent."""
    [claim] = to_send(ledgers[0])
    ledgers[0].mark_unknown([Setback(claim.import_id, utc_now() + HOUR, "outcome_unknown", None)])
    assert to_ask(ledgers[0]) == []
    end_settle_time(installation)
    assert [one.import_id for one in to_ask(ledgers[0])] == [claim.import_id]
    assert to_ask(ledgers[1]) == []
    change(installation, "UPDATE ledger.imports SET lease_until = lease_until - interval '1 hour'")
    assert [one.import_id for one in to_ask(ledgers[1])] == [claim.import_id]


def test_lost_import_counts_as_sent_when_it_was_given_up(installation: Installation, ledgers: list[Ledger]) -> None:
    """It may have waited for its turn, and for its answer, since it was claimed: what is lost is lost from now on."""
    [claim] = to_send(ledgers[0])
    change(installation, "UPDATE ledger.imports SET sent_at = sent_at - interval '1 hour'")
    before = utc_now()
    ledgers[0].mark_unknown([Setback(claim.import_id, utc_now(), "outcome_unknown", None)])
    [asked] = to_ask(ledgers[0])
    assert asked.batch.sent_at is not None
    assert asked.batch.sent_at >= before


def test_question_without_an_answer_leaves_the_time_of_sending(
    installation: Installation, ledgers: list[Ledger]
) -> None:
    """Else the vendor, asked again and again, never had time enough."""
    [claim] = to_send(ledgers[0])
    ledgers[0].mark_unknown([Setback(claim.import_id, utc_now(), "outcome_unknown", None)])
    [first] = to_ask(ledgers[0])
    ledgers[0].mark_unknown([Setback(claim.import_id, utc_now(), "not_sent", None)])
    [second] = to_ask(ledgers[0])
    assert second.batch.sent_at == first.batch.sent_at


def test_import_of_a_silent_sender_counts_as_sent_when_its_claim_was_over(
    installation: Installation, ledgers: list[Ledger]
) -> None:
    """Until then it may have been written."""
    [claim] = to_send(ledgers[0])
    change(installation, "UPDATE ledger.imports SET lease_until = now() - interval '1 minute'")
    [(over_at,)] = query(installation, "SELECT lease_until FROM ledger.imports")
    ledgers[0].expire_leases("sinch", due_at=utc_now())
    [asked] = to_ask(ledgers[1])
    assert (asked.import_id, asked.batch.sent_at) == (claim.import_id, over_at)
