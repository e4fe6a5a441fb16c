"""The ledger as planning sees it: one method per named statement on contacts, and on deliveries that begin.

Belongs here: typed calls of `sql/statements/{contacts,crm,deliveries,imports,plans}.sql` that only planning makes. Does
not belong here: when to call them (`planning.py`), and SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, having, joined, whole
from pipelines.ledger import Ledger
from pipelines.ledger_rows import ELIGIBLE, KNOWN, PLANNABLE, SAID, Holders, Numbered, Refusal, Scope
from pipelines.store import Row
from pipelines.unplanning import withdraw_outdated, withdraw_overtaken


class PlanLedger(Ledger):
    """Contacts, and the deliveries that they become."""

    def take_planning(self, vendor: str) -> bool:
        """Whether it is our turn to plan for the vendor now; if so, nobody else's until `leave_planning`."""
        return bool(self.store.one("plans", "lock_planning", vendor=vendor).is_ours)

    def hold_day(self, day: date) -> None:
        """Rows and decisions of the day stay as they are until `leave_planning`."""
        self.store.run("plans", "hold_day", day=day.isoformat())

    def leave_planning(self) -> None:
        """Others may plan for the vendor, and pull and decide the days."""
        if self.store.is_connected:
            self.store.run("plans", "unlock_planning")

    def decisions(self, day: date) -> Sequence[Row]:
        """Per source of the day: the newest pull, and the pull that was decided."""
        return self.store.rows("contacts", "decisions", day=day)

    def withdraw_plan(self, scope: Scope, day: date) -> int:
        """What was planned for the day, or for older rows of its leads, and not sent is planned no more; how many
        imports that were."""
        scoped = (self.store, scope.vendor, day, scope.campaigns)
        own = withdraw_outdated(*scoped, actor=self.actor)
        return own.import_count + withdraw_overtaken(*scoped, actor=self.actor).import_count

    def reconsider(self, scope: Scope, day: date) -> None:
        """What an earlier plan refused of the day is eligible again."""
        self.store.run("contacts", "reconsider", day=day, campaigns=list(scope.campaigns))

    def to_plan(self, scope: Scope, day: date) -> dict[str, datetime]:
        """Those of the campaigns that are to be planned for the day, and since when."""
        rows = self.store.rows("plans", "to_plan", day=day, campaigns=list(scope.campaigns))
        return {row.campaign: row.since for row in rows}

    def forget_to_plan(self, day: date, seen: Mapping[str, datetime]) -> None:
        """The campaigns are planned for the day, unless more of them was given back since it was seen."""
        self.store.run("plans", "forget_to_plan", day=day, campaigns=list(seen), since=list(seen.values()))

    def plan_again(self, day: date, campaigns: Mapping[str, datetime]) -> None:
        """The campaigns are to be planned for the day once more, each from its time on."""
        if campaigns:
            since = list(campaigns.values())
            self.store.run("plans", "plan_again", day=day, campaigns=list(campaigns), since=since)

    def begun_campaigns(self, campaigns: Iterable[str]) -> list[str]:
        """Those of the campaigns that imports were planned for before."""
        rows = self.store.rows("imports", "begun_campaigns", campaigns=list(campaigns))
        return [row.campaign for row in rows]

    def outrun(self, scope: Scope, day: date, source: str) -> pa.Array:
        """The numbers of the day's eligible rows of whose lead a later day has one, too."""
        rows = self.store.rows("contacts", "outrun", day=day, source=source, campaigns=list(scope.campaigns))
        return pa.array([row.row_no for row in rows], pa.int64())

    def plannable(
        self, scope: Scope, day: date, source: str, *, known: Sequence[str], outrun: pa.Array, after: int, limit: int
    ) -> pa.Table:
        """The next eligible rows of the day after row number `after`; in `known` campaigns with their deliveries.

        A row that its source says nothing of any more is left out; those that are `outrun` say so.
        """
        page: dict[str, Any] = {"day": day, "source": source, "after": after}
        campaigns = list(scope.campaigns)
        contacts = self.store.columns("contacts", "plannable", ELIGIBLE, campaigns=campaigns, limit=limit, **page)
        if not len(contacts):
            return PLANNABLE.empty_table()
        row_nos = whole(contacts["row_no"])
        page["until"] = row_nos[-1].as_py()
        said = _beside(contacts, self.store.columns("crm", "said", SAID, row_nos=_array(row_nos), **page))
        delivered = KNOWN.empty_table()
        if known:
            delivered = self.store.columns("deliveries", "known", KNOWN, campaigns=list(known), **page)
        delivered = _beside(contacts, delivered)
        is_delivery = pc.is_valid(delivered["row_no"])
        first = _first(whole(contacts["phones"]))
        is_outrun = pc.is_in(row_nos, outrun)
        columns = [*contacts.columns, first, *said.columns[2:], *delivered.columns[1:], is_delivery, is_outrun]
        return having(pa.table(columns, schema=PLANNABLE), pc.equal(said["lead_id"], contacts["lead_id"]))

    def holders(self, campaigns: Iterable[str], phones: Sequence[str]) -> Holders:
        """Who has the numbers in the campaigns, or will."""
        rows = self.store.rows("deliveries", "holders", campaigns=list(campaigns), phones=",".join(phones))
        return {(row.campaign, row.phone): (row.source, row.lead_id) for row in rows}

    def stand_ins(self, scope: Scope, day: date) -> Holders:
        """Who goes on the day in the place of another lead with the number."""
        rows = self.store.rows("contacts", "stand_ins", day=day, campaigns=list(scope.campaigns))
        return {(row.campaign, row.phone): (row.source, row.lead_id) for row in rows}

    def listed_numbers(self, phones: Sequence[str], day: date) -> set[str]:
        """Those of the numbers that must not be called on the day; a text may hold several, with commas between."""
        return {row.phone for row in self.store.rows("crm", "listed_numbers", phones=",".join(phones), day=day)}

    def refuse_contacts(self, day: date, source: str, refusals: Sequence[Refusal]) -> None:
        """The contacts have the verdict that planning came to."""
        if refusals:
            self.store.run(
                "contacts",
                "refuse",
                day=day,
                source=source,
                row_nos=[refusal.row_no for refusal in refusals],
                verdicts=[refusal.verdict for refusal in refusals],
                reason_codes=[refusal.reason_code for refusal in refusals],
                reasons=[refusal.reason for refusal in refusals],
            )

    def note_changes(self, source: str, changed: Sequence[Numbered]) -> None:
        """Accepted deliveries whose lead changed since say so."""
        if changed:
            self.store.run("deliveries", "note_change", **_columns(source, changed))

    def note_returns(self, day: date, source: str, same: Sequence[Numbered], *, can_update: bool) -> None:
        """Outdated deliveries whose lead is on this day what the vendor has are up to date."""
        if same:
            self.store.run("deliveries", "note_return", day=day, can_update=can_update, **_columns(source, same))

    def note_numbers(self, source: str, leads: Sequence[Numbered]) -> None:
        """Deliveries of which nothing is sent have the numbers of their leads' newest rows, too."""
        if leads:
            self.store.run("deliveries", "note_numbers", **_columns(source, leads))

    def insert_deliveries(self, vendor: str, day: date, deliveries: pa.Table) -> None:
        """New deliveries are stored with the import that carries them."""
        if len(deliveries):
            digests = joined("\\x", whole(deliveries["content_digest"]))
            # E.164 holds neither commas nor quotes: the array literal needs no escaping.
            several = joined("{", _several(whole(deliveries["phones"])), "}")
            deliveries = deliveries.select(["campaign", "source", "lead_id", "phone", "import_id", "position"])
            deliveries = deliveries.append_column("content_digest", digests).append_column("phones", several)
            for name, value in {"vendor": vendor, "day": str(day)}.items():
                deliveries = deliveries.append_column(name, pa.repeat(value, len(deliveries)))
            self.store.copy("ledger.deliveries", deliveries)

    def replan_deliveries(
        self, vendor: str, day: date, deliveries: pa.Table, *, is_update: bool, keeps_phones: bool
    ) -> None:
        """Refused deliveries that changed, or accepted ones as updates, are carried by new imports.

        With `keeps_phones` the vendor has after an update the numbers, too, that the lead has no more.
        """
        if len(deliveries):
            columns = deliveries.to_pydict()
            self.store.run(
                "deliveries",
                "replan",
                vendor=vendor,
                day=day,
                is_update=is_update,
                keeps_phones=keeps_phones,
                campaigns=columns["campaign"],
                sources=columns["source"],
                lead_ids=columns["lead_id"],
                import_ids=columns["import_id"],
                positions=columns["position"],
                first_phones=columns["phone"],
                phones=columns["phones"],
                content_digests=[bytes.fromhex(digest) for digest in columns["content_digest"]],
            )


def _columns(source: str, leads: Sequence[Numbered]) -> dict[str, list[str]]:
    campaigns, lead_ids, phones = map(list, zip(*leads, strict=True))
    return {"campaigns": campaigns, "lead_ids": lead_ids, "phones": phones, "sources": [source] * len(leads)}


def _beside(contacts: pa.Table, rows: pa.Table) -> pa.Table:
    """For each contact the row of its number; missing where there is none."""
    wanted, found = whole(contacts["row_no"]), whole(rows["row_no"])
    return rows if found.equals(wanted) else rows.take(pc.index_in(wanted, found))


def _array(numbers: pa.Array) -> str:
    """The whole numbers as Postgres writes an array: the driver takes seven times as long, one by one."""
    return "{" + ",".join(numbers.cast(TEXT).to_pylist()) + "}"


def _first(phones: pa.Array) -> pa.Array:
    """The first of the numbers that have commas between."""
    return pc.list_element(pc.split_pattern(phones, ",", max_splits=1), 0)


def _several(phones: pa.Array) -> pa.Array:
    """The numbers of those who have several, with commas between; missing where there is but one."""
    return pc.if_else(pc.match_substring(phones, ","), phones, pa.scalar(None, TEXT))
