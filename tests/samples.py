"""What every operation of the table may be asked with, against the doubles' seeds.

Belongs here: parameters, and what must be at the double for them to make sense. Does not belong here: rules
(`connectors/test_operations.py`, `pipelines/test_vendor_command.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.jtel.seeds import CAMPAIGN_10_ID, RENEWALS_ID
from sandbox.platform.seeds import LIST_ONE, SALES_OUTBOUND, SUPPORT_INBOUND
from sandbox.sobot.seeds import (
    CALL_AGENT_NO,
    DATA_TEMPLATE,
    OTHER_AGENT_NO,
    TASK_CODE,
    WRAP_UP_TEMPLATE,
)
from tests import rci_factories
from tests.factories import OTHER_TARGET, TARGET, phone

START = datetime(2026, 11, 17, 9, tzinfo=UTC)
END = datetime(2026, 11, 30, 18, tzinfo=UTC)
CUSTOMER = {"externalId": "crm-1", "numbers": phone(1)}
LEAD = {"listId": LIST_ONE, "customerKey": "crm-1", "phone1": phone(1), "leadData": {"FirstName": "Kathy"}}
CONTACT = {
    "DiallerCampaignsID": RENEWALS_ID,
    "UserData": "crm:1",
    "Name": "Smith",
    "FirstName": "Kathy",
    "PhoneNumber1": phone(1),
}


@dataclass(frozen=True)
class World:
    """A running double, and `call`, which does another operation of its vendor first."""

    double: Any
    call: Callable[..., Any]

    def customer(self) -> dict[str, str]:
        """A customer of Sinch that exists."""
        made = self.call("create_customer", campaign_id=TARGET, customer=CUSTOMER)
        return {"campaign_id": TARGET, "customer_id": made}

    def lead(self) -> dict[str, int]:
        """A lead of the Platform that exists."""
        return {"lead_id": self.call("lead_create", lead=LEAD).lead_id}

    def attempt(self) -> dict[str, int]:
        """An attempt of the Platform's dialler to reach a lead that exists."""
        return {"attempt_id": self.double.store.add_call(self.lead()["lead_id"], 0.0).attempt_id}

    def job(self) -> dict[str, str]:
        """A bulk import of the Platform, finished, with one row that was refused."""
        uuid = self.call("bulk_create", leads=[LEAD, {**LEAD, "phone1": "no phone"}]).uuid
        self.double.clock.advance(3600)
        return {"uuid": uuid}

    def contact(self) -> dict[str, int]:
        """A contact of jtel that exists."""
        return {"contact_id": int(self.call("import_contact", contact=CONTACT))}


Sample = Mapping[str, Any] | Callable[[World], Mapping[str, Any]]

