"""What a vendor's answer, or its absence, does to an import. Pure: no clock, no ledger, no vendor.

Belongs here: the meaning of receipts and errors for entries and imports. Does not belong here: storing it
(`ledger.py`) and the run around it (`delivery.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    LeadsyncError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    RejectedError,
    TargetError,
    TooLargeError,
    UnavailableError,
)
from connectors.gateway import Receipt, ResultTerms, Verdict
from connectors.patience import Patience
from connectors.redaction import redact
from pipelines.ledger_rows import Claim, LateWatch, Note, Setback, Submission

# An outcome that is not known is asked about again after this share of its age.
AGE_SHARE = 0.125
SETTLED = frozenset({"accepted", "duplicate", "rejected", "unattributed"})

Errand = Literal["submit", "reconcile", "collect"]
"""What a worker goes for: to send a batch, to ask about an unseen outcome, to read a finished result."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker brings back: a receipt, or why there is none.

    `tries` is how often this run failed with the batch before.
    """

    claim: Claim
    errand: Errand
    receipt: Receipt | None = None
    error: BaseException | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one answer does to its import.

    `verdicts` settle entries, `accepted_ids` all of them, by position. `halves` go on in imports of their own, at once
    or at `unsent_due_at`, `unsent` in one at that time. One of these says how it stands with the import itself; with
    none of them it is settled: `returned` plans it again, `again_at` too after the vendor was asked and has nothing of
    it; `submitted` leaves it to the vendor, `put_off` leaves its result to be read later, `unknown` leaves the rest of
    it to be asked about. `late` hears more of it after it was settled. `note` keeps what the vendor said of it.
    """

    claim: Claim
    verdicts: Sequence[Verdict] = ()
    accepted_ids: Sequence[str | None] | None = None
    halves: Sequence[Sequence[int]] = ()
    unsent: Sequence[int] = ()
    unsent_due_at: datetime | None = None
    returned: Setback | None = None
    again_at: datetime | None = None
    submitted: Submission | None = None
    put_off: Setback | None = None
    unknown: Setback | None = None
    late: LateWatch | None = None
    note: Note | None = None

    @property
    def is_settling(self) -> bool:
        """Whether the import comes to its end."""
        return not (self.returned or self.again_at or self.submitted or self.put_off or self.unknown)

    @property
    def is_whole(self) -> bool:
        """Whether this one answer names every entry of a batch of new leads, for good."""
        batch = self.claim.batch
        if not self.is_settling or self.late is not None or batch.action != "create":
            return False
        if self.accepted_ids is not None:
            return True
        if not len(self.verdicts) == len(batch.positions) == batch.entry_count:
            return False
        return {verdict.position for verdict in self.verdicts} == set(batch.positions)

    @property
    def outcomes(self) -> Counter[str]:
        """How many entries it settles, by outcome."""
        if self.accepted_ids is not None:
            return Counter(accepted=len(self.accepted_ids))
        return Counter(verdict.outcome for verdict in self.verdicts)

    @property
    def exceptions(self) -> list[Verdict]:
        """The verdicts that say more than that the vendor has the lead."""
        return [
            verdict for verdict in self.verdicts if verdict[1] != "accepted" or verdict[2] is not None or verdict[3]
        ]


