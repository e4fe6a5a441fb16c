"""Records as the Platform answers them: the names of a read differ from those of the write.

Belongs here: stored records to JSON values. Does not belong here: which records (`app.py`).
Rows of `items` are not shown in the vendor's document; that they look like the single object is assumed.
"""

from __future__ import annotations

from typing import Any

from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.protocol import timestamp
from sandbox.platform.store import Call, Lead, LeadList, PlatformCampaign, Store


def lead_view(lead: Lead, store: Store, knobs: PlatformKnobs) -> dict[str, Any]:
    """The lead by the names of the read. Source: vendors.md, 3(b) #15 and 3(c) 12."""
    lead_list = store.lists[lead.list_id]
    return {
        "leadId": lead.lead_id,
        "campaignId": lead_list.campaign_id,
        "campaignName": store.campaigns[lead_list.campaign_id].name,
        "listId": lead.list_id,
        "listName": lead_list.name,
        "timezone": lead.fields.get("timezone"),
        "completed": lead.is_completed,
        "customerKey": lead.customer_key,
        "agentId": lead.fields.get("agentId"),
        "agentFullName": None,
        "dataFields": lead.fields.get("leadData") or {},
        "lastStatusCode": lead.fields.get("statusCode"),
        "lastStatusDescription": None,
        "phones": lead.phones,
        "outcomeType": None,
        "outcomesInfo": {},
        "timestamps": {
            "uploaded": timestamp(lead.stored_at, knobs),
            "updated": timestamp(lead.updated_at, knobs),
            "nextAttempt": lead.fields.get("nextAttemptTimestamp"),
        },
    }


def list_view(lead_list: LeadList, store: Store, knobs: PlatformKnobs) -> dict[str, Any]:
    """The list. Source: vendors.md, 3(b) #14."""
    return {
        "id": lead_list.list_id,
        "name": lead_list.name,
        "campaignId": lead_list.campaign_id,
        "campaignName": store.campaigns[lead_list.campaign_id].name,
        "inDialler": lead_list.in_dialler,
        "weight": lead_list.weight,
        "timestamps": {"created": timestamp(lead_list.created_at, knobs)},
    }


def call_view(call: Call, store: Store, knobs: PlatformKnobs) -> dict[str, Any]:
    """The attempt. The names in `timestamps` are assumed. Source: vendors.md, 3(b) #20."""
    lead = store.leads.get(call.lead_id)
    phones = lead.phones if lead else []
    return {
        "attemptId": call.attempt_id,
        "dialStatusId": 1,
        "dialStatusName": call.dial_status,
        "phoneIndex": call.phone_index,
        "phoneNumber": phones[call.phone_index - 1] if len(phones) >= call.phone_index else None,
        "leadId": call.lead_id,
        "timestamps": {"dialled": timestamp(call.dialled_at, knobs)},
        "type": "call.outbound",
        "campaignId": call.campaign_id,
        "campaignName": store.campaigns[call.campaign_id].name,
        "activityId": None,
        "parentActivityId": None,
        "rootActivityId": None,
    }


def outbound_statistics(campaign: PlatformCampaign, store: Store, now: float, knobs: PlatformKnobs) -> dict[str, Any]:
    """The outbound campaign's figures. Source: vendors.md, 3(b) #3."""
    lists = [one for one in store.lists.values() if one.campaign_id == campaign.campaign_id]
    return {
        "campaignId": campaign.campaign_id,
        "campaignName": campaign.name,
        "agents": {"available": 1, "total": 2},
        "isActive": campaign.is_active,
        "createdDate": timestamp(0, knobs),
        "lastUpdated": timestamp(now, knobs),
        "lists": [{"listId": one.list_id, "listName": one.name} for one in lists],
        "timestamp": timestamp(now, knobs),
        "timezone": "Australia/Brisbane",
    }


def inbound_statistics(campaign: PlatformCampaign, now: float, knobs: PlatformKnobs) -> dict[str, Any]:
    """The inbound campaign's figures. Source: vendors.md, 3(b) #4."""
    return {
        "campaignId": campaign.campaign_id,
        "campaignName": campaign.name,
        "maxCallWaitingTime": 18,
        "averageWaitingTime": 9,
        "estimatedCallWaitingTime": 270,
        "agents": {"available": 1, "total": 2},
        "callsWaiting": 0,
        "callsReceived": 2,
        "callsAbandonedInWorkflow": 0,
        "callsAbandonedInQueue": 0,
        "timestamp": timestamp(now, knobs),
        "timezone": "Australia/Brisbane",
    }
