"""What people ask in the morning, answered from the reporting schema.

Belongs here: typed reads of `reporting`, and the text of the nightly report. Does not belong here: how a
terminal or Dagster shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.redaction import redact
from pipelines import withdrawals
from pipelines.store import Row, Store, utc_now

OPEN_STATES = ("planned", "sending", "submitted", "unknown")
CLOSED_STATES = ("accepted", "invalid", "suppressed", "duplicate", "rejected", "withdrawn", "unattributed")
STATES = (*CLOSED_STATES, *OPEN_STATES)
MOST_WAITING_DAYS = 31
_ASK = "leadsync status --day {day}"
_PAST = "before first_day nobody goes on with it: leadsync sync --day {day} asks about what was sent, and sends nothing"
MOST_NAMES = 10
_LONGEST_NAME = 60
_UNCONSENTED = ("consent_unclear", "consent_missing")  # what a column of consents that broke comes to


@dataclass(frozen=True)
class NightReport:
    """What became of the leads of some days: counts by campaign, reasons, open imports.

    `failures`: why the last intake of a day failed. `empty`: a sentence for each day that has no row although it should
    have one. `unfinished`: one for each day that was pulled before it had ended. `lists`: what is wrong with lists as
    they were read last. `still_there`: one for what vendors have, of whatever day, although it must not be called.
    `taken_back`: how many leads of a campaign and day vendors gave back for a word of consent that nobody knows.
    """

    days: tuple[date, ...]
    campaigns: Sequence[Row]
    reasons: Sequence[Row]
    open_imports: Sequence[Row]
    decided: tuple[date, ...]
    failures: Mapping[date, str] = field(default_factory=dict)
    empty: Sequence[str] = ()
    unfinished: Sequence[str] = ()
    lists: Sequence[str] = ()
    still_there: Sequence[str] = ()
    taken_back: Sequence[Row] = ()

    @property
    def is_balanced(self) -> bool:
        """Whether every lead that was read has exactly one state."""
        return all(row.balanced for row in self.campaigns)

    @property
    def problems(self) -> list[str]:
        """One sentence for each thing that needs a person, the gravest first."""
        return [
            *self._unread(),
            *self.lists,
            *self.empty,
            *self.unfinished,
            *self._uncallable(),
            *self.unknown,
            *map(_taken_back, self.taken_back),
            *self._unbalanced(),
            *self.still_there,
            *self._stopped(),
            *self._open(),
        ]

    @property
    def unknown(self) -> list[str]:
        """Sentences for each day of which rows name no campaign, or ones that nobody knows: none of them is called."""
        return _unknown_campaigns(self.reasons)

    def _unread(self) -> list[str]:
        told = {day: _unread_text(self.failures.get(day), is_decided=day in self.decided) for day in self.days}
        return [f"{day}: {text}" for day, text in told.items() if text]

    def _uncallable(self) -> list[str]:
        """Campaigns of which nobody can be called because of what the rows hold: a column that broke looks so."""
        broken = {(row.campaign, row.day): self._broken(row) for row in self.campaigns if row.vendor}
        return [
            f"{row.campaign} on {row.day}: nobody can be called, of {row.read_count} rows: {_counted(reasons)}"
            for row in self.campaigns
            if row.vendor
            and (reasons := broken[row.campaign, row.day])
            and reasons.total() + row.duplicate_count == row.read_count
        ]

    def _broken(self, campaign: Row) -> Counter[str]:
        """How many rows of the campaign nobody could call, whoever is in them, for which reasons."""
        counts: Counter[str] = Counter()
        for row in self.reasons:
            is_broken = row.state == "invalid" or (row.state == "suppressed" and row.reason_code in _UNCONSENTED)
            if is_broken and (row.vendor, row.campaign, row.day) == (campaign.vendor, campaign.campaign, campaign.day):
                counts[row.reason_code] += row.lead_count
        return counts

    def _unbalanced(self) -> list[str]:
        return [
            f"{row.campaign} on {row.day}: {row.read_count} leads were read, but not as many have a state"
            for row in self.campaigns
            if not row.balanced
        ]

    def _stopped(self) -> list[str]:
        stopped: dict[tuple[date, str], list[str]] = {}
        for row in self.campaigns:
            if row.stopped_because:
                stopped.setdefault((row.day, row.stopped_because), []).append(row.campaign)
        return [
            f"{', '.join(names)} on {day} {'was' if len(names) == 1 else 'were'} stopped: {because}"
            for (day, because), names in stopped.items()
        ]

    def _open(self) -> list[str]:
        return _waiting(_open_counts(self.campaigns))


def night_report(
    store: Store,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    empty_text: str | None = None,
    end_of: Callable[[date], datetime] | None = None,
) -> NightReport:
    """What the reporting schema says of the days, of the named campaigns or of all.

    Args:
        empty_text: what is said of a day that has no row; None where such days are normal.
        end_of: when a day is over, in the business zone; None where the sources know of no hours.
    """

    def told(view: str) -> list[Row]:
        rows = store.rows("reporting", view, days=list(days))
        return [row for row in rows if not names or row.campaign in names]

    decided = store.rows("reporting", "decided_days", days=list(days))
    return NightReport(
        days=tuple(days),
        campaigns=told("campaign_days"),
        reasons=told("reasons"),
        open_imports=told("open_imports"),
        decided=tuple(row.day for row in decided),
        failures={row.day: row.problem for row in store.rows("crm", "intake_failures", days=list(days))},
        empty=[f"{row.day}: {empty_text}" for row in decided if row.is_empty and empty_text],
        unfinished=[text for row in decided if end_of and (text := _unfinished(row, end_of(row.day)))],
        lists=list_problems(store),
        still_there=withdrawals.problems(store, names),
        taken_back=told("unclear_withdrawals"),
    )


def unknown_campaigns(store: Store, days: Sequence[date]) -> list[str]:
    """Sentences for each of the days of which rows name no campaign, or ones that nobody knows."""
    return _unknown_campaigns(store.rows("reporting", "reasons", days=list(days)))


def list_problems(store: Store) -> list[str]:
    """What is wrong with the lists that were read last, in sentences: whom they mean may be called."""
    return [row.problem for row in store.rows("crm", "snapshot_problems")]


def waiting_before(
    store: Store, day: date, *, first_day: date = date.min, is_night: Callable[[date], bool] = lambda _: True
) -> list[str]:
    """A sentence for each of the last days before the given one that has leads without an outcome, or was not read.

    Args:
        first_day: nothing is missed before it, nor before the first pull, nor more than a month ago.
        is_night: whether a day is pulled at all.
    """
    return [*_missed_before(store, day, first_day, is_night), *_open_before(store, day, first_day)]


def _missed_before(store: Store, day: date, first_day: date, is_night: Callable[[date], bool]) -> list[str]:
    since = min(max(first_day, day - timedelta(days=MOST_WAITING_DAYS)), day)
    rows = store.rows("reporting", "missed_days", before=day, since=since, limit=MOST_WAITING_DAYS)
    told = {
        row.day: _unread_text(row.problem, is_decided=row.is_decided)
        for row in reversed(rows)
        if row.problem or is_night(row.day)
    }
    return [f"{_span(days)}: {text}" for days, text in _runs_of_days(told)]


def _open_before(store: Store, day: date, first_day: date) -> list[str]:
    days = [row.day for row in store.rows("reporting", "waiting_days", before=day, limit=MOST_WAITING_DAYS)]
    waiting: dict[date, Counter[str]] = {}
    for row in store.rows("reporting", "campaign_days", days=days):
        waiting.setdefault(row.day, Counter()).update(_open_counts([row]))
    return [
        f"{day}: {', '.join(_waiting(counts))}; " + (_PAST if day < first_day else _ASK).format(day=day)
        for day, counts in sorted(waiting.items())
        if counts.total()
    ]


def leads(
    store: Store,
    day: date,
    *,
    names: Sequence[str] = (),
    states: Sequence[str] = (),
    reason_codes: Sequence[str] = (),
    limit: int | None = None,
) -> list[Row]:
    """The leads of the day, of the named campaigns, states and reasons or of all; without numbers and names."""
    wanted = {"campaigns": list(names), "states": list(states), "reason_codes": list(reason_codes)}
    return list(store.rows("reporting", "leads", day=day, limit=limit, **wanted))


def decided_days(store: Store, days: Sequence[date]) -> list[date]:
    """Those of the days that were decided."""
    return [row.day for row in store.rows("reporting", "decided_days", days=list(days))]


def known_campaigns(store: Store, day: date) -> list[str]:
    """The campaigns that rows of the day name, and those of the newest snapshot."""
    rows = [*store.rows("reporting", "campaign_days", days=[day]), *store.rows("crm", "campaigns")]
    return sorted({row.campaign for row in rows})


def reason_codes(store: Store, day: date) -> list[str]:
    """Why leads of the day are where they are, each code once."""
    return sorted({row.reason_code for row in store.rows("reporting", "reasons", days=[day])})


def newest_days(store: Store, today: date, limit: int = 1) -> list[date]:
    """The newest days that were pulled, or that an intake failed of, the newest first."""
    return [row.day for row in store.rows("reporting", "newest_days", today=today, limit=limit)]


def _unfinished(decided: Row, end: datetime) -> str | None:
    """That the day is over now, and was not when it was pulled last."""
    if decided.pulled_at is None or not decided.pulled_at < end <= utc_now():
        return None
    pulled_at = decided.pulled_at.astimezone(end.tzinfo)
    return f"{decided.day}: it was pulled at {pulled_at:%H:%M} of that day, and not since it is over; load it again"


def _unread_text(problem: str | None, *, is_decided: bool) -> str:
    """What kept a day from being read; empty where nothing did."""
    texts = [] if is_decided else ["nothing was pulled and decided"]
    return "; ".join(texts + ([f"the last intake failed: {problem}"] if problem else []))


def _runs_of_days(told: Mapping[date, str]) -> Iterator[tuple[list[date], str]]:
    """The texts, each once for days that follow each other and have the same."""
    run: list[date] = []
    for day, text in told.items():
        if run and (text != told[run[-1]] or day - run[-1] > timedelta(days=1)):
            yield run, told[run[-1]]
            run = []
        run.append(day)
    if run:
        yield run, told[run[-1]]


def _span(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _open_counts(campaigns: Sequence[Row]) -> Counter[str]:
    """How many leads of the campaigns are in each state that is no end, by what is said of them."""
    counts = Counter({state: sum(getattr(row, f"{state}_count") for row in campaigns) for state in OPEN_STATES})
    counts["without an outcome, and their rows are gone"] = sum(row.gone_open_count for row in campaigns)
    return counts


def _unknown_campaigns(reasons: Sequence[Row]) -> list[str]:
    unknown: dict[date, Counter[str]] = {}
    missing: Counter[date] = Counter()
    for row in reasons:
        if row.reason_code == "campaign_unknown":
            unknown.setdefault(row.day, Counter())[row.campaign] += row.lead_count
        if row.reason_code == "campaign_missing":
            missing[row.day] += row.lead_count
    told = [(day, _unknown(day, by_name)) for day, by_name in unknown.items()]
    told += [(day, _missing(day, count)) for day, count in missing.items()]
    return [text for _, text in sorted(told)]


def _missing(day: date, count: int) -> str:
    named = "1 lead names no campaign, and is not called" if count == 1 else f"{count} leads name no campaign, and none"
    return f"{day}: {named}" + ("" if count == 1 else " of them is called") + "; mend the column campaign of the source"


def _taken_back(row: Row) -> str:
    leads = "1 lead was" if row.lead_count == 1 else f"{row.lead_count} leads were"
    return (
        f"{row.campaign} on {row.day}: {leads} taken back from {row.vendor}: the word in consent is neither a yes nor a"
        " no that is known. Mend the CRM, and run the day again; what was taken back is not sent again by itself"
    )


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{code} {count}" for code, count in reasons.items())


def _unknown(day: date, counts: Counter[str]) -> str:
    """A name is what a row has in a column: a person's data, where columns were shifted."""
    names = [f"{(redact(name) or '')[:_LONGEST_NAME]} ({count})" for name, count in counts.most_common(MOST_NAMES)]
    rest = f" and {len(counts) - MOST_NAMES} more" if len(counts) > MOST_NAMES else ""
    total = counts.total()
    leads = "1 lead names a campaign" if total == 1 else f"{total} leads name campaigns"
    called = "is not called" if total == 1 else "none of them is called"
    return f"{day}: {leads} that nobody knows, and {called}: {', '.join(names)}{rest}"


