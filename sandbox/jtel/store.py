"""What the jtel double holds, and the oracle that tests ask.

Belongs here: campaigns, result codes, contacts, and the counts of what was asked. Does not belong here: rules
about what may be stored (`contacts.py`), JSON forms of the page (`app.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Any

from sandbox.jtel.seeds import CAMPAIGN_DEFAULTS, CAMPAIGN_FIELDS, DEFAULT_CAMPAIGNS, RESULT_CODES, TOKEN
from sandbox.settings import SettingError

PHONES = tuple(f"PhoneNumber{number}" for number in range(1, 7))
FIRST_CAMPAIGN_ID, FIRST_CODE_ID, FIRST_CONTACT_ID = 1000, 2695, 70_001


@dataclass(slots=True)
class Contact:
    """One contact. `written` is what was imported, `counters` what the dialler counted since.

    `shown` is what fields of its record hold instead (assumed): other systems write contacts, too.
    """

    id: int
    campaign_id: int
    written: dict[str, Any]
    modified_at: datetime
    counters: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def user_data(self) -> str:
        """The key that it was imported with; "" for none."""
        return str(self.written.get("UserData") or "")

    @property
    def first_phone(self) -> str:
        """The number that is dialled first."""
        return next((str(self.written[name]) for name in PHONES if self.written.get(name)), "")


class Store:
    """Everything that one double holds. Hold `lock` for a reading that must not change meanwhile.

    Attributes:
        requests: How many requests were processed, by operation, refused ones included.
        imported: How often each `UserData` arrived in an import that was accepted.
        token: The one that is good; the portal has one at a time.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.requests: Counter[str] = Counter()
        self.imported: Counter[str] = Counter()
        self.campaigns: dict[int, dict[str, Any]] = {}
        self.result_codes: dict[int, list[int]] = {}
        self.contacts: dict[int, Contact] = {}
        self.by_user_data: defaultdict[str, list[int]] = defaultdict(list)
        self.token = TOKEN
        self.reset()

    def reset(self, campaigns: Iterable[Mapping[str, Any]] = DEFAULT_CAMPAIGNS) -> None:
        """Exactly these campaigns exist, empty; all counts are nought and the first token is good."""
        with self.lock:
            for held in (self.requests, self.imported, self.campaigns, self.result_codes, self.contacts):
                held.clear()
            self.by_user_data.clear()
            self._ids = {"campaign": count(FIRST_CAMPAIGN_ID), "code": count(FIRST_CODE_ID)}
            self._contact_ids = count(FIRST_CONTACT_ID)
            self.token = TOKEN
            for fields in campaigns:
                self.add_campaign(fields)

    def regenerate_token(self) -> str:
        """Another token is good, and the one before no longer."""
        with self.lock:
            self.token = f"{TOKEN}-{self.requests.total() + 1}"
            return self.token

    def add_campaign(self, fields: Mapping[str, Any]) -> int:
        """The campaign exists and is empty; its id.

        Raises:
            SettingError: when the name is missing, or a field is not known.
        """
        unknown = set(fields) - CAMPAIGN_FIELDS
        if unknown or "Name" not in fields:
            raise SettingError(f"a campaign needs Name; unknown: {sorted(unknown)}")
        with self.lock:
            campaign_id = int(fields.get("ID") or next(self._ids["campaign"]))
            self.delete_campaign(campaign_id)
            self.campaigns[campaign_id] = {**CAMPAIGN_DEFAULTS, **fields, "ID": campaign_id}
            self.result_codes[campaign_id] = [next(self._ids["code"]) for _ in RESULT_CODES]
            return campaign_id

    def delete_campaign(self, campaign_id: int) -> None:
        """The campaign is gone, with its result codes and contacts, if it was there."""
        if self.campaigns.pop(campaign_id, None) is None:
            return
        del self.result_codes[campaign_id]
        for contact in [one for one in self.contacts.values() if one.campaign_id == campaign_id]:
            del self.contacts[contact.id]
            self.by_user_data[contact.user_data.casefold()].remove(contact.id)

    def named(self, name: str) -> int | None:
        """The id of the campaign of exactly this name."""
        return next((key for key, fields in self.campaigns.items() if fields["Name"] == name), None)

    def add_contact(self, campaign_id: int, written: dict[str, Any]) -> Contact:
        """The contact is stored, whatever else there is."""
        contact = Contact(next(self._contact_ids), campaign_id, written, self.clock())
        self.contacts[contact.id] = contact
        self.by_user_data[contact.user_data.casefold()].append(contact.id)
        return contact

    def twins(self, user_data: str, campaign_id: int | None) -> list[Contact]:
        """The contacts of that `UserData`, in whatever case, in the campaign or in all; none where it is empty."""
        ids = self.by_user_data.get(user_data.casefold(), ()) if user_data else ()
        found = [self.contacts[contact_id] for contact_id in ids]
        return [contact for contact in found if campaign_id in (None, contact.campaign_id)]

    def record_tries(self, contact_id: int, counters: Mapping[str, Any]) -> None:
        """The dialler counted this now.

        Raises:
            SettingError: when there is no such contact.
        """
        with self.lock:
            contact = self.contacts.get(contact_id)
            if contact is None:
                raise SettingError(f"no contact {contact_id}")
            contact.counters.update(counters)
            contact.modified_at = self.clock()

    def summary(self) -> dict[str, Any]:
        """Counts by campaign and by operation, as JSON values. `duplicates`: contacts beyond the first of a key."""
        with self.lock:
            sizes = Counter(contact.campaign_id for contact in self.contacts.values())
            keys = Counter(contact.user_data for contact in self.contacts.values())
            twins = sum(number - 1 for key, number in keys.items() if key)
            return {
                "campaigns": {
                    str(key): {"name": fields["Name"], "contacts": sizes[key]} for key, fields in self.campaigns.items()
                },
                "contacts": len(self.contacts),
                "duplicates": twins,
                "requests": dict(self.requests),
            }
