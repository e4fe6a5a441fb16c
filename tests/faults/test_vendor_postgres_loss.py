"""The ledger's connections die while imports are sent, asked about and collected at any vendor."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines import morning
from pipelines.store import LedgerError
from tests.factories import DAY
from tests.faults import vendors
from tests.faults.test_postgres_loss import FUSE
from tests.faults.vendors import ALL, LATER, MakeSite, Site, always
from tests.reading import query

sites = vendors.sites


def arm(site: Site, event: int) -> None:
    """The n-th event that is written from now on costs the connection that writes it."""
    assert site.installation.engine
    with site.installation.engine.begin() as connection:
        connection.exec_driver_sql(FUSE.format(first=event, last=event))


def attempt(errand: Callable[[], object]) -> str:
    """How the errand ended: `done`, or the name of the ledger's error; any other error is a defect."""
    try:
        errand()
    except LedgerError as error:
        return type(error).__name__
    return "done"


def assert_burnt(site: Site, event: int) -> None:
    """The connection was lost."""
    [(count,)] = query(site.installation, "SELECT last_value FROM ledger.fuse")
    assert count >= event
    site.change("DROP TRIGGER burn ON ledger.events")


@ALL
@pytest.mark.parametrize("event", always([1, 4, 5, 7], 4, 7))
def test_connection_lost_during_a_load_loses_and_repeats_nothing(way: str, event: int, sites: MakeSite) -> None:
    """Whichever transition dies with its connection is undone as a whole, and nothing is sent twice for it."""
    site = sites(way)
    arm(site, event)
    assert attempt(site.load) in ("done", "LedgerUnavailableError")
    assert_burnt(site, event)
    site.finish()
    site.assert_accepted_once()


@LATER
@pytest.mark.parametrize("event", always([1, 2, 3, 5], 1, 3))
def test_connection_lost_while_results_are_collected_loses_nothing(way: str, event: int, sites: MakeSite) -> None:
    """Verdicts that come back to a dead connection are stored on a new one, or read again."""
    site = sites(way)
    site.load()
    site.advance()
    morning.poll_results(site.installation, limit=50, budget_s=10)
    arm(site, event)
    assert attempt(lambda: morning.collect(site.installation, DAY)) in ("done", "LedgerUnavailableError")
    assert_burnt(site, event)
    site.finish()
    site.assert_accepted_once()


@LATER
@pytest.mark.parametrize("event", always([1, 2, 3], 2))
def test_connection_lost_during_a_tick_is_made_up_for(way: str, event: int, sites: MakeSite) -> None:
    """A tick that loses its connection leaves the import due again."""
    site = sites(way)
    site.load()
    site.advance()
    arm(site, event)
    assert attempt(lambda: morning.poll_results(site.installation, limit=50, budget_s=10)) in (
        "done",
        "LedgerUnavailableError",
    )
    assert_burnt(site, event)
    site.finish()
    site.assert_accepted_once()
