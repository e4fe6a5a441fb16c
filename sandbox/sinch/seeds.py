"""The campaigns that exist from the start, and the fields of those that are added.

Belongs here: made-up but plausible values. Does not belong here: behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.settings import SettingError
from sandbox.sinch.records import Campaign

TEST_CAMPAIGN_ID = "8A7C98EAF1164F2FAA93B98EECB95D76"
TEST_PREVIEW_CAMPAIGN_ID = "62718C7889CC44F7B944C1A6F6BE9B7F"
SPRING_PROMO_ID = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
RENEWALS_ID = "11112222333344445555666677778888"
OLD_CAMPAIGN_ID = "DEADBEEFDEADBEEFDEADBEEFDEADBEEF"

DIALER_ID = "88B8B41C99E6484A94F402EA5E465FC5"
QUEUE_ID = "63AA93F493A54C5A8597FCFA670B2382"

DEFAULT_CAMPAIGNS: tuple[Mapping[str, Any], ...] = (
    {
        "id": TEST_CAMPAIGN_ID,
        "name": "Test Campaign",
        "status": "Passive",
        "startDate": "2020-12-20T22:00:00Z",
        "endDate": "2021-02-20T22:00:00Z",
        "timeZone": "Europe/Berlin",
    },
    {
        "id": TEST_PREVIEW_CAMPAIGN_ID,
        "name": "Test Preview Campaign",
        "status": "Active",
        "dialingMode": "PREVIEW",
        "registered": "2019-09-25T07:07:50.243Z",
    },
    {
        "id": SPRING_PROMO_ID,
        "name": "Spring Promo UK",
        "status": "Passive",
        "timeZone": "Europe/London",
    },
    {"id": RENEWALS_ID, "name": "Renewals", "status": "Active"},
    {"id": OLD_CAMPAIGN_ID, "name": "Old", "status": "Expired"},
)

CAMPAIGN_DEFAULTS: Mapping[str, Any] = {
    "dialerId": DIALER_ID,
    "dialer": DIALER_ID,
    "dialerName": "Queue Dialer",
    "queueId": QUEUE_ID,
    "queueName": "Test Queue",
    "dialingMode": "PREDICTIVE",
    "maxCalls": 0,
    "filtered": 0,
    "registered": "2020-09-25T07:07:50.243Z",
}
OPTIONAL_FIELDS = {"remarks", "status", "dialerStatus", "customIvrNumber", "startDate", "endDate"}
CAMPAIGN_FIELDS = {"id", "name", "timeZone"} | OPTIONAL_FIELDS | CAMPAIGN_DEFAULTS.keys()


def new_campaign(fields: Mapping[str, Any]) -> Campaign:
    """An empty campaign of these documented fields; those not given have plausible values.

    Raises:
        SettingError: when id or name is missing, or a field is not documented.
    """
    unknown = set(fields) - CAMPAIGN_FIELDS
    if unknown or not {"id", "name"} <= set(fields):
        raise SettingError(f"a campaign needs id and name; unknown: {sorted(unknown)}")
    campaign = Campaign({**CAMPAIGN_DEFAULTS, **fields})
    campaign.set_status(fields.get("status", "Active"))
    campaign.fields.update(fields)
    return campaign
