"""Reads the do-not-call list into `crm`.

Belongs here: which numbers an entry bars, and what is wrong with the list. Does not belong here: how a source is read
(`connectors/crm/`, `sources.py`), who is held by the list (`intake.py`, `planning.py`, `withdrawals.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple

import pandas as pd

from connectors.crm.frames import as_texts
from connectors.errors import SetupError
from pipelines.phones import national_digits, to_e164
from pipelines.settings import Settings
from pipelines.sources import open_source
from pipelines.store import Store, utc_now

CHUNK_ROWS = 10_000

_EMPTIED = ", and none is now"
_FULL_DATE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?![0-9]).*")


@dataclass
class ListSummary:
    """What reading the list came to: entries read, numbers listed, entries that name no country, and that bar nobody.

    `damaged_count`: entries with a defect that bar somebody, who need not be the one who is meant. `first_…`: where the
    first of such entries is. `told_before`: what was wrong with the list before.
    """

    read_count: int = 0
    entry_count: int = 0
    national_count: int = 0
    unreadable_count: int = 0
    first_unreadable: str = ""
    damaged_count: int = 0
    first_damaged: str = ""
    told_before: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        names = ("read_count", "entry_count", "national_count", "unreadable_count", "damaged_count")
        return {name: getattr(self, name) for name in names}

    @property
    def problem(self) -> str | None:
        """The sentence that a person needs: somebody who must not be called may be called for want of his number."""
        if bad := self._bad_entries():
            return f"sources.do_not_call: {'; '.join(bad)}"
        # Earlier versions took an emptied list over: what they said of it holds until the list has a number again.
        is_still_empty = not self.listed_count and self.told_before.endswith(_EMPTIED)
        return self.told_before if is_still_empty else None

    @property
    def listed_count(self) -> int:
        """How many rows the stored list has; nought where it bars nobody."""
        return self.entry_count + self.national_count

    def _bad_entries(self) -> list[str]:
        told = []
        if self.unreadable_count:
            told.append(
                f"{self.unreadable_count} of {self.read_count} entries have no number that can be"
                f" read, and bar nobody (the first: {self.first_unreadable})"
            )
        if self.damaged_count:
            told.append(
                f"{self.damaged_count} of {self.read_count} entries are damaged; every number in them is barred,"
                f" but one may be missing (the first: {self.first_damaged})"
            )
        return told


def read_do_not_call(store: Store, settings: Settings) -> ListSummary:
    """`crm.do_not_call` holds the list in E.164, and `crm.do_not_call_national` what names no country.

    An entry that is not a number cannot be matched to anybody: `problem` says so, and so does every report.

    Raises:
        SetupError: the list barred somebody before, and bars nobody now: nothing was replaced.
    """
    summary = ListSummary()
    try:
        _replace(store, settings, summary)
    except _EmptiedError:
        count_before = store.one("crm", "count_listed_entries").entry_count
        raise SetupError(_emptied(summary, count_before)) from None
    # Again, for plans that were made before the commit, and after the moment that the list has by it.
    store.run("crm", "renew_snapshot", name="do_not_call", now=utc_now())
    return summary


class _EmptiedError(Exception):
    """The list barred somebody before, and bars nobody now."""


def _replace(store: Store, settings: Settings, summary: ListSummary) -> None:
    """The stored list is the source's, all of it, or as it was."""
    with store.transaction():
        store.run("crm", "take_turns", name="do_not_call")
        before = store.one("crm", "count_do_not_call")
        store.run("crm", "delete_do_not_call")
        if settings.sources.do_not_call is not None:
            problems = {row.name: row.problem for row in store.rows("crm", "snapshot_problems")}
            summary.told_before = problems.get("do_not_call", "")
            place = "row" if settings.sources.do_not_call.csv is None else "line"
            regions = sorted({row.region for row in store.rows("crm", "campaigns") if row.region})
            for frame in open_source(settings, "do_not_call", required=("phone",)).chunks(None, chunk_rows=CHUNK_ROWS):
                _store_listed(store, frame, regions, settings.zone, summary, place)
        listed = store.one("crm", "count_do_not_call")
        summary.entry_count, summary.national_count = listed.entry_count, listed.national_count
        if settings.sources.do_not_call is not None and any(before) and not summary.listed_count:
            raise _EmptiedError
        store.run("crm", "upsert_snapshot", name="do_not_call", now=utc_now(), problem=summary.problem)


