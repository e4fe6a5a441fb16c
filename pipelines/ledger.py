"""The ledger: one method per named statement on imports and deliveries.

Belongs here: typed calls of `sql/statements/{imports,results,deliveries}.sql`. Does not belong here:
what only planning needs (`plan_ledger.py`), when to call them
(`delivery.py`, `settlement.py`), and SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import orjson
from psycopg.types.json import Jsonb

from connectors.gateway import Batch, CallResult, Campaign, Progress, Verdict
from pipelines.ledger_rows import (
    Claim,
    LateWatch,
    MadeTargets,
    Note,
    PlannedBatch,
    Scope,
    Setback,
    Submission,
    WholeSettlement,
)
from pipelines.store import Row, Store, utc_now
from pipelines.unplanning import plan_newest_again


class Ledger:
    """Imports and deliveries. `actor` names this run in the events; `token` marks its claims."""

    def __init__(self, store: Store, *, actor: str = "leadsync") -> None:
        self.store = store
        self.actor = actor
        self.token = uuid4()

    # carrying

    def insert_planned(
        self, vendor: str, day: date, batches: Sequence[PlannedBatch], *, planned_at: datetime | None = None
    ) -> list[int]:
        """The batches are planned, as of `planned_at` or now; their import ids in order."""
        now = planned_at or utc_now()
        counts = [batch.entry_count for batch in batches]
        begun = self.store.rows("imports", "begin", entry_counts=counts, now=now, actor=self.actor)
        import_ids = [row.import_id for row in begun]
        rows = zip(import_ids, batches, strict=True)
        self.store.copy_rows(
            "ledger.imports", _PLANNED, (_as_row(one, batch, vendor=vendor, day=day, now=now) for one, batch in rows)
        )
        return import_ids

    # claiming

    def claim_planned(
        self,
        scope: Scope,
        *,
        limit: int,
        lease_until: datetime,
        not_after: float,
        targets: MadeTargets,
        over: Iterable[str] = (),
    ) -> list[Claim]:
        """Up to `limit` due imports are ours to send, each to the target that was made for its day, if any.

        Of the campaigns that are `over` only updates are.
        """
        made = [{"campaign": name, "day": day, "target": target} for (name, day), target in targets.items()]
        rows = self._claim(
            "imports",
            "claim_planned",
            scope,
            limit,
            lease_until,
            targets=orjson.dumps(made).decode(),
            over=sorted(over),
        )
        # A fresh import has no verdict at all; one that was split or returned neither.
        return [_claim(row, scope, range(row.entry_count), not_after) for row in rows]

    def claim_unknown(self, scope: Scope, *, limit: int, lease_until: datetime, not_after: float) -> list[Claim]:
        """Up to `limit` imports with an unseen outcome are ours to ask about."""
        rows = self._claim("imports", "claim_unknown", scope, limit, lease_until)
        return self._open_claims(rows, scope, not_after)

    def claim_finished(self, scope: Scope, *, limit: int, lease_until: datetime, not_after: float) -> list[Claim]:
        """Up to `limit` imports whose result can be collected are ours to collect."""
        rows = self._claim("results", "claim_finished", scope, limit, lease_until)
        return self._open_claims(rows, scope, not_after)

    def renew_leases(self, import_ids: Sequence[int], lease_until: datetime) -> None:
        """Those of the imports that are ours are so for longer."""
        self.store.run(
            "imports", "renew_leases", token=self.token, import_ids=list(import_ids), lease_until=lease_until
        )

    def expire_leases(self, vendor: str, *, due_at: datetime) -> int:
        """Imports whose sender went silent are unknown; how many."""
        rows = self.store.rows(
            "imports", "expire_leases", vendor=vendor, due_at=due_at, now=utc_now(), actor=self.actor
        )
        return len(rows)

    # giving back

    def abandon(self, import_ids: Sequence[int]) -> None:
        """Claimed imports that were never sent are planned again."""
        self.store.rows(
            "imports", "abandon_claims", token=self.token, import_ids=list(import_ids), now=utc_now(), actor=self.actor
        )

    def return_to_plan(self, setbacks: Sequence[Setback]) -> None:
        """Imports that did not reach the vendor are planned again, each due at its own time."""
        self._set_back("return_to_plan", setbacks)

    def mark_unknown(self, setbacks: Sequence[Setback]) -> None:
        """The outcome of the imports was not seen, or not in full."""
        self._set_back("mark_unknown", setbacks)

    def put_off(self, setbacks: Sequence[Setback]) -> None:
        """The results of the imports could not be read in full; they are collected again later."""
        self._set_back("put_off", setbacks, table="results")

    def send_again(self, due: Sequence[tuple[int, datetime]]) -> None:
        """The vendor has nothing of the imports: each (import, due time) is planned again as it is."""
        self.store.rows(
            "imports",
            "send_again",
            token=self.token,
            now=utc_now(),
            actor=self.actor,
            import_ids=[import_id for import_id, _ in due],
            due_at=[due_at for _, due_at in due],
        )

    def submit(self, submissions: Sequence[Submission]) -> None:
        """The vendor took the imports and tells later what became of them."""
        self.store.rows(
            "results",
            "submit",
            token=self.token,
            now=utc_now(),
            actor=self.actor,
            import_ids=[submission.import_id for submission in submissions],
            due_at=[submission.due_at for submission in submissions],
            deadline_at=[submission.deadline_at for submission in submissions],
        )

    def note(self, notes: Sequence[Note]) -> None:
        """The imports carry the vendor's name for them and what it says of them."""
        self.store.run(
            "results",
            "note",
            token=self.token,
            import_ids=[note.import_id for note in notes],
            references=[note.reference for note in notes],
            details=[note.detail for note in notes],
            error_reports=[note.error_report for note in notes],
        )

    def hear_no_more(self, import_ids: Iterable[int]) -> None:
        """Of the settled imports nothing more is awaited."""
        self.store.run("results", "hear_no_more", import_ids=sorted(import_ids))

    def await_late(self, watches: Sequence[LateWatch]) -> None:
        """The settled imports are asked about once more, later."""
        self.store.run(
            "results",
            "await_late",
            import_ids=[watch.import_id for watch in watches],
            due_at=[watch.due_at for watch in watches],
            late_until=[watch.late_until for watch in watches],
        )

    # settling

    def hold_claims(self, import_ids: Iterable[int]) -> set[int]:
        """Those of the imports that are still ours, locked until the transaction ends."""
        rows = self.store.rows("imports", "hold_claims", import_ids=sorted(import_ids), token=self.token)
        return {row.import_id for row in rows}

    def settle_whole(self, settlements: Sequence[WholeSettlement]) -> set[int]:
        """Those of the imports that were still ours, settled; their exceptions are to be stored after this."""
        rows = self.store.rows(
            "imports",
            "settle_whole",
            import_ids=[settlement.import_id for settlement in settlements],
            settlements=orjson.dumps(settlements).decode(),
            token=self.token,
            now=utc_now(),
            actor=self.actor,
        )
        return {row.import_id for row in rows}

    def settle_deliveries(self, verdicts: Sequence[tuple[int, Verdict]]) -> int:
        """The entries have their verdict; how many had none before."""
        # One JSON text: psycopg builds an array for each column in Python, at four times the cost.
        told = orjson.dumps(
            [
                {
                    "import_id": import_id,
                    "position": verdict.position,
                    "verdict": verdict.outcome,
                    "reason_code": verdict.reason_code,
                    "reason": verdict.reason,
                    "vendor_id": verdict.vendor_id,
                }
                for import_id, verdict in verdicts
            ]
        )
        row = self.store.one("deliveries", "settle", now=utc_now(), verdicts=told.decode())
        return int(row.row_count)

    def move_deliveries(self, moves: Sequence[tuple[int, int, int, int]]) -> int:
        """Each (import, position) is carried as (other import, its position); how many moved."""
        row = self.store.one(
            "deliveries",
            "move",
            import_ids=[move[0] for move in moves],
            positions=[move[1] for move in moves],
            to_import_ids=[move[2] for move in moves],
            to_positions=[move[3] for move in moves],
        )
        return int(row.row_count)

    def still_decided(self, import_ids: Iterable[int]) -> set[int]:
        """Those of the imports that nothing was decided, or listed, after they were planned."""
        rows = self.store.rows("imports", "still_decided", import_ids=sorted(import_ids))
        return {row.import_id for row in rows}

    def newest_decision(self) -> datetime:
        """When something was decided, or listed, last; what was planned before that is not sent."""
        newest: datetime = self.store.one("imports", "newest_decision").decided_at
        return newest

    def has_stale_plan(self, scope: Scope) -> bool:
        """Whether something was decided, or listed, after what is planned and not sent yet was planned."""
        row = self.store.one(
            "imports", "stale_plan", vendor=scope.vendor, days=list(scope.days), campaigns=list(scope.campaigns)
        )
        return bool(row.is_stale)

    def drop_deliveries(self, entries: Sequence[tuple[int, int]]) -> int:
        """Nobody delivers the entries (import, position) any more; the next plan decides about them anew, by the newest
        row of each lead."""
        row = self.store.one(
            "deliveries",
            "drop",
            now=utc_now(),
            import_ids=[import_id for import_id, _ in entries],
            positions=[position for _, position in entries],
        )
        plan_newest_again(self.store, row.campaigns, row.lead_ids)
        return int(row.row_count)

    def settle_imports(self, import_ids: Iterable[int]) -> set[int]:
        """Those of the imports that have nothing open any more are settled or failed."""
        rows = self.store.rows(
            "imports", "settle", import_ids=sorted(import_ids), token=self.token, now=utc_now(), actor=self.actor
        )
        return {row.import_id for row in rows}

    # looking

    def open_campaigns(self, scope: Scope, states: Sequence[str]) -> list[str]:
        """The campaigns of the scope that have imports in one of the states."""
        rows = self.store.rows(
            "imports",
            "open_campaigns",
            vendor=scope.vendor,
            days=list(scope.days),
            states=list(states),
            campaigns=list(scope.campaigns),
        )
        return [row.campaign for row in rows]

    def unbegun_campaigns(self, scope: Scope) -> list[str]:
        """The campaigns of the scope that rows were read for on a day on which nothing was planned for them yet."""
        rows = self.store.rows(
            "imports",
            "unbegun_campaigns",
            vendor=scope.vendor,
            days=list(scope.days),
            campaigns=list(scope.campaigns),
        )
        return [row.campaign for row in rows]

    def campaigns_with_open(self, vendor: str, days: Sequence[date]) -> list[str]:
        """The campaigns that have open imports on the days, whether they are still configured or not."""
        rows = self.store.rows("imports", "campaigns_with_open", vendor=vendor, days=list(days))
        return [row.campaign for row in rows]

    def loaded_campaigns(self, scope: Scope) -> list[str]:
        """The campaigns of the scope that have imports, all of them settled, and no reason to be stopped."""
        rows = self.store.rows(
            "imports", "loaded_campaigns", vendor=scope.vendor, days=list(scope.days), campaigns=list(scope.campaigns)
        )
        return [row.campaign for row in rows]

    def record_stops(self, scope: Scope, stopped: Mapping[str, str], cleared: Iterable[str]) -> None:
        """The campaigns are marked as stopped with their reason, or as not stopped."""
        common = {"vendor": scope.vendor, "days": list(scope.days)}
        self.store.run("reporting", "clear_stops", campaigns=[*cleared], **common)
        self.store.run(
            "reporting",
            "stop_campaigns",
            campaigns=list(stopped),
            reasons=list(stopped.values()),
            now=utc_now(),
            **common,
        )

    def record_early_end(self, scope: Scope, reason: str, *, is_passing: bool) -> None:
        """The campaigns of the scope are marked with why the run ended before everything was sent, and whether the
        vendor may answer later."""
        self.store.run(
            "reporting",
            "end_early",
            vendor=scope.vendor,
            days=list(scope.days),
            campaigns=list(scope.campaigns),
            reason=reason,
            is_passing=is_passing,
            now=utc_now(),
        )

    def store_call_results(self, campaign: str, results: Sequence[CallResult]) -> int:
        """The vendor's newest word on the calls is stored; how many were of deliveries that we know."""
        if not results:
            return 0
        with self.store.transaction():
            row = self.store.one(
                "reporting",
                "upsert_call_results",
                campaign=campaign,
                now=utc_now(),
                vendor_ids=[result.vendor_id for result in results],
                results=[result.result for result in results],
                call_results=[result.call_result for result in results],
                classifiers=[result.classifier for result in results],
                call_counts=[result.call_count for result in results],
                agent_ids=[result.agent_id for result in results],
                changed_at=[result.changed_at for result in results],
            )
        return int(row.row_count)

    def next_due(self, scope: Scope, states: Sequence[str]) -> tuple[datetime | None, int]:
        """When the next import in one of the states is due, and how many there are."""
        row = self.store.one(
            "imports",
            "next_due",
            vendor=scope.vendor,
            states=list(states),
            days=list(scope.days),
            campaigns=list(scope.campaigns),
        )
        return row.due_at, row.import_count

    def _claim(
        self, table: str, name: str, scope: Scope, limit: int, lease_until: datetime, **more: Any
    ) -> Sequence[Row]:
        return self.store.rows(
            table,
            name,
            vendor=scope.vendor,
            days=list(scope.days),
            campaigns=list(scope.campaigns),
            limit=limit,
            token=self.token,
            actor=self.actor,
            lease_until=lease_until,
            now=utc_now(),
            **more,
        )

    def _open_claims(self, rows: Sequence[Row], scope: Scope, not_after: float) -> list[Claim]:
        positions = self._open_positions([row.import_id for row in rows]) if rows else {}
        return [_claim(row, scope, positions.get(row.import_id, []), not_after) for row in rows]

    def _open_positions(self, import_ids: Sequence[int]) -> dict[int, list[int]]:
        positions: dict[int, list[int]] = {}
        for row in self.store.rows("imports", "open_positions", import_ids=list(import_ids)):
            positions.setdefault(row.import_id, []).append(row.position)
        return positions

    def _set_back(self, name: str, setbacks: Sequence[Setback], *, table: str = "imports") -> None:
        self.store.rows(
            table,
            name,
            token=self.token,
            now=utc_now(),
            actor=self.actor,
            import_ids=[setback.import_id for setback in setbacks],
            due_at=[setback.due_at for setback in setbacks],
            error_codes=[setback.error_code for setback in setbacks],
            errors=[setback.error for setback in setbacks],
        )


