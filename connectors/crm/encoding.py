"""How the bytes of a CSV file are to be read.

Belongs here: finding the encoding and the delimiter. Does not belong here: records and columns.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.errors import SetupError

AUTO = "auto"
DELIMITERS = (",", ";", "\t", "|")
# What Excel writes, and reads, before the header.
_TOLD = re.compile(r'"?sep=(\\t|[^"\r\n])"?[;,|\t]*\s*', re.IGNORECASE)
_PACKED = (
    (b"\x1f\x8b", "packed with gzip"),
    (b"BZh9", "packed with bzip2"),
    (b"\xfd7zX", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"7z\xbc\xaf", "packed with 7-Zip"),
    (b"PK\x03\x04", "a ZIP archive, or a workbook of Excel"),
    (b"\xd0\xcf\x11\xe0", "a workbook of Excel"),
)
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t"}

# The four-byte marks first: the UTF-16 mark is how the UTF-32 mark begins.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK_BYTES = 1 << 20
_CHECKED_BYTES = 2 << 20
_WINDOWS = "cp1252"
_ELSE_WINDOWS = "leadsync_else_cp1252"  # what `errors` may be, once it is registered


class Encoding(NamedTuple):
    """How to decode. A byte without meaning spoils its row only."""

    name: str
    errors: str


def find_encoding(path: Path, wanted: str, *, setting: str) -> Encoding:
    """The file's encoding: by its byte order mark, else `wanted`, else UTF-8 or Windows-1252.

    A file that has lines of both (two exports in one) is UTF-8, and what is not UTF-8 in it Windows-1252.

    Raises:
        SetupError: `wanted` is no encoding, the file is not in the encoding it announces, or it is no text at all.
    """
    _refuse_packed(path, setting=setting)
    marked = _marked_encoding(path)
    name = marked or known_encoding(wanted, setting=setting)
    if marked is None and path.stat().st_size:
        _refuse_unmarked(path, name, setting=setting)
    line = _undecodable_line(path, name)
    if line is None:
        return Encoding(name, "strict")
    if marked is None and wanted == AUTO:
        return Encoding(name, _ELSE_WINDOWS) if _has_utf8(path) else Encoding(_WINDOWS, "surrogateescape")
    raise SetupError(f"{setting}.encoding: {path} line {line} is not {name}")


def _refuse_packed(path: Path, *, setting: str) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    for mark, kind in _PACKED:
        if start.startswith(mark):
            raise SetupError(f"{setting}.csv: {path} is {kind}, not CSV: unpack it, or export it as CSV")


def _refuse_unmarked(path: Path, name: str, *, setting: str) -> None:
    plain = codecs.lookup(name).name
    if plain in ("utf-16", "utf-32"):
        raise SetupError(f"{setting}.encoding: {path} has no byte order mark: say {plain}-le or {plain}-be")


def _marked_encoding(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def known_encoding(wanted: str, *, setting: str) -> str:
    """`wanted`, or UTF-8 for `auto`; SetupError if it is no encoding."""
    if wanted == AUTO:
        return "utf-8"
    try:
        "".encode(wanted)
    except (LookupError, ValueError):  # the latter of `undefined`, which Python has, and of a NUL
        raise SetupError(f"{setting}.encoding: {wanted!r} is not the name of an encoding") from None
    return wanted


def _undecodable_line(path: Path, name: str) -> int | None:
    """The line of the first byte that is not in the encoding; None when every byte is."""
    if name in ("utf-8", "utf-8-sig") and _is_utf8(path):
        return None
    line = 1
    decoder = codecs.getincrementaldecoder(name)()
    for block in _blocks(path):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += text.count("\n")
    return None


def _is_utf8(path: Path) -> bool:
    """Whether every line is UTF-8, as Arrow tells in a fraction of the time of a decoder; False may decide nothing."""
    size = min(_CHECKED_BYTES, path.stat().st_size)
    block = bytearray(2 * size)  # one for the whole file: new ones would cost more than all the rest
    space, filled = memoryview(block), 0
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(space[filled : filled + size]):
            filled += count
            end = block.rfind(b"\n", 0, filled) + 1
            rest = filled - end
            if not _are_utf8(space[:end]) or rest > size:  # the latter are hardly lines
                return False
            space[:rest], filled = space[end:filled], rest
    return _are_utf8(space[:filled])


def _are_utf8(lines: memoryview) -> bool:
    bounds = pa.py_buffer(np.array([0, len(lines)], np.int64))
    try:
        pc.cast(pa.Array.from_buffers(pa.large_binary(), 1, [None, bounds, pa.py_buffer(lines)]), pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _has_utf8(path: Path) -> bool:
    """Whether some line is UTF-8 and not ASCII. Two bytes of Windows-1252 may look so, hardly a line of it."""
    rest = b""
    for block in _blocks(path):
        *lines, rest = (rest + block).split(b"\n")
        if not block or len(rest) > _BLOCK_BYTES:
            lines, rest = [*lines, rest], b""
        if any(not line.isascii() and _is_decodable(line) for line in lines):
            return True
    return False


def _is_decodable(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """What stands for the bytes that are not UTF-8, and where decoding goes on."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode(_WINDOWS, "surrogateescape"), error.end


codecs.register_error(_ELSE_WINDOWS, _as_windows)


def read_blocks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of the file in order."""
    while block := file.read(_BLOCK_BYTES):
        yield block


def _blocks(path: Path) -> Iterator[bytes]:
    """The bytes of the file in order, ending with an empty block."""
    with path.open("rb") as file:
        yield from read_blocks(file)
    yield b""


def known_delimiter(wanted: str, *, setting: str) -> str:
    """`auto`, or the one character that is meant; SetupError if it is neither."""
    meant = _DELIMITER_NAMES.get(wanted, wanted)
    if meant != AUTO and (len(meant) != 1 or meant in '"\r\n'):
        raise SetupError(f"{setting}.delimiter: {meant!r} is not a single character")
    return meant


def told_delimiter(line: str) -> str | None:
    """The delimiter that a line `sep=;` before the header tells; None if it is no such line."""
    told = _TOLD.fullmatch(line)
    return _DELIMITER_NAMES.get(told[1], told[1]) if told else None


def find_delimiter(header_line: str, wanted: str, *, setting: str) -> str:
    """`wanted`, or the delimiter that the header line has most of outside quotes.

    Raises:
        SetupError: `wanted` is neither `auto` nor a single character.
    """
    wanted = known_delimiter(wanted, setting=setting)
    if wanted != AUTO:
        return wanted
    unquoted = re.sub(r'"[^"]*("|$)', "", header_line)
    return max(DELIMITERS, key=unquoted.count)
