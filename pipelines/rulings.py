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
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from connectors.gateway import Receipt, Verdict
from connectors.redaction import redact
from connectors.transport import Patience
from pipelines.ledger import Claim, Setback

SETTLED = frozenset({"accepted", "duplicate", "rejected", "unattributed"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker brings back: a receipt, or why there is none. A question asks about an unseen outcome."""

    claim: Claim
    is_question: bool
    receipt: Receipt | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one answer does to its import.

    `verdicts` settle entries. Each of `moves` is a list of positions that go on in an import of their own.
    `returned` plans the import again, `unknown` leaves the rest of it to be asked about; with neither, the
    import is settled.
    """

    claim: Claim
    verdicts: Sequence[Verdict] = ()
    moves: Sequence[Sequence[int]] = ()
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
            return self._by_receipt(answer.claim, answer.receipt)
        return self._by_error(answer)

    def _by_receipt(self, claim: Claim, receipt: Receipt) -> Ruling:
        settled = [verdict for verdict in receipt.verdicts if verdict.outcome in SETTLED]
        unsent = [verdict.position for verdict in receipt.verdicts if verdict.outcome == "not_sent"]
        judged = {verdict.position for verdict in settled} | set(unsent)
        doubtful = [verdict for verdict in receipt.verdicts if verdict.outcome == "unknown"]
        unknown = None
        if len(judged) < len(claim.batch.positions):
            code, text = (doubtful[0].reason_code, doubtful[0].reason) if doubtful else (None, None)
            unknown = self._setback(
                claim, self.settle_s, code or "no_verdict", text or "the answer says nothing of some entries"
            )
        return Ruling(claim, settled, [unsent] if unsent else [], unknown=unknown)

    def _by_error(self, answer: Answer) -> Ruling:
        claim, error = answer.claim, answer.error
        if answer.is_question:
            return Ruling(claim, unknown=self._later(claim, error))
        if isinstance(error, (NotSentError, RateLimitedError)):
            return Ruling(claim, returned=self._later(claim, error))
        if isinstance(error, (AuthenticationError, ForbiddenError, NotFoundError)):
            return Ruling(claim, returned=self._later(claim, error))
        if isinstance(error, RejectedError):
            return self._by_refusal(claim, error)
        return Ruling(claim, unknown=self._setback(claim, self.settle_s, _code(error), _text(error)))

    def _by_refusal(self, claim: Claim, error: RejectedError) -> Ruling:
        """The vendor refused the batch as a whole: halves go on alone, and a single entry is rejected."""
        positions = list(claim.batch.positions)
        if len(positions) == 1:
            return Ruling(claim, [Verdict(positions[0], "rejected", "refused_by_vendor", _text(error))])
        middle = len(positions) // 2
        return Ruling(claim, moves=[positions[:middle], positions[middle:]])

    def _later(self, claim: Claim, error: BaseException | None) -> Setback:
        wait_s = self.patience.backoff(claim.attempts)
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait_s = error.retry_after.total_seconds()
        if isinstance(error, (AuthenticationError, ForbiddenError, NotFoundError)):
            wait_s = 0.0
        return self._setback(claim, wait_s, _code(error), _text(error))

    def _setback(self, claim: Claim, wait_s: float, error_code: str, error: str | None) -> Setback:
        return Setback(claim.import_id, self.now + timedelta(seconds=wait_s), error_code, error)


_CODES: Sequence[tuple[type[BaseException], str]] = (
    (NotSentError, "not_sent"),
    (RateLimitedError, "rate_limited"),
    (AuthenticationError, "login_refused"),
    (ForbiddenError, "access_refused"),
    (NotFoundError, "target_not_found"),
    (RejectedError, "refused_by_vendor"),
    (UnavailableError, "vendor_unavailable"),
)


def _code(error: BaseException | None) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), "outcome_unknown")


def _text(error: BaseException | None) -> str | None:
    # A defect of ours may quote anything: only its name goes on.
    return redact(str(error)) if isinstance(error, ConnectorError) else type(error).__name__
