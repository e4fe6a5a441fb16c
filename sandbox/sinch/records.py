"""One campaign and one customer, as the double keeps them.

Belongs here: the records and the campaign's index. Does not belong here: their JSON forms
(`views.py`), rules about what may be stored (`entries.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

DIALER_STATUS: Mapping[str, str] = {
    "Active": "OPEN",
    "Passive": "PASSIVE",
    "Handled": "COMPLETED",
    "Expired": "EXPIRED",
}


class Customer:
    """One entry of a campaign.

    What the client wrote stays in the body that carried it, and is parsed again when it is read: a
    load test stores millions, and neither parsed dicts nor a copy of each entry is affordable.

    Attributes:
        body, position: That body, and where in it the entry stands.
        outcome: What the dialer found: `result`, `callCount`, `script` and so on.
    """

    __slots__ = ("_body", "_position", "external_id", "id", "modified_at", "numbers", "outcome")

    def __init__(
        self,
        customer_id: str,
        external_id: str,
        numbers: str,
        received_at: datetime,
        body: bytes,
        position: int,
    ) -> None:
        self.id = customer_id
        self.external_id = external_id
        self.numbers = numbers
        self.modified_at = received_at
        self.outcome: Mapping[str, Any] | None = None
        self._body = body
        self._position = position

    @property
    def written(self) -> Mapping[str, Any]:
        """What the client wrote; not to be changed."""
        return _parsed(self._body)[self._position]

    @property
    def is_handled(self) -> bool:
        """Whether the dialer has a result."""
        return bool(self.outcome and self.outcome.get("result"))


@lru_cache(maxsize=4)
def _parsed(body: bytes) -> list[dict[str, Any]]:
    parsed = orjson.loads(body)
    return parsed if isinstance(parsed, list) else [parsed]


class Campaign:
    """One campaign: its documented fields, and its customers in the order of their creation.

    Attributes:
        by_external_id: The customers of an externalId; several only where the knobs allow it.
        deletions: How often a customer was deleted, by externalId.
        duplicate_count: How often an externalId was stored again after the first time.
        handled_count: Customers that have a result.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.id: str = fields["id"]
        self.fields = dict(fields)
        self.customers: dict[str, Customer] = {}
        self.by_external_id: dict[str, tuple[Customer, ...]] = {}
        self.deletions: dict[str, int] = {}
        self.duplicate_count = 0
        self.handled_count = 0

    @property
    def status(self) -> str:
        """One of Passive, Active, Handled, Expired, Invalid, Deleted."""
        status: str = self.fields["status"]
        return status

    def set_status(self, status: str) -> None:
        """Status and dialer status are those of the given status."""
        self.fields["status"] = status
        self.fields["dialerStatus"] = DIALER_STATUS.get(status, "CLOSED")

    def add(self, customers: Iterable[Customer]) -> None:
        """The customers are stored and counted; the rules were checked before."""
        by_id, index, deletions = self.customers, self.by_external_id, self.deletions
        for customer in customers:
            external_id = customer.external_id
            twins = index.get(external_id, ())
            if twins or external_id in deletions:
                self.duplicate_count += 1
            by_id[customer.id] = customer
            index[external_id] = (*twins, customer)

    def delete(self, customer: Customer) -> None:
        """The customer is gone, and its externalId is free."""
        del self.customers[customer.id]
        external_id = customer.external_id
        twins = tuple(one for one in self.by_external_id.pop(external_id) if one is not customer)
        if twins:
            self.by_external_id[external_id] = twins
        self.deletions[external_id] = self.deletions.get(external_id, 0) + 1
        self.handled_count -= customer.is_handled

    def creations(self) -> dict[str, int]:
        """How often an entry was stored, by externalId; a deletion does not lower it."""
        counts = dict(self.deletions)
        for external_id, twins in self.by_external_id.items():
            counts[external_id] = counts.get(external_id, 0) + len(twins)
        return counts

    def record_outcome(self, external_id: str, outcome: Mapping[str, Any], at: datetime) -> None:
        """The dialer found this at that time: the fields are added to the customer's."""
        for customer in self.by_external_id[external_id]:
            self.handled_count -= customer.is_handled
            customer.outcome = {**(customer.outcome or {}), **outcome}
            customer.modified_at = at
            self.handled_count += customer.is_handled


def new_ids(count: int) -> list[str]:
    """That many id32 that nobody has; drawn at once, because a load test feels a uuid4 for each."""
    digits = os.urandom(16 * count).hex().upper()
    return [digits[start : start + 32] for start in range(0, 32 * count, 32)]
