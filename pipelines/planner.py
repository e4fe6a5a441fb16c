"""Judges the contacts of a plan page by page, fills batches with them, and stores what they came to.

Belongs here: the comparison of contacts with what was delivered before, and frozen payloads. Does not belong here:
which pages there are and who plans when (`planning.py`), eligibility (`eligibility.py`), sending (`delivery.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, blank_as_missing, by_value, having, whole
from connectors.gateway import CONTACT_COLUMNS, Action, Campaign, Contact, Entry, Gateway, MapsColumns, RenamesAgents
from connectors.redaction import redact
from pipelines.eligibility import REASONS, parse_priority
from pipelines.ledger_rows import Holders, Numbered, PlannedBatch, Refusal, Scope
from pipelines.not_before import early_contacts, read_not_before
from pipelines.plan_ledger import PlanLedger
from pipelines.reference import UNKNOWN, Vocabulary, Words
from pipelines.store import utc_now

SAMPLES = 3


ENTERED = ("planned", "update")
"""Outcomes of contacts that are sent."""

KEPT = ("unchanged", "in_progress", "duplicate")
"""Outcomes of contacts of which nothing is sent, though their leads are at the vendor, or will be."""

CONTENT = pa.large_binary()

ENTRIES = pa.schema(
    [
        ("row_no", pa.int64()),
        ("source", TEXT),
        ("lead_id", TEXT),
        ("phone", TEXT),
        ("phones", TEXT),
        ("content", CONTENT),
        ("content_digest", TEXT),
        ("is_again", pa.bool_()),
        ("is_update", pa.bool_()),
    ]
)
"""Deliveries on their way into a batch. `content`: what the vendor would receive, in JSON; its digest is in hex."""


@dataclass
class PlanSummary:
    """What planning came to. `counts`: planned, update, unchanged, superseded, changed, in_progress, behind (with older
    words in progress), refused_before, duplicate, suppressed, invalid, unattributed, withdrawn: together, every
    eligible contact of the scope. `stopped` names campaigns whose target is not there, and why: none of their contacts
    is planned. `has_freed_numbers`: an update gives up a number, and somebody was refused for one; the next plan may
    send him."""

    counts: Counter[str] = field(default_factory=Counter)
    by_campaign: dict[str, Counter[str]] = field(default_factory=dict)
    import_count: int = 0
    withdrawn_import_count: int = 0
    samples: dict[str, list[Entry]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    has_freed_numbers: bool = False

    def add(self, campaign: str, outcomes: Mapping[str, int]) -> None:
        """So many more contacts of the campaign came to each outcome."""
        self.counts.update(outcomes)
        self.by_campaign.setdefault(campaign, Counter()).update(outcomes)


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts that may become deliveries, as `PLANNABLE`, and what the ledger said of their numbers."""

    day: date
    source: str
    contacts: pa.Table
    listed: set[str]
    held: Holders


class Filled(NamedTuple):
    """Batches, and what they carry: `entries` as `ENTRIES`, of all of them in order, each with its `campaign`, the
    place of its `batch` among them, and its `position` in it."""

    batches: Sequence[PlannedBatch]
    entries: pa.Table


@dataclass(frozen=True, slots=True)
class Judged:
    """What a page came to: contacts that are refused, leads that changed and are not sent, leads that are again what
    the vendor has, leads that have other numbers and are not sent, and batches that are full.

    `begun_at` is before anything was read that they were judged by: what is decided or listed later makes them stale.
    """

    day: date
    source: str
    refusals: Sequence[Refusal]
    changed: Sequence[Numbered]
    returned: Sequence[Numbered]
    renumbered: Sequence[Numbered]
    filled: Filled
    begun_at: datetime


