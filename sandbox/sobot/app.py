"""The nineteen operations under `/callservice/v6`, the token calls, and the second host.

Belongs here: which path is which operation, and the order of checks that all share.
Does not belong here: the operations (`configuration.py`, `tasks.py`, `imports.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sandbox.clock import Clock
from sandbox.exchange import Answer, RefusedError, Request, json_answer, plain_text
from sandbox.settings import SettingError, check_fields
from sandbox.sobot import configuration, imports, reports, tasks
from sandbox.sobot.envelope import failure, refusal, success
from sandbox.sobot.knobs import SobotKnobs
from sandbox.sobot.store import BodyFault, Store, Tenant
from sandbox.sobot.tokens import answer_get_token, answer_token, require_token

PREFIX = "/callservice/v6"


@dataclass(frozen=True)
class Operation:
    """One documented operation. `is_keyed`: it needs an Idempotency-Key; `is_write`: the key's answer is kept."""

    name: str
    answer: Callable[[Tenant, Request], Any]
    kind: str
    has_ret_code: bool = False
    message: str = "Success"
    is_keyed: bool = False
    is_write: bool = False
    is_agent_only: bool = False


def _op(answer: Callable[[Tenant, Request], Any], kind: str, **options: Any) -> Operation:
    return Operation(options.pop("name", answer.__name__), answer, kind, **options)


_CONFIG: Mapping[tuple[str, str], Operation] = {
    ("GET", "/cc-config/api/agents"): _op(configuration.query_agent_setting, "Agent", message="ok"),
    ("POST", "/cc-config/api/agents"): _op(configuration.modify_agent_setting, "Agent", message="ok"),
    ("POST", "/cc-config/api/agents/unbind"): _op(configuration.unbind_agent_setting, "Agent", message="ok"),
    ("POST", "/cc-config/api/agents/call/_search"): _op(configuration.query_call_agent_list, "Agent", message="ok"),
    ("POST", "/cc-config/api/queues/_search"): _op(configuration.query_call_skill_group_list, "QueueInfo"),
    ("POST", "/cc-config/api/queue"): _op(
        configuration.add_skill_group, "ApiQueue", has_ret_code=True, is_agent_only=True
    ),
    ("DELETE", "/cc-config/api/queue"): _op(
        configuration.delete_skill_group, "QueueInfo", has_ret_code=True, is_agent_only=True
    ),
    ("POST", "/cc-config/api/queue/agents/search"): _op(
        configuration.query_skill_group_members, "List", has_ret_code=True, is_agent_only=True
    ),
    ("POST", "/cc-config/api/queue/agents"): _op(
        configuration.update_skill_groups_in_bulk, "ApiQueueAgent", has_ret_code=True, is_agent_only=True
    ),
    ("POST", "/cc-config/api/exts/_search"): _op(configuration.query_extension_list, "Ext"),
    ("POST", "/cc-config/api/exts/_add"): _op(configuration.create_extension_account, "Ext"),
    ("PUT", "/cc-config/blacklist/batch"): _op(configuration.import_enterprise_forbidden_numbers, "BatchDetail"),
    ("POST", "/cc-config/api/gatewayNumber/search"): _op(
        configuration.query_relay_number_list, "List", has_ret_code=True, is_agent_only=True
    ),
    ("POST", "/cc-console/contact-schedules/_batchAddInfos"): _op(configuration.create_contact_plans_in_bulk, "List"),
}
_OUTBOUND: Mapping[tuple[str, str], Operation] = {
    ("POST", "/cc-outbound/api/campaigns"): _op(
        tasks.create_outbound_task, "ApiRespCampaignsVO", is_keyed=True, is_write=True
    ),
    ("POST", "/cc-exports/api/campaigns/_import"): _op(
        imports.import_details,
        "ApiRespCampaignsVO",
        name="outbound_task_import_data",
        is_keyed=True,
        is_write=True,
    ),
    ("POST", "/cc-outbound/api/campaigns/calling-list/import-result"): _op(
        tasks.query_import_results, "ApiRepsICallListResult", name="batch_import_result_query", is_keyed=True
    ),
    ("POST", "/cc-outbound/api/campaigns/getList"): _op(
        tasks.query_outbound_task_list, "RespCampaignsVO", has_ret_code=True, is_keyed=True
    ),
}
_SECOND_HOST: Mapping[tuple[str, str], Operation] = {
    ("POST", "/cc-ivr/api/ivr/published/_search"): _op(
        configuration.query_published_ivr_flows, "SearchIvrResponse", has_ret_code=True, message="Request service done"
    ),
}


