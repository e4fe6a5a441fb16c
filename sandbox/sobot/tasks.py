"""Operations 14, 16 and 17: outbound tasks, their list, and the results of imports.

Belongs here: what these operations check and answer. Does not belong here: the import itself (`imports.py`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sandbox.exchange import Request
from sandbox.sobot.envelope import Fields, page, refusal
from sandbox.sobot.records import Import, Task
from sandbox.sobot.seeds import TEMPLATES, WRAP_UP_TEMPLATES
from sandbox.sobot.store import Tenant

EVERYWHERE = ("0.0.0.0", "::")  # where a server listens that is meant to be reached by any name
LONGEST_SPAN_MS = 366 * 86_400_000
SCHEDULE = ("scheduleStartTime", "scheduleEndTime", "scheduleTimeZoneId", "description")


def create_outbound_task(tenant: Tenant, request: Request) -> Any:
    """POST /cc-outbound/api/campaigns. Assumed: a name is taken once only."""
    fields = Fields.of(tenant.knobs, request)
    agent = _agent(tenant, fields)
    name = fields.text("name")
    if fields.text("dataTemplateCode") not in TEMPLATES:
        raise fields.refuse("dataTemplateCode: no enabled import template has this code")
    if fields.text("wrapUpTemplateCode") not in WRAP_UP_TEMPLATES:
        raise fields.refuse("wrapUpTemplateCode: no enabled summary template has this code")
    fields.optional_text("description", longest=200)
    _require_schedule(fields)
    if any(task.name == name for task in tenant.store.tasks.values()):
        raise refusal(tenant.knobs, "name exists", 409)
    task = tenant.store.add_task(
        name,
        creator=agent["agentUUID"],
        data_template=fields.text("dataTemplateCode"),
        created_ms=tenant.now_ms(),
        fields={key: fields.values.get(key) for key in SCHEDULE},
    )
    return {"id": _padded(tenant, task.id), "code": task.code}


def query_import_results(tenant: Tenant, request: Request) -> Any:
    """POST /cc-outbound/api/campaigns/calling-list/import-result: one row per import that shows already."""
    fields = Fields.of(tenant.knobs, request)
    _agent(tenant, fields)
    wanted, task_id = fields.optional_text("callingListCode"), fields.optional_text("campaignId")
    code = None if task_id else fields.optional_text("code")
    shown = [
        done
        for done in tenant.store.imports
        if _is_visible(tenant, done)
        and wanted in (None, done.calling_list_code)
        and task_id in (None, done.task.id)
        and code in (None, done.task.code)
    ]
    rows = [_result_row(tenant, request, done) for done in shown]
    if tenant.knobs.foreign_row_first:
        foreign = _foreign_row(request)
        rows[:0] = [foreign, foreign | {"callingListCode": wanted or foreign["callingListCode"]}]
    return _listed(fields, rows, default_size=50)


def query_outbound_task_list(tenant: Tenant, request: Request) -> Any:
    """POST /cc-outbound/api/campaigns/getList; the rows have no campaign id."""
    fields = Fields.of(tenant.knobs, request)
    fields.whole("pageSize")
    fields.whole("currPage")
    start, end = fields.values.get("creationTimeStart"), fields.values.get("creationTimeEnd")
    if start is not None and end is not None and end - start > LONGEST_SPAN_MS:
        raise fields.refuse("creationTimeStart, creationTimeEnd: at most 12 months")
    agent = fields.optional_text("agentUUID")
    creator = tenant.store.agent_by(agent, fields.agent_type()) if agent else None
    code = fields.optional_text("code")
    rows = [
        {**_task_row(task), **tenant.knobs.task_fields}
        for task in tenant.store.tasks.values()
        if code in (None, task.code)
        and (not agent or (creator is not None and task.creator == creator["agentUUID"]))
        and (start is None or task.created_ms >= start)
        and (end is None or task.created_ms <= end)
    ]
    return _listed(fields, rows, default_size=50)


def _agent(tenant: Tenant, fields: Fields) -> dict[str, Any]:
    found = tenant.store.agent_by(fields.text("agentID"), fields.agent_type())
    if found is None:
        raise refusal(tenant.knobs, "no such agent", 404)
    return found


def _require_schedule(fields: Fields) -> None:
    if fields.whole("scheduleEndTime") <= fields.whole("scheduleStartTime"):
        raise fields.refuse("scheduleEndTime must be later than scheduleStartTime")
    if (fields.optional_text("scheduleTimeZoneId") or "UTC") not in available_timezones():
        raise fields.refuse("scheduleTimeZoneId: unknown time zone")


def _is_visible(tenant: Tenant, done: Import) -> bool:
    age_s = tenant.clock.now() - done.taken_at
    return not tenant.knobs.result_hidden and age_s >= tenant.knobs.delay_visible_s


def _result_row(tenant: Tenant, request: Request, done: Import) -> dict[str, Any]:
    knobs = tenant.knobs
    is_final = tenant.clock.now() - done.taken_at >= knobs.delay_final_s
    success_count = max(0, done.success_count - knobs.count_shortfall) if is_final else done.success_count // 2
    return {
        "campaignId": _padded(tenant, done.task.id),
        "code": done.task.code,
        "callingListCode": _padded(tenant, done.calling_list_code),
        "creationTime": round(1000 * done.taken_at),
        "removeDuplicatesRule": done.rule,
        "successCount": success_count,
        knobs.duplicate_field: done.repeat_count if is_final else 0,
        "errorCount": len(done.errors) if is_final else 0,
        "errorReportPath": _report_url(tenant, request, done.report_path),
        **dict.fromkeys(knobs.null_result_fields),
    }


def _foreign_row(request: Request) -> dict[str, Any]:
    return {
        "campaignId": "cde0f90801d98M4fcb8a43eFff11b201cbff",
        "code": "dgug92owec",
        "callingListCode": "20220815203412",
        "creationTime": 1660632449700,
        "removeDuplicatesRule": "RemoveDuplicatesInCallingList",
        "successCount": 1,
        "repeatCount": 0,
        "errorCount": 0,
        "errorReportPath": f"http://{request.header(b'host')}/cc/none.xlsx",
    }


def _report_url(tenant: Tenant, request: Request, path: str) -> str:
    if tenant.knobs.report == "no_address":
        return f"http://[{path}"
    asked = urlsplit(f"http://{request.header(b'host')}")
    host = urlsplit(tenant.knobs.second_host) if tenant.knobs.second_host else asked
    if host.hostname in EVERYWHERE:
        host = host._replace(netloc=f"{asked.hostname}:{host.port}")
    return host.geturl().rstrip("/") + path


def _task_row(task: Task) -> dict[str, Any]:
    counts = dict.fromkeys(
        ("agentCount", "contactRecordExecuteCount", "contactRecordAnswerCount", "callDialCount", "callAnswerCount"), 0
    )
    return {
        "code": task.code,
        "name": task.name,
        "timed": 0,
        "scheduleStartTime": task.fields.get("scheduleStartTime", 0),
        "scheduleEndTime": task.fields.get("scheduleEndTime", 0),
        "scheduleTimeZoneId": task.fields.get("scheduleTimeZoneId"),
        "state": 1,
        "expired": None,
        "description": task.fields.get("description") or "",
        "creationTime": task.created_ms,
        "contactRecordCount": len(task.records),
        "contactUnassignedCount": len(task.records),
        **counts,
        "contactExecuteRate": "0.00%",
        "contactAnswerRate": "0.00%",
        "callAnswerRate": "0.00%",
        "callTalkDuration": 0,
        "averageCallTalkDuration": 0,
    }


def _listed(fields: Fields, rows: list[Any], *, default_size: int) -> dict[str, Any]:
    listed, number, size = page(fields, rows, default_size=default_size)
    pages = -(-len(rows) // size)
    return {"totalCount": len(rows), "pageSize": size, "totalPage": pages, "currPage": number, "list": listed}


def _padded(tenant: Tenant, value: str) -> str:
    return f" {value} " if tenant.knobs.pad_ids else value