_PLANNED = {
    "import_id": "int8",
    "import_key": "uuid",
    "parent_id": "int8",
    "vendor": "text",
    "campaign": "text",
    "day": "date",
    "target": "jsonb",
    "payload": "bytea",
    "payload_digest": "bytea",
    "entry_count": "int4",
    "attempts": "int4",
    "action": "text",
    "due_at": "timestamptz",
    "planned_at": "timestamptz",
}
"""The columns of a planned import, and their types."""


def _as_row(import_id: int, batch: PlannedBatch, *, vendor: str, day: date, now: datetime) -> Sequence[Any]:
    return (
        import_id,
        batch.import_key,
        batch.parent_id,
        vendor,
        batch.campaign.campaign,
        day,
        Jsonb(batch.campaign.target, orjson.dumps),
        batch.payload,
        batch.payload_digest,
        batch.entry_count,
        batch.attempts,
        batch.action,
        batch.due_at or now,
        now,
    )


def _claim(row: Row, scope: Scope, positions: Sequence[int], not_after: float) -> Claim:
    batch = batch_of(row, scope.vendor, positions, not_after=not_after)
    return Claim(row.import_id, row.attempts, batch, row.is_passed_over)


def batch_of(row: Row, vendor: str, positions: Sequence[int], *, not_after: float = float("inf")) -> Batch:
    """The batch that a row of a claim, or of a poll, describes."""
    return Batch(
        import_key=row.import_key,
        campaign=Campaign(campaign=row.campaign, vendor=vendor, target=row.target),
        day=row.day,
        payload=bytes(row.payload),
        entry_count=row.entry_count,
        positions=positions,
        vendor_reference=row.vendor_reference,
        not_after=not_after,
        action=row.action,
        sent_at=row.sent_at,
        progress=Progress(**row.progress) if row.progress else None,
        is_overdue=row.is_overdue,
    )
