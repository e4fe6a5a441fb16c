"""Contacts that must not be called any more after jtel took them.

Belongs here: which contact is flagged, and when it counts as gone. Does not belong here: whether it is allowed at all
(`gateway.py`), which fields may be set (`fields.py`).

jtel documents no function that takes a contact back: the import over the same `UserData` sets the fields that this
portal's campaigns look at. It never makes a contact: one that jtel does not show is not sent.
Source: vendors.md, 4(b) «Leads».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.errors import NotFoundError, RejectedError
from connectors.gateway import Campaign, Delivered
from connectors.jtel.client import JtelClient
from connectors.jtel.listings import ContactIds, ContactListings, ids_by_user_data
from connectors.jtel.targets import campaign_id_of
from connectors.withdrawal import GONE

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Withdrawals:
    """Flags single contacts. `flags` are jtel's fields and what they are set to."""

    def __init__(
        self, client: JtelClient, flags: Mapping[str, Any], *, max_age_s: float, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._flags = flags
        self._listings = ContactListings(self._list, max_age_s=max_age_s, now=now)
        self._now = now

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The contact has the flags, and is otherwise as it was sent last."""
        if lead.entry is None:
            text = "not sent: what jtel has of the lead is not known any more, and a flag alone would empty the rest"
            raise RejectedError(text, vendor="jtel", operation="import_contact")
        campaign_id = self._campaign_of(campaign, lead.vendor_id, str(lead.entry["UserData"]))
        if campaign_id is None:
            return GONE
        self._client.import_contact({"DiallerCampaignsID": campaign_id, **lead.entry, **self._flags})
        return f"flagged by {', '.join(self._flags)}"

    def _campaign_of(self, campaign: Campaign, vendor_id: str | None, user_data: str) -> int | None:
        """Where the contact is; None when jtel has it no more."""
        if vendor_id is not None:
            try:
                contact = self._client.contact(int(vendor_id))
            except NotFoundError:
                pass  # or there is no such function: the listing tells
            else:
                if contact.user_data in (None, user_data):
                    return campaign_id_of(campaign) if contact.campaign_id is None else contact.campaign_id
        campaign_id = campaign_id_of(campaign)
        return campaign_id if self._is_listed(campaign_id, user_data) else None

    def _is_listed(self, campaign_id: int, user_data: str) -> bool:
        """Presence may be read from a listing that was kept; absence, from one that was begun for this question."""
        asked_at = self._now()
        return any(user_data in self._listings.contact_ids(campaign_id, since=since) for since in (_LONG_AGO, asked_at))

    def _list(self, campaign_id: int) -> ContactIds:
        try:
            return ids_by_user_data(self._client.contacts(campaign_id), campaign_id)
        except NotFoundError:
            # «No such function», unless the campaign is gone, which takes its contacts along.
            if any(one.id == campaign_id for one in self._client.campaigns()):
                raise
            return {}
