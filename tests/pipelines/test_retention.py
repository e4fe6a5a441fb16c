"""What is forgotten, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.errors import SetupError
from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.load import load_day
from tests.factories import DAY, lead, leads
from tests.reading import query, states


def test_purge_forgets_persons_and_keeps_outcomes(installations: Callable[..., Installation]) -> None:
    """After the retention no number, name or payload is left, and every lead still has its state."""
    installation = installations(rows=[*leads(3), lead(4, phone1="")])
    load_day(installation, DAY)
    before = states(installation)
    counts = morning.forget(installation, DAY + timedelta(days=1))
    assert counts == {"rows_count": 4, "contacts_count": 3, "deliveries_count": 3, "payloads_count": 1}
    assert states(installation) == before == {"accepted": 3, "invalid": 1}
    assert query(installation, "SELECT count(*) FROM crm.leads") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.contacts WHERE cardinality(phones) > 0") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.deliveries WHERE phone IS NOT NULL") == [(0,)]
    assert query(installation, "SELECT count(*) FROM ledger.imports WHERE payload IS NOT NULL") == [(0,)]
    assert morning.report(installation, [DAY]).problems == []


def test_purge_keeps_days_inside_the_retention(installations: Callable[..., Installation]) -> None:
    """The day itself is kept when the retention begins with it."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    assert set(morning.forget(installation, DAY).values()) == {0}


def test_deciding_a_purged_day_needs_a_new_pull(installations: Callable[..., Installation]) -> None:
    """A purged day is not decided from nothing: its decisions stay as they are."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    morning.forget(installation, DAY + timedelta(days=1))
    with pytest.raises(SetupError, match="was not pulled"):
        night.decide(installation, DAY)
    assert states(installation) == {"accepted": 3}
