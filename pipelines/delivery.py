"""Sends planned imports to a vendor and settles every entry: claim, send, settle; ask, where unsure.

Belongs here: the run around imports, campaigns and the ledger. Does not belong here: what is planned
(`planning.py`), what an answer means (`rulings.py`), SQL (`ledger.py`), anything that only one vendor
knows (`connectors/`). Knows no Dagster.

One thread owns the ledger's connection and does all of its work; a bounded pool does the requests. An
import is committed as `sending` before a worker may open its socket, and its verdicts are committed in
the transaction that claims the work which takes its place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from connectors.errors import (
    ConnectorError,
    InvalidRequestError,
    NotSentError,
    SetupError,
    TargetError,
    TargetOverError,
)
from connectors.gateway import Campaign, Gateway, ResultsLater, ResultTerms
from connectors.patience import Patience
from connectors.redaction import redact
from pipelines.admission import Admission
from pipelines.ahead import Ahead
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Claim, Scope, Setback
from pipelines.rulings import Answer, Bench, Errand, Ruling
from pipelines.settlement import Settlement
from pipelines.store import LedgerUnavailableError, utc_now
from pipelines.tally import DeliverySummary, Tally
from pipelines.workers import Workers

log = logging.getLogger(__name__)

T = TypeVar("T")
NEVER = float("inf")
LEDGER_ATTEMPTS = 6
FEED_AHEAD = 1000
OPEN = ("planned", "sending", "submitted", "unknown")

Mode = Literal["send", "ask", "collect"]
"""send: what is due is asked about and sent. ask: only due questions are asked. collect: only results are read."""
_STATES: Mapping[Mode, Sequence[str]] = {"send": OPEN, "ask": ["unknown"], "collect": ["submitted"]}
STOPPED = "the load was stopped before everything was sent: run the day again"
LOOK_S = 0.2
GATHER_S = 0.03


@dataclass(frozen=True, slots=True)
class Terms:
    """How long claims last and how failures are waited out. Times in seconds.

    `settle_s` passes before a vendor is asked about an outcome that was not seen. `wait_s` bounds how long
    a run waits for such questions to become due; 0 leaves them to the sensor.
    """

    lease_s: float = 180
    settle_s: float = 60
    wait_s: float = 0
    patience: Patience = field(default_factory=Patience)


def deliver(
    ledger: Ledger,
    gateway: Gateway,
    scope: Scope,
    campaigns: Mapping[str, Campaign],
    terms: Terms,
    *,
    feed: Iterable[set[str]] | None = None,
    stop: threading.Event | None = None,
    mode: Mode = "send",
) -> DeliverySummary:
    """Everything of the scope that is due was asked about or sent, and what came of it is in the ledger.

    Args:
        mode: what is done; only `send` sends.
        feed: a plan in the making (`planning.plan`); it is drawn on while there are idle connections, and
            each step names the campaigns that it added imports to.
        stop: when set, requests in flight are finished and settled, and the rest is released.

    A campaign that cannot be loaded is left out and named in `stopped`; a vendor that cannot be reached
    ends the run and is named in `problem`. Nothing that was planned is lost in either case.
    """
    run = _Run(
        ledger,
        gateway,
        scope,
        campaigns,
        terms,
        feed=feed,
        stop=stop or threading.Event(),
        mode=mode,
    )
    return run.run()


class _Run:
    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        scope: Scope,
        campaigns: Mapping[str, Campaign],
        terms: Terms,
        *,
        feed: Iterable[set[str]] | None,
        stop: threading.Event,
        mode: Mode,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._scope = scope
        self._terms = terms
        self._is_planned_meanwhile = feed is not None
        self._feed = Ahead(iter(feed or ()), size=FEED_AHEAD)
        self._stop = stop
        self._workers = Workers(gateway)
        self._settlement = Settlement(ledger, scope.vendor)
        self._result_terms = gateway.result_terms if isinstance(gateway, ResultsLater) else ResultTerms()
        self._answers: list[Answer] = []
        self._mode = mode
        # Monotonic times at which the ledger may have something to send, or to ask about.
        self._planned_due = 0.0
        self._unknown_due = 0.0
        self._renew_at = 0.0
        self._deadline = time.monotonic() + terms.wait_s
        self._admission = Admission(ledger, gateway, scope, campaigns, settle_s=terms.settle_s, persist=self._persist)
        self._tally = Tally(
            scope.vendor,
            self._admission,
            stop,
            connections=gateway.connections,
            most_tries=terms.patience.max_attempts,
        )

    def run(self) -> DeliverySummary:
        started = time.monotonic()
        requests_before = self._gateway.request_count
        try:
            self._open()
            while not self._tally.is_over and self._step():
                pass
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C, or the run was terminated
                self._stop.set()
            raise
        finally:
            self._drain()
        if self._tally.defect is not None:
            raise self._tally.defect
        summary = self._tally.summary
        summary.elapsed_s = time.monotonic() - started
        summary.request_count = self._gateway.request_count - requests_before
        return summary

    def _step(self) -> bool:
        """One round of settling, claiming and sending; False when nothing is left to do."""
        self._turn()
        # A connection that is idle waits for the plan; while all are busy, it is answers that make room.
        is_short = self._workers.has_idle_connections and not self._feed.is_over
        self._draw(wait_s=GATHER_S if is_short else 0.0)
        if not self._workers.import_ids and self._planned_due == NEVER:
            return self._draw() or self._rest()
        # Few answers are left to gather: each turn costs the ledger as much as ten entries.
        self._answers += self._workers.collect(0.0 if is_short else GATHER_S, enough=self._workers.enough)
        return True

    # the ledger's side

    def _open(self) -> None:
        self._expire_leases()
        if self._is_planned_meanwhile:  # these will hardly have nothing to send
            self._admission.look_ahead(self._commit(lambda: self._ledger.unbegun_campaigns(self._scope)))
        drawn = self._drawn() or set()  # first: this plan replaces what an older one left unsent
        if self._mode == "send":
            self._admission.look_ahead(drawn)
        self._commit(self._ledger.store.mend_statistics)  # now that there are imports
        names = self._commit(lambda: self._ledger.open_campaigns(self._scope, _STATES[self._mode]))
        if self._mode == "send":
            self._admit(drawn.union(names))
        else:  # a question loads nothing: any campaign may be asked about
            self._admission.admit_all(names)

    def _turn(self) -> None:
        """What came back is settled, and what takes its place is claimed and started."""
        self._answers = [self._second_look(answer) for answer in self._answers]
        bench = Bench(utc_now(), self._terms.settle_s, self._terms.patience, self._result_terms)
        rulings = [bench.rule(answer) for answer in self._answers]
        held, questions, claims = self._commit(lambda: self._settle_and_claim(rulings))
        for answer, ruling in zip(self._answers, rulings, strict=True):
            if self._tally.note(answer, ruling, is_held=ruling.claim.import_id in held):
                self._planned_due = 0.0
        self._answers = []
        for claim in questions:
            errand: Errand = "collect" if self._mode == "collect" else "reconcile"
            self._workers.start(claim, errand, tries=self._tally.tries(claim.import_id))
        for claim in claims:
            self._workers.start(claim, "submit", tries=self._tally.tries(claim.import_id))
        self._record_stops()

    def _settle_and_claim(self, rulings: Sequence[Ruling]) -> tuple[set[int], list[Claim], list[Claim]]:
        held = self._apply(rulings) if rulings else set()
        self._renew_leases()
        return (held, *self._claim()) if not self._tally.is_over else (held, [], [])

    def _apply(self, rulings: Sequence[Ruling]) -> set[int]:
        settled = self._settlement.apply(rulings)
        self._tally.carry(rulings, settled)
        return settled.held

    def _claim(self) -> tuple[list[Claim], list[Claim]]:
        """Due questions first, then due imports, as many as there is room for."""
        now, room = time.monotonic(), self._workers.free
        scope = self._admission.wide_scope
        lease_until = utc_now() + timedelta(seconds=self._terms.lease_s)
        # A worker may not begin late in its lease: the request must end inside it.
        not_after = now + self._terms.lease_s / 2
        questions: list[Claim] = []
        claims: list[Claim] = []
        if room and self._unknown_due <= now:
            ask = self._ledger.claim_finished if self._mode == "collect" else self._ledger.claim_unknown
            questions = ask(scope, limit=room, lease_until=lease_until, not_after=not_after)
            self._unknown_due = now if len(questions) == room else NEVER
        room -= len(questions)
        if self._mode != "send":
            self._planned_due = NEVER
        if room and self._planned_due <= now:
            claims = self._ledger.claim_planned(
                scope,
                limit=room,
                lease_until=lease_until,
                not_after=not_after,
                targets=self._admission.targets,
                over=self._admission.over,
            )
            self._planned_due = now if len(claims) == room else NEVER
        return questions, claims

    def _renew_leases(self) -> None:
        now = time.monotonic()
        if now >= self._renew_at and self._workers.import_ids:
            lease_until = utc_now() + timedelta(seconds=self._terms.lease_s)
            self._ledger.renew_leases(self._workers.import_ids, lease_until)
            self._renew_at = now + self._terms.lease_s / 3

    def _expire_leases(self) -> None:
        due_at = utc_now() + timedelta(seconds=self._terms.settle_s)
        self._commit(lambda: self._ledger.expire_leases(self._scope.vendor, due_at=due_at))

    def _commit(self, work: Callable[[], T]) -> T:
        """The result of `work` in a committed transaction."""

        def committed() -> T:
            with self._ledger.store.transaction():
                return work()

        return self._persist(committed)

    def _persist(self, work: Callable[[], T]) -> T:
        """The result of `work`; a lost connection is replaced and the work redone."""
        for attempt in range(LEDGER_ATTEMPTS):
            try:
                return work()
            except LedgerUnavailableError:
                if attempt == LEDGER_ATTEMPTS - 1:
                    raise
                log.warning("vendor=%s the ledger's connection is gone, attempt=%d", self._scope.vendor, attempt + 1)
                self._ledger.store.reconnect()
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    # the vendor's side

    def _draw(self, *, wait_s: float = NEVER) -> bool:
        """Takes the next step of the plan in the making; False when none came within `wait_s`, or there is no more."""
        names = self._drawn(wait_s=wait_s)
        if names is None:
            return False
        self._admit(names)
        self._planned_due = 0.0
        return True

    def _drawn(self, *, wait_s: float = NEVER) -> set[str] | None:
        """The campaigns that the next step of the plan in the making added imports to."""
        names = self._feed.take(wait_s=min(wait_s, LOOK_S))
        while names is None and wait_s == NEVER and not self._feed.is_over and not self._stop.is_set():
            names = self._feed.take(wait_s=LOOK_S)
        return names

    def _admit(self, names: Iterable[str]) -> None:
        closure = self._admission.admit(names)
        if closure is not None:
            self._tally.end(closure.why, is_passing=closure.is_passing)

    def _second_look(self, answer: Answer) -> Answer:
        """A lone entry is rejected only while its campaign can be loaded: else the campaign is to blame."""
        is_lone = len(answer.claim.batch.positions) == 1 and answer.errand == "submit"
        if not is_lone or not isinstance(answer.error, InvalidRequestError):
            return answer
        try:
            self._gateway.preflight(answer.claim.batch.campaign)  # the very target that it was sent to
        except TargetError as error:
            is_change = answer.claim.batch.action == "update"
            return answer if is_change and isinstance(error, TargetOverError) else replace(answer, error=error)
        except (SetupError, ConnectorError):
            unsure = NotSentError(
                "refused, and the campaign cannot be looked at", vendor=self._scope.vendor, operation="preflight"
            )
            return replace(answer, error=unsure)
        return answer

    # waiting and ending

    def _rest(self) -> bool:
        """Nothing is in flight and nothing is due: waits for what becomes due; False when nothing will."""
        if self._mode == "collect":
            return False
        admission, next_due = self._admission, self._ledger.next_due
        planned_due, unknown_due = self._commit(
            lambda: (
                next_due(admission.scope, ["planned"]),
                next_due(admission.wide_scope, ["unknown", "sending"]),
            )
        )
        self._planned_due = _monotonic(planned_due) if self._mode == "send" else NEVER
        self._unknown_due = _monotonic(unknown_due)
        if self._unknown_due > max(self._deadline, time.monotonic()):
            self._unknown_due = NEVER
        soonest = min(self._planned_due, self._unknown_due)
        if soonest == NEVER:
            return False
        self._stop.wait(max(0.0, soonest - time.monotonic()))
        self._expire_leases()
        return True

    def _drain(self) -> None:
        """Requests in flight are finished and settled; what was claimed and never sent is released."""
        try:
            if self._tally.is_over:
                self._gateway.stop_waiting()
            came_back, idle = self._workers.drain()
            self._answers += came_back
            self._stop_claiming()
            self._turn()
            if idle:
                self._commit(lambda: self._release(idle))
            self._record_problem()
        finally:
            self._workers.close()
            self._feed.close()
            self._admission.close()

    def _stop_claiming(self) -> None:
        self._planned_due = self._unknown_due = NEVER

    def _release(self, idle: Sequence[Answer]) -> None:
        now = utc_now()
        by_errand: dict[Errand, list[Setback]] = {"submit": [], "reconcile": [], "collect": []}
        for answer in idle:
            by_errand[answer.errand].append(Setback(answer.claim.import_id, now, "not_asked", None))
        self._ledger.abandon([setback.import_id for setback in by_errand["submit"]])
        if by_errand["reconcile"]:
            self._ledger.mark_unknown(by_errand["reconcile"])
        if by_errand["collect"]:
            self._ledger.put_off(by_errand["collect"])

    def _record_stops(self) -> None:
        """The ledger says which campaigns are stopped, and why; one that goes again is cleared."""
        stopped, cleared = self._admission.untold()
        if stopped or cleared:
            self._commit(lambda: self._ledger.record_stops(self._scope, stopped, cleared))

    def _record_problem(self) -> None:
        """The ledger says why what still waits was not sent."""
        summary = self._tally.summary
        problem = redact(summary.problem) or (STOPPED if self._stop.is_set() else None)
        if problem is not None and self._mode == "send":
            is_passing = summary.is_passing
            self._commit(lambda: self._ledger.record_early_end(self._scope, problem, is_passing=is_passing))


def _monotonic(due: tuple[datetime | None, int]) -> float:
    due_at, count = due
    if not count or due_at is None:
        return NEVER
    return time.monotonic() + max(0.0, (due_at - utc_now()).total_seconds())