class SobotCallCenter:
    """The double of the call centre. Its knobs and its store may be changed at any time, from any thread."""

    name = "sobot"

    def __init__(self) -> None:
        self.tenant = Tenant()
        self.second_host = SobotSecondHost(self.tenant)

    @property
    def knobs(self) -> SobotKnobs:
        """How it behaves."""
        return self.tenant.knobs

    @property
    def clock(self) -> Clock:
        """The time that it goes by."""
        return self.tenant.clock

    @property
    def store(self) -> Store:
        """What it holds."""
        return self.tenant.store

    def held(self) -> list[tuple[str, str]]:
        """(task code, telephone as digits) of every stored lead."""
        return self.store.held()

    def dialled(self) -> list[tuple[str, str]]:
        """`held` without what the block list bars (assumed)."""
        return self.store.dialled()

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        return self.store.summary()

    def answer(self, request: Request) -> Answer:
        """Sobot's answer; what it says was stored is stored."""
        operations = {**_CONFIG, **_OUTBOUND}
        if not self.knobs.second_host:
            operations |= _SECOND_HOST
        return _locked(self.tenant, request, lambda: self._answer(request, operations))

    def control(self, request: Request) -> Answer | None:
        """Tasks and failing bodies are put in place; the block list is told."""
        match request.method, request.path:
            case "GET", "/_sandbox/forbidden_numbers":
                return json_answer(list(self.store.block_list.values()))
            case "POST", "/_sandbox/tasks":
                return self._place_task(request.json())
            case "POST", "/_sandbox/body_faults":
                return self._place_body_fault(request.json())
        return None

    def _answer(self, request: Request, operations: Mapping[tuple[str, str], Operation]) -> Answer:
        requests = self.store.requests
        match request.method, request.path:
            case "POST", "/tokens/company" | "/tokens/agent":
                is_agent = request.path.endswith("agent")
                requests["agent_token" if is_agent else "company_token"] += 1
                return answer_token(self.tenant, request, is_agent=is_agent)
            case "GET", "/api/get_token":
                requests["get_token"] += 1
                return answer_get_token(self.tenant, request)
        if request.path.startswith(reports.PREFIX) and not self.knobs.second_host:
            return reports.answer_report(self.tenant, request)
        return _operate(self.tenant, request, operations)

    def _place_task(self, values: Any) -> Answer:
        if not isinstance(values, dict) or not isinstance(values.get("name"), str):
            raise SettingError("a task is an object with a name, and perhaps code and creator")
        self.store.add_task(**{key: values[key] for key in ("name", "code", "creator") if key in values})
        return json_answer(self.state(), 201)

    def _place_body_fault(self, values: Any) -> Answer:
        if not isinstance(values, dict) or "operation" not in values:
            raise SettingError("a failing body is an object with an operation")
        check_fields(BodyFault, values)
        self.store.body_faults.append(BodyFault(**values))
        return json_answer(values, 201)


class SobotSecondHost:
    """The vendor's other hosts in one: published IVR flows, and the error reports of imports."""

    name = "sobot-second-host"

    def __init__(self, tenant: Tenant) -> None:
        self.knobs = tenant.knobs
        self.clock = tenant.clock
        self._tenant = tenant

    def answer(self, request: Request) -> Answer:
        """The report, or the flows."""
        return _locked(self._tenant, request, lambda: self._answer(request))

    def control(self, _request: Request) -> Answer | None:
        """Nothing is controlled here."""
        return None

    def held(self) -> list[tuple[str, str]]:
        """Nothing is dialled from here."""
        return []

    def dialled(self) -> list[tuple[str, str]]:
        """Nothing is dialled from here."""
        return []

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        return self._tenant.store.summary()

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith(reports.PREFIX):
            return reports.answer_report(self._tenant, request)
        return _operate(self._tenant, request, _SECOND_HOST)


def _locked(tenant: Tenant, request: Request, answer: Callable[[], Answer]) -> Answer:
    with tenant.store.lock:
        try:
            return answer()
        except RefusedError as refused:
            return refused.answer


def _operate(tenant: Tenant, request: Request, operations: Mapping[tuple[str, str], Operation]) -> Answer:
    """The operation's answer. Order of checks (assumed): path, token, Idempotency-Key, body."""
    operation = operations.get((request.method, request.path.removeprefix(PREFIX)))
    if operation is None or not request.path.startswith(PREFIX):
        raise RefusedError(plain_text(404, "HTTP 404 Not Found"))
    tenant.store.requests[operation.name] += 1
    require_token(tenant, request, is_agent_only=operation.is_agent_only)
    key = _idempotency_key(tenant, request, operation)
    fault = tenant.store.take_body_fault(operation.name)
    if fault is not None and not fault.commit:
        return failure(tenant.knobs, fault.code, "failed", ret_code=fault.ret_code)
    answer = _once(tenant, request, operation, key)
    if fault is not None:
        return failure(tenant.knobs, fault.code, "failed", ret_code=fault.ret_code)
    return answer


def _idempotency_key(tenant: Tenant, request: Request, operation: Operation) -> str | None:
    if not operation.is_keyed:
        return None
    key = request.header(b"idempotency-key")
    try:
        UUID(key)
    except ValueError:
        raise refusal(tenant.knobs, "Idempotency-Key: a UUID is required") from None
    tenant.store.idempotency_keys.append((operation.name, key))
    return key


def _once(tenant: Tenant, request: Request, operation: Operation, key: str | None) -> Answer:
    """The stored answer to a key that was used before, with the same body; else the operation's own."""
    knobs = tenant.knobs
    is_stored = key is not None and knobs.idempotency == "replay" and (operation.is_write or knobs.replay_reads)
    place = (operation.name, key or "")
    if is_stored and place in tenant.store.answered:
        body, answer = tenant.store.answered[place]
        if body != request.body:
            raise refusal(knobs, "Idempotency-Key was used with another body", 409)
        return answer
    value = operation.answer(tenant, request)
    answer = success(knobs, operation.kind, value, has_ret_code=operation.has_ret_code, message=operation.message)
    if is_stored:
        tenant.store.answered[place] = (request.body, answer)
    return answer
