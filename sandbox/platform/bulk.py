"""Bulk imports: taking them, working on them as time passes, telling what became of them.

Belongs here: jobs, by the double's clock. Does not belong here: what makes a row valid (`leads.py`).
Words, shapes, latency, retention and atomicity are unknown to the document: all of it is assumed and a knob.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson

from sandbox.exchange import Answer, RefusedError, Request, json_answer
from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.leads import store_lead
from sandbox.platform.protocol import last_link, link, number, refusal
from sandbox.platform.routes import Routes
from sandbox.platform.store import Job, Store


def take_job(body: Any, store: Store, knobs: PlatformKnobs, now: float) -> Job:
    """The job is waiting to be worked on; nothing of it is stored yet.

    Raises:
        RefusedError: 400, 413 or 422, and there is no job.
    """
    rows = body.get("leads") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(rows, list | None):
        raise refusal(400, "leads must be an array")
    if len(rows or ()) > knobs.max_leads:
        raise refusal(int(knobs.over_max), "too many leads")
    if any(isinstance(row, dict) and row.get("customerKey") in knobs.poison for row in rows or ()):
        raise refusal(422, "the request is not valid")
    job = Job(str(uuid4()), rows or [], now)
    store.jobs[job.uuid] = store.open_jobs[job.uuid] = job
    return job


def work(store: Store, knobs: PlatformKnobs, now: float) -> None:
    """Every job whose time has come is done."""
    for job in list(store.open_jobs.values()):
        if _step(job, knobs, now) == len(knobs.bulk_script) - 1:
            _finish(job, store, knobs, now)
            del store.open_jobs[job.uuid]


def find_job(uuid: str, store: Store, knobs: PlatformKnobs, now: float) -> Job:
    """The job, as long as its uuid is known.

    Raises:
        RefusedError: 404, when there is none, or it is forgotten.
    """
    job = store.jobs.get(uuid)
    if job is None or (knobs.bulk_retention_s is not None and now - job.created_at >= knobs.bulk_retention_s):
        raise refusal(404, "uuid does not exist")
    return job


def word(job: Job, knobs: PlatformKnobs, now: float) -> str:
    """The job's status."""
    if not job.is_done:
        return knobs.bulk_script[min(_step(job, knobs, now), max(len(knobs.bulk_script) - 2, 0))]
    if not job.errors:
        return knobs.bulk_script[-1]
    return knobs.bulk_word_mixed if job.stored_count else knobs.bulk_word_bad


def status_answer(job: Job, request: Request, routes: Routes, knobs: PlatformKnobs, now: float) -> Answer:
    """The answer to the question how far the job is. Source: vendors.md, 3(b) #12."""
    address = link(request, routes.base_path, routes.path("bulk_errors", job.uuid), knobs)
    error_link: Any = {} if knobs.error_link == "object" else None
    if job.errors and knobs.error_link != "null":
        error_link = address if knobs.error_link == "string" else {"href": address}
    return json_answer(
        {
            "uuid": job.uuid,
            "status": word(job, knobs, now),
            "error_link": error_link,
            "result": _result(job, knobs),
        }
    )


def errors_answer(job: Job, request: Request, routes: Routes, knobs: PlatformKnobs) -> Answer:
    """One page of the job's errors; the query parameter `pageNo` is assumed. Source: vendors.md, 3(b) #13."""
    size = knobs.error_page_size
    page_no = number(request.parameters().get("pageNo", "1"), "pageNo")
    total = -(-len(job.errors) // size)
    shown = job.errors[(page_no - 1) * size : page_no * size]
    further = last_link("nextPageLink", knobs)
    if page_no < total:
        path = routes.path("bulk_errors", job.uuid)
        further = {"nextPageLink": f"{link(request, routes.base_path, path, knobs)}?pageNo={page_no + 1}"}
    return json_answer(
        {"pageNo": page_no, "limit": size, "errorList": _error_list(job, shown, knobs), "totalPages": total, **further}
    )


def _step(job: Job, knobs: PlatformKnobs, now: float) -> int:
    last = len(knobs.bulk_script) - 1
    reached = int((now - job.created_at) / knobs.bulk_step_s) if knobs.bulk_step_s else last
    return min(reached, last - 1 if knobs.bulk_stuck else last)


def _finish(job: Job, store: Store, knobs: PlatformKnobs, now: float) -> None:
    job.is_done = True
    stored = []
    for row, values in enumerate(job.rows):
        try:
            if row in job.failing:
                raise refusal(job.failing[row], "internal error")
            stored.append(store_lead(values, store, knobs, now))
        except RefusedError as refused:
            job.errors.append((row, orjson.loads(refused.answer.body)["message"]))
    if job.errors and knobs.bulk_is_atomic:
        for lead in stored:
            store.creations[lead.list_id, lead.customer_key or ""] -= 1
            store.delete_lead(lead.lead_id)
        stored.clear()
    job.stored_count = len(stored)


def _result(job: Job, knobs: PlatformKnobs) -> Any:
    if knobs.bulk_result == "null":
        return None
    if knobs.bulk_result == "empty" or not job.is_done:
        return {}
    total, refused = len(job.rows), len(job.rows) - job.stored_count
    if knobs.bulk_counts == "true" or not job.errors:
        return {"total": total, "success": job.stored_count, "failed": refused}
    return {"total": total, "success": total} | _contradiction(job, refused, knobs)


def _contradiction(job: Job, refused: int, knobs: PlatformKnobs) -> dict[str, Any]:
    """What stands beside counts that do not agree with the errors; whether any vendor writes so is assumed."""
    match knobs.bulk_counts:
        case "beside":
            return {"errors": _error_list(job, job.errors, knobs)}
        case "text":
            return {"failed": str(refused)}
        case "twice":
            return {"failed": 0, "errors": refused}
    return {}


def _error_list(job: Job, errors: list[tuple[int, str]], knobs: PlatformKnobs) -> Any:
    items = [(row + knobs.error_row_base, _error(job, row, text, knobs)) for row, text in errors]
    if knobs.error_list == "object":
        return {str(row): item for row, item in items}
    return [item for _, item in items]


def _error(job: Job, row: int, text: str, knobs: PlatformKnobs) -> Any:
    values = job.rows[row] if isinstance(job.rows[row], dict) else {}
    whole = {"row": row + knobs.error_row_base, **values, "message": text}
    if knobs.error_fields == ["message"]:
        return text
    return {name: whole[name] for name in knobs.error_fields if name in whole}
