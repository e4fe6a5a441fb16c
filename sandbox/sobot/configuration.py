"""Operations 1 to 13 and 18, 19: agents, skill groups, extensions, numbers, contact plans, IVR flows.

Belongs here: what these operations check, change and answer. Does not belong here: outbound tasks (`tasks.py`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox.exchange import Request
from sandbox.sobot.envelope import Fields, page, refusal
from sandbox.sobot.seeds import IVR_FLOWS, RELAY_NUMBERS, RELAY_STATES
from sandbox.sobot.store import Tenant

SETTING = ("agentUUID", "agentID", "agentName", "ext", "phone", "wrapUpType", "wrapUpTime")
PHONE = re.compile(r"\d{3,16}")


def query_agent_setting(tenant: Tenant, request: Request) -> Any:
    """GET /cc-config/api/agents."""
    return _setting(_agent(tenant, Fields(tenant.knobs, request.parameters())))


def modify_agent_setting(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/agents: what is given is changed."""
    fields = Fields.of(tenant.knobs, request)
    agent = _agent(tenant, fields)
    agent["wrapUpTime"] = fields.whole("wrapUpTime")
    for name in ("phone", "ext"):
        agent[name] = fields.optional_text(name) or agent[name]
    agent["wrapUpType"] = fields.choice("wrapUpType", (1, 2), agent["wrapUpType"])
    return _setting(agent)


