"""Judges the contacts of a plan page by page, fills batches with them, and stores what they came to.

Belongs here: the comparison of contacts with what was delivered before, and frozen payloads. Does not belong here:
which pages there are and who plans when (`planning.py`), eligibility (`eligibility.py`), sending (`delivery.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa

from connectors.gateway import Action, Campaign, Contact, Entry, Gateway
from pipelines.eligibility import REASONS, parse_not_before, parse_priority
from pipelines.ledger_rows import Plannable, PlannedBatch, Refusal, Scope
from pipelines.plan_ledger import PlanLedger
from pipelines.reference import UNKNOWN, Vocabulary

SAMPLES = 3


class PlannedEntry(NamedTuple):
    """One delivery on its way into a batch. `digest` is the fingerprint of what the vendor would receive, in hex."""

    campaign: str
    source: str
    lead_id: str
    phone: str
    content: bytes
    digest: str
    is_again: bool
    is_update: bool = False


@dataclass
class PlanSummary:
    """What planning came to. `counts`: planned, update, unchanged, changed, in_progress, refused_before,
    duplicate, suppressed, invalid, unattributed, withdrawn: together, every eligible contact of the scope. `stopped`
    names campaigns whose target is not there, and why: none of their contacts is planned."""

    counts: Counter[str] = field(default_factory=Counter)
    by_campaign: dict[str, Counter[str]] = field(default_factory=dict)
    import_count: int = 0
    withdrawn_import_count: int = 0
    samples: dict[str, list[Entry]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)

    def add(self, outcomes: Counter[tuple[str, str]]) -> None:
        """So many more contacts of the campaign came to the outcome."""
        for (campaign, outcome), count in outcomes.items():
            self.counts[outcome] += count
            self.by_campaign.setdefault(campaign, Counter())[outcome] += count


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts that may become deliveries, and what the ledger said of their numbers at `read_at`."""

    day: date
    source: str
    rows: Sequence[Plannable]
    listed: set[str]
    held: Mapping[tuple[str, str], tuple[str, str]]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What a page came to: contacts that are refused, deliveries that changed, and full batches of entries.

    `judged_at` is when the first of the entries was judged: what is decided or listed later makes them stale.
    """

    day: date
    source: str
    refusals: Sequence[Refusal]
    changed: Sequence[Plannable]
    groups: Sequence[Sequence[PlannedEntry]]
    judged_at: datetime | None


class Planner:
    """Judges pages, carrying entries from one to the next so that batches are full, and stores what they came to."""

    def __init__(
        self,
        ledger: PlanLedger,
        gateway: Gateway,
        scope: Scope,
        campaigns: Mapping[str, Campaign],
        summary: PlanSummary,
        zone: ZoneInfo,
        vocabulary: Vocabulary,
    ) -> None:
        self._vocabulary = vocabulary
        self._suggestions: dict[tuple[str, str], str] = {}
        self._ledger = ledger
        self._scope = scope
        self._summary = summary
        self._zone = zone
        self._campaigns = campaigns
        self._batch_size = gateway.batch_size
        self._can_update = gateway.can_update
        self._mappers: dict[str, Callable[[Contact], Entry]] = {
            name: gateway.mapper(campaign) for name, campaign in campaigns.items()
        }
        self._samples = summary.samples
        self._samples.update({name: [] for name in campaigns})
        self._waiting: dict[str, list[PlannedEntry]] = {}
        self._judged_at: datetime | None = None

    def withdraw(self, day: date) -> None:
        """What an earlier plan of the day left unsent, or refused, is to be judged anew."""
        with self._ledger.store.transaction():
            self._summary.withdrawn_import_count += self._ledger.withdraw_plan(self._scope, day)
            self._ledger.reconsider(self._scope, day)

    def judge(self, page: Page) -> Judged:
        """Every row of the page is entered, left as it is, or refused; and counted."""
        self._judged_at = self._judged_at or page.read_at
        rows, unknown = self._looked_up(page.rows)
        refusals = self._refusals(page, rows) | unknown
        changed: list[Plannable] = []
        outcomes: list[tuple[str, str]] = []
        for row in rows:
            refusal = refusals.get(row.row_no)
            outcome, entry = (refusal.verdict, None) if refusal else self._judge(row, page.source)
            outcomes.append((row.campaign, outcome))
            if entry is not None:
                self._waiting.setdefault(row.campaign, []).append(entry)
            elif outcome == "changed":
                changed.append(row)
        self._summary.add(Counter(outcomes))
        groups, judged_at = self._cut(is_last=False)
        return Judged(page.day, page.source, list(refusals.values()), changed, groups, judged_at)

    def rest(self, day: date) -> Judged:
        """The entries that fill no batch."""
        groups, judged_at = self._cut(is_last=True)
        return Judged(day, "", [], [], groups, judged_at)

    def store(self, judged: Judged) -> set[str]:
        """What the page came to is committed; the campaigns that imports were added to."""
        with self._ledger.store.transaction():
            self._ledger.refuse_contacts(judged.day, judged.source, judged.refusals)
            self._ledger.note_changes(judged.source, judged.changed)
            return self._write(judged)

    def _looked_up(self, rows: Sequence[Plannable]) -> tuple[Sequence[Plannable], dict[int, Refusal]]:
        """The rows with the vendor's keys for what they name; by row number, those that name what it does not know."""
        unknown: dict[int, Refusal] = {}
        for name, words in self._vocabulary.of_leads.items():
            looked_up: list[Plannable] = []
            for row in rows:
                word = getattr(row, name)
                entry = words.find(word) if word else None
                if word and entry is None and not (name == "agent" and self._vocabulary.drops_agents):
                    if (name, word) not in self._suggestions:  # the nearest word takes long to find
                        self._suggestions[name, word] = words.suggestion(word)
                    text = f"{name} {word} is not known at {self._scope.vendor}{self._suggestions[name, word]}"
                    unknown.setdefault(row.row_no, Refusal(row.row_no, "invalid", UNKNOWN[name], text))
                looked_up.append(_naming(row, name, entry.key if entry else None) if word else row)
            rows = looked_up
        return rows, unknown

    def _refusals(self, page: Page, rows: Sequence[Plannable]) -> dict[int, Refusal]:
        """By row number, the rows that must not be sent after all; nearly always none, and then nobody is looked at."""
        suspects = rows if page.listed or page.held else ()
        refusals = (self._refusal(row, page.source, page.listed, page.held) for row in suspects)
        return {refusal.row_no: refusal for refusal in refusals if refusal is not None}

    def _refusal(
        self,
        row: Plannable,
        source: str,
        listed: set[str],
        held: Mapping[tuple[str, str], tuple[str, str]],
    ) -> Refusal | None:
        """Why the row must not be sent after all: listed since it was decided, or its number is in the campaign."""
        if not listed.isdisjoint(row.joined_phones.split(",")):
            return Refusal(row.row_no, "suppressed", "do_not_call", REASONS["do_not_call"][1])
        holder = held.get((row.campaign, first_phone(row)))
        if holder is None or row.is_delivery or holder == (source, row.lead_id):
            return None
        text = f"the campaign has this number as {holder[0]} {holder[1]}"
        return Refusal(row.row_no, "duplicate", "number_in_campaign", text)

    def _judge(self, row: Plannable, source: str) -> tuple[str, PlannedEntry | None]:
        if not row.is_delivery:
            return "planned", self._entry(row, source)
        if row.verdict is None:
            return "in_progress", None
        if row.vendor != self._scope.vendor:
            return "changed", None  # its campaign went to another vendor before: that one keeps it
        if row.verdict in ("unattributed", "withdrawn"):
            return row.verdict, None
        return self._compare(row, self._entry(row, source))

    def _compare(self, row: Plannable, entry: PlannedEntry) -> tuple[str, PlannedEntry | None]:
        is_same = row.content_digest is not None and row.content_digest.hex() == entry.digest
        if row.verdict in ("accepted", "duplicate"):
            if not is_same and self._can_update:
                return "update", entry._replace(is_update=True)
            return ("unchanged" if is_same else "changed"), None
        return ("refused_before", None) if is_same else ("planned", entry)

    def _entry(self, row: Plannable, source: str) -> PlannedEntry:
        contact = _contact(row, source, self._zone)
        mapped = self._mappers[row.campaign](contact)
        samples = self._samples[row.campaign]
        if len(samples) < SAMPLES:
            samples.append(mapped)
        content = orjson.dumps(mapped)
        digest = blake2b(content, digest_size=16).hexdigest()
        return PlannedEntry(row.campaign, source, row.lead_id, contact.phones[0], content, digest, row.is_delivery)

    def _write(self, judged: Judged) -> set[str]:
        groups, day = judged.groups, judged.day
        if not groups:
            return set()
        batches = [self._batch(group) for group in groups]
        import_ids = self._ledger.insert_planned(self._scope.vendor, day, batches, planned_at=judged.judged_at)
        placed = [
            (entry, import_id, position)
            for group, import_id in zip(groups, import_ids, strict=True)
            for position, entry in enumerate(group)
        ]
        new, again = [p for p in placed if not p[0].is_again], [p for p in placed if p[0].is_again]
        self._ledger.insert_deliveries(self._scope.vendor, day, _deliveries(new))
        for is_update in (False, True):
            carried = [one for one in again if one[0].is_update is is_update]
            self._ledger.replan_deliveries(day, _deliveries(carried), is_update=is_update)
        self._summary.import_count += len(groups)
        return {group[0].campaign for group in groups}

    def _batch(self, group: Sequence[PlannedEntry]) -> PlannedBatch:
        action: Action = "update" if group[0].is_update else "create"
        return PlannedBatch.of(self._campaigns[group[0].campaign], [entry.content for entry in group], action=action)

    def _cut(self, *, is_last: bool) -> tuple[list[list[PlannedEntry]], datetime | None]:
        """Updates, each alone, and full batches are taken off those that wait; the rest too at the last cut."""
        judged_at = self._judged_at
        groups = [group for entries in self._waiting.values() for group in self._cut_off(entries, is_last)]
        if not any(self._waiting.values()):
            self._judged_at = None
        return groups, judged_at

    def _cut_off(self, entries: list[PlannedEntry], is_last: bool) -> list[list[PlannedEntry]]:
        updates = [[entry] for entry in entries if entry.is_update]
        if updates:
            entries[:] = [entry for entry in entries if not entry.is_update]
        end = len(entries) if is_last else len(entries) - len(entries) % self._batch_size
        taken, entries[:end] = entries[:end], []
        return updates + [taken[start : start + self._batch_size] for start in range(0, end, self._batch_size)]


