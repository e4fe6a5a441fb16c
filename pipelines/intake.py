"""Pulls the sources into `crm`, and decides every row of a day.

Belongs here: the way from a source to a verdict. Does not belong here: how a source is read
(`connectors/crm/`), the rules (`eligibility.py`), what is sent (`planning.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson
import pandas as pd
import phonenumbers
import pyarrow.compute as pc

from connectors.crm.csv import CsvSource
from connectors.crm.database import DatabaseSource
from connectors.crm.frames import COLUMNS, DayWindow, as_arrow, as_texts
from connectors.errors import SetupError
from connectors.gateway import Campaign
from pipelines import eligibility
from pipelines.ahead import Behind
from pipelines.eligibility import CampaignRule, Policy
from pipelines.phones import to_e164
from pipelines.settings import Settings, SourceSettings, target_of
from pipelines.store import Store, utc_now
from pipelines.vendors import VENDORS

CHUNK_ROWS = 10_000
Source = Literal["lead", "customer"]
TABLES: Mapping[Source, str] = {"lead": "leads", "customer": "customers"}
CAMPAIGN_FIELDS = ("campaign", "vendor", "target", "region", "active")
DO_NOT_CALL_FIELDS = ("phone", "reason", "until")
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


def configured_sources(settings: Settings) -> list[Source]:
    """The sources of rows that the configuration has."""
    return [source for source, name in TABLES.items() if getattr(settings.sources, name) is not None]


def open_source(settings: Settings, name: str, *, required: Iterable[str] = ()) -> CsvSource | DatabaseSource:
    """The source that `sources.<name>` describes; nothing is read yet."""
    source: SourceSettings = getattr(settings.sources, name)
    fields = {"campaigns": CAMPAIGN_FIELDS, "do_not_call": DO_NOT_CALL_FIELDS}.get(name, COLUMNS)
    common: dict[str, Any] = {
        "setting": f"sources.{name}",
        "columns": source.columns,
        "cursor": source.cursor,
        "cursor_zone": _zone(settings, source),
        "cursor_format": source.cursor_format,
        "required": (*_essential(name, source), *required),
        "fields": fields,
    }
    if source.csv is not None:
        path = str(settings.folder / source.csv)
        return CsvSource(path, encoding=source.encoding, delimiter=source.delimiter, **common)
    return DatabaseSource(_beside(settings, source.database or ""), table=source.table, query=source.query, **common)


def pull(
    store: Store, settings: Settings, summary: PullSummary, *, required: Iterable[str] = ()
) -> Generator[pd.DataFrame]:
    """Yields the day's rows chunk by chunk and stores them on the way; all or nothing is committed.

    The summary is complete when the iterator is exhausted.
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
    store: Store, settings: Settings, day: date, rows: Mapping[Source, tuple[UUID, Generator[pd.DataFrame]]]
) -> DecisionSummary:
    """Every row of the day has a verdict in `ledger.contacts`; committed as a whole.

    Args:
        rows: for each source the pull that the rows came from, and the rows; they are read to their end, or closed.
    """
    rules = campaign_rules(store)
    policy = Policy(settings.eligibility.consent_required, settings.eligibility.do_not_call, settings.zone)
    with store.transaction():
        store.run("crm", "take_turns", name=f"decide {day}")
        for source, (_, frames) in rows.items():
            store.run("contacts", "delete_day", day=day, source=source)
            judge = partial(_store_decided, store, source, day, rules, policy)
            with closing(frames), Behind(judge, is_inline=store.is_dry_run) as judged:
                for frame in frames:
                    judged.hand_over((frame, eligibility.normalise(frame, rules)))
        store.mend_statistics()
        store.one("contacts", "mark_duplicates", day=day)
        for source, (pull_id, _) in rows.items():
            store.run("contacts", "upsert_decision", day=day, source=source, pull_id=pull_id, now=utc_now())
        _withdraw_plans(store, day, rules)
    return decision_summary(store, day)


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


