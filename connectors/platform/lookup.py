"""Whether the Platform has a lead: by its customerKey in its list.

Belongs here: the look-up, which trusts no filter, what a hit means, and whether a miss means anything: where the list
itself does not show, it does not. Does not belong here: what it means, which depends on how the lead was sent
(`singles.py`, `jobs.py`, `updates.py`).
Source: vendors.md, 3(b) #8 and 3(c) 16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from connectors.errors import ContractError, ForbiddenError, NotFoundError, TargetError
from connectors.gateway import Batch, Campaign, Entry, Verdict
from connectors.platform.client import PlatformClient
from connectors.platform.models import Lead

MOST_ROWS = 2_000


class LookUp:
    """Finds leads by the key that we gave them."""

    def __init__(self, client: PlatformClient) -> None:
        self._client = client

    def find(self, campaign: Campaign, entry: Entry) -> list[Lead]:
        """The leads of exactly this customerKey in the campaign's list, oldest first.

        Raises:
            ContractError: the vendor answers with too many other leads, so that the filter cannot be at work.
        """
        list_id, key = list_id_of(campaign), str(entry["customerKey"])
        rows = self._client.lead_list(list_id=list_id, customer_key=key)
        found: dict[int, Lead] = {}
        for row in self._bounded(rows):
            lead = row if row.says_its_key else self._client.lead_get(row.lead_id)
            if lead.customer_key == key and lead.list_id in (None, list_id):
                found[lead.lead_id] = lead
        return [found[lead_id] for lead_id in sorted(found)]

    def hits(self, batch: Batch) -> dict[int, Verdict]:
        """A verdict for every open position whose lead is there."""
        entries = batch.entries()
        found = {position: self.find(batch.campaign, entries[position]) for position in batch.positions}
        return {position: accepted(position, leads) for position, leads in found.items() if leads}

    def require_list(self, campaign: Campaign) -> None:
        """The campaign's list shows, so that a lead which a look-up just missed is not in it.

        Raises:
            TargetError: the list is gone, or hidden from this account: its leads are not shown, and may all be there.
            ConnectorError: it is not known.
        """
        list_id = list_id_of(campaign)
        try:
            self._client.list_get(list_id)
        except (NotFoundError, ForbiddenError) as error:
            raise TargetError(
                f"campaigns.{campaign.campaign}.target.list_id: platform has no list {list_id} that this account may "
                f"see: {error}"
            ) from None

    def _bounded(self, rows: Iterator[Lead]) -> Iterator[Lead]:
        yield from islice(rows, MOST_ROWS)
        if next(rows, None) is not None:
            raise ContractError(
                f"more than {MOST_ROWS} rows for one customerKey: the filter is not heeded",
                vendor="platform",
                operation="lead_list",
                status=200,
            )


def accepted(position: int, leads: Sequence[Lead]) -> Verdict:
    """The lead is there; more than once is an error in the vendor's data that a person must mend."""
    lead_id = str(leads[0].lead_id)
    if len(leads) == 1:
        return Verdict(position, "accepted", vendor_id=lead_id)
    text = f"the list has {len(leads)} leads of this customerKey"
    return Verdict(position, "accepted", "several_at_vendor", text, lead_id)


def list_id_of(campaign: Campaign) -> int:
    """The list that the campaign's leads go to."""
    list_id = campaign.target.get("list_id")
    if list_id is None:
        raise TargetError(f"campaigns.{campaign.campaign}.target: its list was not found or made yet")
    return int(list_id)


def vendor_id_of(text: str | None) -> int | None:
    """The vendor's id of a lead as a number; None where it is not known."""
    return int(text) if text and text.isascii() and text.isdigit() else None


def age_s(batch: Batch) -> float:
    """Seconds since the batch was last sent; nought when that is not known, so that nothing is concluded early."""
    return (datetime.now(UTC) - batch.sent_at).total_seconds() if batch.sent_at else 0.0
