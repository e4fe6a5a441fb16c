"""Whole columns of phone numbers have the answers that their numbers have one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.columns import TEXT
from pipelines import phone_columns
from pipelines.phone_columns import column_to_e164
from pipelines.phones import to_e164
from tests.unit.test_phones import CHARACTERS, REGIONS, cases

Cell = tuple[str | None, str | None]
GERMAN = [(f"+49 (0)171 23456{n:02}", None) for n in range(60)] + [(f"0171/23456{n:02}", "DE") for n in range(60)]


def read(cells: Sequence[Cell]) -> list[str | None]:
    raw, regions = zip(*cells, strict=True) if cells else ((), ())
    found: list[str | None] = column_to_e164(pa.array(raw, TEXT), pa.array(regions, TEXT)).to_pylist()
    return found


def one_by_one(cells: Sequence[Cell]) -> list[str | None]:
    return [None if raw is None else to_e164(raw, region) for raw, region in cells]


@pytest.fixture
def _all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No group of numbers is too small to be matched at once."""
    monkeypatch.setattr(phone_columns, "_FEW", 1)


def test_common_numbers_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of a common shape, of one code and length, are never looked at one by one."""
    looked_at: list[str] = []
    monkeypatch.setattr(phone_columns, "to_e164", lambda raw, _: looked_at.append(raw))
    assert read(GERMAN) == [f"+4917123456{n:02}" for n in range(60)] * 2
    assert looked_at == []


def test_rare_numbers_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """To few numbers of a code no pattern is fitted: each is looked at by itself, with the same answer."""
    looked_at: list[str] = []

    def look(raw: str, region: str | None) -> str | None:
        looked_at.append(raw)
        return to_e164(raw, region)

    monkeypatch.setattr(phone_columns, "to_e164", look)
    assert read([*GERMAN, ("+33 6 12 34 56 78", None), ("n/a", "DE"), (None, "DE")])[-3:] == [
        "+33612345678",
        None,
        None,
    ]
    assert looked_at == ["+33 6 12 34 56 78", "n/a"]


@pytest.mark.parametrize("cells", [[], [(None, None)], [(None, "DE"), ("", "DE")], [("+", None)]])
def test_nothing_to_read(cells: list[Cell]) -> None:
    """A column without a number has no answers, and as many cells as before."""
    assert read(cells) == [None] * len(cells)


@pytest.mark.parametrize(
    "shape", ["0{}/0{}", "0{} - 0{}", "0{}-0{}", "+49{}.0", "+49{}.00", "49{}.0", "-49{}", "0{}.1"]
)
@pytest.mark.usefixtures("_all_at_once")
def test_what_may_be_two_numbers_or_none_is_not_merged(shape: str) -> None:
    """Two numbers in a cell, and numbers that a spreadsheet made, are what they are one by one."""
    cells: list[Cell] = []
    for length in range(3, 12):
        digits = "3012345678901"[:length]
        cells += [(shape.format(digits, digits), region) for region in ("DE", "AT", "IT", None)]
    assert read(cells) == one_by_one(cells)


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        pytest.param("+49" + 40 * " " + "1712345678", None, id="over-long-text"),
        pytest.param("+2410774775564177624", None, id="prefix-that-is-rewritten"),
        pytest.param("0777436107449251", "GA", id="national-prefix-that-is-rewritten"),
        pytest.param("491712345678", "DE", id="plus-lost-or-area-code"),
        pytest.param("0049171234567", "US", id="foreign-prefix"),
        pytest.param("0111712345678", "US", id="own-prefix"),
        pytest.param("000491712345678", "DE", id="three-noughts"),
        pytest.param("+49+1712345678", None, id="inner-plus"),
        pytest.param("+1 2", None, id="one-digit"),
    ],
)
@pytest.mark.usefixtures("_all_at_once")
def test_what_is_no_number_by_itself_is_none_in_a_column(raw: str, region: str | None) -> None:
    """A guard that is missing would make a stranger's number of it."""
    assert one_by_one([(raw, region)]) == [None]
    assert read([(raw, region)]) == [None]


@pytest.mark.slow
@pytest.mark.usefixtures("_all_at_once")
def test_columns_of_every_region_and_type_equal_their_numbers() -> None:
    """More than 100,000 spellings from the whole world, mixed, in columns of 5,000."""
    rng = random.Random(20261116)
    cells: list[Cell] = [cell for region in REGIONS for cell in cases(region, rng)]
    rng.shuffle(cells)
    assert len(cells) >= 100_000
    for start in range(0, len(cells), 5_000):
        part = cells[start : start + 5_000]
        differing = [
            (cell, found, expected)
            for cell, found, expected in zip(part, read(part), one_by_one(part), strict=True)
            if found != expected
        ]
        assert differing == []


@pytest.mark.slow
@pytest.mark.usefixtures("_all_at_once")
@given(
    cells=st.lists(
        st.tuples(
            st.one_of(
                st.none(),
                st.text(CHARACTERS, max_size=45),
                st.from_regex(r"\A\(?\+?[0-9]{1,4}([ ./()-]{0,2}[0-9]{1,4}){0,5}\Z"),
                st.from_regex(r"\A(\+49|0|49|0049|\+1|1|\+44|\+39|\+65|65|\+7|8)[ -]?[0-9]{3,12}\Z"),
            ),
            st.sampled_from([None, "ZZ", "de", *REGIONS]),
        ),
        max_size=20,
    )
)
@settings(max_examples=1000)
def test_columns_of_any_text_equal_their_numbers(cells: list[Cell]) -> None:
    """No mixture of texts makes a column differ from its numbers."""
    assert read(cells) == one_by_one(cells)
