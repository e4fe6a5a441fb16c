"""What a vendor is asked and what it answers, as values.

Belongs here: `Request`, `Answer`, the usual answers, and the refusal that ends an operation early.
Does not belong here: sockets (`wire.py`), and anything that one vendor alone says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

NO_BODY = b""


@dataclass(slots=True)
class Request:
    """One whole request. Header names are lower-case.

    `entry_statuses` says which entries of a batch the vendor must fail, by position (a fault).
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes
    entry_statuses: Mapping[int, int] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """The query parameters, decoded; the last of a repeated name counts."""
        if not self.query:
            return {}
        return dict(parse_qsl(self.query.decode("latin-1"), keep_blank_values=True))

    def header(self, name: bytes) -> str:
        """The header's value, or an empty string when the client did not send it."""
        return self.headers.get(name, b"").decode("latin-1")

    def json(self) -> Any:
        """The body as JSON values.

        Raises:
            RefusedError: with status 400, when the body is not JSON.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise RefusedError(plain_text(400, "Invalid JSON")) from error


@dataclass(slots=True)
class Answer:
    """One whole answer, before it meets the socket."""

    status: int
    content_type: str = ""
    body: bytes = NO_BODY
    headers: tuple[tuple[str, str], ...] = ()


class RefusedError(Exception):
    """The operation ends here with this answer, and nothing was stored."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(value: object, status: int = 200) -> Answer:
    """An answer that carries the value as JSON."""
    return Answer(status, "application/json", orjson.dumps(value))


def plain_text(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer that carries one line of text."""
    return Answer(status, "text/plain;charset=UTF-8", text.encode(), headers)


def no_content() -> Answer:
    """204: it was done, there is nothing to say."""
    return Answer(204)
