"""Our key of a contact, which jtel keeps in `UserData`, overwrites contacts by, and shows in its listings.

Belongs here: how the key is made, and how it is sent. Does not belong here: what jtel's answers mean (`gateway.py`).

An entry holds the key as it is made; what is sent may differ by `sent_key`. So the entries of leads that were delivered
before keys were sent that way are still what they were, and such a lead is no changed one.

Source: vendors.md, 4(b) «Leads» and 4(c) 15.
"""

from __future__ import annotations

import re
from collections.abc import Container
from string import Formatter

from connectors.gateway import Contact
from connectors.jtel.fields import USER_DATA_LIMIT, shortened

_ENDS_IN_HASH = re.compile(r"~[0-9a-f]{20}\Z")


def user_data(template: str, contact: Contact, campaign: str) -> str:
    """Our key of the contact: at most 64 characters, the same at every call, and no other lead's.

    A text that is too long, or in which the lead's id holds a character of the template and so could be read in
    two ways, is cut and ends in `~` and 20 hex digits of a hash of source, lead and campaign.
    """
    text = template.format(source=contact.source, lead_id=contact.lead_id, campaign=campaign)
    literals = {character for literal, *_ in Formatter().parse(template) for character in literal}
    if len(text) <= USER_DATA_LIMIT and literals.isdisjoint(contact.lead_id):
        return text
    return shortened(text, [contact.source, contact.lead_id, campaign])


def sent_key(key: str) -> str:
    """The key as it is sent: no other lead's either where texts are compared without their case or their accents.

    Whether jtel compares so is not documented; a usual MySQL does, and ids such as Salesforce's differ by case alone.
    Of a key that another could then be equal to, a hash tells it apart.
    """
    is_plain = key.isascii() and key == key.lower()
    return key if is_plain or _ENDS_IN_HASH.search(key) else shortened(key, [key])


def key_among(key: str, found: Container[str | None]) -> str:
    """The key under which jtel has the contact: as it was made where that is found, for so it was sent before."""
    return key if key in found else sent_key(key)
