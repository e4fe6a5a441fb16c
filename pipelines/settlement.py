"""Stores what rulings say: verdicts, imports that end, and entries that go on in other imports.

Belongs here: the order of the ledger's statements for a set of rulings. Does not belong here: what an answer
means (`rulings.py`), SQL (`ledger.py`), and the run around it (`delivery.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from connectors.gateway import Verdict
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Claim, PlannedBatch, WholeSettlement
from pipelines.rulings import Ruling


class Settled(NamedTuple):
    """What was stored: imports that were still ours, new imports by their origin, imports that dropped entries."""

    held: set[int]
    moved: dict[int, int]
    dropped: set[int]


class Settlement:
    """Stores rulings on one vendor's imports, inside the caller's transaction."""

    def __init__(self, ledger: Ledger, vendor: str) -> None:
        self._ledger = ledger
        self._vendor = vendor

    def apply(self, rulings: Sequence[Ruling]) -> Settled:
        """The rulings are stored, except on imports that are not ours any more.

        Entries are dropped, not sent on, when something was decided since they were planned.
        """
        if notes := [ruling.note for ruling in rulings if ruling.note]:
            self._ledger.note(notes)
        whole = [ruling for ruling in rulings if ruling.is_whole]
        others = [ruling for ruling in rulings if not ruling.is_whole]
        held = self._settle_whole(whole)
        held |= self._ledger.hold_claims(ruling.claim.import_id for ruling in others) if others else set()
        moved, dropped = self._settle([ruling for ruling in others if ruling.claim.import_id in held])
        return Settled(held, moved, dropped)

    def _settle_whole(self, rulings: Sequence[Ruling]) -> set[int]:
        """Imports of which every entry was named: one row each, and one for every exception."""
        if not rulings:
            return set()
        exceptions = {ruling.claim.import_id: ruling.exceptions for ruling in rulings}
        held = self._ledger.settle_whole([_whole(one, exceptions[one.claim.import_id]) for one in rulings])
        self._settle_deliveries((one, verdict) for one in exceptions if one in held for verdict in exceptions[one])
        return held

    def _settle(self, rulings: Sequence[Ruling]) -> tuple[dict[int, int], set[int]]:
        """Imports that are settled in part, or go on: (new imports by their origin, imports that dropped entries)."""
        self._settle_deliveries((one.claim.import_id, verdict) for one in rulings for verdict in one.verdicts)
        onward = [ruling for ruling in rulings if ruling.unsent or ruling.again_at or ruling.halves]
        moved, dropped = self._send_on(onward)
        self._set_back(rulings)
        if done := {ruling.claim.import_id for ruling in rulings if ruling.is_settling} | dropped:
            self._ledger.settle_imports(done)
        if late := [ruling.late for ruling in rulings if ruling.late]:
            self._ledger.await_late(late)
        collected = {one.claim.import_id for one in rulings if one.claim.batch.progress and not one.late}
        if collected & done:
            self._ledger.hear_no_more(collected & done)
        return moved, dropped

    def _settle_deliveries(self, verdicts: Iterable[tuple[int, Verdict]]) -> None:
        if told := list(verdicts):
            self._ledger.settle_deliveries(told)

    def _set_back(self, rulings: Sequence[Ruling]) -> None:
        """Imports that did not come to their end wait for their next turn."""
        if returned := [ruling.returned for ruling in rulings if ruling.returned]:
            self._ledger.return_to_plan(returned)
        if submitted := [ruling.submitted for ruling in rulings if ruling.submitted]:
            self._ledger.submit(submitted)
        if put_off := [ruling.put_off for ruling in rulings if ruling.put_off]:
            self._ledger.put_off(put_off)
        if unknown := [ruling.unknown for ruling in rulings if ruling.unknown]:
            self._ledger.mark_unknown(unknown)

    def _send_on(self, rulings: Sequence[Ruling]) -> tuple[dict[int, int], set[int]]:
        """Entries that the vendor certainly has not go on as they are, unless something was decided since."""
        if not rulings:
            return {}, set()
        as_it_is = self._ledger.still_decided(ruling.claim.import_id for ruling in rulings)
        moved: dict[int, int] = {}
        dropped: set[int] = set()
        for ruling in rulings:
            import_id = ruling.claim.import_id
            if import_id not in as_it_is:
                self._drop(import_id, _going_on(ruling))
                dropped.add(import_id)
                continue
            for positions in ruling.halves:
                self._move(ruling.claim, positions, due_at=ruling.unsent_due_at)
            if ruling.unsent:
                moved[import_id] = self._move(ruling.claim, ruling.unsent, due_at=ruling.unsent_due_at)
        again = [(one.claim.import_id, one.again_at) for one in rulings if one.again_at]
        self._send_again(due for due in again if due[0] not in dropped)
        return moved, dropped

    def _send_again(self, due: Iterable[tuple[int, datetime]]) -> None:
        if whole := list(due):
            self._ledger.send_again(whole)

    def _drop(self, import_id: int, positions: Sequence[int]) -> None:
        self._ledger.drop_deliveries([(import_id, position) for position in positions])

    def _move(self, claim: Claim, positions: Sequence[int], *, due_at: datetime | None = None) -> int:
        """The entries go on in an import of their own; its id."""
        entries = claim.batch.entries()
        batch = PlannedBatch.of(
            claim.batch.campaign,
            [orjson.dumps(entries[position]) for position in positions],
            parent_id=claim.import_id,
            attempts=claim.attempts if due_at else 0,
            due_at=due_at,
            action=claim.batch.action,
        )
        [import_id] = self._ledger.insert_planned(self._vendor, claim.batch.day, [batch])
        onward = [(claim.import_id, position, import_id, new) for new, position in enumerate(positions)]
        self._ledger.move_deliveries(onward)
        return import_id


def _whole(ruling: Ruling, exceptions: Sequence[Verdict]) -> WholeSettlement:
    import_id, vendor_ids = ruling.claim.import_id, ruling.accepted_ids
    if vendor_ids is not None:
        return WholeSettlement(import_id, vendor_ids)
    by_position = sorted((verdict.position, verdict.vendor_id) for verdict in ruling.verdicts)
    counts = Counter(verdict.outcome for verdict in exceptions)
    return WholeSettlement(
        import_id,
        [vendor_id for _, vendor_id in by_position],
        duplicate_count=counts["duplicate"],
        rejected_count=counts["rejected"],
        unattributed_count=counts["unattributed"],
    )


def _going_on(ruling: Ruling) -> Sequence[int]:
    """The entries that are to be sent on: some, or with `again_at` all that are open."""
    if ruling.again_at:
        return ruling.claim.batch.positions
    return [*ruling.unsent, *(position for positions in ruling.halves for position in positions)]
