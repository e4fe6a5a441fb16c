"""What a vendor's answer, or its absence, does to an import. Pure: no clock, no ledger, no vendor.

Belongs here: the meaning of receipts and errors for entries and imports. Does not belong here: storing it
(`ledger.py`) and the run around it (`delivery.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.errors import (
    AuthenticationError,
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
from connectors.gateway import Receipt, Verdict
from connectors.redaction import redact
from connectors.transport import Patience
from pipelines.ledger import Claim, Setback

SETTLED = frozenset({"accepted", "duplicate", "rejected", "unattributed"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker brings back: a receipt, or why there is none.

    A question asks about an unseen outcome. `tries` is how often this run failed with the batch before.
    """

    claim: Claim
    is_question: bool
    receipt: Receipt | None = None
    error: BaseException | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one answer does to its import.

    `verdicts` settle entries. `halves` go on in imports of their own at once, `unsent` in one at `unsent_due_at`.
    `returned` plans the import again, `unknown` leaves the rest of it to be asked about; with neither, the
    import is settled.
    """

    claim: Claim
    verdicts: Sequence[Verdict] = ()
    halves: Sequence[Sequence[int]] = ()
    unsent: Sequence[int] = ()
    unsent_due_at: datetime | None = None
    returned: Setback | None = None
    unknown: Setback | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Rules on answers as of `now`. `settle_s`: the wait before a vendor is asked about an unseen outcome."""

    now: datetime
    settle_s: float
    patience: Patience = field(default_factory=Patience)

    def rule(self, answer: Answer) -> Ruling:
        """What the answer does to its import."""
        if answer.receipt is not None:
            return self._by_receipt(answer, answer.receipt)
        return self._by_error(answer)

    def _by_receipt(self, answer: Answer, receipt: Receipt) -> Ruling:
        claim = answer.claim
        settled = [verdict for verdict in receipt.verdicts if verdict.outcome in SETTLED]
        unsent = [verdict.position for verdict in receipt.verdicts if verdict.outcome == "not_sent"]
        doubtful = [verdict for verdict in receipt.verdicts if verdict.outcome == "unknown"]
        unknown = None
        if len({verdict.position for verdict in settled} | set(unsent)) < len(claim.batch.positions):
            code, text = (doubtful[0].reason_code, doubtful[0].reason) if doubtful else (None, None)
            text = text or "the answer says nothing of some entries"
            unknown = self._setback(claim, self.settle_s, code or "no_verdict", text)
        due_at = self.now + timedelta(seconds=self._backoff(answer)) if unsent else None
        return Ruling(claim, settled, unsent=unsent, unsent_due_at=due_at, unknown=unknown)

    def _by_error(self, answer: Answer) -> Ruling:
        claim, error = answer.claim, answer.error
        if answer.is_question:
            return Ruling(claim, unknown=self._later(answer))
        if isinstance(error, (InvalidRequestError, TooLargeError)):
            return self._by_refusal(claim, error)
        if isinstance(error, (NotSentError, RateLimitedError, RejectedError, TargetError)):
            return Ruling(claim, returned=self._later(answer))
        return Ruling(claim, unknown=self._setback(claim, self.settle_s, _code(error), _text(error)))

    def _by_refusal(self, claim: Claim, error: RejectedError) -> Ruling:
        """The vendor refused the batch as a whole: halves go on alone, and a single entry is rejected."""
        positions = list(claim.batch.positions)
        if len(positions) == 1:
            return Ruling(claim, [Verdict(positions[0], "rejected", "refused_by_vendor", _text(error))])
        middle = len(positions) // 2
        return Ruling(claim, halves=[positions[:middle], positions[middle:]])

    def _later(self, answer: Answer) -> Setback:
        error = answer.error
        wait_s = self._backoff(answer)
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait_s = error.retry_after.total_seconds()
        if isinstance(error, (RejectedError, TargetError)):
            wait_s = 0.0  # a person mends it; then the next run may begin at once
        return self._setback(answer.claim, wait_s, _code(error), _text(error))

    def _backoff(self, answer: Answer) -> float:
        return self.patience.backoff(answer.tries + 1)

    def _setback(self, claim: Claim, wait_s: float, error_code: str, error: str | None) -> Setback:
        return Setback(claim.import_id, self.now + timedelta(seconds=wait_s), error_code, error)


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


def _text(error: BaseException | None) -> str | None:
    # A defect of ours may quote anything: only its name goes on.
    return redact(str(error)) if isinstance(error, LeadsyncError) else type(error).__name__
