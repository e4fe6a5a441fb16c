"""What the OBI double holds, and the oracle that tests ask.

Belongs here: all campaigns, and the counts of what was received, stored and asked.
Does not belong here: one campaign's bookkeeping (`records.py`), rules (`entries.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from threading import RLock
from typing import Any

from sandbox.settings import SettingError
from sandbox.sinch.records import Campaign, Customer
from sandbox.sinch.seeds import DEFAULT_CAMPAIGNS, new_campaign


class Store:
    """Everything that one double holds. Hold `lock` for a reading that must not change meanwhile.

    Attributes:
        requests: How many requests were processed, by operation, refused ones included.
        clock: Says what time it is; replace it to fix `modificationDate`.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.campaigns: dict[str, Campaign] = {}
        self.requests: Counter[str] = Counter()
        self._received: list[list[str | None]] = []
        self.reset()

    @property
    def creations(self) -> dict[tuple[str, str], int]:
        """How often an entry was stored, by campaign id and externalId; deletions do not lower it.

        A value over 1 is a lead that was stored twice, or again after its deletion.
        """
        with self.lock:
            return {
                (campaign.id, external_id): count
                for campaign in self.campaigns.values()
                for external_id, count in campaign.creations().items()
            }

    @property
    def received_external_ids(self) -> Counter[str]:
        """How often each externalId arrived in an entry, stored or not."""
        with self.lock:
            return Counter(filter(None, chain.from_iterable(self._received)))

    def record_received(self, external_ids: list[str | None]) -> None:
        """The entries of one request arrived; counted when asked, not while requests are served."""
        self._received.append(external_ids)

    def reset(self, campaigns: Iterable[Mapping[str, Any]] = DEFAULT_CAMPAIGNS) -> None:
        """Exactly these campaigns exist, empty, and all counts are nought."""
        created = [new_campaign(fields) for fields in campaigns]
        with self.lock:
            self.requests.clear()
            self._received.clear()
            self.campaigns.clear()
            self.campaigns.update({campaign.id: campaign for campaign in created})

    def add_campaign(self, fields: Mapping[str, Any]) -> Campaign:
        """The campaign exists and is empty; one of the same id is gone.

        Raises:
            SettingError: when id or name is missing, or a field is not documented.
        """
        campaign = new_campaign(fields)
        with self.lock:
            self.campaigns[campaign.id] = campaign
        return campaign

    def record_outcome(self, campaign_id: str, external_id: str, outcome: Mapping[str, Any]) -> None:
        """The dialer found this now: the fields are added to those of the customer.

        Raises:
            SettingError: when there is no such customer.
        """
        with self.lock:
            campaign = self.campaigns.get(campaign_id)
            if campaign is None or external_id not in campaign.by_external_id:
                raise SettingError(f"no customer '{external_id}' in campaign '{campaign_id}'")
            campaign.record_outcome(external_id, outcome, self.clock())

    def find(self, campaign_id: str, external_id: str) -> list[Customer]:
        """The stored customers of that externalId, found by the index."""
        campaign = self.campaigns.get(campaign_id)
        return [] if campaign is None else list(campaign.by_external_id.get(external_id, ()))

    def is_used_anywhere(self, external_id: str) -> bool:
        """Whether a stored customer of any campaign has the externalId."""
        return any(external_id in one.by_external_id for one in self.campaigns.values())

    def summary(self) -> dict[str, Any]:
        """Counts by campaign and by operation, as JSON values."""
        with self.lock:
            campaigns = {key: _summary(campaign) for key, campaign in self.campaigns.items()}
            return {
                "campaigns": campaigns,
                "customers": sum(entry["customers"] for entry in campaigns.values()),
                "duplicates": sum(entry["duplicates"] for entry in campaigns.values()),
                "received": sum(map(len, self._received)),
                "requests": dict(self.requests),
            }


def _summary(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": campaign.fields["name"],
        "status": campaign.status,
        "customers": len(campaign.customers),
        "duplicates": campaign.duplicate_count,
    }
