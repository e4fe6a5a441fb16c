"""An import into a task: what is checked at once, what is stored, what its result row will say.

Belongs here: the rules of operation 15. Does not belong here: HTTP, paging, the report file (`reports.py`).
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from sandbox.exchange import Request
from sandbox.sobot.envelope import Fields, refusal
from sandbox.sobot.records import Import, Task
from sandbox.sobot.seeds import TEMPLATES
from sandbox.sobot.store import Tenant

CODE = re.compile(r"[A-Za-z0-9]{1,20}")
TELEPHONE = re.compile(r"\+?\d{3,16}")
RULES = (
    "NonRemoveDuplicates",
    "RemoveDuplicatesInCallingList",
    "RemoveDuplicatesInCampaign",
    "RemoveDuplicatesInTenant",
)
ASSIGN_RULES = ("AssignAverage", "AssignAppoint", "NoAssign")


def import_details(tenant: Tenant, request: Request) -> dict[str, str]:
    """POST /cc-exports/api/campaigns/_import: the data are taken; the answer holds ids and no counts."""
    fields = Fields.of(tenant.knobs, request)
    task = _task(tenant, fields)
    code = fields.text("callingListCode")
    if not CODE.fullmatch(code):
        raise fields.refuse("callingListCode: at most 20 letters and digits")
    rule = fields.choice("removeDuplicatesRule", RULES)
    is_filtered = fields.choice("enableFilterDoNotCallListNumber", ("Filter", "NoFilter"), "NoFilter") == "Filter"
    _require_assignment(fields)
    details = _details(tenant, fields, task)
    tenant.store.received.append(fields.values)
    if _is_new(tenant, code):
        done = Import(code, task, rule, tenant.clock.now(), len(details), report_path=_report_path())
        _work_off(tenant, done, details, is_filtered=is_filtered)
        tenant.store.imports.append(done)
    return {"campaignId": task.id, "callingListCode": tenant.knobs.echo_code or code, "code": task.code}


def _task(tenant: Tenant, fields: Fields) -> Task:
    """The task that the import names; only its creator may load it, and others are told that it is not there.

    Assumed: one whose schedule is over takes no data any more.
    """
    agent = tenant.store.agent_by(fields.text("agentID"), fields.agent_type())
    if agent is None:
        raise refusal(tenant.knobs, "no such agent", 404)
    task = tenant.store.task_by(task_id=fields.optional_text("campaignId"), code=fields.optional_text("code"))
    if task is None or task.creator != agent["agentUUID"]:
        raise refusal(tenant.knobs, "campaign is unavailable", 404)
    if 0 < (task.fields.get("scheduleEndTime") or 0) <= tenant.now_ms():
        raise refusal(tenant.knobs, "campaign is over", 404)
    return task


def _require_assignment(fields: Fields) -> None:
    rule = fields.choice("assignRule", ASSIGN_RULES)
    rows = fields.values.get("assignAgentAndCount") or []
    rows = [rows] if isinstance(rows, dict) else rows
    if rule == "AssignAppoint" and not rows:
        raise fields.refuse("assignAgentAndCount is required for AssignAppoint")
    for row in rows:
        if not row.get("agentID") or not str(row.get("count", "")).isdigit():
            raise fields.refuse("assignAgentAndCount: agentID and count are required")


def _details(tenant: Tenant, fields: Fields, task: Task) -> list[Fields]:
    knobs = tenant.knobs
    rows = [Fields(knobs, row) for row in fields.rows("dataDetails")]
    if len(rows) > knobs.max_details:
        raise refusal(knobs, "dataDetails: too many", knobs.over_max)
    known = TEMPLATES[task.data_template]
    for row in rows:
        if row.text("telephone") in knobs.poison:
            raise fields.refuse("dataDetails: cannot be read")
        row.optional_text("name")
        row.optional_text("allocationAgent")
        row.optional_text("description", longest=200)
        for custom in row.values.get("customFields") or []:
            if Fields(knobs, custom).text("fieldId") not in known or not isinstance(custom.get("fieldValue"), str):
                raise fields.refuse("customFields: unknown fieldId")
    return rows


def _is_new(tenant: Tenant, code: str) -> bool:
    if all(done.calling_list_code != code for done in tenant.store.imports):
        return True
    if tenant.knobs.repeated_code == "refuse":
        raise refusal(tenant.knobs, "callingListCode exists", 409)
    return tenant.knobs.repeated_code == "append"


def _work_off(tenant: Tenant, done: Import, details: list[Fields], *, is_filtered: bool) -> None:
    seen: set[str] = set()
    for detail in details:
        telephone = detail.text("telephone")
        complaint = _complaint(tenant, telephone)
        if complaint is not None:
            done.errors.append((detail.optional_text("name") or "", telephone, complaint))
        elif is_filtered and tenant.store.is_blocked(telephone):
            _count_filtered(tenant, done, detail, telephone)
        elif _is_repeated(tenant, done, telephone, seen):
            done.repeat_count += 1
            done.repeats.append((detail.optional_text("name") or "", telephone, "Duplicate number"))
        else:
            done.success_count += 1
            done.task.add(telephone, detail.values)
        seen.add(telephone)


def _complaint(tenant: Tenant, telephone: str) -> str | None:
    if telephone in tenant.knobs.reject_numbers:
        return "The number is not allowed"
    return None if TELEPHONE.fullmatch(telephone) else "The number format is wrong"


def _count_filtered(tenant: Tenant, done: Import, detail: Fields, telephone: str) -> None:
    if tenant.knobs.filtered_count == "repeat":
        done.repeat_count += 1
    elif tenant.knobs.filtered_count == "error":
        done.errors.append((detail.optional_text("name") or "", telephone, "Do-not-call number"))


def _is_repeated(tenant: Tenant, done: Import, telephone: str, seen: set[str]) -> bool:
    match done.rule:
        case "RemoveDuplicatesInCallingList":
            return telephone in seen
        case "RemoveDuplicatesInCampaign":
            return telephone in seen or telephone in done.task.numbers
        case "RemoveDuplicatesInTenant":
            return telephone in seen or any(telephone in task.numbers for task in tenant.store.tasks.values())
    return False


def _report_path() -> str:
    day = datetime.now(UTC).strftime("%Y%m%d")
    return f"/cc/{secrets.token_hex(16)}/costExport/import/campaigns/{day}/{secrets.token_hex(16)}.xlsx"