def _waiting(counts: Mapping[str, int]) -> list[str]:
    """So many leads are in each of the states, but for those that none is in."""
    return [f"{count} {'lead is' if count == 1 else 'leads are'} {state}" for state, count in counts.items() if count]


def as_markdown(report: NightReport) -> str:
    """The report as Markdown: the answer first, then campaigns, then reasons, then open imports if there are any."""
    answer = (
        "Every lead has its outcome." if not report.problems else "\n".join(f"- **{text}**" for text in report.problems)
    )
    campaigns = _markdown_table(
        [
            "campaign",
            "read",
            "accepted",
            "invalid",
            "suppressed",
            "duplicate",
            "rejected",
            "unattributed",
            "withdrawn",
            "open",
            "row gone",
        ],
        [
            [
                r.campaign,
                r.read_count,
                *(getattr(r, f"{state}_count") for state in CLOSED_STATES),
                sum(getattr(r, f"{state}_count") for state in OPEN_STATES),
                r.gone_count,
            ]
            for r in report.campaigns
        ],
    )
    reasons = _markdown_table(
        ["campaign", "state", "reason", "leads"],
        [[r.campaign, r.state, r.reason_code, r.lead_count] for r in report.reasons],
    )
    waiting = _markdown_table(
        ["campaign", "imports", "state", "leads", "why", "next"],
        [
            [r.campaign, r.import_count, r.state, r.lead_count, r.detail or r.error_code or "", r.next_action]
            for r in report.open_imports
        ],
    )
    return f"{answer}\n\n{campaigns}\n\n{reasons}\n" + (f"\nOpen imports\n\n{waiting}\n" if report.open_imports else "")


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_markdown_cell(cell) for cell in line) + " |" for line in lines)


def _markdown_cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
