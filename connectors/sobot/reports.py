"""The error report of an import: fetched from the host that keeps it, and read by what its cells look like.

Belongs here: which addresses are fetched, how much of them, and which rows name a lead that was sent. Does not
belong here: what that means for the lead (`results.py`), the file itself (`workbook.py`). Its columns and language are
undocumented.
Source: vendors.md, 1(b-16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors.errors import ContractError, RejectedError
from connectors.gateway import Entry
from connectors.sobot.entries import digits
from connectors.sobot.workbook import WorkbookError, read_cells
from connectors.transport import Transport


class ReportError(Exception):
    """The report cannot be had, now or later; the text is a clause for the import's detail."""


class NamedLead(NamedTuple):
    """A row of the report that names one number that was sent. `reason` is the vendor's text, not yet redacted."""

    number: str
    reason: str | None


class ReportHosts:
    """Fetches reports from the hosts that are allowed, without any token."""

    def __init__(self, transports: Mapping[str, Transport], *, limit_bytes: int) -> None:
        """`transports` by origin, such as `https://img-sg.sobot.io`; none of them logs in."""
        self._transports = transports
        self._limit_bytes = limit_bytes

    def fetch(self, address: str) -> bytes:
        """The file at the address.

        Raises:
            ReportError: the host is not allowed, the file is gone, or it is too long.
            NotSentError, UnavailableError, RateLimitedError: perhaps later.
        """
        transport, path = self._place(address)
        try:
            reply = transport.read("error_report", path, headers={"Accept": "*/*"}, limit_bytes=self._limit_bytes)
        except RejectedError as error:
            raise ReportError(f"the error report cannot be fetched (HTTP {error.status})") from None
        except ContractError:
            raise ReportError(f"the error report is a redirect or longer than {self._limit_bytes} bytes") from None
        return reply.body

    def close(self) -> None:
        """All connections are closed."""
        for transport in self._transports.values():
            transport.close()

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return sum(transport.request_count for transport in self._transports.values())

    def _place(self, address: str) -> tuple[Transport, str]:
        try:
            parts = urlsplit(address)
            transport = self._transports.get(origin_of(address))
        except ValueError:
            raise ReportError("the error report's address is not a URL") from None
        if transport is None or parts.username is not None:
            raise ReportError("the error report lies on a host that vendors.sobot.report_hosts does not name")
        return transport, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def origin_of(address: str) -> str:
    """Scheme, host and port of an address; a bare host is meant by https."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def read_report(content: bytes, entries: Sequence[Entry]) -> list[NamedLead]:
    """The rows that name a number of the entries, found in whichever column has the most of them.

    The reason is the last text of such a row that is none of the entry's own.

    Raises:
        ReportError: it is no workbook, or no cell of it is a number that was sent.
    """
    try:
        rows = read_cells(content)
    except WorkbookError as error:
        raise ReportError(f"the error report {error}") from None
    known = {number_key(entry["telephone"]): _own_texts(entry) for entry in entries}
    hits = Counter(column for row in rows for column, cell in enumerate(row) if number_key(cell) in known)
    if not hits:
        raise ReportError("the error report names none of the numbers that were sent")
    column = hits.most_common(1)[0][0]
    named = [(number_key(row[column]), row) for row in rows if column < len(row)]
    return [NamedLead(number, _reason(row, column, known[number])) for number, row in named if number in known]


def number_key(cell: Any) -> str:
    """A number's digits without leading noughts, which a spreadsheet that takes it for a quantity drops."""
    if isinstance(cell, bool):
        return ""
    text = f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)
    return digits(text).lstrip("0")


def _own_texts(entry: Entry) -> frozenset[str]:
    own = [entry.get(key) for key in ("telephone", "name", "description", "allocationAgent")]
    own += [field.get("fieldValue") for field in entry.get("customFields", ())]
    return frozenset(str(text).strip() for text in own if text)


def _reason(row: Sequence[Any], column: int, own: frozenset[str]) -> str | None:
    texts = [cell.strip() for index, cell in enumerate(row) if index != column and isinstance(cell, str)]
    reason = next((text for text in reversed(texts) if text and text not in own and number_key(text) != text), None)
    for text in own:
        reason = reason and reason.replace(text, "…")
    return reason
