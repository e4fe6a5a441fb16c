"""The business day, the cursor, and the regrouping of frames."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.crm.cells import to_text, to_texts
from connectors.crm.frames import Cursor, DayWindow, parse_cursor, regroup

BERLIN = ZoneInfo("Europe/Berlin")


def moments(*texts: str, zone: ZoneInfo = BERLIN, pattern: str | None = None) -> list[str | None]:
    parsed = parse_cursor(pd.Series(texts, dtype="str"), zone, pattern)
    assert str(parsed.dtype) == "datetime64[us, UTC]"
    return [None if pd.isna(each) else each.isoformat() for each in parsed]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 17), 24)],
)
def test_day_window_has_the_hours_of_its_day(day: date, hours: int) -> None:
    """A day lasts from midnight to midnight on the wall, whatever the clocks do in between."""
    window = DayWindow(day, BERLIN)
    assert window.end - window.start == timedelta(hours=hours)
    assert window.start.astimezone(BERLIN).date() == day
    assert window.end == DayWindow(day + timedelta(days=1), BERLIN).start


def test_day_window_is_in_utc() -> None:
    """Both limits are aware, and in UTC."""
    window = DayWindow(date(2026, 11, 17), BERLIN)
    assert window.start == datetime(2026, 11, 16, 23, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 17, 23, tzinfo=UTC)
    assert window.start.tzinfo is UTC


def test_day_window_starts_after_midnight_where_midnight_is_skipped() -> None:
    """Where the clocks go from 0:00 to 1:00, the day starts at the change."""
    window = DayWindow(date(2026, 9, 6), ZoneInfo("America/Santiago"))
    assert window.start == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=23)


def test_day_window_claims_its_half_open_day_and_the_unknown() -> None:
    """The first moment belongs, the next day's first does not, and NaT belongs to every day."""
    window = DayWindow(date(2026, 11, 17), BERLIN)
    cursor_at = parse_cursor(
        pd.Series(
            [
                "2026-11-16 23:59:59.999999",
                "2026-11-17",
                "2026-11-17 23:59:59.999999",
                "2026-11-18",
                "no",
            ],
            dtype="str",
        ),
        BERLIN,
    )
    assert window.claims(cursor_at).tolist() == [False, True, True, False, True]


def test_parse_cursor_reads_naive_text_in_its_zone() -> None:
    """Without an offset a text is in the zone, in summer and in winter."""
    assert moments("2026-11-17 10:00:00", "2026-07-01T10:00", "2026-11-17") == [
        "2026-11-17T09:00:00+00:00",
        "2026-07-01T08:00:00+00:00",
        "2026-11-16T23:00:00+00:00",
    ]


def test_parse_cursor_mixes_offsets_and_naive_text() -> None:
    """Z and offsets count where they are given, in one column with texts that have none."""
    assert moments(
        "2026-11-17T10:00:00Z",
        "2026-11-17 10:00:00+05:30",
        "2026-11-17 10:00:00.25-0800",
        "2026-11-17 10:00:00+01",
        " 2026-11-17 10:00:00 ",
        "20261117T101112z",
    ) == [
        "2026-11-17T10:00:00+00:00",
        "2026-11-17T04:30:00+00:00",
        "2026-11-17T18:00:00.250000+00:00",
        "2026-11-17T09:00:00+00:00",
        "2026-11-17T09:00:00+00:00",
        "2026-11-17T10:11:12+00:00",
    ]


@pytest.mark.parametrize(
    "text", ["", "  ", "now", "today", "2026", "2026-11", "17.11.2026", "1763370000", "2026-13-01"]
)
def test_parse_cursor_guesses_nothing(text: str) -> None:
    """What is not a full ISO date is no moment, even where pandas would make one of it."""
    assert moments(text, "2026-11-17T10:00:00Z") == [None, "2026-11-17T10:00:00+00:00"]
    assert moments(text) == [None]


