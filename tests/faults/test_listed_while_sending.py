"""Who is listed, or refuses, while a load is sending is not sent by it, whatever was planned."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from pipelines import night, recall
from pipelines.load import load_day
from tests.factories import DAY, phone
from tests.faults import vendors
from tests.faults.test_withdrawals import NEXT
from tests.faults.vendors import MakeSite, Site, row_of

sites = vendors.sites

COUNT = 16
SLOWLY: Mapping[str, Mapping[str, Any]] = {
    "sinch": {"batch_size": 2, "connections": 1},
    "platform-singles": {"connections": 1, "bulk_max_leads": 2},
    "jtel": {"parallel_requests": 1, "withdraw": {"Tag": "do-not-call"}},
}
LAST = phone(COUNT)[1:]


def begin(make: MakeSite, way: str) -> Site:
    """A day that takes its time to be sent."""
    site = make(way, rows=[], settings=SLOWLY[way])
    site.write([row_of(site, number, DAY) for number in range(1, COUNT + 1)])
    site.spoil("slow", seconds=0.25, times=None)
    return site


@contextmanager
def sending(site: Site) -> Iterator[None]:
    """The day is being sent: everything is planned, the first batch is there, and the last lead is not."""
    load = threading.Thread(target=site.load)
    load.start()
    while not site.numbers():
        time.sleep(0.02)
    yield
    assert LAST not in site.numbers()
    load.join()
    site.server.faults.clear()
    site.follow()


@pytest.mark.parametrize("way", SLOWLY)
def test_who_is_listed_while_others_are_sent_is_not_sent(way: str, sites: MakeSite) -> None:
    """The vendor has not the lead yet, so nobody takes it back: it must not go there."""
    site = begin(sites, way)
    with sending(site):
        site.write(site.rows, listed=[COUNT])
        night.refresh_do_not_call(site.another())
        recall.withdraw(site.others[-1], site.way.vendor)
    assert LAST not in site.numbers()
    assert site.states() == {"accepted": COUNT - 1, "suppressed": 1}


@pytest.mark.parametrize("way", SLOWLY)
def test_who_refuses_on_the_next_day_while_others_are_sent_is_not_sent(way: str, sites: MakeSite) -> None:
    """The load of the next day begins and ends while that of the day is under way."""
    site = begin(sites, way)
    with sending(site):
        site.write([*site.rows, row_of(site, COUNT, NEXT, consent="no"), row_of(site, 99, NEXT)])
        load_day(site.another(), NEXT)
    assert LAST not in site.numbers()
