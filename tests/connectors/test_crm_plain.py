"""What Arrow reads at once is what the csv module reads record by record."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.crm.lines import Piece
from connectors.crm.plain import read_plain

CELLS = st.text(st.sampled_from("ab,;\"' \t\u00a0\u3000\x1cäß\U0001f600\ufeff\0\udcff\r\n\\"), max_size=4)
PLAIN_CELLS = st.text(st.sampled_from("ab' \u00a0\x1cä\\"), max_size=3)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def plain(*lines: str, delimiter: str = ",", width: int = 2) -> list[list[str | None]] | None:
    piece = Piece("".join(lines).encode("utf-8", "surrogatepass"), len(lines))
    columns = read_plain(piece, delimiter=delimiter, width=width)
    return None if columns is None else [column.to_pylist() for column in columns]


def records(lines: list[str], delimiter: str) -> list[list[str | None]]:
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    return [[cell.strip() or None for cell in cells] for cells in rows]


def test_plain_lines_are_columns() -> None:
    """Cells are trimmed, quotes around whole cells are not part of them, and a blank cell is null."""
    assert plain("1, a \n", '"2,5",\n', '3,"\u00a0"\n') == [["1", "2,5", "3"], ["a", None, None]]


@pytest.mark.parametrize(
    "lines",
    [
        ["a,b\n", "\n"],
        ["a,b\n", " , \n"],
        ["a,b\n", ",\n"],
        ["a\n"],
        ["a,b,c\n"],
        ['"a\n', 'b",c\n'],
        ['"a"x,b\n'],
        ['a "x",b\n'],
        ['"a ""x""",b\n'],
        ['"a,b\n'],
        ["a,\0\n"],
        ["a,\udcff\n"],
        ["\ufeffa,b\n"],
        ["a," + "x" * (csv.field_size_limit() + 1) + "\n"],
    ],
)
def test_unusual_lines_are_declined(lines: list[str]) -> None:
    """A blank line, a row of another width, a quote inside a cell, what cannot be stored: all go the long way."""
    assert plain(*lines) is None


@given(
    rows=st.lists(st.tuples(st.one_of(CELLS, PLAIN_CELLS), PLAIN_CELLS, st.booleans()), min_size=1, max_size=5),
    end=ENDS,
    delimiter=st.sampled_from([",", ";", "\t", "|", "§"]),
)
def test_plain_is_what_the_csv_module_reads(rows: list[tuple[str, str, bool]], end: str, delimiter: str) -> None:
    """Whatever is not declined is one record a line, cell by cell as the csv module has it."""
    texts = [(f'"{first}"' if is_quoted else first) + delimiter + second for first, second, is_quoted in rows]
    lines = list(io.StringIO("".join(text + end for text in texts), newline=""))
    columns = plain(*lines, delimiter=delimiter)
    if columns is not None:
        assert [list(cells) for cells in zip(*columns, strict=True)] == records(lines, delimiter)
