"""The portal's rules about contacts: what an import must hold, and whom it overwrites.

Belongs here: validation, `overwriteDuplicates`, a contact's record in answers. Does not belong here: HTTP, storage.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.jtel.dates import write_time
from sandbox.jtel.knobs import JtelKnobs
from sandbox.jtel.protocol import refusal
from sandbox.jtel.store import PHONES, Contact, Store

_GREW = ("Name", "FirstName", "Client", "Service", "ReferenceNumber", "Company", "Address", "City", "Country")
_LENGTHS = {"UserData": 64, "DiallerCampaignsName": 64, "Salutation": 16, "Title": 16, "PostalCode": 10}
_LENGTHS |= {"FaxNumber": 32, "Website": 64, "AccountBIC": 11, "AccountIBAN": 34} | dict.fromkeys(PHONES, 32)
_SYSTEM = ("ID", "DiallerContactsID", "dtNextTry", "dtLastModified", "bLastResultMailbox")


def import_contact(store: Store, contact: dict[str, Any], knobs: JtelKnobs, *, is_overwriting: bool) -> Contact:
    """The contact is stored: over the one of the same `UserData`, or as another one.

    Raises:
        RefusedError: 400 for a missing or overlong field, 404 for the campaign, 400 for another contact in one whose
            `dtTo` is past (all assumed).
    """
    campaign_id = _campaign_id(store, contact)
    written = _checked(contact, knobs)
    user_data = str(written.get("UserData") or "")
    scope = campaign_id if knobs.user_data_scope == "campaign" else None
    twins = store.twins(user_data, scope) if is_overwriting else []
    if knobs.is_user_data_case_sensitive:
        twins = [twin for twin in twins if twin.user_data == user_data]
    store.imported[user_data] += 1
    if not twins:
        end = store.campaigns[campaign_id]["dtTo"]
        if isinstance(end, datetime) and end <= store.clock():
            raise refusal(400)
        return store.add_contact(campaign_id, written)
    for twin in twins:
        twin.written = written if knobs.overwrite == "replace" else {**twin.written, **written}
        twin.campaign_id = campaign_id
        twin.modified_at = store.clock()
    return twins[0]


def contact_view(contact: Contact, knobs: JtelKnobs) -> dict[str, Any]:
    """The record of a contact (assumed but for the names of its fields)."""
    tries = {f"nTriesPhoneNumber{number}": 0 for number in range(1, 7)} if knobs.shows_counters else {}
    return {
        "ID": contact.id,
        "DiallerCampaignsID": contact.campaign_id,
        **dict.fromkeys(("UserData", "Name", "FirstName", *PHONES)),
        **contact.written,
        **tries,
        "dtNextTry": None,
        "dtLastModified": write_time(contact.modified_at, knobs.date_format),
        "bLastResultMailbox": None if knobs.has_null_booleans else False,
        **(contact.counters if knobs.shows_counters else {}),
        **contact.shown,
    }


def _campaign_id(store: Store, contact: dict[str, Any]) -> int:
    given = contact.get("DiallerCampaignsID")
    if given is None and contact.get("DiallerCampaignsName") is None:
        raise refusal(400)
    campaign_id = given if given is not None else store.named(str(contact["DiallerCampaignsName"]))
    if not isinstance(campaign_id, int) or campaign_id not in store.campaigns:
        raise refusal(404)
    return campaign_id


def _checked(contact: dict[str, Any], knobs: JtelKnobs) -> dict[str, Any]:
    """What of the contact is stored."""
    if not contact.get("Name") or not any(contact.get(name) for name in PHONES):
        raise refusal(400)
    if any(contact.get(name) in knobs.reject_phones for name in PHONES if contact.get(name)):
        raise refusal(400)
    skipped = {"DiallerCampaignsID", "DiallerCampaignsName", *_SYSTEM}
    return {name: _fitted(name, value, knobs) for name, value in contact.items() if name not in skipped}


def _fitted(name: str, value: Any, knobs: JtelKnobs) -> Any:
    is_wide = knobs.is_since("3.19")
    lengths = _LENGTHS | dict.fromkeys(_GREW, 64 if is_wide else 32) | {"Email": 256 if is_wide else 32}
    if not isinstance(value, str) or len(value) <= lengths.get(name, len(value)):
        return value
    if knobs.field_lengths == "reject":
        raise refusal(400)
    return value[: lengths[name]]