def unbind_agent_setting(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/agents/unbind: extension, phone, or both are gone."""
    fields = Fields.of(tenant.knobs, request)
    agent = _agent(tenant, fields)
    number_type = fields.choice("numberType", (0, 1, 2), 2)
    if number_type in (0, 2):
        agent["ext"] = None
    if number_type in (1, 2):
        agent["phone"] = None
    return _setting(agent)


def query_call_agent_list(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/agents/call/_search: a bare array, no pages."""
    fields = Fields.of(tenant.knobs, request)
    queue = fields.optional_text("queue")
    members = tenant.store.queues.get(queue, {}).get("agents", {}) if queue else None
    fuzzy = {name: fields.optional_text(name) or "" for name in ("agentName", "agentID", "ext")}
    return [
        _call_agent(agent)
        for agent in tenant.store.agents
        if (members is None or agent["agentUUID"] in members)
        and all(part in (agent[name] or "") for name, part in fuzzy.items())
    ]


def query_call_skill_group_list(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/queues/_search."""
    rows = [{"queueID": q["queueID"], "queueName": q["queueName"]} for q in tenant.store.queues.values()]
    return _listed(Fields.of(tenant.knobs, request), rows)


def add_skill_group(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/queue."""
    fields = Fields.of(tenant.knobs, request)
    name, number = fields.text("queueName"), fields.text("queueID")
    if number in tenant.store.queues:
        raise refusal(tenant.knobs, "queueID exists", 409)
    weight = fields.optional_text("queueWeight") or "0"
    tenant.store.queues[number] = {"queueID": number, "queueName": name, "queueWeight": weight, "agents": {}}
    return {"queueName": name, "queueID": number, "queueWeight": weight}


def delete_skill_group(tenant: Tenant, request: Request) -> Any:
    """DELETE /cc-config/api/queue, with a JSON body."""
    number = Fields.of(tenant.knobs, request).text("queueID")
    if tenant.store.queues.pop(number, None) is None:
        raise refusal(tenant.knobs, "no such queueID", 404)
    return {}


def query_skill_group_members(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/queue/agents/search."""
    fields = Fields.of(tenant.knobs, request)
    agent_type, wanted = fields.agent_type(), fields.optional_text("queueID")
    return [
        {
            "queueName": queue["queueName"],
            "queueID": queue["queueID"],
            "queueWeight": int(queue["queueWeight"]),
            "agentCount": len(queue["agents"]),
            "agents": [_member(tenant, key, member, agent_type) for key, member in queue["agents"].items()],
        }
        for queue in tenant.store.queues.values()
        if wanted in (None, queue["queueID"])
    ]


def update_skill_groups_in_bulk(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/queue/agents: members are added and removed, and the request is echoed."""
    fields = Fields.of(tenant.knobs, request)
    agent_type = fields.agent_type()
    for row in fields.rows("list"):
        change = Fields(tenant.knobs, row)
        queue = tenant.store.queues.get(change.text("queueID"))
        if queue is None:
            raise refusal(tenant.knobs, "no such queueID", 404)
        queue["queueName"] = change.optional_text("queueName") or queue["queueName"]
        queue["queueWeight"] = change.optional_text("queueWeight") or queue["queueWeight"]
        for member in row.get("add") or []:
            key = _agent(tenant, Fields(tenant.knobs, {**member, "agentType": agent_type}))["agentUUID"]
            queue["agents"][key] = {"level": str(member.get("level", 1)), "checkin": member.get("checkin", False)}
        for member in row.get("remove") or []:
            key = _agent(tenant, Fields(tenant.knobs, {**member, "agentType": agent_type}))["agentUUID"]
            queue["agents"].pop(key, None)
    return {"agent": None, "agentType": str(agent_type), "operator": None, "list": fields.values["list"]}


def query_extension_list(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/exts/_search; passwords are answered in plain text, as the vendor does."""
    fields = Fields.of(tenant.knobs, request)
    wanted = fields.choice("bindStatus", (0, 1, None))
    return _listed(fields, [row for row in tenant.store.extensions if wanted in (None, row["bindStatus"])])


def create_extension_account(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/exts/_add."""
    fields = Fields.of(tenant.knobs, request)
    _agent(tenant, fields, "agentID")
    ext, password = fields.text("ext"), fields.text("password")
    if not re.fullmatch(r"\d{3,8}", ext) or not re.fullmatch(r"\d{6,8}", password):
        raise fields.refuse("ext takes 3 to 8 digits, password 6 to 8")
    if any(row["ext"] == ext for row in tenant.store.extensions):
        raise refusal(tenant.knobs, "ext exists", 409)
    tenant.store.extensions.append({"ext": ext, "password": password, "bindStatus": 0})
    return {"ext": ext, "password": password, "langCodeTxt": "Opus"}


def import_enterprise_forbidden_numbers(tenant: Tenant, request: Request) -> Any:
    """PUT /cc-config/blacklist/batch: good entries are stored, bad ones are told as lines of text, code 200."""
    rows = request.json()
    if not isinstance(rows, list):
        raise refusal(tenant.knobs, "an array was expected")
    details = [_complaint(number, row) for number, row in enumerate(rows, 1)]
    for row, complaint in zip(rows, details, strict=True):
        if complaint is None:
            tenant.store.block_list[row["callNumber"]] = row
    failed = [complaint for complaint in details if complaint]
    taken_count = len(rows) - len(failed) - tenant.knobs.forbidden_shortfall
    return {"successCount": taken_count, "failedCount": len(failed), "details": failed}


def query_relay_number_list(tenant: Tenant, request: Request) -> Any:
    """POST /cc-config/api/gatewayNumber/search; without `enabled`, those that are enabled."""
    wanted = Fields.of(tenant.knobs, request).values.get("enabled") or [1]
    return [
        {**row, "enabled": {"enabledCode": row["enabled"], "enabledName": RELAY_STATES[row["enabled"]]}}
        for row in RELAY_NUMBERS
        if row["enabled"] in wanted
    ]


def create_contact_plans_in_bulk(tenant: Tenant, request: Request) -> Any:
    """POST /cc-console/contact-schedules/_batchAddInfos: a plan for each of at most 50 numbers."""
    fields = Fields.of(tenant.knobs, request)
    fields.text("name", longest=20)
    fields.optional_text("bak", longest=200)
    if fields.whole("scheduleEndTime") <= fields.whole("scheduleStartTime"):
        raise fields.refuse("scheduleEndTime must be later than scheduleStartTime")
    _agent(tenant, fields, "agentID")
    _agent(tenant, fields, "executorId")
    phones = fields.rows("customerPhoneNumberList")
    if len(phones) > 50 or not all(isinstance(phone, str) and PHONE.fullmatch(phone) for phone in phones):
        raise fields.refuse("customerPhoneNumberList: at most 50 numbers of 3 to 16 digits")
    tenant.store.contact_plans += [{**fields.values, "phone": phone} for phone in phones]
    return [secrets.token_hex(16) for _ in phones]


def query_published_ivr_flows(tenant: Tenant, request: Request) -> Any:
    """POST /cc-ivr/api/ivr/published/_search, on the second host."""
    return _listed(Fields.of(tenant.knobs, request), IVR_FLOWS, largest=50)


def _agent(tenant: Tenant, fields: Fields, name: str = "agent") -> dict[str, Any]:
    found = tenant.store.agent_by(fields.text(name), fields.agent_type())
    if found is None:
        raise refusal(tenant.knobs, "no such agent", 404)
    return found


def _setting(agent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: agent[name] for name in SETTING}


def _call_agent(agent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: agent[name] for name in ("agentUUID", "agentID", "agentName", "ext", "loginStatus")},
        "agentPhone": agent["phone"],
        "notReadyReasonCode": 0,
        "createTime": "2022-09-14 10:00:01",
        "createTimeMs": 1663120801000,
    }


def _member(tenant: Tenant, key: str, member: Mapping[str, Any], agent_type: int) -> dict[str, Any]:
    agent = tenant.store.agent_by(key, 1) or {}
    return {"agent": agent["agentUUID" if agent_type else "agentID"], "agentName": agent["agentName"], **member}


def _listed(fields: Fields, rows: Any, *, largest: int = 1000) -> dict[str, Any]:
    listed, number, size = page(fields, rows, default_size=10, largest=largest)
    return {"list": listed, "currPage": number, "pageSize": size, "total": len(rows)}


def _complaint(number: int, row: Any) -> str | None:
    """What is wrong with an entry of the block list, in the words of the vendor's example."""
    if not isinstance(row, dict) or not isinstance(row.get("callNumber"), str):
        return f"NO【{number}】,【callNumber】,Content【】,【Reference:number】"
    if not PHONE.fullmatch(row["callNumber"]):
        return f"NO【{number}】,【callNumber】,Content【{row['callNumber']}】,【Reference:number】"
    for name, options, hint in (
        ("numberType", (1,), "1-number"),
        ("callType", (2, 3), "2-Inbound,3-Outbound"),
        ("enabled", (0, 1), "0-Disable,1-Enable"),
    ):
        if row.get(name) not in options:
            return f"NO【{number}】,【{name}】,Content【{row.get(name)}】,【Reference:{hint}】"
    return None if _is_day(row.get("expirationTime")) else f"NO【{number}】,【expirationTime】"


def _is_day(value: Any) -> bool:
    try:
        return value is None or bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False