@dataclass
class OnceMore:
    """Which campaigns are to be planned for a day once more, as its plan finds out, and from when.

    `crowded`: in them a number was another lead's; `freeing`: in them an update gives a number up.
    """

    since: dict[str, datetime] = field(default_factory=dict)
    crowded: set[str] = field(default_factory=set)
    freeing: set[str] = field(default_factory=set)

    def note(self, campaign: str, since: datetime) -> None:
        """The campaign is to be planned once more from that time on, or from an earlier one."""
        self.since[campaign] = min(since, self.since.get(campaign, since))


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
        self._can_update, self._keeps_phones = gateway.can_update, gateway.keeps_phones
        self._carries_not_before = gateway.carries_not_before
        self._mappers: dict[str, Callable[[Contact], Entry]] = {
            name: gateway.mapper(campaign) for name, campaign in campaigns.items()
        }
        self._column_mappers = {
            name: gateway.column_mapper(campaign) if isinstance(gateway, MapsColumns) else None
            for name, campaign in campaigns.items()
        }
        self._renamed_agents = {
            name: renamed
            for name, campaign in campaigns.items()
            if isinstance(gateway, RenamesAgents) and (renamed := gateway.renamed_agents(campaign))
        }
        self._samples = summary.samples
        self._samples.update({name: [] for name in campaigns})
        self._waiting: dict[str, pa.Table] = {}
        self._begun_at = utc_now()
        self._again = OnceMore()

    def begin(self, day: date) -> None:
        """What an earlier plan of the day left unsent, or refused, is to be judged anew; so is what older days left of
        its leads."""
        self._begun_at = utc_now()
        self._again = OnceMore()
        with self._ledger.store.transaction():
            self._summary.withdrawn_import_count += self._ledger.withdraw_plan(self._scope, day)
            self._ledger.reconsider(self._scope, day)

    def judge(self, page: Page) -> Judged:
        """Every contact of the page is entered, left as it is, or refused; and counted."""
        contacts, unknown = self._looked_up(page.contacts)
        refusals = self._early(contacts) | _listed(page, contacts) | unknown
        is_refused = pc.is_in(contacts["row_no"], pa.array(refusals, pa.int64()))
        refused, kept = contacts.filter(is_refused), having(contacts, pc.invert(is_refused))
        for campaign, row_no in zip(refused["campaign"].to_pylist(), refused["row_no"].to_pylist(), strict=True):
            self._summary.add(campaign, {refusals[row_no].verdict: 1})
        changed: list[Numbered] = []
        returned: list[Numbered] = []
        renumbered: list[Numbered] = []
        for campaign in kept["campaign"].unique().to_pylist():
            own = having(kept, pc.equal(kept["campaign"], campaign))
            outcomes = self._enter(campaign, page, own, refusals)
            changed += _numbered(own.filter(pc.equal(outcomes, "changed")))
            is_back = pc.and_kleene(pc.equal(outcomes, "unchanged"), own["is_outdated"])
            is_ours = pc.equal(own["vendor"], self._scope.vendor)
            returned += _numbered(own.filter(pc.and_kleene(is_back, is_ours)))
            is_newest = pc.invert(pc.or_kleene(own["is_newer"], own["is_outrun"]))
            is_kept = pc.and_kleene(pc.is_in(outcomes, pa.array(KEPT, TEXT)), pc.and_kleene(is_newest, is_ours))
            renumbered += _numbered(own.filter(pc.and_kleene(is_kept, own["has_new_number"])))
            if pc.any(pc.equal(outcomes, "behind")).as_py():
                self._again.note(campaign, self._begun_at)
        filled = self._cut(is_last=False)
        told = list(refusals.values())
        return Judged(page.day, page.source, told, changed, returned, renumbered, filled, self._begun_at)

    def rest(self, day: date) -> Judged:
        """The entries that fill no batch."""
        return Judged(day, "", [], [], [], [], self._cut(is_last=True), self._begun_at)

    def end(self, day: date, seen: Mapping[str, datetime]) -> None:
        """The campaigns that were to be planned, as seen before, are planned for the day.

        Some are to be planned once more: where a lead's older words are under way, where somebody was refused for a
        number and an update gives one up, and where somebody must not be called yet.
        """
        for campaign in self._again.crowded & self._again.freeing:
            self._summary.has_freed_numbers = True
            self._again.note(campaign, self._begun_at)
        with self._ledger.store.transaction():
            self._ledger.forget_to_plan(day, seen)
            self._ledger.plan_again(day, self._again.since)

    def store(self, judged: Judged) -> set[str]:
        """What the page came to is committed; the campaigns that imports were added to."""
        with self._ledger.store.transaction():
            self._ledger.refuse_contacts(judged.day, judged.source, judged.refusals)
            self._ledger.note_changes(judged.source, judged.changed)
            self._ledger.note_returns(judged.day, judged.source, judged.returned, can_update=self._can_update)
            self._ledger.note_numbers(judged.source, judged.renumbered)
            return self._write(judged)

    def _looked_up(self, contacts: pa.Table) -> tuple[pa.Table, dict[int, Refusal]]:
        """The contacts with the vendor's keys for what they name; by row number, those whose word it does not know."""
        unknown: dict[int, Refusal] = {}
        for name, words in self._vocabulary.of_leads.items():
            named = blank_as_missing(whole(contacts[name]))
            keys = by_value(named, partial(_key, words))
            if name == "agent" and self._renamed_agents:
                keys = pc.if_else(self._is_renamed(contacts), named, keys)
            contacts = contacts.set_column(contacts.column_names.index(name), name, keys)
            if name == "agent" and self._vocabulary.drops_agents:
                continue
            is_odd = pc.and_(named.is_valid(), keys.is_null())
            row_nos = contacts["row_no"].filter(is_odd).to_pylist()
            for row_no, word in zip(row_nos, named.filter(is_odd).to_pylist(), strict=True):
                shown, hint = redact(word), self._suggestion(name, words, word)  # it may be a person's login or number
                text = f"{name} {shown} is not known at {self._scope.vendor}{hint}"
                unknown.setdefault(row_no, Refusal(row_no, "invalid", UNKNOWN[name], text))
        return contacts, unknown

    def _is_renamed(self, contacts: pa.Table) -> pa.Array:
        """Whether the mapping of a contact's campaign says which agent is meant."""
        campaigns, agents = whole(contacts["campaign"]), whole(contacts["agent"])
        is_renamed = pa.repeat(pa.scalar(False), len(contacts))
        for name, renamed in self._renamed_agents.items():
            is_one = pc.and_(pc.equal(campaigns, name), pc.is_in(agents, pa.array(renamed, TEXT)))
            is_renamed = pc.or_(is_renamed, is_one)
        return is_renamed

    def _early(self, contacts: pa.Table) -> dict[int, Refusal]:
        """By row number, those who must not be called yet, where the vendor cannot be told: they are planned then."""
        if self._carries_not_before:
            return {}
        early = early_contacts(contacts, self._scope.vendor, self._zone, self._begun_at)
        for _, campaign, until in early:
            self._again.note(campaign, until)
        return {refusal.row_no: refusal for refusal, _, _ in early}

    def _suggestion(self, name: str, words: Words, word: str) -> str:
        if (name, word) not in self._suggestions:  # the nearest word takes long to find
            self._suggestions[name, word] = words.suggestion(word)
        return self._suggestions[name, word]

    def _enter(self, campaign: str, page: Page, contacts: pa.Table, refusals: dict[int, Refusal]) -> pa.Array:
        """What is to be sent of the campaign's contacts waits for a batch, but for those whose number another lead has:
        they are among the refusals. What becomes of each contact."""
        entries = self._entries(campaign, page.source, contacts)
        outcomes = self._outcomes(contacts, entries["content_digest"])
        if taken := _taken(page, having(contacts, pc.is_in(outcomes, pa.array(ENTERED, TEXT)))):
            refusals |= taken
            self._again.crowded.add(campaign)
            outcomes = pc.if_else(
                pc.is_in(whole(contacts["row_no"]), pa.array(taken, pa.int64())), "duplicate", outcomes
            )
        if pc.any(pc.and_kleene(pc.equal(outcomes, "update"), contacts["is_other_number"])).as_py():
            self._again.freeing.add(campaign)
        self._summary.add(campaign, {each["values"]: each["counts"] for each in pc.value_counts(outcomes).to_pylist()})
        entries = entries.append_column("is_update", pc.equal(outcomes, "update"))
        entered = having(entries, pc.is_in(outcomes, pa.array(ENTERED, TEXT))).cast(ENTRIES)
        samples = self._samples[campaign]
        samples += [orjson.loads(content) for content in entered["content"][: SAMPLES - len(samples)].to_pylist()]
        self._waiting[campaign] = pa.concat_tables([self._waiting.get(campaign, ENTRIES.empty_table()), entered])
        return outcomes

    def _outcomes(self, contacts: pa.Table, digests: pa.ChunkedArray) -> pa.Array:
        """What becomes of each contact, compared with what was delivered of it before."""
        verdicts = whole(contacts["verdict"])
        is_same = whole(pc.equal(contacts["content_digest"], digests))
        is_taken = pc.is_in(verdicts, pa.array(["accepted", "duplicate"], TEXT))
        is_ours = whole(pc.equal(contacts["vendor"], self._scope.vendor))
        is_outrun = whole(contacts["is_outrun"])
        is_newer = pc.or_kleene(whole(contacts["is_newer"]), is_outrun)
        is_new = pc.invert(whole(contacts["is_delivery"]))
        rules = {
            "outrun": (pc.and_(is_new, is_outrun), "superseded"),
            "new": (is_new, "planned"),
            "open": (pc.and_(verdicts.is_null(), pc.or_(is_same, is_newer)), "in_progress"),
            "overtaken": (verdicts.is_null(), "behind"),
            "ended": (pc.is_in(verdicts, pa.array(["unattributed", "withdrawn"], TEXT)), verdicts),
            # Its campaign went to another vendor since: the one that took it keeps it.
            "elsewhere": (pc.and_(is_taken, pc.invert(is_ours)), "unchanged"),
            "unchanged": (pc.and_(is_taken, is_same), "unchanged"),
            "newer": (is_newer, "superseded"),
            "taken": (is_taken, "update" if self._can_update else "changed"),
            "refused": (pc.and_(is_same, is_ours), "refused_before"),
        }
        conditions, outcomes = zip(*rules.values(), strict=True)
        names = [name if isinstance(name, pa.Array) else pa.scalar(name, TEXT) for name in (*outcomes, "planned")]
        return pc.case_when(pc.make_struct(*conditions, field_names=list(rules)), *names)

    def _entries(self, campaign: str, source: str, contacts: pa.Table) -> pa.Table:
        """Each contact as it would be sent; whether it is an update is not known yet."""
        contents = self._contents(campaign, _contact_columns(contacts, source, self._zone))
        return pa.table(
            {
                "row_no": contacts["row_no"],
                "source": pa.repeat(source, len(contacts)),
                "lead_id": contacts["lead_id"],
                "phone": contacts["phone"],
                "phones": contacts["phones"],
                "content": contents,
                "content_digest": [blake2b(content, digest_size=16).hexdigest() for content in contents.to_pylist()],
                "is_again": contacts["is_delivery"],
            }
        )

    def _contents(self, campaign: str, contacts: pa.Table) -> pa.Array:
        """What the vendor would receive of each contact, as JSON."""
        map_columns = self._column_mappers[campaign]
        mapped = map_columns(contacts) if map_columns else None
        if mapped is None:
            map_contact = self._mappers[campaign]
            mapped = pa.array([orjson.dumps(map_contact(one)) for one in _contacts(contacts)], CONTENT)
        return pc.cast(mapped, CONTENT)

    def _write(self, judged: Judged) -> set[str]:
        (batches, entries), day = judged.filled, judged.day
        if not batches:
            return set()
        import_ids = self._ledger.insert_planned(self._scope.vendor, day, batches, planned_at=judged.begun_at)
        carried = entries.append_column("import_id", pa.array(import_ids).take(whole(entries["batch"])))
        self._ledger.insert_deliveries(self._scope.vendor, day, having(carried, pc.invert(carried["is_again"])))
        again = carried.filter(carried["is_again"])
        for is_update in (False, True):
            own = again.filter(pc.equal(again["is_update"], is_update))
            self._ledger.replan_deliveries(
                self._scope.vendor, day, own, is_update=is_update, keeps_phones=self._keeps_phones
            )
        self._summary.import_count += len(batches)
        return {batch.campaign.campaign for batch in batches}

    def _cut(self, *, is_last: bool) -> Filled:
        """Updates, each alone, and full batches are taken off those that wait; the rest too at the last cut."""
        groups = [(name, entries) for name in self._waiting for entries in self._cut_off(name, is_last)]
        return _filled([(self._campaigns[name], entries) for name, entries in groups])

    def _cut_off(self, campaign: str, is_last: bool) -> list[pa.Table]:
        waiting, size = self._waiting[campaign], self._batch_size
        updates = waiting.filter(waiting["is_update"])
        others = having(waiting, pc.invert(waiting["is_update"])).combine_chunks()
        end = len(others) if is_last else len(others) - len(others) % size
        self._waiting[campaign] = others.slice(end)
        full = [others.slice(start, min(size, end - start)) for start in range(0, end, size)]
        return [updates.slice(at, 1) for at in range(len(updates))] + full