def test_parse_cursor_reads_skipped_and_repeated_hours() -> None:
    """A skipped hour is the moment of the change, a repeated one its first pass."""
    assert moments("2026-03-29 02:30:00", "2026-10-25 02:30:00") == [
        "2026-03-29T01:00:00+00:00",
        "2026-10-25T00:30:00+00:00",
    ]


def test_parse_cursor_follows_a_pattern() -> None:
    """With a pattern only that counts, in the zone unless it has an offset itself."""
    german = "%d.%m.%Y %H:%M"
    assert moments("17.11.2026 10:00", "2026-11-17 10:00", pattern=german) == [
        "2026-11-17T09:00:00+00:00",
        None,
    ]
    assert moments("17.11.2026 10:00 +0200", pattern=german + " %z") == ["2026-11-17T08:00:00+00:00"]


def test_parse_cursor_reads_sentinels_at_the_ends_of_time() -> None:
    """A far past or future is a moment like any other."""
    assert moments("9999-12-31 00:00:00", "0001-01-02", zone=ZoneInfo("UTC")) == [
        "9999-12-31T00:00:00+00:00",
        "0001-01-02T00:00:00+00:00",
    ]


def test_cursor_reads_no_moment_that_no_calendar_has() -> None:
    """The zero date of .NET lies in the year 0 of UTC where it is written east of Greenwich: no database holds it."""
    cursor = Cursor("changed", BERLIN)
    assert cursor.read(["0001-01-01 00:00:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"]).isna().all()
    assert cursor.read(["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"]).isna().all()
    assert cursor.read(["0001-01-01T00:00:00Z", "9999-12-31 23:59:59"]).notna().all()


def test_cursor_complaint_tells_missing_from_unreadable() -> None:
    """A complaint names the column and never its value."""
    cursor = Cursor("changed", BERLIN)
    assert cursor.complaint(None) == cursor.complaint(" ") == "the cursor 'changed' is missing"
    assert cursor.complaint("secret") == "the cursor 'changed' is not a date and time"


def test_cursor_reads_no_cells() -> None:
    """No cells are no moments, of the same type."""
    assert str(Cursor("changed", BERLIN).read([]).dtype) == "datetime64[us, UTC]"
    assert Cursor("changed", BERLIN).read([None, ""]).isna().all()


@pytest.mark.parametrize(
    ("sizes", "grouped"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 0, 1, 1], [3]),
        ([2, 3, 1], [2, 4]),
        ([4, 1, 4], [4, 1, 4]),
        ([9], [4, 4, 1]),
    ],
)
def test_regroup_keeps_every_row_in_order(sizes: list[int], grouped: list[int]) -> None:
    """Small frames are gathered and large ones cut; no row is lost, none is moved."""
    whole = pd.DataFrame({"row_no": range(sum(sizes))})
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    pieces = [whole[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    frames = list(regroup(pieces, chunk_rows=4))
    assert list(map(len, frames)) == grouped
    assert all(0 < len(frame) <= 4 for frame in frames)
    if frames:
        assert pd.concat(frames)["row_no"].tolist() == list(range(sum(sizes)))


def test_to_texts_trims_and_blanks() -> None:
    """White space around a text goes, and a blank text is None."""
    assert to_texts([" a ", "", "  ", None, "\u00a0b"]) == ["a", None, None, None, "b"]
    assert to_texts([5, None, True, " x "]) == ["5", None, "true", "x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.0, "5"),
        (0.1, "0.1"),
        (4.91701234567e11, "491701234567"),
        (1e300, "1e+300"),
        (b"J\xc3\xbcrgen", "Jürgen"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (date(2026, 11, 17), "2026-11-17"),
        (datetime(2026, 11, 17, 10, tzinfo=UTC), "2026-11-17 10:00:00+00:00"),
    ],
)
def test_to_text_rounds_nothing(value: object, text: str) -> None:
    """A value is written as people write it."""
    assert to_text(value) == text
