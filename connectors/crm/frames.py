"""The canonical shape of what a CRM gives us: frames of text, one row per record.

Belongs here: the business day, how a cursor is read, how text becomes a frame.
Does not belong here: where the text comes from (`csv.py`, `database.py`), our columns and which of theirs is which
(`layout.py`), what a value means and whether a lead may be called (eligibility).

A frame has these columns, in this order:

    row_no      int64   where the record starts: a line of a CSV file, an ordinal in a database
    defect      str     why the row cannot be read, without its values; missing if it can
    cursor_at   datetime64[us, UTC]   when the row changed; NaT when unknown
    <fields>    str     text without surrounding white space; missing when absent or blank. `phone` of a row of the
                        wrong width has all its cells, a line each
    attributes  str     a JSON object of every other column that has a value; missing if none has. One by the name of a
                        field of a contact is there without a value, too, as an empty text

`str` is the text of pandas, held by Arrow, in which a missing cell is NaN: `as_arrow` and `as_texts` have None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, json_members, json_objects, whole
from connectors.crm.layout import Layout
from connectors.gateway import CONTACT_FIELDS

# pandas also reads "now", "today" and a bare year as a moment; a cursor has at least a full date.
_FULL_DATE = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T ].*)?"
_HAS_OFFSET = r"[T ][0-9].*(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$"

# What Postgres and Python can hold; pandas goes on to the year 0 and before.
_EARLIEST, _LATEST = (pd.Timestamp(at.replace(tzinfo=UTC)) for at in (datetime.min, datetime.max))

Texts: TypeAlias = Sequence[str | None] | pa.Array
RowNos: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class DayWindow:
    """One business day in its zone: from its first moment up to the next day's first."""

    day: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The first moment of the day, in UTC."""
        return _midnight(self.day, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment that no longer belongs to the day, in UTC."""
        return _midnight(self.day + timedelta(days=1), self.zone)

    def claims(self, moments: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
        """Whether the day accounts for each row: its moment lies in the day, or is unknown."""
        inside = (moments >= pd.Timestamp(self.start)) & (moments < pd.Timestamp(self.end))
        return inside | moments.isna()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The column that says when a row changed, and how its text is to be read."""

    name: str
    zone: ZoneInfo
    format: str | None = None

    def read(self, cells: Texts) -> pd.Series[pd.Timestamp]:
        """The moments of the cells in UTC, NaT where a cell is missing or cannot be read, or no calendar has it."""
        texts = _arrow(cells)
        moments = _read_offsets(texts) if self.format is None else None
        if moments is None:
            moments = parse_cursor(texts.to_pandas(), self.zone, self.format)
        if moments.min() >= _EARLIEST and moments.max() <= _LATEST:
            return moments
        return moments.where(moments.between(_EARLIEST, _LATEST))

    def complaint(self, cell: str | None) -> str:
        """Why a cell without a moment is a defect; never quotes the cell."""
        state = "is not a date and time" if cell and cell.strip() else "is missing"
        return f"the cursor {self.name!r} {state}"


def _read_offsets(texts: pa.Array) -> pd.Series[pd.Timestamp] | None:
    """The moments, if all texts are ISO 8601 with an offset; None if one is not: `parse_cursor` reads more."""
    try:
        moments: pd.Series[pd.Timestamp] = pc.cast(texts, pa.timestamp("us", "UTC")).to_pandas()
    except pa.ArrowInvalid:
        return None
    return moments


def parse_cursor(texts: pd.Series[str], zone: ZoneInfo, pattern: str | None = None) -> pd.Series[pd.Timestamp]:
    """Each text as a UTC moment, NaT where it is none; texts without an offset are in `zone`.

    Without a `pattern` of `strptime` the texts are ISO 8601: a date, or a date and time with or
    without an offset. In the hour that a change of the clocks repeats, a text without an offset
    means the first pass; in the hour that it skips, the moment of the change.
    """
    trimmed = texts.astype("str").str.strip()
    if pattern is not None:
        return _parse_pattern(trimmed, zone, pattern)
    trimmed = trimmed.str.upper()  # pandas knows no lower-case `t` and `z`, ISO 8601 does
    dated = trimmed.where(trimmed.str.fullmatch(_FULL_DATE).fillna(False).astype(bool))
    has_offset = dated.str.contains(_HAS_OFFSET).fillna(False).astype(bool)
    if not has_offset.any():
        return _localise(pd.to_datetime(dated, format="ISO8601", errors="coerce"), zone)
    aware = pd.to_datetime(dated.where(has_offset), format="ISO8601", utc=True, errors="coerce")
    naive = pd.to_datetime(dated.mask(has_offset), format="ISO8601", errors="coerce")
    return _in_utc(aware).fillna(_localise(naive, zone))


def _parse_pattern(texts: pd.Series[str], zone: ZoneInfo, pattern: str) -> pd.Series[pd.Timestamp]:
    if "%z" in pattern or "%Z" in pattern:
        return _in_utc(pd.to_datetime(texts, format=pattern, utc=True, errors="coerce"))
    return _localise(pd.to_datetime(texts, format=pattern, errors="coerce"), zone)


def _localise(naive: pd.Series[pd.Timestamp], zone: ZoneInfo) -> pd.Series[pd.Timestamp]:
    first_pass = np.ones(len(naive), dtype=bool)
    moments = naive.astype("datetime64[us]").dt
    return _in_utc(moments.tz_localize(zone, ambiguous=first_pass, nonexistent="shift_forward"))


def _in_utc(moments: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    return moments.dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def build_frame(
    columns: Sequence[Texts],
    *,
    layout: Layout,
    row_nos: Sequence[int] | RowNos,
    defects: Texts,
    cursor_at: pd.Series[pd.Timestamp],
) -> pd.DataFrame:
    """One frame of the canonical shape from their trimmed columns, as long as `row_nos`."""
    missing = pa.nulls(len(row_nos), TEXT)
    wanted = {*layout.fields.values(), *layout.attributes.values()}
    cells = {at: _arrow(columns[at]) for at in wanted if at is not None}
    fields = {field: missing if at is None else cells[at] for field, at in layout.fields.items()}
    members = [json_members(name, _as_attribute(name, cells[at])) for name, at in layout.attributes.items()]
    table = pa.table(
        {
            "row_no": pa.array(row_nos, pa.int64()),
            "defect": _arrow(defects),
            **fields,
            "attributes": json_objects(members) if members else missing,
        }
    )
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    frame.insert(2, "cursor_at", cursor_at.reset_index(drop=True))
    return frame


def _as_attribute(name: str, cells: pa.Array) -> pa.Array:
    # What a row leaves empty is not filled in by our field of that name.
    return pc.fill_null(cells, "") if name in CONTACT_FIELDS else cells


def _arrow(cells: Texts) -> pa.Array:
    return cells if isinstance(cells, pa.Array) else pa.array(cells, TEXT)


def as_arrow(column: pd.Series[Any]) -> pa.Array:
    """A column of text as one Arrow array; null where a cell is missing."""
    return whole(pa.array(column, TEXT, from_pandas=True))


def as_flags(truths: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """An Arrow array of truths without nulls, as NumPy picks rows by them."""
    flags: np.ndarray[Any, np.dtype[np.bool_]] = truths.to_numpy(zero_copy_only=False)
    return flags


def as_texts(column: pd.Series[Any]) -> list[str | None]:
    """The cells of a column of text; None where one is missing."""
    texts: list[str | None] = as_arrow(column).to_pylist()
    return texts


def regroup(frames: Iterable[pd.DataFrame], *, chunk_rows: int) -> Iterator[pd.DataFrame]:
    """The same rows in the same order, in frames of at most `chunk_rows` and none empty.

    A day is often a few rows of every chunk of a long history: they are gathered, so that what
    costs something per frame is not paid for a handful of rows.
    """
    waiting: list[pd.DataFrame] = []
    for part in _parts(frames, chunk_rows=chunk_rows):
        if waiting and sum(map(len, waiting)) + len(part) > chunk_rows:
            yield _joined(waiting)
            waiting = []
        if len(part) == chunk_rows:
            yield part
        else:
            waiting.append(part)
    if waiting:
        yield _joined(waiting)


def _parts(frames: Iterable[pd.DataFrame], *, chunk_rows: int) -> Iterator[pd.DataFrame]:
    for frame in frames:
        if 0 < len(frame) <= chunk_rows:
            yield frame
            continue
        for start in range(0, len(frame), chunk_rows):
            yield frame.iloc[start : start + chunk_rows].reset_index(drop=True)


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
