"""Contacts that must not be called any more after jtel took them.

Belongs here: which contact is flagged, and when it counts as gone. Does not belong here: whether it is allowed at all
(`gateway.py`), which fields may be set (`fields.py`).

jtel documents no function that takes a contact back: the import over the same `UserData` sets the fields that this
portal's campaigns look at. It never makes a contact: one that jtel does not show is not sent.
Source: vendors.md, 4(b) «Leads».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.errors import NotFoundError, RejectedError
from connectors.gateway import Campaign, Delivered
from connectors.jtel.client import JtelClient
from connectors.jtel.keys import key_among, sent_key
from connectors.jtel.listings import LONG_AGO, ContactIds, ContactListings, ids_by_user_data
from connectors.jtel.targets import campaign_id_of
from connectors.withdrawal import GONE


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
        place = self._place_of(campaign, lead.vendor_id, str(lead.entry["UserData"]))
        if place is None:
            return GONE
        campaign_id, key = place
        self._client.import_contact({"DiallerCampaignsID": campaign_id, **lead.entry, "UserData": key, **self._flags})
        return f"flagged by {', '.join(self._flags)}"

    def _place_of(self, campaign: Campaign, vendor_id: str | None, made: str) -> tuple[int, str] | None:
        """The campaign and the key under which jtel has the contact; None when it has it no more."""
        if vendor_id is not None:
            try:
                contact = self._client.contact(int(vendor_id))
            except NotFoundError:
                pass  # or there is no such function: the listing tells
            else:
                if contact.user_data in (None, made, sent_key(made)):
                    there = campaign_id_of(campaign) if contact.campaign_id is None else contact.campaign_id
                    return there, key_among(made, [contact.user_data])
        campaign_id = campaign_id_of(campaign)
        key = self._listed_key(campaign_id, made)
        return None if key is None else (campaign_id, key)

    def _listed_key(self, campaign_id: int, made: str) -> str | None:
        """Presence may be read from a listing that was kept; absence, from one that was begun for this question."""
        asked_at = self._now()
        for since in (LONG_AGO, asked_at):
            listed = self._listings.contact_ids(campaign_id, since=since)
            key = key_among(made, listed)
            if key in listed:
                return key
        return None

    def _list(self, campaign_id: int) -> ContactIds:
        try:
            return ids_by_user_data(self._client.contacts(campaign_id), campaign_id)
        except NotFoundError:
            # «No such function», unless the campaign is gone, which takes its contacts along.
            if any(one.id == campaign_id for one in self._client.campaigns()):
                raise
            return {}
