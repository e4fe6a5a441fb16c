"""Pages behind a cursor.

Belongs here: cursors, and the one answer that every list operation gives. Does not belong here: which rows.
A cursor is good for the filters that it was made for, and for no others (assumed).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64Error
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from sandbox.exchange import Answer, Request, json_answer
from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.protocol import last_link, link, moment, number, refusal

_SALT = b"~~~~~?"  # so that every cursor holds a + and a /
_NUMBERS = frozenset({"campaignId", "listId", "leadId", "statusCode"})

Row = tuple[int, dict[str, Any]]
"""An id that orders the rows, and the row."""


def filters(request: Request, known: Sequence[str], knobs: PlatformKnobs) -> dict[str, str]:
    """The filters that the client gave and the vendor knows; others are overlooked (assumed).

    Raises:
        RefusedError: 400, when a number or a timestamp is none.
    """
    given = request.parameters()
    asked = {name: given[name] for name in known if name in given and name not in knobs.ignored_filters}
    for name, value in asked.items():
        if name in _NUMBERS:
            number(value, name)
        elif name.endswith(("TimestampFrom", "TimestampTo")):
            moment(value, name)
    return asked


def page(
    request: Request, rows: Sequence[Row], asked: Mapping[str, str], base_path: str, path: str, knobs: PlatformKnobs
) -> Answer:
    """One page of the rows, in the order of their ids."""
    after = _after(request.parameters().get("cursor"), asked)
    ordered = sorted(rows, key=lambda row: row[0])
    rest = [row for row in ordered if row[0] > after]
    shown = rest[: knobs.page_size]
    metadata = last_link("nextUri", knobs)
    if knobs.looping_cursor and ordered:
        metadata = {"nextUri": _next(request, ordered[0][0] - 1, asked, base_path, path, knobs)}
    elif len(rest) > len(shown):
        metadata = {"nextUri": _next(request, shown[-1][0], asked, base_path, path, knobs)}
    return json_answer({"metadata": metadata, "items": [row for _, row in shown]})


def _next(
    request: Request, after: int, asked: Mapping[str, str], base_path: str, path: str, knobs: PlatformKnobs
) -> str:
    cursor = b64encode(_SALT + orjson.dumps({"after": after, "for": sorted(asked.items())})).decode()
    query = f"cursor={cursor}" if knobs.cursors == "bare" else urlencode({"cursor": cursor})
    return f"{link(request, base_path, path, knobs)}?{query}"


def _after(cursor: str | None, asked: Mapping[str, str]) -> int:
    if cursor is None:
        return -1
    try:
        value = orjson.loads(b64decode(cursor, validate=True).removeprefix(_SALT))
    except (NotBase64Error, ValueError):
        raise refusal(400, "cursor is not valid") from None
    if value["for"] != [list(item) for item in sorted(asked.items())]:
        raise refusal(400, "cursor belongs to other filters")
    return int(value["after"])
