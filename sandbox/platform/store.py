"""What the Platform double holds, and the oracle that tests ask.

Belongs here: records, their ids, and the counts of what was asked. Does not belong here: rules about what may be
stored (`leads.py`, `bulk.py`), JSON forms (`views.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from sandbox.platform import seeds


@dataclass
class PlatformCampaign:
    """A campaign; `kind` is outbound or inbound."""

    campaign_id: int
    name: str
    kind: str = "outbound"
    is_active: bool = True


@dataclass
class LeadList:
    """A lead list. Leads of a list that is not in the dialler are stored and not dialled."""

    list_id: int
    name: str
    campaign_id: int
    in_dialler: bool = True
    weight: int = 1
    created_at: float = 0.0


@dataclass
class Lead:
    """A stored lead. `fields` are what the client wrote, by the names of the write."""

    lead_id: int
    list_id: int
    fields: dict[str, Any]
    stored_at: float
    is_completed: bool = False
    updated_at: float | None = None

    @property
    def customer_key(self) -> str | None:
        """Our key, where the client gave one."""
        return self.fields.get("customerKey")

    @property
    def phones(self) -> list[str]:
        """The numbers that are there, in order."""
        return [phone for phone in (self.fields.get(f"phone{n}") for n in (1, 2, 3)) if phone]


@dataclass
class Job:
    """A bulk import. `errors` are (row from 0, message); `failing` are rows that a fault spoils."""

    uuid: str
    rows: list[Any]
    created_at: float
    is_done: bool = False
    stored_count: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    failing: Mapping[int, int] = field(default_factory=dict)


@dataclass
class Call:
    """One attempt of the dialler to reach a lead."""

    attempt_id: int
    lead_id: int
    campaign_id: int
    dialled_at: float
    dial_status: str = "Answered"
    phone_index: int = 1


class Store:
    """Everything that one double holds. Hold `lock` for a reading that must not change meanwhile.

    Attributes:
        requests: How many requests were processed, by operation, refused ones included.
        creations: How often a lead was stored, by list id and customerKey; deletions do not lower it.
        erasures: How many erasure requests were granted.
        jobs, open_jobs: All jobs, and those that are not done.
        availability: Which agents are available, by agent id.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.reset()

    def reset(self) -> None:
        """Only the seeds are there, and all counts are nought."""
        with self.lock:
            self.requests: Counter[str] = Counter()
            self.creations: Counter[tuple[int, str]] = Counter()
            self.campaigns = {row["campaign_id"]: PlatformCampaign(**row) for row in seeds.CAMPAIGNS}
            self.lists = {row["list_id"]: LeadList(**row) for row in seeds.LISTS}
            self.users: dict[int, dict[str, Any]] = {row["userId"]: dict(row) for row in seeds.USERS}
            self.activities: dict[int, dict[str, Any]] = {
                row["data"]["activityId"]: dict(row) for row in seeds.ACTIVITIES
            }
            self.media: dict[int, dict[str, Any]] = {row["mediaId"]: dict(row) for row in seeds.MEDIA}
            self.leads: dict[int, Lead] = {}
            self.jobs: dict[str, Job] = {}
            self.open_jobs: dict[str, Job] = {}
            self.calls: dict[int, Call] = {}
            self.availability: dict[int, bool] = {}
            self.erasures = 0
            self._next_id = seeds.FIRST_NEW_ID
            self._by_key: dict[str, list[Lead]] = {}

    def new_id(self) -> int:
        """An id that nothing has."""
        self._next_id += 1
        return self._next_id

    def add_campaign(self, campaign_id: int, name: str, **fields: Any) -> PlatformCampaign:
        """The campaign exists."""
        with self.lock:
            self.campaigns[campaign_id] = PlatformCampaign(campaign_id, name, **fields)
            return self.campaigns[campaign_id]

    def add_list(self, name: str, campaign_id: int, **fields: Any) -> LeadList:
        """The list exists and is empty; without `list_id` it gets a new one."""
        with self.lock:
            lead_list = LeadList(fields.pop("list_id", None) or self.new_id(), name, campaign_id, **fields)
            self.lists[lead_list.list_id] = lead_list
            return lead_list

    def add_lead(self, list_id: int, fields: Mapping[str, Any], stored_at: float) -> Lead:
        """The lead is stored, whether or not another has its customerKey."""
        lead = Lead(self.new_id(), list_id, dict(fields), stored_at)
        self.leads[lead.lead_id] = lead
        if lead.customer_key is not None:
            self._by_key.setdefault(lead.customer_key, []).append(lead)
            self.creations[list_id, lead.customer_key] += 1
        return lead

    def rename_lead(self, lead: Lead, customer_key: str | None) -> None:
        """The lead has the customerKey."""
        if customer_key == lead.customer_key:
            return
        self._forget_key(lead)
        lead.fields["customerKey"] = customer_key
        if customer_key is not None:
            self._by_key.setdefault(customer_key, []).append(lead)

    def delete_lead(self, lead_id: int) -> None:
        """The lead is gone."""
        with self.lock:
            self._forget_key(self.leads.pop(lead_id))

    def add_call(self, lead_id: int, dialled_at: float, dial_status: str = "Answered", phone_index: int = 1) -> Call:
        """The dialler tried the lead then, with that outcome."""
        with self.lock:
            campaign_id = self.lists[self.leads[lead_id].list_id].campaign_id
            call = Call(self.new_id(), lead_id, campaign_id, dialled_at, dial_status, phone_index)
            self.calls[call.attempt_id] = call
            return call

    def find(self, list_id: int, customer_key: str) -> list[Lead]:
        """The stored leads of that customerKey in the list, found by the index."""
        return [lead for lead in self._by_key.get(customer_key, ()) if lead.list_id == list_id]

    def with_key(self, customer_key: str) -> list[Lead]:
        """The stored leads of that customerKey in any list."""
        return list(self._by_key.get(customer_key, ()))

    def leads_of(self, phone: str | None, email: str | None) -> Iterator[Lead]:
        """The leads that have the number or, in their leadData, the address."""
        for lead in self.leads.values():
            has_phone = phone is not None and phone in lead.phones
            if has_phone or (email is not None and email in (lead.fields.get("leadData") or {}).values()):
                yield lead

    def summary(self) -> dict[str, Any]:
        """Counts by list and by operation, as JSON values."""
        counts = Counter(lead.list_id for lead in self.leads.values())
        return {
            "lists": {str(key): {"name": one.name, "leads": counts[key]} for key, one in self.lists.items()},
            "leads": len(self.leads),
            "duplicates": sum(count - 1 for count in self.creations.values()),
            "jobs": {"done": sum(job.is_done for job in self.jobs.values()), "all": len(self.jobs)},
            "requests": dict(self.requests),
        }

    def _forget_key(self, lead: Lead) -> None:
        if lead.customer_key is not None:
            self._by_key[lead.customer_key].remove(lead)
