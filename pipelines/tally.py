"""Counts what a run did, and says when it must end.

Belongs here: what answers and rulings add up to over a run. Does not belong here: what one answer means
(`rulings.py`), what is stored (`settlement.py`), claiming and sending (`delivery.py`).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.errors import (
    AuthenticationError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    LeadsyncError,
    NotFoundError,
    NotSentError,
    NoTurnError,
    RateLimitedError,
    RejectedError,
    TargetError,
    TooLargeError,
    UnavailableError,
)
from pipelines.admission import Admission
from pipelines.rulings import Answer, Ruling
from pipelines.settlement import Settled

log = logging.getLogger(__name__)

FEWEST_SILENT = 10


@dataclass
class DeliverySummary:
    """What a run did. `counts`: entries by outcome; `moved` entries; `returned_imports` and `unknown_imports`.

    `dropped` entries are among the moved: something was decided since they were planned, and they want a new plan.

    `stopped` names campaigns that could not be loaded, and why; `problem` is why the run ended early, and
    `is_passing` whether the vendor may answer later, though nobody changes anything.
    """

    counts: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    is_passing: bool = False
    request_count: int = 0
    elapsed_s: float = 0.0

    def add(self, other: DeliverySummary) -> None:
        """What another run did is part of this one."""
        self.counts.update(other.counts)
        self.stopped.update(other.stopped)
        if self.problem is None:
            self.problem, self.is_passing = other.problem, other.is_passing
        self.request_count += other.request_count
        self.elapsed_s += other.elapsed_s

    @property
    def is_complete(self) -> bool:
        """Whether nothing needs a person."""
        return not self.stopped and self.problem is None


class Tally:
    """One run's summary in the making: tries by import, batches in a row without an answer, why it must end."""

    def __init__(
        self, vendor: str, admission: Admission, stop: threading.Event, *, connections: int, most_tries: int
    ) -> None:
        self.summary = DeliverySummary(stopped=admission.stopped)
        self.defect: BaseException | None = None
        self._vendor = vendor
        self._admission = admission
        self._stop = stop
        self._most_tries = most_tries
        self._most_silent = max(FEWEST_SILENT, 2 * connections)
        self._tries: Counter[int] = Counter()
        self._dropped: set[int] = set()
        self._silent = 0

    @property
    def is_over(self) -> bool:
        """Whether the run was stopped, or must end."""
        return self._stop.is_set() or self.summary.problem is not None or self.defect is not None

    def end(self, problem: str, *, is_passing: bool) -> None:
        """The run must end, and this is why; the first reason stays."""
        if self.summary.problem is None:
            self.summary.problem, self.summary.is_passing = problem, is_passing

    def tries(self, import_id: int) -> int:
        """How often the import, or the one that it goes on from, was tried in vain."""
        return self._tries[import_id]

    def carry(self, rulings: Sequence[Ruling], settled: Settled) -> None:
        """Entries were dropped, or went on in other imports: these inherit the tries, unless a verdict was had."""
        heard = {ruling.claim.import_id for ruling in rulings if ruling.verdicts}
        for import_id, onward_id in settled.moved.items():
            self._tries[onward_id] = 0 if import_id in heard else self._tries[import_id] + 1
        self._dropped |= settled.dropped

    def note(self, answer: Answer, ruling: Ruling, *, is_held: bool) -> bool:
        """Counts what was stored, and notes an error that ends more than its import; whether something goes again."""
        if not is_held:
            log.warning("import=%d was taken over before its answer was stored", ruling.claim.import_id)
            return False
        counts = self.summary.counts
        counts.update(ruling.outcomes)
        counts["moved"] += sum(len(positions) for positions in ruling.halves) + len(ruling.unsent)
        if ruling.claim.import_id in self._dropped:
            counts["dropped"] += len(ruling.unsent) or len(ruling.claim.batch.positions)
        counts["submitted"] += self._newly_submitted(answer, ruling)
        counts["returned_imports"] += ruling.returned is not None
        counts["unknown_imports"] += ruling.unknown is not None
        if (ruling.unsent or ruling.again_at) and not ruling.verdicts:
            count = len(ruling.unsent) or len(ruling.claim.batch.positions)
            self._tries[ruling.claim.import_id] += bool(ruling.again_at)
            self._note_failure(answer, f"{count} leads were not stored by {self._vendor}")
        if answer.errand == "submit":
            self._note_silence(ruling)
        if answer.error is not None:
            self._note_error(answer, answer.error)
        return bool(ruling.halves or ruling.unsent or ruling.returned or ruling.again_at)

    def _newly_submitted(self, answer: Answer, ruling: Ruling) -> int:
        """How many entries the vendor took in this run, to tell of them later."""
        if ruling.submitted is None or answer.errand == "collect":
            return 0
        return len(answer.claim.batch.positions) - len(ruling.verdicts) - len(ruling.unsent)

    def _note_error(self, answer: Answer, error: BaseException) -> None:
        if answer.errand == "collect":
            self._note_uncollected(error)
        elif answer.errand == "reconcile" and not _ends_all_questions(error):
            self._tries[answer.claim.import_id] += 1
            log.warning("import=%d could not be asked about", answer.claim.import_id)
        elif isinstance(error, (NotFoundError, TargetError)):
            batch = answer.claim.batch
            self._admission.stop(batch.campaign.campaign, batch.day, str(error))
        elif isinstance(error, (InvalidRequestError, TooLargeError)) and answer.errand == "submit":
            return
        elif isinstance(error, (RejectedError, ContractError)):
            self.end(str(error), is_passing=error.is_passing)
        elif isinstance(error, NoTurnError):
            return
        elif isinstance(error, (NotSentError, RateLimitedError, UnavailableError)):
            self._tries[answer.claim.import_id] += 1
            self._note_failure(answer, str(error))
        elif not isinstance(error, LeadsyncError):
            self.defect = self.defect or error

    def _note_uncollected(self, error: BaseException) -> None:
        """A result that cannot be read now holds up no other; the ledger has it due again."""
        if isinstance(error, (AuthenticationError, ForbiddenError)):
            self.end(str(error), is_passing=error.is_passing)
        elif not isinstance(error, LeadsyncError):
            self.defect = self.defect or error

    def _note_silence(self, ruling: Ruling) -> None:
        """Batch after batch whose outcome was not seen ends the run: what is left stays planned, not unknown."""
        self._silent = self._silent + 1 if ruling.unknown and not ruling.verdicts else 0
        if self._silent >= self._most_silent and not self._stop.is_set():
            last = ruling.unknown.error if ruling.unknown else None
            text = f"{self._vendor}: no outcome was seen of {self._silent} batches in a row"
            self.end(f"{text}; of the last: {last}" if last else text, is_passing=True)

    def _note_failure(self, answer: Answer, text: str) -> None:
        """The same batch failed again; too often ends the run."""
        if answer.tries + 1 >= self._most_tries and not self._stop.is_set():
            self.end(f"{text}; gave up after {answer.tries + 1} tries", is_passing=True)


def _ends_all_questions(error: BaseException) -> bool:
    """Whether no other question would be answered either: the login, or a defect of ours."""
    return isinstance(error, (AuthenticationError, ForbiddenError)) or not isinstance(error, LeadsyncError)