def read_campaigns(store: Store, settings: Settings) -> list[Campaign]:
    """`crm.campaigns` holds the campaigns of the configuration and of the CRM; returns them."""
    rows = {row["campaign"]: row for row in _crm_campaigns(settings)}
    rows.update({row["campaign"]: row for row in _own_campaigns(settings)})
    for row in rows.values():
        _check_campaign(row)
    with store.transaction():
        store.run("crm", "take_turns", name="campaigns")
        store.run("crm", "delete_campaigns")
        for row in rows.values():
            target, mapping = orjson.dumps(row["target"]).decode(), orjson.dumps(row["mapping"]).decode()
            store.run("crm", "insert_campaign", **{**row, "target": target, "mapping": mapping}, now=utc_now())
        store.run("crm", "upsert_snapshot", name="campaigns", now=utc_now())
    return stored_campaigns(store)


def stored_campaigns(store: Store, vendor: str | None = None) -> list[Campaign]:
    """The active campaigns of the newest snapshot, of one vendor or of all."""
    return [
        Campaign(row.campaign, row.vendor, row.target, row.region, row.mapping)
        for row in store.rows("crm", "campaigns")
        if row.is_active and vendor in (None, row.vendor)
    ]


def campaign_rules(store: Store) -> dict[str, CampaignRule]:
    """What eligibility needs to know of every campaign of the newest snapshot."""
    return {row.campaign: CampaignRule(row.region, row.is_active) for row in store.rows("crm", "campaigns")}


def read_do_not_call(store: Store, settings: Settings) -> dict[str, int]:
    """`crm.do_not_call` holds the list in E.164; how many entries were read, listed and unreadable.

    An entry that is not a number cannot be matched to anybody: it is counted as `unreadable_count`.
    """
    counts = {"read_count": 0, "entry_count": 0, "unreadable_count": 0}
    with store.transaction():
        store.run("crm", "take_turns", name="do_not_call")
        store.run("crm", "delete_do_not_call")
        if settings.sources.do_not_call is not None:
            regions = sorted({row.region for row in store.rows("crm", "campaigns") if row.region})
            for frame in open_source(settings, "do_not_call", required=("phone",)).chunks(None, chunk_rows=CHUNK_ROWS):
                _store_listed(store, frame, regions, counts)
        counts["entry_count"] = store.one("crm", "count_do_not_call").entry_count
        store.run("crm", "upsert_snapshot", name="do_not_call", now=utc_now())
    return counts


def _store_listed(store: Store, frame: pd.DataFrame, regions: list[str], counts: dict[str, int]) -> None:
    phones = as_texts(frame["phone"])
    entries = [
        (number, reason, until)
        for raw, reason, until in zip(phones, as_texts(frame["reason"]), _until(frame["until"]), strict=True)
        for number in _readings(raw, regions)
    ]
    readable = sum(bool(_readings(raw, regions)) for raw in phones)
    counts["read_count"] += len(frame)
    counts["unreadable_count"] += len(frame) - readable
    store.run(
        "crm",
        "insert_do_not_call",
        now=utc_now(),
        phones=[entry[0] for entry in entries],
        reasons=[entry[1] for entry in entries],
        until_on=[entry[2] for entry in entries],
    )


def _readings(raw: str | None, regions: list[str]) -> list[str]:
    """A national number is barred in every region that a campaign has: better one too many."""
    if raw is None:
        return []
    international = to_e164(raw, None)
    if international:
        return [international]
    return sorted({number for region in regions if (number := to_e164(raw, region))})


def _until(column: pd.Series[Any]) -> list[date | None]:
    """The last day of each entry; one that is not a date has no end."""
    parsed = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    return [None if pd.isna(at) else at.date() for at in parsed]