@dataclass(frozen=True, slots=True)
class Bench:
    """Rules on answers as of `now`. `settle_s`: the wait before a vendor is asked about an unseen outcome."""

    now: datetime
    settle_s: float
    patience: Patience = field(default_factory=Patience)
    result_terms: ResultTerms = field(default_factory=ResultTerms)

    def rule(self, answer: Answer) -> Ruling:
        """What the answer does to its import."""
        if answer.receipt is None:
            return _as_update(self._by_error(answer))
        ruling = self._by_receipt(answer, answer.receipt)
        return _as_update(replace(ruling, note=_note(answer.claim, answer.receipt)))

    def _by_receipt(self, answer: Answer, receipt: Receipt) -> Ruling:
        claim = answer.claim
        if receipt.accepted_ids is not None and len(receipt.accepted_ids) == claim.batch.entry_count:
            return _accepted(claim, receipt.accepted_ids)
        settled = [verdict for verdict in receipt.verdicts if verdict.outcome in SETTLED]
        unsent = [verdict.position for verdict in receipt.verdicts if verdict.outcome == "not_sent"]
        if receipt.is_pending:
            return self._pending(answer, settled, unsent)
        if len({verdict.position for verdict in settled} | set(unsent)) < len(claim.batch.positions):
            return self._sent_on(answer, settled, unsent, unknown=self._unseen(claim, receipt))
        if answer.errand == "reconcile" and len(unsent) == claim.batch.entry_count:
            return self._absent(answer, unsent)
        late = self._late(claim) if receipt.is_provisional else None
        return replace(self._sent_on(answer, settled, unsent), late=late)

    def _absent(self, answer: Answer, unsent: Sequence[int]) -> Ruling:
        """The vendor has nothing of it. Where it took others since, one lead may be what it breaks on: halves go on."""
        if answer.claim.is_passed_over and len(unsent) > 1:
            return Ruling(answer.claim, halves=_halves(unsent), unsent_due_at=self._soon(answer))
        return Ruling(answer.claim, again_at=self._soon(answer))

    def _sent_on(
        self, answer: Answer, settled: Sequence[Verdict], unsent: Sequence[int], unknown: Setback | None = None
    ) -> Ruling:
        """What the vendor has not goes on: as it is, or in halves where a whole job came to nothing for it."""
        if answer.errand == "collect" and unsent:
            if len(unsent) == 1:
                lone = Verdict(unsent[0], "rejected", "refused_by_vendor", "the vendor finished without storing it")
                return Ruling(answer.claim, [*settled, lone], unknown=unknown)
            return Ruling(answer.claim, settled, halves=_halves(unsent), unknown=unknown)
        due_at = self._soon(answer) if unsent else None
        return Ruling(answer.claim, settled, unsent=unsent, unsent_due_at=due_at, unknown=unknown)

    def _pending(self, answer: Answer, settled: Sequence[Verdict], unsent: Sequence[int]) -> Ruling:
        """The vendor has it and is not done. One that had its time stays unknown, and is asked about now and then."""
        claim, terms = answer.claim, self.result_terms
        if claim.batch.is_overdue:
            text = "the vendor is still working on it after its time was over"
            wait_s = max(terms.max_s, self._asked_again_s(claim))
            return self._sent_on(answer, settled, unsent, self._setback(claim, wait_s, "still_working", text))
        submitted = Submission(
            claim.import_id,
            due_at=self.now + timedelta(seconds=terms.first_s),
            deadline_at=self.now + timedelta(seconds=terms.deadline_s),
        )
        return replace(self._sent_on(answer, settled, unsent), submitted=submitted)

    def _unseen(self, claim: Claim, receipt: Receipt) -> Setback:
        doubtful = next((verdict for verdict in receipt.verdicts if verdict.outcome == "unknown"), None)
        code, text = (doubtful.reason_code, doubtful.reason) if doubtful else (None, None)
        text = text or receipt.detail or "the answer says nothing of some entries"
        return self._setback(claim, self._asked_again_s(claim), code or "no_verdict", text)

    def _asked_again_s(self, claim: Claim) -> float:
        """Seconds until the vendor is asked once more: the longer nothing is known, the more rarely."""
        return max(self.settle_s, AGE_SHARE * self._age_s(claim))

    def _age_s(self, claim: Claim) -> float:
        sent_at = claim.batch.sent_at
        return (self.now - sent_at).total_seconds() if sent_at else 0.0

    def _late(self, claim: Claim) -> LateWatch:
        terms = self.result_terms
        return LateWatch(
            claim.import_id,
            due_at=self.now + timedelta(seconds=10 * terms.max_s),
            late_until=self.now + timedelta(seconds=terms.late_s),
        )

    def _by_error(self, answer: Answer) -> Ruling:
        claim, error = answer.claim, answer.error
        if answer.errand != "submit":
            return self._by_unanswered(answer)
        if isinstance(error, (InvalidRequestError, TooLargeError)):
            return self._by_refusal(claim, error)
        if isinstance(error, (NotSentError, RateLimitedError, RejectedError, TargetError)):
            return Ruling(claim, returned=self._later(answer))
        wait_s = max(self.settle_s, _asked_s(error) or 0.0)
        return Ruling(claim, unknown=self._setback(claim, wait_s, _code(error), _text(error)))

    def _by_unanswered(self, answer: Answer) -> Ruling:
        """A question told nothing. An answer that still cannot be read when no late word is heard any more ends it."""
        claim, error = answer.claim, answer.error
        if isinstance(error, ContractError) and self._is_past_late_word(claim):
            return _unreadable(claim, error)
        is_lost = claim.batch.is_overdue and isinstance(error, (RejectedError, ContractError))
        later = self._later(answer)
        return Ruling(claim, unknown=later) if answer.errand == "reconcile" or is_lost else Ruling(claim, put_off=later)

    def _is_past_late_word(self, claim: Claim) -> bool:
        """Whether a vendor that took the import had its whole time, and the time for late word after it."""
        terms = self.result_terms
        return claim.batch.is_overdue and self._age_s(claim) >= terms.deadline_s + terms.late_s

    def _by_refusal(self, claim: Claim, error: RejectedError) -> Ruling:
        """The vendor refused the batch as a whole: halves go on alone, and a single entry is rejected."""
        positions = list(claim.batch.positions)
        if len(positions) == 1:
            return Ruling(claim, [Verdict(positions[0], "rejected", "refused_by_vendor", _text(error))])
        return Ruling(claim, halves=_halves(positions))

    def _later(self, answer: Answer) -> Setback:
        error = answer.error
        asked_s = _asked_s(error)
        wait_s = self._backoff(answer) if asked_s is None else asked_s
        if answer.errand != "submit":
            wait_s = max(wait_s, AGE_SHARE * self._age_s(answer.claim))  # nobody waits for a sensor's question
        elif isinstance(error, (RejectedError, TargetError)):
            wait_s = 0.0  # a person mends it; then the next run may begin at once
        return self._setback(answer.claim, wait_s, _code(error), _text(error))

    def _soon(self, answer: Answer) -> datetime:
        return self.now + timedelta(seconds=self._backoff(answer))

    def _backoff(self, answer: Answer) -> float:
        return self.patience.backoff(answer.tries + 1)

    def _setback(self, claim: Claim, wait_s: float, error_code: str, error: str | None) -> Setback:
        return Setback(claim.import_id, self.now + timedelta(seconds=wait_s), error_code, error)


