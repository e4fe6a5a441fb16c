"""Forgets persons after the retention period, and keeps what became of them.

Belongs here: what is forgotten, and in which order. Does not belong here: when (`schedules.py`).
"""

from __future__ import annotations

from datetime import date

from pipelines.store import Store
from pipelines.unplanning import give_up_expired


def purge(store: Store, before: date) -> dict[str, int]:
    """Days before `before` keep counts, states, reasons and ids; rows, numbers and payloads are gone.

    What still waits to be sent is given up, and says so in the reports. An import that a vendor has, or may have, keeps
    its payload and its numbers, as they are what the vendor is asked about; a purge after its end takes them.

    Returns:
        How many rows lost something: `rows_count`, `contacts_count`, `deliveries_count`, `payloads_count`.
    """
    with store.transaction():
        waiting = give_up_expired(store, before, actor="retention")
        store.run("plans", "purge_to_plan", before=before)
        deliveries = store.one("deliveries", "purge_numbers", before=before)
        payloads = store.one("imports", "purge_payloads", before=before)
        return {
            "rows_count": store.one("crm", "purge_rows", before=before).row_count,
            "contacts_count": store.one("contacts", "purge_numbers", before=before).row_count,
            "deliveries_count": waiting.delivery_count + deliveries.row_count,
            "payloads_count": waiting.import_count + payloads.row_count,
        }
