"""From a value to text that every later store can hold.

Belongs here: how a database's values are written, and which text cannot be stored. Does not belong
here: what a text means, and whole rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

# Above it a float no longer holds every whole number, and digits would be made up.
_EXACT_FLOAT = 2.0**53
# A single byte that is no text: MySQL's truths, BIT(1), as its drivers give them.
_BITS = {b"\0": "0", b"\1": "1"}


def is_storable(text: str) -> bool:
    """Whether Postgres and JSON can hold the text: no NUL, no byte that could not be decoded."""
    return "\0" not in text and (text.isascii() or _is_decoded(text))


def _is_decoded(text: str) -> bool:
    """False when a byte that is not in the encoding was kept as a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unstorable_reason(text: str) -> str:
    """Why the text is not storable, as the end of a sentence about its row."""
    if "\0" in text:
        return "contains a NUL character"
    return "contains a byte that is not in its encoding"


def to_text(value: object) -> str | None:
    """The value as people write it, nothing rounded: `5`, `true`, `0170`, `2026-11-17 10:00:00`.

    None stays None; bytes that are not UTF-8 become text that is not storable; lists and objects
    become JSON.
    """
    writer = _WRITERS.get(type(value), str)
    return writer(value)


def to_texts(values: Sequence[object]) -> list[str | None]:
    """Each value as trimmed text; a blank one is None."""
    if {type(value) for value in values} <= {str, type(None)}:
        return [value.strip() or None if value else None for value in values]  # type: ignore[attr-defined]
    return [text.strip() or None if text else None for text in map(to_text, values)]


def _write_float(value: float) -> str:
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return str(int(value))
    return repr(value)


def _write_moment(value: datetime) -> str:
    return value.isoformat(sep=" ")


def _write_bytes(value: bytes | bytearray | memoryview) -> str:
    written = bytes(value)
    return _BITS.get(written) or written.decode("utf-8", "surrogateescape")


def _write_json(value: object) -> str:
    return orjson.dumps(value, default=str).decode()


_WRITERS: dict[type, Callable[[Any], str | None]] = {
    type(None): lambda _: None,
    str: lambda text: text,
    bool: lambda truth: "true" if truth else "false",
    float: _write_float,
    Decimal: lambda number: format(number, "f"),
    datetime: _write_moment,
    date: date.isoformat,
    bytes: _write_bytes,
    bytearray: _write_bytes,
    memoryview: _write_bytes,
    list: _write_json,
    dict: _write_json,
}
