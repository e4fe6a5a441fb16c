"""Answers that settle a whole import at once, and what is stored of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.errors import ConnectorError, InvalidRequestError, OutcomeUnknownError
from connectors.gateway import Receipt, Verdict
from pipelines import night
from pipelines.installation import Installation
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Claim, LateWatch, Scope
from pipelines.load import load_day
from pipelines.rulings import Answer, Bench
from pipelines.settlement import Settled, Settlement
from pipelines.store import utc_now
from tests.factories import DAY, lead, leads, phone, write_rows
from tests.faults.running import Make
from tests.reading import query, states

IDS = ["A0", "A1", None, "A3"]
REFUSED = Verdict(1, "rejected", "refused_by_vendor", "no such zone")
KNOWN = Verdict(2, "duplicate", "already_at_vendor", vendor_id="B2")
ACCEPTED = [Verdict(0, "accepted", vendor_id="A0"), Verdict(3, "accepted", vendor_id="A3")]
ABSENT = [Verdict(at, "not_sent") for at in range(4)]
LOST = OutcomeUnknownError("lost", vendor="sinch", operation="op")
TOO_ODD = InvalidRequestError("refused", vendor="sinch", operation="op")


class Sending(NamedTuple):
    """An import of four leads that is being sent."""

    installation: Installation
    ledger: Ledger
    claim: Claim

    def settle(self, receipt: Receipt | None, error: ConnectorError = LOST) -> Settled:
        """The answer, or the error that there is instead of one, is stored."""
        ruling = Bench(utc_now(), settle_s=30).rule(Answer(self.claim, "submit", receipt, error))
        with self.ledger.store.transaction():
            return Settlement(self.ledger, "sinch").apply([ruling])

    def outcomes(self) -> list[tuple[str, str, str | None, str | None]]:
        """What people read of each lead."""
        found = query(
            self.installation,
            "SELECT lead_id, state, reason_code, vendor_id, settled_at IS NOT NULL"
            " FROM reporting.lead_outcome ORDER BY lead_id",
        )
        assert all(is_settled is (state != "unknown") for _, state, _, _, is_settled in found)
        return [row[:4] for row in found]


@pytest.fixture
def sending(installations: Make) -> Iterator[Sending]:
    """Four leads were planned, and their import was claimed."""
    installation = installations(rows=leads(4))
    night.refresh_campaigns(installation)
    night.refresh_do_not_call(installation)
    night.pull_and_decide(installation, DAY)
    night.plan(installation, "sinch", [DAY])
    with installation.ledger() as ledger:
        scope = Scope("sinch", (DAY,), tuple(installation.campaigns(ledger.store, "sinch")))
        lease_until, not_after = utc_now() + timedelta(seconds=60), time.monotonic() + 60
        [claim] = ledger.claim_planned(scope, limit=1, lease_until=lease_until, not_after=not_after, targets={})
        yield Sending(installation, ledger, claim)


@pytest.mark.parametrize(
    "receipt",
    [
        Receipt(accepted_ids=IDS),
        Receipt([Verdict(at, "accepted", vendor_id=vendor_id) for at, vendor_id in enumerate(IDS)]),
    ],
    ids=["short", "by-entry"],
)
def test_whole_acceptance_is_one_row(receipt: Receipt, sending: Sending) -> None:
    """Every lead is accepted with its own id, and nothing but the import was written for that."""
    before = query(sending.installation, "SELECT xmin::text, deliveries::text FROM ledger.deliveries ORDER BY position")
    assert sending.settle(receipt).held == {sending.claim.import_id}
    assert sending.outcomes() == [(f"L{at + 1}", "accepted", None, vendor_id) for at, vendor_id in enumerate(IDS)]
    after = query(sending.installation, "SELECT xmin::text, deliveries::text FROM ledger.deliveries ORDER BY position")
    assert after == before
    [counts] = query(sending.installation, "SELECT state, accepted_count, rejected_count FROM ledger.imports")
    assert counts == ("settled", 4, 0)


def test_what_is_being_sent_is_due_when_its_lease_ends(sending: Sending) -> None:
    """Then it becomes unknown, and whoever waits may look again; when it was planned tells nobody anything."""
    told = "SELECT next_action_at = lease_until FROM reporting.open_import JOIN ledger.imports USING (import_id)"
    assert query(sending.installation, told) == [(True,)]


def test_exceptions_have_rows_of_their_own(sending: Sending) -> None:
    """Refused and known leads say so, the rest is accepted, and the import counts all of them."""
    sending.settle(Receipt([KNOWN, ACCEPTED[1], REFUSED, ACCEPTED[0]]))
    assert sending.outcomes() == [
        ("L1", "accepted", None, "A0"),
        ("L2", "rejected", "refused_by_vendor", None),
        ("L3", "duplicate", "already_at_vendor", "B2"),
        ("L4", "accepted", None, "A3"),
    ]
    [counts] = query(
        sending.installation, "SELECT accepted_count, duplicate_count, rejected_count, moved_count FROM ledger.imports"
    )
    assert counts == (2, 1, 1, 0)


@pytest.mark.parametrize(
    "receipt",
    [Receipt(), Receipt(accepted_ids=IDS[:3]), Receipt(accepted_ids=[*IDS, "A4"]), Receipt([REFUSED, REFUSED]), None],
    ids=["nothing", "short-by-one", "long-by-one", "one-twice", "no-answer"],
)
def test_what_was_not_named_is_unknown(receipt: Receipt | None, sending: Sending) -> None:
    """An answer that does not name every lead never settles the others."""
    sending.settle(receipt)
    unnamed = [state for _, state, _, _ in sending.outcomes() if state != "rejected"]
    assert unnamed == ["unknown"] * (3 if receipt and receipt.verdicts else 4)


@pytest.mark.parametrize("receipt", [Receipt(ABSENT), None], ids=["not-stored", "refused-as-a-whole"])
@pytest.mark.parametrize("since", ["nothing", "listed", "refused"])
def test_what_goes_on_is_held_by_what_was_read_since(
    since: str, receipt: Receipt | None, sending: Sending, tmp_path: Path
) -> None:
    """The batch was under way meanwhile: nothing of it goes on by itself, and the next plan leaves out whom it must."""
    if since == "listed":
        write_rows(tmp_path / "do_not_call.csv", [{"phone": phone(3)}], ("phone", "reason", "until"))
        night.refresh_do_not_call(sending.installation)
    elif since == "refused":
        write_rows(tmp_path / "leads.csv", [lead(1), lead(2), lead(3, consent="no"), lead(4)])
        night.pull_and_decide(sending.installation, DAY)
    settled = sending.settle(receipt, TOO_ODD)
    assert settled.dropped == (set() if since == "nothing" else {sending.claim.import_id})
    waiting = query(sending.installation, "SELECT count(*) FROM ledger.imports WHERE state = 'planned'")
    assert waiting == [(0 if since != "nothing" else 1 if receipt else 2,)]
    load_day(sending.installation, DAY)
    assert states(sending.installation) == ({"accepted": 4} if since == "nothing" else {"accepted": 3, "suppressed": 1})


@pytest.mark.parametrize(("receipt", "attempts"), [(Receipt(ABSENT), [1]), (None, [0, 0])], ids=["whole", "halves"])
def test_what_goes_on_has_been_tried_as_often_as_it_was(
    receipt: Receipt | None, attempts: list[int], sending: Sending
) -> None:
    """What the vendor did not store was tried before; the halves of what it refused never were."""
    sending.settle(receipt, TOO_ODD)
    going_on = "SELECT attempts FROM ledger.imports WHERE parent_id = :import_id ORDER BY import_id"
    assert query(sending.installation, going_on, import_id=sending.claim.import_id) == [(count,) for count in attempts]


@pytest.mark.parametrize(
    "receipt", [Receipt(accepted_ids=IDS), Receipt([KNOWN, REFUSED, *ACCEPTED])], ids=["all", "some"]
)
def test_answer_to_a_lost_claim_stores_nothing(receipt: Receipt, sending: Sending) -> None:
    """Who lost the claim writes neither the import nor an exception."""
    with sending.installation.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger.imports SET state = 'unknown', claim_token = NULL, lease_until = NULL, claimed_by = NULL"
        )
    assert sending.settle(receipt).held == set()
    assert [row[1] for row in sending.outcomes()] == ["unknown"] * 4


def test_later_word_is_heard_until_the_time_that_was_set_first(sending: Sending) -> None:
    """However often what the vendor said late is settled: else an import would be asked about for ever."""
    sending.settle(Receipt([KNOWN, REFUSED, *ACCEPTED], is_provisional=True))
    [(first,)] = query(sending.installation, "SELECT late_until FROM ledger.imports")
    again = first + timedelta(hours=1)
    sending.ledger.await_late([LateWatch(sending.claim.import_id, due_at=again, late_until=again)])
    assert query(sending.installation, "SELECT late_until, due_at FROM ledger.imports") == [(first, again)]


def test_numbers_of_accepted_leads_are_purged(sending: Sending) -> None:
    """Retention takes the numbers of leads that were settled with their import, and of no open one."""
    before = DAY + timedelta(days=1)
    with sending.installation.store() as store:
        assert store.one("deliveries", "purge_numbers", before=before).row_count == 0
        sending.settle(Receipt(accepted_ids=IDS))
        assert store.one("deliveries", "purge_numbers", before=before).row_count == 4
    assert states(sending.installation) == {"accepted": 4}
