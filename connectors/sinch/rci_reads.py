"""The operations of RCI that change nothing: one object, a whole list, a list in pages.

Belongs here: how they are asked and read. Does not belong here: what every operation has (`rci_operations.py`),
what a filter or a page is (`rci_queries.py`), which operations there are (`rci.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from connectors.contract import read_json, read_shape
from connectors.errors import ContractError
from connectors.sinch.paging import RepeatedPageError, pages
from connectors.sinch.rci_bodies import LimitError
from connectors.sinch.rci_models import Keyed, Row
from connectors.sinch.rci_operations import READ_JSON, Operation, RciConnection
from connectors.sinch.rci_queries import Criteria, Filter, Query, Sort, sort_text

R = TypeVar("R", bound=Row)
R_co = TypeVar("R_co", bound=Row, covariant=True)
K = TypeVar("K", bound=Keyed)

_PAGING = ("sort", "offset", "limit")


class ReadCall(Protocol[R_co]):
    """Reads one object by the ids of its path."""

    def __call__(self, *ids: str, **named_ids: str) -> R_co: ...


class ListCall(Protocol[R_co]):
    """Lists by the ids of the path and by filters in snake case."""

    def __call__(self, *ids: str, **filters: Filter) -> Iterator[R_co]: ...


class PagedListCall(Protocol[R_co]):
    """Lists page by page. `offset` is the first row, `limit` the most rows; None is all."""

    def __call__(
        self, *ids: str, sort: Sort | None = None, offset: int = 0, limit: int | None = None, **filters: Filter
    ) -> Iterator[R_co]: ...


class _RowOperation(Operation, Generic[R]):
    """An operation that answers rows: it changes nothing, so it is tried again."""

    method = "GET"

    def __init__(self, path: str, row: type[R], source: int, *, note: str = "") -> None:
        super().__init__(path, source, note=note)
        self.row = row

    def noun(self) -> str:
        return self.row.__name__

    def _fetched(
        self, connection: RciConnection, given: Mapping[str, Any], params: Query, shape: TypeAdapter[Any]
    ) -> Any:
        transport = connection.transport
        reply = transport.read(self.name, self.address(given), params=params, headers=READ_JSON)
        value = read_json(reply, vendor=transport.vendor, operation=self.name, is_read=True)
        return read_shape(value, shape, reply, vendor=transport.vendor, operation=self.name, is_read=True)


class Reading(_RowOperation[R]):
    """GET of one object."""

    summary = "One {noun}."

    def __get__(self, connection: RciConnection | None, owner: type) -> ReadCall[R]:
        return cast(ReadCall[R], self.bound(connection))

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> R:
        """The object in its shape."""
        return cast(R, self._fetched(connection, given, [], TypeAdapter(self.row)))

    def result(self) -> Any:
        return self.row


class _Listing(_RowOperation[R]):
    """GET of a list, narrowed by filters; the rows are looked at again, for a filter may be ignored."""

    def __init__(
        self, path: str, row: type[R], source: int, *, criteria: Criteria = Criteria(), note: str = ""
    ) -> None:
        super().__init__(path, row, source, note=note)
        self.criteria = criteria
        self._rows: TypeAdapter[list[R]] = TypeAdapter(list[row])  # type: ignore[valid-type]

    def keywords(self) -> dict[str, dict[str, Any]]:
        return {name: {"annotation": kind, "default": None} for name, kind in self.criteria.annotations().items()}

    def result(self) -> Any:
        return Iterator[self.row]  # type: ignore[name-defined]

    def _filters(self, given: Mapping[str, Any]) -> dict[str, list[str]]:
        """The filters that were given, as they are sent."""
        names = [name for name in self.criteria.annotations() if given.get(name) is not None]
        return {name: self.criteria.written(name, given[name]) for name in names}

    def _page(
        self, connection: RciConnection, given: Mapping[str, Any], filters: Mapping[str, Sequence[str]], paging: Query
    ) -> list[R]:
        query = [(self.criteria.sent_name(name), value) for name, values in filters.items() for value in values]
        return cast(list[R], self._fetched(connection, given, query + paging, self._rows))

    def _passing(self, rows: Iterator[R], filters: Mapping[str, Sequence[str]]) -> Iterator[R]:
        return (row for row in rows if all(self.criteria.passes(row, *one) for one in filters.items()))


class Listing(_Listing[R]):
    """GET of a list that comes whole."""

    summary = "Every {noun} of the list that passes the filters."

    def __get__(self, connection: RciConnection | None, owner: type) -> ListCall[R]:
        return cast(ListCall[R], self.bound(connection))

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> Iterator[R]:
        """The rows; asked when the first is wanted."""
        filters = self._filters(given)
        return self._passing(self._whole(connection, given, filters), filters)

    def _whole(
        self, connection: RciConnection, given: Mapping[str, Any], filters: Mapping[str, Sequence[str]]
    ) -> Iterator[R]:
        yield from self._page(connection, given, filters, [])


class PagedListing(_Listing[K]):
    """GET of a list that comes in pages, sorted where the document says so."""

    summary = "Every {noun} that passes the filters, page by page, each once."

    def __init__(
        self, path: str, row: type[K], source: int, *, criteria: Criteria, is_sorted: bool = True, note: str = ""
    ) -> None:
        super().__init__(path, row, source, criteria=criteria, note=note)
        self._paging = _PAGING if is_sorted else _PAGING[1:]

    def __get__(self, connection: RciConnection | None, owner: type) -> PagedListCall[K]:
        return cast(PagedListCall[K], self.bound(connection))

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> Iterator[K]:
        """The rows; asked as they are wanted."""
        filters = self._filters(given)
        sort = [("sort", sort_text(given["sort"]))] if given.get("sort") is not None else []
        offset, limit = _count("offset", given.get("offset", 0)), given.get("limit")
        most = None if limit is None else _count("limit", limit)
        size = connection.page_limit if most is None else max(1, min(most, connection.page_limit))

        def fetch(start: int, count: int) -> list[K]:
            return self._page(connection, given, filters, [*sort, ("offset", str(start)), ("limit", str(count))])

        rows = self._guarded(pages(fetch, offset=offset, page_limit=size), connection)
        return islice(self._passing(rows, filters), most)

    def keywords(self) -> dict[str, dict[str, Any]]:
        paging: dict[str, dict[str, Any]] = {
            "sort": {"annotation": Sort | None, "default": None},
            "offset": {"annotation": int, "default": 0},
            "limit": {"annotation": int | None, "default": None},
        }
        return {**super().keywords(), **{name: paging[name] for name in self._paging}}

    def limits(self) -> Mapping[str, str]:
        told = {
            "sort": "field names; - before one sorts it descending, LOCALE-xx at the end sorts as that language does",
            "offset": "how many rows are passed over",
            "limit": "how many rows are told at most; None is all",
        }
        return {name: told[name] for name in self._paging}

    def _guarded(self, rows: Iterator[K], connection: RciConnection) -> Iterator[K]:
        try:
            yield from rows
        except RepeatedPageError:
            text = "a page repeats the one before: offset is not heeded"
            raise ContractError(text, vendor=connection.transport.vendor, operation=self.name) from None


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise LimitError(name, "a whole number of at least 0")
    return value