def _key(words: Words, word: str) -> str | None:
    entry = words.find(word)
    return entry.key if entry else None


def _numbered(contacts: pa.Table) -> list[Numbered]:
    return [Numbered(**row) for row in contacts.select(list(Numbered._fields)).to_pylist()]


def _listed(page: Page, contacts: pa.Table) -> dict[int, Refusal]:
    """By row number, those who were listed since they were decided."""
    if not page.listed:  # nearly always, and then nobody is looked at
        return {}
    refusal = ("suppressed", "do_not_call", REASONS["do_not_call"][1])
    rows = zip(contacts["row_no"].to_pylist(), contacts["phones"].to_pylist(), strict=True)
    return {
        row_no: Refusal(row_no, *refusal) for row_no, phones in rows if not page.listed.isdisjoint(phones.split(","))
    }


def _taken(page: Page, contacts: pa.Table) -> dict[int, Refusal]:
    """By row number, those whose first number another lead of their campaign has."""
    if not page.held:
        return {}
    columns = (contacts[name].to_pylist() for name in ("row_no", "campaign", "lead_id", "phone"))
    refusals: dict[int, Refusal] = {}
    for row_no, campaign, lead_id, phone in zip(*columns, strict=True):
        holder = page.held.get((campaign, phone))
        if holder is not None and holder != (page.source, lead_id):
            text = f"the campaign has this number as {holder[0]} {holder[1]}"
            refusals[row_no] = Refusal(row_no, "duplicate", "number_in_campaign", text)
    return refusals


