"""Forgets persons after the retention period, and keeps what became of them.

Belongs here: what is forgotten, and in which order. Does not belong here: when (`schedules.py`).
"""

from __future__ import annotations

from datetime import date

from pipelines.store import Store


def purge(store: Store, before: date) -> dict[str, int]:
    """Days before `before` keep counts, states, reasons and ids; rows, numbers and payloads are gone.

    Returns:
        How many rows lost something: `rows_count`, `contacts_count`, `deliveries_count`, `payloads_count`.
        Open imports keep their payload: their leads are not accounted for yet.
    """
    with store.transaction():
        return {
            "rows_count": store.one("crm", "purge_rows", before=before).row_count,
            "contacts_count": store.one("contacts", "purge_numbers", before=before).row_count,
            "deliveries_count": store.one("deliveries", "purge_numbers", before=before).row_count,
            "payloads_count": store.one("imports", "purge_payloads", before=before).row_count,
        }
