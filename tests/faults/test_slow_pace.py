"""Vendors that want few requests: by a rate, by a wait that they ask for, or by one request at a time."""

from __future__ import annotations

import time
from typing import Any

from tests.factories import with_lease
from tests.faults import vendors
from tests.faults.vendors import ALL, MakeSite

sites = vendors.sites

LEASE_S = 1.0
"""Half of it is how long a claim waits for its turn, as a minute and a half are of the lease that is configured."""

PACES: dict[str, dict[str, Any]] = {
    "sinch": {"requests_per_second": 4, "batch_size": 2, "connections": 4},
    "sobot": {"requests_per_second": 10, "max_details_per_import": 3, "connections": 4},
    "platform": {"requests_per_second": 10, "bulk_max_leads": 3, "connections": 4},
    "platform-singles": {"requests_per_second": 4, "bulk_max_leads": 12, "connections": 1},
    "jtel": {"requests_per_second": 2},
}
"""By way, settings with which a claim's time is over long before all that was claimed had its turn."""


@ALL
def test_wait_that_is_longer_than_a_claim_is_kept(way: str, sites: MakeSite) -> None:
    """The run sends nothing as long as the vendor asks it to wait, then the rest; it does not give up."""
    site = sites(way)
    site.spoil("status", status=429, retry_after="3", skip=1)
    with_lease(site.installation, LEASE_S)
    started = time.monotonic()
    assert site.load().problems == []
    assert time.monotonic() - started >= 3
    assert site.server.faults.fired_count == 1
    site.follow()
    site.assert_accepted_once()


@ALL
def test_rate_that_is_slower_than_claims_last_ends_no_load(way: str, sites: MakeSite) -> None:
    """However few requests may start, what waits for its turn is no failure: one load sends it all."""
    site = sites(way, settings=PACES[way])
    with_lease(site.installation, LEASE_S)
    assert site.load().problems == []
    site.follow()
    site.assert_accepted_once()


def test_task_that_takes_one_import_at_a_time_ends_no_load(sites: MakeSite) -> None:
    """Imports that wait for others into their task longer than a claim lasts are sent by the same load."""
    site = sites("sobot", settings={"max_details_per_import": 3, "connections": 4, "requests_per_second": None})
    site.spoil("slow", seconds=0.2, times=None)
    with_lease(site.installation, LEASE_S)
    assert site.load().problems == []
    site.follow()
    site.assert_accepted_once()
