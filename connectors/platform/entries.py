"""A contact as a lead of the Platform.

Belongs here: the write shape without its list, which is known only when it is sent. Does not belong here: sending
(`gateway.py`). Source: vendors.md, 3(b) #9 and the canonical lead's fields in section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.gateway import Campaign, Contact, Entry
from connectors.mapping import column_reader
from connectors.platform.requests import timestamp

_PHONES = ("phone1", "phone2", "phone3")

Reader = Callable[[Contact], Any]


def entry_maker(campaign: Campaign, key_template: str) -> Callable[[Contact], Entry]:
    """A function that turns a contact into a RequestCreateLead without `listId`."""
    mapping = campaign.mapping
    columns = [(name, column_reader(column)) for name, column in mapping.get("lead_data", {}).items()]
    agents: Mapping[str, int] = mapping.get("agents", {})
    status_code, name_of_campaign = mapping.get("status_code"), campaign.campaign

    def lead(contact: Contact) -> Entry:
        key = key_template.format(source=contact.source, lead_id=contact.lead_id, campaign=name_of_campaign)
        entry: Entry = {"customerKey": key, **dict(zip(_PHONES, contact.phones, strict=False))}
        optional = {
            "timezone": contact.time_zone or None,
            "nextAttemptTimestamp": timestamp(contact.not_before) if contact.not_before else None,
            "agentId": _agent_id(contact.agent, agents),
            "statusCode": status_code,
            "leadData": _lead_data(contact, columns) or None,
        }
        return entry | {name: value for name, value in optional.items() if value is not None}

    return lead


def _lead_data(contact: Contact, columns: list[tuple[str, Reader]]) -> dict[str, str]:
    values = [(name, read(contact)) for name, read in columns]
    return {name: str(value) for name, value in values if value is not None}


def _agent_id(agent: str | None, agents: Mapping[str, int]) -> int | None:
    """The vendor's number of the agent; None, so that anybody may call, when there is none."""
    if agent is None or agent in agents:
        return agents.get(agent or "")
    return int(agent) if agent.isascii() and agent.isdigit() and len(agent) < 19 else None
