"""What is done to columns of text at once is what would be done to each cell."""

from __future__ import annotations

import orjson
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.columns import TEXT, having, json_texts, without_characters

REMOVED = " -()./"
CELLS = st.lists(st.text(st.sampled_from(' -()./+0123456789aé漢😀"\\\n'), max_size=12), max_size=8)


@given(cells=CELLS, before=st.integers(0, 2))
@example(cells=[], before=0)
@example(cells=["", ""], before=1)
@example(cells=["()"], before=0)
def test_characters_are_removed_from_every_cell(cells: list[str], before: int) -> None:
    """Also where the column is a part of a longer one; what is not ASCII stays whole."""
    part = pa.array(["(abc)"] * before + cells, TEXT).slice(before)
    found = without_characters(part, REMOVED)
    found.validate(full=True)
    assert found.to_pylist() == [cell.translate(dict.fromkeys(map(ord, REMOVED))) for cell in cells]


@given(cells=st.lists(st.none() | st.text(max_size=6), max_size=8), before=st.integers(0, 2))
def test_texts_are_json_as_if_each_was_written(cells: list[str | None], before: int) -> None:
    """Escaped where JSON must, and missing where they are."""
    part = pa.array(['"'] * before + cells, TEXT).slice(before)
    written = [None if cell is None else f":{orjson.dumps(cell).decode()}" for cell in cells]
    assert json_texts(part, ":").to_pylist() == written


@given(flags=st.lists(st.none() | st.booleans(), max_size=6), is_parted=st.booleans())
@example(flags=[], is_parted=False)
@example(flags=[True, True], is_parted=True)
@example(flags=[True, None], is_parted=False)
def test_rows_have_their_flag(flags: list[bool | None], is_parted: bool) -> None:
    """A missing flag is none; where all rows have it, they are the very same table."""
    rows = pa.table({"at": pa.array(range(len(flags)), pa.int64())})
    column = pa.array(flags, pa.bool_())
    found = having(rows, pa.chunked_array([column[:1], column[1:]]) if is_parted else column)
    assert found["at"].to_pylist() == [at for at, flag in enumerate(flags) if flag]
    assert (found is rows) == (flags != [] and all(flags))