def _contact_columns(contacts: pa.Table, source: str, zone: ZoneInfo) -> pa.Table:
    """The contacts, all of one source, as a vendor's mapping wants them."""
    read = {
        "source": pa.repeat(pa.scalar(source, TEXT), len(contacts)),
        "priority": by_value(whole(contacts["priority"]), parse_priority, pa.int64()),
        "not_before": read_not_before(contacts, zone),
    }
    columns = dict(zip(contacts.column_names, contacts.columns, strict=True)) | read
    return pa.table([columns[name] for name in CONTACT_COLUMNS.names], schema=CONTACT_COLUMNS)


def _contacts(columns: pa.Table) -> Iterator[Contact]:
    """The contacts one by one."""
    for row in zip(*columns.to_pydict().values(), strict=True):
        attributes = orjson.loads(row[-1]) if row[-1] else {}
        yield Contact(*row)._replace(phones=row[2].split(","), attributes=attributes)


def _filled(groups: Sequence[tuple[Campaign, pa.Table]]) -> Filled:
    """Each campaign's entries that travel together, as a batch."""
    batches = [_batch(campaign, entries) for campaign, entries in groups]
    sizes = [batch.entry_count for batch in batches]
    places = pa.array(np.repeat(np.arange(len(batches)), sizes))
    positions = [np.arange(0), *(np.arange(size) for size in sizes)]
    entries = pa.concat_tables([ENTRIES.empty_table(), *(entries for _, entries in groups)])
    return Filled(
        batches,
        entries.drop_columns(["row_no", "content"])
        .combine_chunks()
        .append_column("campaign", pa.array([campaign.campaign for campaign, _ in groups], TEXT).take(places))
        .append_column("batch", places)
        .append_column("position", pa.array(np.concatenate(positions))),
    )


def _batch(campaign: Campaign, entries: pa.Table) -> PlannedBatch:
    action: Action = "update" if entries["is_update"][0].as_py() else "create"
    return PlannedBatch.of(campaign, entries["content"].to_pylist(), action=action)
