"""What the Platform's links say, and the guards around pages.

Belongs here: cursors and page links, which are read and never followed as addresses: the vendor writes them in two
dialects. Does not belong here: requests (`client.py`). Source: vendors.md, 3(c) 1 to 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from connectors.platform.models import BulkErrorPage

MOST_ERROR_PAGES = 10_000


class LinkError(ValueError):
    """A link cannot be followed; the text names its JSON path, never its value."""


class Cursors:
    """The cursors of one read, each of them met once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def after(self, next_uri: str | None) -> str | None:
        """The cursor of the next page; None on the last one.

        Raises:
            LinkError: there is a link without a cursor, or the cursor came before.
        """
        if not next_uri:
            return None
        cursor = _cursor(next_uri)
        if cursor in self._seen:
            raise LinkError("$.metadata.nextUri: the same cursor again")
        self._seen.add(cursor)
        return cursor


class PageLinks:
    """The page links of one list of errors. `host` is our own, with its port."""

    def __init__(self, host: str) -> None:
        self._host = host.lower()
        self._seen: set[str] = set()
        self._page_count = 0

    def after(self, page: BulkErrorPage) -> Sequence[tuple[str, str]] | None:
        """The query of the next page; None after the last one, which `totalPages` knows too.

        Raises:
            LinkError: the link leads to another host, came before, is missing, or there is no end.
        """
        self._page_count += 1
        if page.total_pages is not None and self._page_count >= page.total_pages:
            return None
        if not page.next_page_link:
            if page.total_pages:
                raise LinkError("$.nextPageLink: missing before the last page")
            return None
        return self._query(page.next_page_link)

    def _query(self, link: str) -> Sequence[tuple[str, str]]:
        try:
            parts = urlsplit(link)
        except ValueError:
            raise LinkError("$.nextPageLink: not a link") from None
        query = _pairs(parts.query)
        if parts.netloc and parts.netloc.lower() != self._host:
            raise LinkError("$.nextPageLink: leads to another host")
        if not query:
            raise LinkError("$.nextPageLink: names no page")
        if link in self._seen or self._page_count >= MOST_ERROR_PAGES:
            raise LinkError("$.nextPageLink: the same page again, or no end of pages")
        self._seen.add(link)
        return query


def _cursor(next_uri: str) -> str:
    try:
        query = _pairs(urlsplit(next_uri).query)
    except ValueError:
        query = []
    cursor = next((value for name, value in query if name == "cursor"), None)
    if cursor is None:
        raise LinkError("$.metadata.nextUri: holds no cursor")
    return cursor


def _pairs(query: str) -> list[tuple[str, str]]:
    """Names and values, of which percent-escapes alone are decoded: a + is one of base64, and stands for no blank."""
    return parse_qsl(query.replace("+", "%2B"))
