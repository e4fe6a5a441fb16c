"""Sinch OBI: one method per operation of the vendor's document.

Belongs here: paths, parameters, headers and the reading of answers. Does not belong here: what an
answer means for a delivery (`gateway.py`), and errors of the wire (`connectors/transport.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, Unpack
from urllib.parse import quote

import orjson

from connectors.contract import read_json
from connectors.errors import ContractError, InvalidRequestError, OutcomeUnknownError
from connectors.sinch.answers import created_id, is_done
from connectors.sinch.filters import CampaignFilters, CustomerFilters
from connectors.sinch.models import (
    EntryResult,
    ShapeError,
    SinchCampaign,
    SinchCustomer,
    read_campaign,
    read_customer,
    read_entry_results,
)
from connectors.sinch.paging import RepeatedPageError, pages
from connectors.transport import READS, Reply, Transport

T = TypeVar("T")

_READ_JSON = {"Accept": "application/json"}
_WRITE_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_CREATE = {"Accept": "text/html", "Content-Type": "application/json"}
_WRITE_TEXT = {"Content-Type": "text/plain"}


class SinchClient:
    """OBI over a transport whose base address ends before `/campaigns`."""

    def __init__(self, transport: Transport, *, page_limit: int = 100) -> None:
        self._transport = transport
        self._page_limit = page_limit

    def campaigns(self, **filters: Unpack[CampaignFilters]) -> list[SinchCampaign]:
        """All campaigns that this account may see, narrowed by the given fields.

        Source: vendors.md, 2(c) #1, GET /campaigns.
        """
        reply = self._get("campaigns", "/campaigns", filters)
        return self._read("campaigns", "GET", reply, lambda rows: _each(rows, read_campaign))

    def campaign(self, campaign_id: str) -> SinchCampaign:
        """One campaign. Source: vendors.md, 2(c) #2, GET /campaigns/{campaignId}."""
        reply = self._get("campaign", self._path("campaign", campaign_id), {})
        return self._read("campaign", "GET", reply, read_campaign)

    def set_campaign_status(self, campaign_id: str, status: Literal["Active", "Passive"]) -> None:
        """The campaign has the status. Source: vendors.md, 2(c) #3, PUT /campaigns/{campaignId}/status."""
        operation = "set_campaign_status"
        path = f"{self._path(operation, campaign_id)}/status"
        reply = self._transport.send(operation, "PUT", path, headers=_WRITE_TEXT, content=status.encode())
        self._require_done(operation, reply)

    def customers(self, campaign_id: str, **filters: Unpack[CustomerFilters]) -> Iterator[SinchCustomer]:
        """Customers of a campaign, page by page, each once, narrowed by the given fields.

        OBI has no order: a campaign that changes while it is read may skip a row. Narrow the read by
        `modificationDate`, or ask for one `externalId`.
        Source: vendors.md, 2(c) #4, GET /campaigns/{campaignId}/customers.
        """

        def fetch(offset: int, limit: int) -> list[SinchCustomer]:
            return self._customer_page(campaign_id, {**filters, "offset": str(offset), "limit": str(limit)})

        try:
            yield from pages(fetch, offset=0, page_limit=self._page_limit)
        except RepeatedPageError:
            text = "a page repeats the one before: offset is not heeded"
            raise ContractError(text, vendor=self._transport.vendor, operation="customers") from None

    def create_customer(self, campaign_id: str, customer: Mapping[str, Any]) -> str:
        """The customer is in the campaign; its id. Source: vendors.md, 2(c) #5, POST …/customers."""
        reply = self._transport.send(
            "create_customer",
            "POST",
            f"{self._path('create_customer', campaign_id)}/customers",
            headers=_CREATE,
            content=orjson.dumps(customer),
        )
        return self._created_id(reply)

    def customer(self, campaign_id: str, customer_id: str) -> SinchCustomer:
        """One customer. Source: vendors.md, 2(c) #6, GET …/customers/{customerId}."""
        reply = self._get("customer", self._path("customer", campaign_id, customer_id), {})
        return self._read("customer", "GET", reply, read_customer)

    def delete_customer(self, campaign_id: str, customer_id: str) -> None:
        """The customer is gone. Source: vendors.md, 2(c) #7, DELETE …/customers/{customerId}."""
        path = self._path("delete_customer", campaign_id, customer_id)
        self._require_done(
            "delete_customer", self._transport.send("delete_customer", "DELETE", path, headers=_READ_JSON)
        )

    def create_customers(
        self, campaign_id: str, body: bytes, *, stop_on_invalid: bool = False, not_after: float = float("inf")
    ) -> list[EntryResult]:
        """Each customer of the JSON array was judged; the answers come in the order of the request.

        Source: vendors.md, 2(c) #8, POST …/customers/list.
        """
        reply = self._transport.send(
            "create_customers",
            "POST",
            f"{self._path('create_customers', campaign_id)}/customers/list",
            params=[("stopProcessIfInvalidEntriesFound", "true" if stop_on_invalid else "false")],
            headers=_WRITE_JSON,
            content=body,
            not_after=not_after,
        )
        return self._read("create_customers", "POST", reply, read_entry_results)

    def stop(self) -> None:
        """No further request starts."""
        self._transport.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._transport.close()

    def _customer_page(self, campaign_id: str, filters: Mapping[str, object]) -> list[SinchCustomer]:
        reply = self._get("customers", f"{self._path('customers', campaign_id)}/customers", filters)
        return self._read("customers", "GET", reply, lambda rows: _each(rows, read_customer))

    def _get(self, operation: str, path: str, filters: Mapping[str, object]) -> Reply:
        params = [(name, _as_parameter(value)) for name, value in filters.items()]
        return self._transport.read(operation, path, params=params, headers=_READ_JSON)

    def _read(self, operation: str, method: str, reply: Reply, reader: Callable[[Any], T]) -> T:
        vendor, is_read = self._transport.vendor, method in READS
        values = read_json(reply, vendor=vendor, operation=operation, is_read=is_read)
        try:
            return reader(values)
        except ShapeError as error:
            # What a write did is not known when its answer cannot be read.
            kind = ContractError if is_read else OutcomeUnknownError
            raise kind(str(error), vendor=vendor, operation=operation, status=reply.status) from None

    def _require_done(self, operation: str, reply: Reply) -> None:
        if not is_done(reply):
            text = "no documented answer"
            raise OutcomeUnknownError(text, vendor=self._transport.vendor, operation=operation, status=reply.status)

    def _created_id(self, reply: Reply) -> str:
        found = created_id(reply)
        if found is None:
            raise OutcomeUnknownError(
                "no id in the answer", vendor=self._transport.vendor, operation="create_customer", status=reply.status
            )
        return found

    def _path(self, operation: str, campaign_id: str, customer_id: str | None = None) -> str:
        """The campaign's path, or the customer's. An empty id, or `..`, would name another: the list, or the owner."""
        ids = [campaign_id] if customer_id is None else [campaign_id, customer_id]
        if any(one.strip() in ("", ".", "..") for one in ids):
            raise InvalidRequestError("an id is empty, or no id", vendor=self._transport.vendor, operation=operation)
        return "/campaigns/" + "/customers/".join(quote(one, safe="") for one in ids)


def _each(rows: Any, reader: Callable[[Any, str], T]) -> list[T]:
    if not isinstance(rows, list):
        raise ShapeError("$: an array was expected")
    return [reader(row, f"$[{index}]") for index, row in enumerate(rows)]


def _as_parameter(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return str(value)
