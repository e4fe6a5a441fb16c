"""Where the last page of a list is.

Belongs here: what the lists of OBI and RCI have in common. Does not belong here: requests, filters and rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

DEFAULT_LIMIT = 100
"""Rows of a page that asks for no number of its own."""


class Identified(Protocol):
    """A row that is known again by its id."""

    @property
    def id(self) -> str: ...


RowT = TypeVar("RowT", bound=Identified)


class RepeatedPageError(Exception):
    """Full pages bring no new row: the vendor does not heed `offset`."""


def pages(fetch: Callable[[int, int], Sequence[RowT]], *, offset: int, page_limit: int) -> Iterator[RowT]:
    """The rows from `offset` on, each once.

    A page shorter than asked is the last, unless more than the default was asked: the vendor may have a lower
    maximum that it does not tell. Rows that move between pages while they are read are told once.

    Raises:
        RepeatedPageError: two pages in a row are not the last and hold nothing new.
    """
    seen: set[str] = set()
    stale_count = 0
    while True:
        page = fetch(offset, page_limit)
        fresh = [row for row in page if row.id not in seen]
        yield from fresh
        if len(page) < min(page_limit, DEFAULT_LIMIT):
            return
        stale_count = 0 if fresh else stale_count + 1
        if stale_count > 1:
            raise RepeatedPageError
        seen.update(row.id for row in fresh)
        offset += len(page)