def _accepted(claim: Claim, vendor_ids: Sequence[str | None]) -> Ruling:
    """The vendor has every entry; in the short form where nothing of the batch was settled before."""
    batch = claim.batch
    if batch.action == "create" and len(batch.positions) == batch.entry_count:
        return Ruling(claim, accepted_ids=vendor_ids)
    return Ruling(claim, [Verdict(at, "accepted", vendor_id=vendor_ids[at]) for at in batch.positions])


def _unreadable(claim: Claim, error: ContractError) -> Ruling:
    """Whether the vendor has the leads cannot be told from its answers, and is left to a person."""
    text = f"the vendor's results could not be read: {_text(error)}"
    verdicts = [Verdict(position, "unattributed", "result_unreadable", text) for position in claim.batch.positions]
    return Ruling(claim, verdicts, note=Note(claim.import_id, None, text, None))


def _halves(positions: Sequence[int]) -> list[Sequence[int]]:
    middle = len(positions) // 2
    return [positions[:middle], positions[middle:]]


def _note(claim: Claim, receipt: Receipt) -> Note | None:
    if receipt.reference is None and receipt.detail is None and receipt.error_report is None:
        return None
    return Note(claim.import_id, receipt.reference, redact(receipt.detail), receipt.error_report)


def _as_update(ruling: Ruling) -> Ruling:
    """A refused update leaves the lead at the vendor as it was: it is still accepted, and says so."""
    if ruling.claim.batch.action != "update":
        return ruling
    return replace(ruling, verdicts=[_kept(verdict) for verdict in ruling.verdicts])


def _kept(verdict: Verdict) -> Verdict:
    if verdict.outcome != "rejected" or verdict.reason_code == "absent_at_vendor":
        return verdict
    return verdict._replace(outcome="accepted", reason_code="update_refused")


_CODES: Sequence[tuple[type[BaseException], str]] = (
    (NotSentError, "not_sent"),
    (RateLimitedError, "rate_limited"),
    (AuthenticationError, "login_refused"),
    (ForbiddenError, "access_refused"),
    (NotFoundError, "target_not_found"),
    (TargetError, "target_refused"),
    (RejectedError, "refused_by_vendor"),
    (UnavailableError, "vendor_unavailable"),
)


def _code(error: BaseException | None) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), "outcome_unknown")


def _asked_s(error: BaseException | None) -> float | None:
    """How long the vendor asks to wait, in seconds; None if it does not."""
    wait = error.retry_after if isinstance(error, ConnectorError) else None
    return None if wait is None else wait.total_seconds()


def _text(error: BaseException | None) -> str | None:
    # A defect of ours may quote anything: only its name goes on.
    return redact(str(error)) if isinstance(error, LeadsyncError) else type(error).__name__