def _store_decided(
    store: Store,
    source: Source,
    day: date,
    rules: Mapping[str, CampaignRule],
    policy: Policy,
    read: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """Every row of the frame, with its contacts beside it, has its verdict in `ledger.contacts`."""
    frame, contacts = read
    found = store.rows("crm", "listed_numbers", phones=",".join(eligibility.numbers(contacts)), day=day)
    decided = eligibility.judge(frame, contacts, rules, {row.phone for row in found}, policy)
    decided.insert(0, "day", str(day))
    decided.insert(1, "source", source)
    # E.164 holds neither commas nor quotes: the array literal needs no escaping.
    decided["phones"] = "{" + decided["phones"] + "}"
    store.copy("ledger.contacts", decided)


def _withdraw_plans(store: Store, day: date, rules: Mapping[str, CampaignRule]) -> None:
    for vendor in VENDORS:
        store.one(
            "imports", "withdraw_plan", vendor=vendor, day=day, campaigns=list(rules), now=utc_now(), actor="contacts"
        )


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


def _crm_campaigns(settings: Settings) -> Iterator[dict[str, Any]]:
    if settings.sources.campaigns is None:
        return
    for frame in open_source(settings, "campaigns", required=("campaign", "vendor", "target")).chunks(None):
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
            yield {
                "campaign": row["campaign"],
                "vendor": row["vendor"],
                "target": _crm_target(row),
                "region": row["region"],
                "mapping": settings.mappings.of(str(row["vendor"])),
                "is_active": str(row["active"] or "true").casefold() not in eligibility.WITHDRAWN,
                "origin": f"sources.campaigns, row {row['row_no']}",
            }


def _own_campaigns(settings: Settings) -> Iterator[dict[str, Any]]:
    for index, campaign in enumerate(settings.campaigns):
        yield {
            "campaign": campaign.campaign,
            "vendor": campaign.vendor,
            "target": campaign.target,
            "region": campaign.region,
            "mapping": campaign.mapping or settings.mappings.of(campaign.vendor),
            "is_active": campaign.active,
            "origin": f"campaigns.{index}",
        }


def _crm_target(row: Mapping[Any, Any]) -> Any:
    try:
        return target_of(row["vendor"], row["target"])
    except ValueError as error:
        raise SetupError(f"sources.campaigns, row {row['row_no']}: campaign {row['campaign']}: {error}") from None


def _check_campaign(row: Mapping[str, Any]) -> None:
    name, where = row["campaign"], row["origin"]
    if not name:
        raise SetupError(f"{where}: the campaign has no name")
    if row["vendor"] not in VENDORS:
        raise SetupError(
            f"{where}: campaign {name}: there is no vendor {row['vendor']!r}; there are {', '.join(VENDORS)}"
        )
    if row["region"] is not None and row["region"] not in phonenumbers.SUPPORTED_REGIONS:
        raise SetupError(f"{where}: campaign {name}: region {row['region']!r} is not an ISO 3166 code such as DE")
    if not isinstance(row["target"], Mapping):
        raise SetupError(f"{where}: campaign {name}: the target is missing")


def _zone(settings: Settings, source: SourceSettings) -> ZoneInfo:
    return ZoneInfo(source.cursor_timezone) if source.cursor_timezone else settings.zone


def _essential(name: str, source: SourceSettings) -> Sequence[str]:
    """Columns without which an export is broken, and not a list of bad leads."""
    if name not in TABLES.values():
        return ()
    phone = next((column for column in ("phone2", "phone3") if column in source.columns), "phone1")
    return ("lead_id", "campaign", phone)


def _origin(source: SourceSettings) -> str:
    return source.csv if source.csv is not None else (source.table or "query")


def _beside(settings: Settings, url: str) -> str:
    """A relative SQLite file lies beside the configuration."""
    prefix = "sqlite:///"
    return f"{prefix}{settings.folder / url.removeprefix(prefix)}" if url.startswith(prefix) else url
