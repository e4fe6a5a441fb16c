"""Lines that are cut from bytes are those that Python's text files have, whatever the blocks and the encoding are."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.crm.encoding import Encoding
from connectors.crm.lines import Lines, read_lines

TEXTS = st.text(st.sampled_from("ab,ä\u2028\x0b\x1c\ufeff\r\n"), max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])


def python_lines(encoded: bytes, encoding: Encoding) -> list[str]:
    return list(io.TextIOWrapper(io.BytesIO(encoded), encoding.name, encoding.errors, newline=""))


@given(text=TEXTS, cuts=st.lists(st.integers(0, 40)), count=st.integers(1, 4))
def test_lines_do_not_depend_on_the_blocks(text: str, cuts: list[int], count: int) -> None:
    """A line, and its end of two characters, may lie in several blocks."""
    encoded = text.encode()
    edges = [0, *sorted(min(cut, len(encoded)) for cut in cuts), len(encoded)]
    lines = Lines(encoded[start:end] for start, end in pairwise(edges))
    pieces = []
    while (piece := lines.take(count)).line_count:
        pieces.append(piece)
    assert [line for piece in pieces for line in piece.texts()] == python_lines(encoded, Encoding("utf-8", "strict"))
    assert [piece.line_count for piece in pieces] == [len(piece.texts()) for piece in pieces]
    assert all(piece.line_count == count for piece in pieces[:-1])


@given(text=TEXTS, name=ENCODINGS)
def test_lines_are_those_of_a_text_file(text: str, name: str) -> None:
    """One by one and many at once, in any encoding."""
    encoding = Encoding(name, "replace")
    encoded = text.encode(name, "replace")
    expected = python_lines(encoded, encoding)
    assert list(read_lines(io.BytesIO(encoded), encoding)) == expected
    lines = read_lines(io.BytesIO(encoded), encoding)
    first = next(lines, None)
    assert [*([] if first is None else [first]), *lines.take(100).texts()] == expected


def test_byte_without_meaning_stays_one() -> None:
    """It spoils its line alone, and no strict decoder takes it."""
    lines = read_lines(io.BytesIO(b"a\x81b\nc\n"), Encoding("cp1252", "surrogateescape"))
    piece = lines.take(2)
    assert piece.texts() == ["a\udc81b\n", "c\n"]
    with pytest.raises(UnicodeDecodeError):
        piece.encoded.decode()


def test_line_that_is_longer_than_many_blocks() -> None:
    """It comes whole, and what follows it by itself."""
    blocks = [b"x" * 1000] * 1000
    lines = Lines([*blocks, b"\n", b"y"])
    assert [(len(line), line[-1]) for line in lines] == [(1_000_001, "\n"), (1, "y")]


def test_bytes_that_are_not_in_the_encoding_are_an_error() -> None:
    """Whoever takes them hears of it: a file may change while it is read."""
    with pytest.raises(UnicodeDecodeError):
        list(read_lines(io.BytesIO(b"a\n\xff\n"), Encoding("utf-8", "strict")))
    with pytest.raises(UnicodeDecodeError):
        list(read_lines(io.BytesIO(b"\x00\xd8a\x00"), Encoding("utf-16-le", "strict")))
