"""Batches that are planned: their imports, and what the events say of them."""

from __future__ import annotations

from connectors.gateway import Campaign
from pipelines.ledger_rows import PlannedBatch
from pipelines.store import utc_now
from tests.factories import CAMPAIGN, DAY, leads
from tests.faults.running import Make
from tests.reading import query

SIZES = [3, 1, 2]


def test_events_say_how_many_entries_each_import_was_planned_with(installations: Make) -> None:
    """Each import has the event of its own batch, as of the moment of the plan, by the run that planned it."""
    installation = installations(rows=leads(1))
    campaign = Campaign(campaign=CAMPAIGN, vendor="sinch", target={"campaign_id": "1"})
    batches = [PlannedBatch.of(campaign, [b"{}"] * size) for size in SIZES]
    planned_at = utc_now()
    with installation.ledger() as ledger, ledger.store.transaction():
        import_ids = ledger.insert_planned("sinch", DAY, batches, planned_at=planned_at)
        actor = ledger.actor
    assert import_ids == sorted(set(import_ids))
    imports = query(installation, "SELECT import_id, entry_count FROM ledger.imports ORDER BY import_id")
    events = query(
        installation,
        "SELECT import_id, CAST(detail ->> 'entry_count' AS integer), event, at, actor"
        " FROM ledger.events ORDER BY event_id",
    )
    expected = list(zip(import_ids, SIZES, strict=True))
    assert [tuple(row) for row in imports] == expected
    assert [tuple(row) for row in events] == [(*one, "planned", planned_at, actor) for one in expected]