def _emptied(summary: ListSummary, count_before: int) -> str:
    """That the list bars nobody any more: else whoever was on it would be called, as after an export that broke."""
    numbers = "number was" if count_before == 1 else "numbers were"
    entries = f" that can be read (the first entry: {summary.first_unreadable})" if summary.unreadable_count else ""
    return (
        f"sources.do_not_call: {count_before} {numbers} listed before{_EMPTIED}{entries}; nothing was replaced."
        " If nobody is meant to be listed, take sources.do_not_call out of the configuration"
    )


def _store_listed(
    store: Store, frame: pd.DataFrame, regions: list[str], zone: tzinfo, summary: ListSummary, place: str
) -> None:
    defects = as_texts(frame["defect"])
    readings = [_readings(raw, regions) for raw in as_texts(frame["phone"])]
    until_on = [None if text is None else parse_until(text, zone) for text in as_texts(frame["until"])]
    entries = [
        (number, reason, until)
        for read, reason, until in zip(readings, as_texts(frame["reason"]), until_on, strict=True)
        for number in read.numbers
    ]
    national = [(digits, until) for read, until in zip(readings, until_on, strict=True) for digits in read.digits]
    unreadable = [at for at, read in enumerate(readings) if not (read.numbers or read.digits)]
    damaged = sorted({at for at, defect in enumerate(defects) if defect} - {*unreadable})
    if unreadable and not summary.unreadable_count:
        first = unreadable[0]
        summary.first_unreadable = defects[first] or f"{place} {frame['row_no'].iloc[first]}"
    if damaged and not summary.damaged_count:
        summary.first_damaged = defects[damaged[0]] or ""
    summary.read_count += len(frame)
    summary.unreadable_count += len(unreadable)
    summary.damaged_count += len(damaged)
    store.run(
        "crm",
        "insert_do_not_call",
        now=utc_now(),
        phones=[entry[0] for entry in entries],
        reasons=[entry[1] for entry in entries],
        until_on=[entry[2] for entry in entries],
    )
    if national:
        digits, ends = zip(*national, strict=True)
        store.run("crm", "insert_national", digits=list(digits), until_on=list(ends))


class _Readings(NamedTuple):
    """The numbers that an entry of the list is, and the digits of those that name no country."""

    numbers: Sequence[str] = ()
    digits: Sequence[str] = ()


def _readings(raw: str | None, regions: list[str]) -> _Readings:
    """Every number in the cell, of which a damaged row has several lines.

    A national number is barred in every region that a campaign has, and by its digits in every country.
    Better one too many: nobody knows by which country a lead's number will be read. The regions know carrier codes,
    and numbers without their area code.
    """
    numbers, digits = set[str](), set[str]()
    for cell in raw.split("\n") if raw else ():
        if international := to_e164(cell, None):
            numbers.add(international)
            continue
        numbers |= {number for region in regions if (number := to_e164(cell, region))}
        digits |= {national} if (national := national_digits(cell)) else set()
    return _Readings(sorted(numbers), sorted(digits))


def parse_until(text: str, zone: tzinfo) -> date | None:
    """The last day of an entry, in the zone where the text has one of its own; None if the entry has no end.

    What is not a whole date has no end: better one barred too long. Nor have the dates by which databases say none.
    """
    if not _FULL_DATE.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(zone) if at.tzinfo else at
    except (ValueError, OverflowError):
        return None
    return at.date() if at.year > 1 else None
