"""What each kind of fault does to a request.

Belongs here: one function per way that a fault shows, and the order read, commit, show.
Does not belong here: when a fault is due (`faults.py`), how a socket is broken (`wire.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

import orjson

from sandbox.exchange import Answer, Request, plain_text
from sandbox.faults import Fault, FaultPlan
from sandbox.wire import Wire

Process = Callable[[Request], Answer]
Effect = Callable[[Fault, Wire, Answer], Awaitable[None]]

NOT_PROCESSED = Answer(500)


async def misbehave(fault: Fault, wire: Wire, process: Process, plan: FaultPlan) -> None:
    """The request was processed or not, as the kind says, and then the fault showed."""
    if fault.kind == "reset_before_body":
        plan.record_fired(fault)
        return await wire.reset()
    request = await wire.read()
    if request is None:
        return None
    if fault.kind == "entry_status":
        request.entry_statuses = dict.fromkeys(fault.positions, fault.answered_status)
    answer = process(request) if fault.is_committed else NOT_PROCESSED
    plan.record_fired(fault)
    return await EFFECTS[fault.kind](fault, wire, answer)


async def _reset(_fault: Fault, wire: Wire, _answer: Answer) -> None:
    await wire.reset()


async def _stall_then_answer(fault: Fault, wire: Wire, answer: Answer) -> None:
    if await wire.hang(fault.seconds):
        await wire.send(answer)


async def _stall_then_reset(fault: Fault, wire: Wire, _answer: Answer) -> None:
    if await wire.hang(fault.seconds):
        await wire.reset()


async def _truncate(fault: Fault, wire: Wire, answer: Answer) -> None:
    await wire.send_truncated(answer, fault.bytes)


async def _send_html(fault: Fault, wire: Wire, _answer: Answer) -> None:
    await wire.send(error_page(fault.answered_status))


async def _send_status(fault: Fault, wire: Wire, _answer: Answer) -> None:
    status = fault.answered_status
    headers = [("retry-after", fault.retry_after)] if fault.retry_after is not None else []
    if status == 401:
        headers.append(("www-authenticate", 'Basic realm="sandbox"'))
    await wire.send(plain_text(status, f"HTTP {status} {_phrase(status)}", tuple(headers)))


async def _shorten(fault: Fault, wire: Wire, answer: Answer) -> None:
    entries = _parsed(answer)
    if isinstance(entries, list):
        kept = entries[: max(len(entries) - fault.count, 0)]
        answer = replace(answer, body=orjson.dumps(kept))
    await wire.send(answer)


async def _add_fields(fault: Fault, wire: Wire, answer: Answer) -> None:
    value = _parsed(answer)
    if isinstance(value, list):
        grown: object = [{**entry, **fault.fields} for entry in value]
    elif isinstance(value, dict):
        grown = {**value, **fault.fields}
    else:
        return await wire.send(answer)
    return await wire.send(replace(answer, body=orjson.dumps(grown)))


async def _send(_fault: Fault, wire: Wire, answer: Answer) -> None:
    await wire.send(answer)


EFFECTS: Mapping[str, Effect] = {
    "lost_after_commit": _reset,
    "reset_before_processing": _reset,
    "stall_after_commit": _stall_then_answer,
    "stall_before_commit": _stall_then_reset,
    "truncated": _truncate,
    "html": _send_html,
    "html_200": _send_html,
    "status": _send_status,
    "short_response": _shorten,
    "entry_status": _send,
    "extra_fields": _add_fields,
    "slow": _stall_then_answer,
}


def error_page(status: int) -> Answer:
    """A page as a Tomcat or the proxy before it writes one."""
    title = f"HTTP Status {status} – {_phrase(status)}"
    page = (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head>'
        f"<body><h1>{title}</h1><hr/><h3>Apache Tomcat</h3></body></html>"
    )
    return Answer(status, "text/html;charset=utf-8", page.encode())


def _parsed(answer: Answer) -> object:
    if answer.content_type != "application/json":
        return None
    value: object = orjson.loads(answer.body)
    return value


def _phrase(status: int) -> str:
    known = {entry.value: entry.phrase for entry in HTTPStatus}
    return known.get(status, "Unknown")
