"""How many imports a pool of connections takes at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from connectors.errors import UnavailableError
from connectors.gateway import Batch, Gateway, Receipt
from pipelines.workers import QUICK_S, Workers
from tests.unit.test_rulings import claim

CONNECTIONS = 3


@dataclass
class Vendor:
    """Answers every batch after a while, or not at all."""

    takes_s: float = 0.0
    is_down: bool = False
    vendor = "sinch"
    connections = CONNECTIONS

    def submit(self, _: Batch) -> Receipt:
        """The answer to a batch."""
        time.sleep(self.takes_s)
        if self.is_down:
            raise UnavailableError("said", vendor=self.vendor, operation="op")
        return Receipt([])

    reconcile = submit


@pytest.fixture
def vendor() -> Vendor:
    """A vendor that answers at once."""
    return Vendor()


@pytest.fixture
def workers(vendor: Vendor) -> Iterator[Workers]:
    """Connections to it, closed at the end."""
    made = Workers(cast(Gateway, vendor))
    yield made
    made.close()


def exchange(workers: Workers) -> None:
    """One import went to the vendor and came back."""
    workers.start(claim(), "submit", tries=0)
    assert len(workers.collect(10)) == 1


def test_twice_as_many_are_taken_as_can_be_in_flight(workers: Workers) -> None:
    """Until it is known how quick the vendor is."""
    assert (workers.free, workers.enough) == (2 * CONNECTIONS, 0)


def test_more_are_taken_where_the_vendor_is_quick(workers: Workers) -> None:
    """A turn of the ledger is then about three times as many."""
    exchange(workers)
    assert workers.free == 6 * CONNECTIONS


def test_no_more_are_taken_where_it_is_slow_or_fails(workers: Workers, vendor: Vendor) -> None:
    """What was taken and not begun is asked about after a crash; a failure that comes quickly is no quick answer."""
    exchange(workers)
    vendor.is_down = True
    exchange(workers)
    assert workers.free == 2 * CONNECTIONS
    vendor.is_down, vendor.takes_s = False, QUICK_S
    exchange(workers)
    assert workers.free == 2 * CONNECTIONS


def test_a_turn_waits_for_no_more_than_is_held(workers: Workers, vendor: Vendor) -> None:
    """At the end of a load few are left."""
    vendor.takes_s = QUICK_S
    workers.start(claim(), "submit", tries=0)
    assert workers.enough == 1
