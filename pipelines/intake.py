"""Pulls the sources into `crm`, and decides every row of a day.

Belongs here: the way from a source to a verdict. Does not belong here: how a source is read
(`connectors/crm/`, `sources.py`), the rules (`eligibility.py`), what is sent (`planning.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeAlias
from uuid import UUID, uuid4

import pandas as pd
import pyarrow.compute as pc

from connectors.crm.frames import DayWindow, as_arrow
from connectors.crm.layout import COLUMNS
from connectors.crm.settings import SourceSettings
from connectors.errors import SetupError
from pipelines import eligibility
from pipelines.ahead import Behind
from pipelines.campaigns import campaign_rules, record_defects
from pipelines.eligibility import CampaignRule, Policy
from pipelines.refusals import Refusals
from pipelines.settings import Settings
from pipelines.sharing import Sharing
from pipelines.source_settings import TABLES, Source
from pipelines.sources import configured_sources, open_source
from pipelines.store import Store, utc_now
from pipelines.unplanning import withdraw_outdated
from pipelines.vendors import VENDORS

Rows: TypeAlias = Mapping[Source, tuple[UUID, Generator[pd.DataFrame]]]
"""For each source the pull that the rows came from, and the rows; they are read to their end, or closed."""

CHUNK_ROWS = 15_000  # each costs some 0.02 s beside its rows, and memory has several
_STORED = ("row_no", "defect", "cursor_at", *(name for name in COLUMNS if name != "updated_at"), "attributes")


@dataclass
class PullSummary:
    """What a pull of one source and day found."""

    source: Source
    day: date
    pull_id: UUID = field(default_factory=uuid4)
    origin: str = ""
    read_count: int = 0
    defect_count: int = 0
    by_campaign: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class DecisionSummary:
    """How many rows of a day have each verdict, and why."""

    day: date
    by_verdict: Mapping[str, int]
    by_reason: Mapping[str, int]
    imbalances: Mapping[str, tuple[int, int]]

    @property
    def read_count(self) -> int:
        """How many rows were decided."""
        return sum(self.by_verdict.values())

    @property
    def is_empty(self) -> bool:
        """Whether no row of the day could be read."""
        return self.read_count == self.by_reason.get("row_unreadable", 0)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges the day's rows chunk by chunk, and remembers what only the whole day can tell."""

    looking: Store
    day: date
    rules: Mapping[str, CampaignRule]
    policy: Policy
    sharing: Sharing
    refusals: Refusals
    ready: Callable[[], object]

    def __call__(self, source: Source, read: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
        """The verdicts of the frame, with its contacts beside it."""
        self.ready()
        frame, contacts = read
        phones = ",".join(eligibility.numbers(contacts))
        listed = {row.phone for row in self.looking.rows("crm", "listed_numbers", phones=phones, day=self.day)}
        decided = eligibility.judge(frame, contacts, self.rules, listed, self.policy)
        self.sharing.note(source, decided)
        self.refusals.note(source, decided)
        return decided


def pull(
    store: Store,
    settings: Settings,
    summary: PullSummary,
    *,
    required: Iterable[str] = (),
    confirm: Callable[[], object] = lambda: None,
) -> Generator[pd.DataFrame]:
    """Yields the day's rows chunk by chunk and stores them on the way; all or nothing is committed.

    The summary is complete when the iterator is exhausted. `confirm` is called before anything is committed: what it
    raises undoes the pull.
    """
    name = TABLES[summary.source]
    source = open_source(settings, name, required=required)
    window = DayWindow(summary.day, settings.zone)
    summary.origin = _origin(getattr(settings.sources, name))
    with store.transaction():
        store.run("crm", "take_turns", name=f"pull {summary.source} {summary.day}")
        store.run("crm", f"delete_{summary.source}_rows", day=summary.day)
        put_away = partial(store.copy, f"crm.{name}")
        with Behind(put_away, is_inline=store.is_dry_run) as stored:
            for frame in source.chunks(window, chunk_rows=CHUNK_ROWS):
                _count(summary, frame)
                stored.hand_over(_stored(frame, summary.day))
                yield frame
        confirm()
        _record_pull(store, summary)


def stored_rows(store: Store, source: Source, day: date) -> Generator[pd.DataFrame]:
    """Yields the day's rows as the newest pull stored them."""
    columns = [*(name for name in _STORED if name != "attributes")]
    for page in store.pages("crm", "rows", source=source, day=day, page_rows=CHUNK_ROWS):
        frame = pd.DataFrame(page, columns=columns, dtype=object)
        frame["cursor_at"] = pd.to_datetime(frame["cursor_at"], utc=True)
        yield frame


def stored_pulls(store: Store, settings: Settings, day: date) -> dict[Source, UUID]:
    """The newest pull of every configured source; SetupError if one was never pulled."""
    found: dict[Source, UUID] = {row.source: row.pull_id for row in store.rows("crm", "pulls", day=day)}
    missing = [source for source in configured_sources(settings) if source not in found]
    if missing:
        raise SetupError(
            f"crm.{TABLES[missing[0]]} was not pulled for {day}: materialise crm/{TABLES[missing[0]]} first"
        )
    return {source: found[source] for source in configured_sources(settings)}


def decide(
    store: Store,
    settings: Settings,
    day: date,
    begin: Callable[[Callable[[], object]], Rows],
    *,
    looking: Store,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Every row of the day has a verdict in `ledger.contacts`; committed as a whole.

    Args:
        begin: makes the rows, when it is our turn to decide the day; is given what returns once `meanwhile` is done.
        looking: where numbers are looked up meanwhile; in a dry run `store` itself.
        meanwhile: what is done while the first rows are read. Nothing is decided before; what it raises is raised.
    """
    policy = Policy(settings.eligibility.consent_required, settings.eligibility.do_not_call, settings.zone)
    with store.transaction(), ThreadPoolExecutor(1, thread_name_prefix="meanwhile") as beside:
        store.run("crm", "take_turns", name=f"decide {day}")
        ready = beside.submit(meanwhile).result
        rules, rows = campaign_rules(store), begin(ready)
        sharing, refusals = Sharing(), Refusals.around(store, day, days=settings.eligibility.withdraw_days)
        judge = _Judge(looking, day, rules, policy, sharing, refusals, ready)
        for source in TABLES.keys() - rows.keys():
            _note_stored(store, source, day, sharing)
        for source, (_, frames) in rows.items():
            store.run("contacts", "delete_day", day=day, source=source)
            with closing(frames):
                _decide_rows(store, source, day, frames, rules, judge)
        ready()
        store.mend_statistics()
        refusals.hold(store)
        _mark_duplicates(store, day, sharing)
        for source, (pull_id, _) in rows.items():
            store.run("contacts", "upsert_decision", day=day, source=source, pull_id=pull_id, now=utc_now())
        store.run("plans", "note_to_plan", day=day, now=utc_now())
        store.run("crm", "forget_intake_failure", day=day)
        _withdraw_plans(store, day)
        store.run("reporting", "forget_stops", day=day)
        record_defects(store, day)
    # Plans of other days that were made before the commit could not see a refusal of this one.
    for source, (pull_id, _) in rows.items():
        store.run("contacts", "renew_decision", day=day, source=source, pull_id=pull_id, now=utc_now())


def decision_summary(store: Store, day: date) -> DecisionSummary:
    """What was decided for the day, and where the reader's count differs."""
    by_verdict: Counter[str] = Counter()
    by_reason: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    for row in store.rows("contacts", "verdict_counts", day=day):
        by_verdict[row.verdict] += row.row_count
        decided[row.campaign] += row.row_count
        if row.reason_code:
            by_reason[row.reason_code] += row.row_count
    read = Counter({row.campaign: row.read_count for row in store.rows("contacts", "read_counts", day=day)})
    campaigns = sorted(read.keys() | decided.keys())
    unequal = {name: (read[name], decided[name]) for name in campaigns if read[name] != decided[name]}
    return DecisionSummary(day, dict(by_verdict), dict(by_reason), unequal)


def _decide_rows(
    store: Store,
    source: Source,
    day: date,
    frames: Iterable[pd.DataFrame],
    rules: Mapping[str, CampaignRule],
    judge: _Judge,
) -> None:
    """Every row of the frames is decided: one is read while those before it are normalised, judged and stored.

    Each step hands on to the next by itself: the last rows do not wait until their source is closed.
    """

    def pass_on_normalised(frame: pd.DataFrame) -> None:
        judged.hand_over((frame, eligibility.normalise(frame, rules)))

    def pass_on_judged(read: tuple[pd.DataFrame, pd.DataFrame]) -> None:
        stored.hand_over(judge(source, read))

    is_inline = store.is_dry_run
    with (
        Behind(partial(_store_decided, store, source, day), is_inline=is_inline) as stored,
        Behind(pass_on_judged, is_inline=is_inline) as judged,
        Behind(pass_on_normalised, is_inline=is_inline) as normalised,
    ):
        for frame in frames:
            normalised.hand_over(frame)


def _store_decided(store: Store, source: Source, day: date, decided: pd.DataFrame) -> None:
    """Every row has its verdict in `ledger.contacts`."""
    decided = decided.drop(columns="phone")
    decided.insert(0, "day", str(day))
    decided.insert(1, "source", source)
    # E.164 holds neither commas nor quotes: the array literal needs no escaping.
    decided["phones"] = "{" + decided["phones"] + "}"
    store.copy("ledger.contacts", decided)


def _note_stored(store: Store, source: Source, day: date, sharing: Sharing) -> None:
    """The rows of a source that is not read any more: they stand as they were decided, and may be planned."""
    columns = ["row_no", "campaign", "lead_id", "verdict", "reason_code", "phone"]
    values = {"day": day, "source": source, "stops": list(eligibility.STOPS)}
    for page in store.pages("contacts", "comparable_rows", page_rows=CHUNK_ROWS, **values):
        sharing.note(source, pd.DataFrame(page, columns=columns))


def _mark_duplicates(store: Store, day: date, sharing: Sharing) -> None:
    shared = sharing.rows()
    store.one(
        "contacts",
        "mark_duplicates",
        day=day,
        sources=[source for source, row_nos in shared.items() for _ in row_nos],
        row_nos=[row_no for row_nos in shared.values() for row_no in row_nos.tolist()],
    )


def _withdraw_plans(store: Store, day: date) -> None:
    """What was planned before is planned anew; for a campaign that is gone by now, by nobody."""
    for vendor in VENDORS:
        planned = [row.campaign for row in store.rows("imports", "campaigns_with_open", vendor=vendor, days=[day])]
        withdraw_outdated(store, vendor, day, planned, actor="contacts")


def _count(summary: PullSummary, frame: pd.DataFrame) -> None:
    summary.read_count += len(frame)
    summary.defect_count += int(frame["defect"].notna().sum())
    counted = pc.value_counts(as_arrow(frame["campaign"])).to_pylist()
    summary.by_campaign.update({each["values"] or "": each["counts"] for each in counted})


def _stored(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    stored = frame[list(_STORED)]
    stored.insert(0, "day", str(day))
    return stored


def _record_pull(store: Store, summary: PullSummary) -> None:
    store.run(
        "crm",
        "upsert_pull",
        source=summary.source,
        day=summary.day,
        pull_id=summary.pull_id,
        origin=summary.origin,
        read_count=summary.read_count,
        defect_count=summary.defect_count,
        now=utc_now(),
    )
    store.run("crm", "delete_read_counts", source=summary.source, day=summary.day)
    store.run(
        "crm",
        "insert_read_counts",
        source=summary.source,
        day=summary.day,
        campaigns=list(summary.by_campaign),
        counts=list(summary.by_campaign.values()),
    )


def _origin(source: SourceSettings) -> str:
    return source.csv if source.csv is not None else (source.table or "query")
