"""Asks vendors how far they are with the imports that they took: one cheap question each, by its due time.

Belongs here: polls, and when the next one is due. Does not belong here: reading results and settling them
(`delivery.py`, which collects), and what starts either (`sensors.py`, `night.py`). Knows no Dagster.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ForbiddenError,
    LeadsyncError,
    NotSentError,
    RateLimitedError,
    SetupError,
    UnavailableError,
)
from connectors.gateway import Progress, ResultsLater, ResultTerms
from connectors.redaction import redact
from pipelines.ledger import Ledger, batch_of
from pipelines.store import Row, utc_now

log = logging.getLogger(__name__)

# Of an import that is settled for now: the first late question, in longest waits, and the later ones by its age.
LATE_TIMES, LATE_SHARE = 10, 0.25


# No other import of the vendor would be told of now either.
_ENDS_THE_TURN = (
    AuthenticationError,
    ForbiddenError,
    RateLimitedError,
    SetupError,
    NotSentError,
    UnavailableError,
)


@dataclass
class PollSummary:
    """What asking came to. `problem` is why a vendor was not asked further; its imports stay due."""

    asked: int = 0
    finished: int = 0
    reopened: int = 0
    failed: int = 0
    problem: str | None = None


def poll(ledger: Ledger, gateway: ResultsLater, vendor: str, *, limit: int, until: float) -> PollSummary:
    """Up to `limit` due imports were asked about, none after the monotonic time `until`.

    An import is put off before it is asked about: whoever dies in between leaves it due again, and nobody asks
    twice at once. The question changes nothing at the vendor, so that a repeated one does no harm.
    """
    summary = PollSummary()
    while summary.asked < limit and time.monotonic() < until and summary.problem is None:
        row = _take(ledger, gateway.result_terms, vendor)
        if row is None:
            break
        _ask(ledger, gateway, vendor, row, summary)
    return summary


def _take(ledger: Ledger, terms: ResultTerms, vendor: str) -> Row | None:
    now = utc_now()
    retry_at = now + timedelta(seconds=max(terms.max_s, terms.first_s))
    rows = ledger.store.rows("results", "take_polls", vendor=vendor, now=now, retry_at=retry_at, limit=1)
    return rows[0] if rows else None


def _ask(ledger: Ledger, gateway: ResultsLater, vendor: str, row: Row, summary: PollSummary) -> None:
    summary.asked += 1
    try:
        progress = gateway.poll(batch_of(row, vendor, range(row.entry_count)))
    except LeadsyncError as error:
        _note_failure(ledger, gateway.result_terms, row, error, summary)
        return
    log.info("vendor=%s import=%d word=%s finished=%s", vendor, row.import_id, progress.word, progress.is_finished)
    if row.is_late:
        summary.reopened += _heard_late(ledger, gateway.result_terms, row, progress)
    else:
        summary.finished += _tell(ledger, gateway.result_terms, row, progress)


def _tell(ledger: Ledger, terms: ResultTerms, row: Row, progress: Progress) -> bool:
    now = utc_now()
    is_finished = progress.is_finished or row.is_overdue
    ledger.store.one(
        "results",
        "tell_progress",
        import_id=row.import_id,
        progress=orjson.dumps(asdict(progress)).decode(),
        due_at=now if is_finished else now + next_wait(terms, now - row.submitted_at),
        finished_at=now if is_finished else None,
        now=now,
        actor=ledger.actor,
    )
    return is_finished


def _heard_late(ledger: Ledger, terms: ResultTerms, row: Row, progress: Progress) -> bool:
    """Whether the vendor has more to tell than when time was up; if not, it is asked less and less often."""
    before = Progress(**row.progress) if row.progress else Progress(is_finished=False)
    if (progress.is_finished, dict(progress.counts)) == (before.is_finished, dict(before.counts)):
        age_s = (utc_now() - row.submitted_at).total_seconds()
        due_at = utc_now() + timedelta(seconds=max(LATE_TIMES * terms.max_s, LATE_SHARE * age_s))
        ledger.store.run("results", "put_off_late", import_id=row.import_id, due_at=due_at)
        return False
    ledger.store.one(
        "results",
        "reopen",
        import_id=row.import_id,
        progress=orjson.dumps(asdict(progress)).decode(),
        now=utc_now(),
        actor=ledger.actor,
    )
    return True


def _note_failure(ledger: Ledger, terms: ResultTerms, row: Row, error: LeadsyncError, summary: PollSummary) -> None:
    """The import is due again later; one whose time is over is collected all the same, from wherever that can be."""
    summary.failed += 1
    if isinstance(error, _ENDS_THE_TURN):
        summary.problem = str(error)
    says_nothing = isinstance(error, (AuthenticationError, ForbiddenError, RateLimitedError, SetupError))
    if row.is_overdue and not row.is_late and not says_nothing:
        summary.finished += _tell(ledger, terms, row, Progress(is_finished=False, word=type(error).__name__))
        return
    _put_off(ledger, terms, row, error)


def _put_off(ledger: Ledger, terms: ResultTerms, row: Row, error: LeadsyncError) -> None:
    """The next question comes no sooner than the vendor asks for, and says why the last was not answered."""
    wait = next_wait(terms, utc_now() - row.submitted_at)
    if isinstance(error, ConnectorError) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    ledger.store.run(
        "results",
        "put_off_poll",
        import_id=row.import_id,
        due_at=utc_now() + wait,
        error_code="not_answered",
        error=redact(str(error)),
    )


def next_wait(terms: ResultTerms, age: timedelta) -> timedelta:
    """How long until the next question: as long again as the import is old, within the terms, cut at the deadline."""
    wait_s = min(max(age.total_seconds(), terms.first_s), terms.max_s)
    left_s = terms.deadline_s - age.total_seconds()
    return timedelta(seconds=max(min(wait_s, left_s), min(terms.first_s, wait_s)) if left_s > 0 else wait_s)


def due_vendors(ledger: Ledger, now: datetime) -> list[str]:
    """The vendors that are to be asked about imports now."""
    return [row.vendor for row in ledger.store.rows("results", "due_vendors", now=now)]
