"""The filters of OBI's two lists, by the vendor's names.

Belongs here: which there are. Does not belong here: how they are sent (`client.py`), and RCI's (`rci_queries.py`).

They are named one by one because a filter that the vendor does not know may be ignored: a misspelt one would answer
everything. Texts may have the wildcards `*` and `?`; a time means after it, its `…End` before it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

Time = datetime | str


class CampaignFilters(TypedDict, total=False):
    """What campaigns are narrowed by. Source: vendors.md, 2(c) #1."""

    name: str
    dialerId: str
    dialerName: str
    dialingMode: str
    status: str
    dialerStatus: str
    queueId: str
    queueName: str
    customIvrNumber: str
    total: str
    handled: str
    maxCalls: str
    filtered: str
    timeZone: str
    startDate: Time
    startDateEnd: Time
    endDate: Time
    endDateEnd: Time
    registered: Time
    registeredEnd: Time


class CustomerFilters(TypedDict, total=False):
    """What customers are narrowed by; `attributeValue` needs `attributeName`. Source: vendors.md, 2(c) #4."""

    externalId: str
    numbers: str
    result: str
    callResult: str
    classifier: str
    callCount: str
    lastBNumber: str
    agentId: str
    dialingMode: str
    previewTime: str
    priority: str
    timeZone: str
    date: Time
    dateEnd: Time
    modificationDate: Time
    modificationDateEnd: Time
    attributeName: str
    attributeValue: str
    includeScript: str
