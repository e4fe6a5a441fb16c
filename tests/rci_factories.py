"""What the tests of Sinch RCI stand on: each operation's arguments, the resources, the links, a quick client.

Belongs here: data of the tests of RCI. Does not belong here: rules (`connectors/test_sinch_rci*.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors.patience import Patience
from connectors.sinch.rci import RciClient, operations
from connectors.sinch.rci_models import EventItem
from connectors.sinch.rci_operations import Operation
from connectors.transport import Transport
from sandbox.server import SandboxServer
from sandbox.sinch import rci_seeds as seeds
from sandbox.sinch.rci import SinchRci

OPERATIONS = operations()

IDS = {
    "user_id": seeds.FOX_ID,
    "user_group_id": seeds.HELPDESK_ID,
    "role_id": seeds.AGENT_ROLE_ID,
    "certificate_id": "5D3A260F9F1D4BBFA5A3ADACFFE6C97B",
    "skill_id": seeds.ENGLISH_ID,
    "queue_id": seeds.SALES_QUEUE_ID,
    "extension_id": "A8F2AC742E914654B9AB5F420406B828",
    "queue_group_id": seeds.SALES_GROUP_ID,
    "time_zone_id": "Europe/Berlin",
    "prs_profile_id": "02770429F80BDF1191AD001CC4D98816",
    "messaging_service_id": seeds.SERVICE_ID,
    "id": "AF8D906F2EDE40FC889303B52D26DA25",
    "reply_template_id": seeds.TEMPLATE_ID,
    "attachment_id": "D147D4339D1448158153B61D1F621AF9",
    "custom_ivr_id": seeds.IVR_ID,
    "source_code_id": seeds.SOURCE_CODE_ID,
    "audio_prompt_id": "F0EDAAE15EAB4167A84DD0CC69680A4F",
    "cp_extension_id": "657160EEDE6943348257075871732C5E",
    "disruption_set_id": seeds.SET_ID,
    "event_id": seeds.EVENT_ID,
    "item_id": seeds.PLACE_ID,
}


class Resource(NamedTuple):
    """What may be made: its names in the client, all its fields, and its fields after a replacement by few."""

    one: str
    many: str
    full: dict[str, Any]
    few: dict[str, Any]
    cleared: dict[str, Any]
    owner: tuple[str, ...] = ()


RESOURCES = {
    "user": Resource(
        "user",
        "users",
        {
            "first_name": "Ada",
            "surname": "Muster",
            "login": "Ada.Muster",
            "external_id": "agent-9",
            "phone": "509",
            "chat": "ada@example.com",
            "chat_name": "Ada",
            "email": "ada@example.com",
            "ui_language": "EN",
            "prompt_language": "DE",
            "time_zone": "Europe/Berlin",
            "synchronised": False,
        },
        {"first_name": "Ada", "surname": "Beispiel"},
        {"login": None, "phone": None, "time_zone": None, "synchronised": None},
    ),
    "user_group": Resource(
        "user_group", "user_groups", {"name": "Night", "synchronised": True}, {"name": "Day"}, {"synchronised": None}
    ),
    "role": Resource(
        "role", "roles", {"name": "Office", "description": "Office user"}, {"name": "Home"}, {"description": None}
    ),
    "skill": Resource(
        "skill", "skills", {"name": "Suomi", "description": "Finnish"}, {"name": "fi", "description": "F"}, {}
    ),
    "queue": Resource(
        "queue",
        "queues",
        {
            "type": "email",
            "name": "Complaints",
            "login_type": "HuntGroup",
            "description": "Letters",
            "synchronised": True,
            "addresses": ("a@example.com", "b@example.com"),
        },
        {"type": "chat", "name": "Praise", "login_type": "AutoAllocation"},
        {"description": None, "synchronised": None, "addresses": ()},
    ),
    "queue_group": Resource(
        "queue_group",
        "queue_groups",
        {"name": "North", "description": "All of the north"},
        {"name": "South", "description": "All of the south"},
        {},
    ),
    "messaging_service": Resource(
        "messaging_service",
        "messaging_services",
        {
            "name": "Chat",
            "type": "facebook",
            "connection": "https://chat.example.com/",
            "authentication_scope": "chat",
            "authentication_url": "https://login.example.com/",
        },
        {"name": "Text", "type": "sap365", "connection": "https://text.example.com/"},
        {"authentication_scope": None, "authentication_url": None},
    ),
    "messaging_service_authentication": Resource(
        "messaging_service_authentication",
        "messaging_service_authentications",
        {"authentication_id": "login-9"},
        {"authentication_id": "login-10"},
        {},
        (seeds.SERVICE_ID,),
    ),
    "disruption_set_event": Resource(
        "disruption_set_event",
        "disruption_set_events",
        {
            "items": (EventItem(id=seeds.CAUSE_ID, external_id="55", type="WHY"),),
            "remarks": "Since noon",
            "active_from": datetime(2026, 11, 17, 12, tzinfo=UTC),
            "active_to": datetime(2026, 11, 18, 12, tzinfo=UTC),
        },
        {"items": (EventItem(id=seeds.PLACE_ID, external_id="1.00.100", type="WHERE"),)},
        {"remarks": None, "active_from": None, "active_to": None},
        (seeds.SET_ID,),
    ),
    "user_certificate": Resource(
        "user_certificate",
        "user_certificates",
        {"subject": "ada.muster", "issuer": "SSO_CA"},
        {},
        {},
        (seeds.FOX_ID,),
    ),
    "queue_extension": Resource(
        "queue_extension",
        "queue_extensions",
        {"name": "Hotline", "address": "103", "language": "EN", "priority": 2},
        {},
        {},
        (seeds.SALES_QUEUE_ID,),
    ),
}

LINKS = {  # the list, what stands behind add_ and remove_, the two ids
    "user_user_groups": ("user_user_group", seeds.FOX_ID, seeds.IT_ID),
    "user_roles": ("user_role", seeds.FOX_ID, seeds.SUPERVISOR_ROLE_ID),
    "user_group_users": ("user_group_user", seeds.IT_ID, seeds.FROG_ID),
    "queue_queue_groups": ("queue_queue_group", seeds.SALES_QUEUE_ID, seeds.SUPPORT_GROUP_ID),
    "queue_group_queues": ("queue_group_queue", seeds.SUPPORT_GROUP_ID, seeds.CHAT_QUEUE_ID),
    "role_users": ("role_user", seeds.SUPERVISOR_ROLE_ID, seeds.DUCK_ID),
}
READ_ONLY = {  # the list, one of it, the ids of what the list belongs to
    "time_zones": ("time_zone",),
    "prs_profiles": ("prs_profile",),
    "reply_templates": ("reply_template",),
    "reply_template_attachments": ("reply_template_attachment", seeds.TEMPLATE_ID),
    "custom_ivrs": ("custom_ivr",),
    "audio_prompts": ("audio_prompt",),
    "cp_extensions": ("cp_extension",),
    "disruption_sets": ("disruption_set",),
    "disruption_set_items": ("disruption_set_item", seeds.SET_ID),
}
ATTRIBUTES = {
    "queue_attributes": ("create_queue_attribute", seeds.CHAT_QUEUE_ID),
    "queue_group_attributes": ("create_queue_group_attribute", seeds.SALES_GROUP_ID),
    "custom_ivr_attributes": ("create_custom_ivr_attribute", "CA7F01B89F9D4640945DFBDF4142729D"),
}
SKILL_OPERATIONS = {"user_skills", "add_user_skill", "user_skill", "replace_user_skill", "remove_user_skill"}
SOURCE_OPERATIONS = {
    "custom_ivr_source_codes",
    "custom_ivr_source_code",
    "custom_ivr_current_source_code_version",
}


def connect(server: SandboxServer[SinchRci], *, page_limit: int = 100, **options: Any) -> RciClient:
    """A client of the double that loses no time; the caller closes it."""
    patience = Patience(connect_timeout_s=5, read_timeout_s=5, max_attempts=2, backoff_s=0)
    transport = Transport(vendor="sinch", base_url=f"{server.url}/RI/rci", patience=patience, **options)
    return RciClient(transport, page_limit=page_limit)


def arguments(operation: Operation) -> dict[str, Any]:
    """What the operation needs, in seeds: ids by their names, a body's fields from `RESOURCES`."""
    given: dict[str, Any] = {name: IDS[name] for name in operation.positional()}
    noun = operation.name.removeprefix("create_").removeprefix("replace_")
    if noun in RESOURCES and noun != operation.name:
        return given | RESOURCES[noun].full
    if noun.endswith("_attribute"):
        return given | {"name": "Name", "language": "EN", "value": "Sales"}
    skills: dict[str, dict[str, Any]] = {
        "add_user_skill": {"id": seeds.GERMAN_ID, "value": 3},
        "replace_user_skill": {"value": 3},
    }
    return given | skills.get(operation.name, {})


def perform(client: RciClient, name: str) -> Any:
    """The operation's answer to the arguments in seeds, a list to its end."""
    return told(getattr(client, name)(**arguments(OPERATIONS[name])))


def told(answer: Any) -> Any:
    """The answer; of a list all rows, for it is asked only when they are wanted."""
    return list(answer) if isinstance(answer, Iterator) else answer