def _naming(row: Plannable, field_name: str, key: str | None) -> Plannable:
    """The row with the vendor's key for what it names."""
    return row._replace(agent=key) if field_name == "agent" else row._replace(time_zone=key)


def first_phone(row: Plannable) -> str:
    """The number that is called first."""
    return row.joined_phones.partition(",")[0]


def _contact(row: Plannable, source: str, zone: ZoneInfo) -> Contact:
    # Taken apart at once: by name, one by one, it takes twice as long.
    _, _, lead_id, phones, time_zone, country, first_name, last_name, email, agent, *own, attributes, _, _, _, _ = row
    priority, not_before = own
    return Contact(
        source,
        lead_id,
        phones.split(","),
        first_name,
        last_name,
        email,
        country,
        time_zone,
        agent,
        parse_priority(priority) if priority else None,
        parse_not_before(not_before, zone) if not_before else None,
        orjson.loads(attributes) if attributes else {},
    )


def _deliveries(placed: Sequence[tuple[PlannedEntry, int, int]]) -> pa.Table:
    """Entries with the import and position that carry them, as columns of `ledger.deliveries`."""
    entries, import_ids, positions = zip(*placed, strict=True) if placed else ((), (), ())
    columns = zip(*entries, strict=True) if entries else [()] * len(PlannedEntry._fields)
    campaigns, sources, lead_ids, phones, _, digests, *_ = columns
    return pa.table(
        {
            "campaign": campaigns,
            "source": sources,
            "lead_id": lead_ids,
            "phone": phones,
            "content_digest": ["\\x" + digest for digest in digests],
            "import_id": import_ids,
            "position": positions,
        }
    )
