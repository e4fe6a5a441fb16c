"""The lines of a file in UTF-8, whatever its encoding is: one by one, or many at a time.

Belongs here: decoding, and where a line ends. Does not belong here: which encoding it is (`encoding.py`), what the
lines hold (`records.py`).
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, Self, TypeAlias

import numpy as np

from connectors.crm.encoding import Encoding, read_blocks

_LINE_END = re.compile(rb"\r\n|\r|\n")
_RETURN, _FEED = b"\r", b"\n"

Offsets: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


class Piece(NamedTuple):
    """Some lines as they stand in the file, with their ends.

    A byte without meaning in the file's encoding is a lone surrogate, as strict UTF-8 has none.
    """

    encoded: bytes
    line_count: int

    def texts(self) -> list[str]:
        """Line by line."""
        return list(io.StringIO(self.encoded.decode("utf-8", "surrogatepass"), newline=""))


class Lines:
    """The lines of a text that comes in blocks of UTF-8. `\\n`, `\\r\\n` and `\\r` end a line."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._text = b""
        self._ends = _line_ends(b"")
        self._taken = 0
        self._is_over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        piece = self.take(1)
        if not piece.line_count:
            raise StopIteration
        return piece.texts()[0]

    def take(self, count: int) -> Piece:
        """The next so many lines; fewer at the end, and then none."""
        while self._taken + count > len(self._ends) and not self._is_over:
            self._read()
        start, self._taken = self._taken, min(self._taken + count, len(self._ends))
        return Piece(self._text[self._end(start) : self._end(self._taken)], self._taken - start)

    def _end(self, line_count: int) -> int:
        return int(self._ends[line_count - 1]) if line_count else 0

    def _read(self) -> None:
        """What is not taken yet, and at least one line more, or the last one."""
        parts = [self._text[self._end(self._taken) :]]
        for block in self._blocks:
            parts.append(block)
            if _FEED in block or _RETURN in block:
                break
        else:
            self._is_over = True
        self._text, self._taken = b"".join(parts), 0
        self._ends = _line_ends(self._text)
        if not self._is_over and self._text.endswith(_RETURN):
            self._ends = self._ends[:-1]  # its other half may follow
        elif self._is_over and self._end(len(self._ends)) < len(self._text):
            self._ends = np.append(self._ends, len(self._text))


def read_lines(file: BinaryIO, encoding: Encoding) -> Lines:
    """The lines of the file, from where it stands.

    Raises:
        UnicodeDecodeError: while they are taken: a byte is not in the encoding, and its `errors` are strict.
    """
    return Lines(_utf8(file, encoding))


def _utf8(file: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    if (codecs.lookup(encoding.name).name, encoding.errors) == ("utf-8", "strict"):
        yield from read_blocks(file)
        return
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    for block in read_blocks(file):
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _line_ends(text: bytes) -> Offsets:
    """Where each line ends that has an end, behind it."""
    letters = np.frombuffer(text, np.uint8)
    feeds = np.flatnonzero(letters == _FEED[0])
    if _RETURN in text and np.count_nonzero(letters == _RETURN[0]) != _count_pairs(letters, feeds):
        return np.array([end.end() for end in _LINE_END.finditer(text)], np.int64)
    return feeds + 1


def _count_pairs(letters: np.ndarray[Any, np.dtype[np.uint8]], feeds: Offsets) -> int:
    """How many `\\r\\n` there are."""
    return int(np.count_nonzero(letters[feeds[feeds > 0] - 1] == _RETURN[0]))