OBI: Mapping[str, Sample] = {
    "campaigns": {"name": "Rene*"},
    "campaign": {"campaign_id": TARGET},
    "set_campaign_status": {"campaign_id": TARGET, "status": "Active"},
    "customers": lambda world: world.customer() and {"campaign_id": TARGET, "externalId": "crm-1"},
    "create_customer": {"campaign_id": OTHER_TARGET, "customer": CUSTOMER},
    "customer": World.customer,
    "delete_customer": World.customer,
    "create_customers": {"campaign_id": TARGET, "body": orjson.dumps([CUSTOMER]), "stop_on_invalid": True},
}
RCI: Mapping[str, Sample] = {
    name: rci_factories.arguments(operation) for name, operation in rci_factories.OPERATIONS.items()
}
AGENT = {"agent": OTHER_AGENT_NO, "agent_type": 0}
SOBOT: Mapping[str, Sample] = {
    "query_agent_setting": AGENT,
    "modify_agent_setting": {**AGENT, "wrap_up_time_s": 30},
    "unbind_agent_setting": {**AGENT, "number_type": 1},
    "query_call_agent_list": {"agent_status": 1},
    "query_call_skill_group_list": {"page_size": 50},
    "add_skill_group": {"queue_name": "new", "queue_id": "9"},
    "delete_skill_group": {"queue_id": "1112"},
    "query_skill_group_members": {"queue_id": "1111", "agent_type": 0},
    "update_skill_groups_in_bulk": {
        "changes": [{"queueID": "1111", "add": [{"agent": CALL_AGENT_NO, "level": 3, "checkin": True}]}],
        "agent_type": 0,
    },
    "query_extension_list": {"bind_status": 1},
    "create_extension_account": {"ext": "0777", "password": "654321"},
    "import_enterprise_forbidden_numbers": {
        "numbers": [{"callNumber": "13800138000", "numberType": 1, "callType": 3, "enabled": 1}]
    },
    "query_relay_number_list": {"enabled": [0, 1, 2]},
    "create_outbound_task": {
        "name": "Announcement",
        "data_template_code": DATA_TEMPLATE,
        "wrap_up_template_code": WRAP_UP_TEMPLATE,
        "schedule_start": START,
        "schedule_end": END,
    },
    "outbound_task_import_data": {
        "calling_list_code": "20261117ABC",
        "code": TASK_CODE,
        "data_details": [{"telephone": phone(1), "name": "Kathy"}],
    },
    "batch_import_result_query": {"code": TASK_CODE},
    "query_outbound_task_list": {"code": TASK_CODE, "created_from": datetime(2026, 1, 1, tzinfo=UTC)},
    "create_contact_plans_in_bulk": {
        "name": "plan",
        "schedule_start": START,
        "schedule_end": END,
        "customer_phone_numbers": ["18189672221"],
        "executor_id": CALL_AGENT_NO,
        "agent_id": OTHER_AGENT_NO,
        "agent_type": 0,
    },
    "query_published_ivr_flows": {"page_size": 50},
}
PLATFORM: Mapping[str, Sample] = {
    "activity_get": {"activity_id": 110},
    "activity_list": {"campaign_id": SUPPORT_INBOUND, "created_from": datetime(2026, 1, 1, tzinfo=UTC)},
    "campaign_stats_outbound": {"campaign_id": SALES_OUTBOUND},
    "campaign_stats_inbound": {"campaign_id": SUPPORT_INBOUND, "period": "day"},
    "media_get": {"media_id": 5364, "limit_bytes": 1000},
    "voicemail_get": {"media_id": 5365},
    "recording_get": {"media_id": 5364},
    "lead_list": lambda world: world.lead() and {"list_id": LIST_ONE},
    "lead_create": {"lead": LEAD},
    "list_list": {"campaign_id": SALES_OUTBOUND},
    "list_create": {"list_name": "New", "campaign_id": SALES_OUTBOUND},
    "bulk_status": World.job,
    "bulk_errors": World.job,
    "list_get": {"list_id": LIST_ONE},
    "lead_get": World.lead,
    "lead_update": lambda world: {**world.lead(), "changes": {"phone1": phone(2)}, "complete": True},
    "lead_delete": World.lead,
    "bulk_create": {"leads": [LEAD]},
    "customer_delete": {"phone_number": phone(1), "confirm": True},
    "dialler_call_get": World.attempt,
    "dialler_call_list": lambda world: world.attempt() and {"campaign_id": SALES_OUTBOUND},
    "user_list": {"user_type": "agent", "account_active": True},
    "presence_update": {"agent_id": 1002, "available": True},
}
JTEL: Mapping[str, Sample] = {
    "campaigns": {},
    "campaign": {"campaign_id": RENEWALS_ID},
    "campaigns_by_name": {"name": "Renewals"},
    "result_codes": {"campaign_id": RENEWALS_ID, "languages_id": 2},
    "clone_campaign": {"source": "Template", "destination": "Renewals 2026", "dt_from": START, "dt_to": END},
    "delete_campaign": {"campaign_id": CAMPAIGN_10_ID},
    "delete_campaigns_by_name": {"name": "Renewals", "accept_partial_matches": True},
    "contacts": lambda world: world.contact() and {"campaign_id": RENEWALS_ID},
    "contact": World.contact,
    "import_contact": {"contact": CONTACT, "overwrite_duplicates": True},
}

SAMPLES: Mapping[str, Mapping[str, Sample]] = {
    "sinch": {**OBI, **RCI},
    "sobot": SOBOT,
    "platform": PLATFORM,
    "jtel": JTEL,
}


def sample(vendor: str, operation: str, world: World) -> dict[str, Any]:
    """The operation's parameters; a KeyError when there is no sample."""
    found = SAMPLES[vendor][operation]
    return dict(found(world) if callable(found) else found)
