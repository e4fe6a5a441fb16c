"""Campaigns and customers as OBI answers them.

Belongs here: stored records to JSON values. Does not belong here: which records (`filters.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.sinch.entries import PHONES, unwrapped
from sandbox.sinch.knobs import SinchKnobs
from sandbox.sinch.records import Campaign, Customer

NO_DATE = "9999-12-31T23:59:59Z"
ECHOED_FIELDS = ("agentId", "previewTime", "priority", "timeZone")


def campaign_view(campaign: Campaign) -> dict[str, Any]:
    """The campaign's documented fields, with the undeclared `dialer` of the vendor's examples."""
    total = len(campaign.customers)
    handled = campaign.handled_count
    counts = {"total": total, "handled": handled, "notHandled": total - handled}
    return {**campaign.fields, **counts}


def customer_view(customer: Customer, campaign: Campaign, knobs: SinchKnobs) -> dict[str, Any]:
    """The customer with its script, attributes wrapped as a list."""
    written = customer.written
    view = {name: written[name] for name in ECHOED_FIELDS if written.get(name) is not None}
    date = written.get("date") or (NO_DATE if knobs.sentinel_dates else None)
    if date is not None:
        view["date"] = date
    return {
        **view,
        "id": customer.id,
        "externalId": customer.external_id,
        "numbers": customer.numbers,
        "dialingMode": written.get("dialingMode") or campaign.fields["dialingMode"],
        "callCount": 0,
        "lastBNumber": 0,
        "modificationDate": utc_text(customer.modified_at),
        "attributes": {"attribute": _echoed_attributes(written, customer.numbers)},
        **(customer.outcome or {}),
    }


def collapse_single(view: dict[str, Any]) -> dict[str, Any]:
    """A wrapper that holds one attribute holds it bare, as a mapper from XML may write it."""
    attributes = view["attributes"]["attribute"]
    if len(attributes) == 1:
        return {**view, "attributes": {"attribute": attributes[0]}}
    return view


def utc_text(moment: datetime) -> str:
    """The moment as OBI writes it: UTC, milliseconds, Z."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _echoed_attributes(written: Mapping[str, Any], numbers: str) -> list[dict[str, str]]:
    """The client's attributes in their order, then `Phone1` onward, rebuilt from the numbers."""
    given = unwrapped(written.get("attributes"))
    own = [{"name": a["name"], "value": a["value"]} for a in given if a["name"] not in PHONES]
    phones = zip(PHONES, numbers.split(";"), strict=False)
    return own + [{"name": name, "value": number} for name, number in phones]
