"""What exists from the start, so that a demo works without seeding.

Belongs here: made-up but plausible values. Does not belong here: behaviour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SUPPORT_OUTBOUND, SALES_OUTBOUND, SUPPORT_INBOUND = 1, 2, 3
LIST_ONE, LIST_TWO, SLEEPING_LIST = 100, 101, 102
FIRST_NEW_ID = 10_000

CAMPAIGNS: Sequence[dict[str, Any]] = (
    {"campaign_id": SUPPORT_OUTBOUND, "name": "Support Outbound"},
    {"campaign_id": SALES_OUTBOUND, "name": "Sales Outbound"},
    {"campaign_id": SUPPORT_INBOUND, "name": "Support Inbound", "kind": "inbound"},
)
LISTS: Sequence[dict[str, Any]] = (
    {"list_id": LIST_ONE, "name": "List One", "campaign_id": SALES_OUTBOUND},
    {"list_id": LIST_TWO, "name": "List Two", "campaign_id": SUPPORT_OUTBOUND},
    {"list_id": SLEEPING_LIST, "name": "Sleeping List", "campaign_id": SALES_OUTBOUND, "in_dialler": False},
)
# The document shows no row of this list: the fields are assumed.
USERS: Sequence[dict[str, Any]] = (
    {"userId": 1001, "userName": "admin.one", "userType": "user", "accountActive": True},
    {"userId": 1002, "userName": "agent.two", "userType": "agent", "accountActive": True},
    {"userId": 1003, "userName": "agent.three", "userType": "agent", "accountActive": False},
)
ACTIVITIES: Sequence[dict[str, Any]] = (
    {
        "type": "call.inbound",
        "created_at": 1_767_225_600.0,
        "data": {"activityId": 110, "campaignId": SUPPORT_INBOUND, "source": "+61400000001", "agentId": 1002},
    },
    {
        "type": "call.outbound",
        "created_at": 1_767_229_200.0,
        "data": {"activityId": 111, "campaignId": SALES_OUTBOUND, "attemptId": 999, "leadId": 9999},
    },
)
MEDIA: Sequence[dict[str, Any]] = (
    {"mediaId": 5364, "kind": "recording", "duration": 9, "content": b"RIFF\x24\x00\x00\x00WAVEfmt \xff\x00"},
    {"mediaId": 5365, "kind": "voicemail", "duration": 21, "content": b"RIFF\x24\x00\x00\x00WAVEdata\x00\xfe"},
)
