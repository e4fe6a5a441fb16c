"""Sobot's call centre V6: one method per operation of the vendor's document.

Belongs here: outbound tasks, imports, contact plans (operations 14 to 18) and their documented limits. Does not
belong here: operations on configuration (`configuration.py`, inherited), hosts, tokens and envelopes (`wire.py`), and
what an answer means for a delivery (`gateway.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from connectors.sobot.configuration import ConfigurationClient, as_text, given
from connectors.sobot.limits import (
    DEDUPLICATIONS,
    DNC_FILTERS,
    LONGEST_NOTE,
    LONGEST_PLAN_NAME,
    Limits,
    milliseconds,
    minute_ms,
)
from connectors.sobot.models import ImportResult, ImportTaken, OutboundTask, Page, TaskMade, import_results
from connectors.sobot.wire import Call, SobotWire

_TASK_MADE = TypeAdapter(TaskMade)
_IMPORT_TAKEN = TypeAdapter(ImportTaken)
_TASKS = TypeAdapter(Page[OutboundTask])
_PLAN_IDS = TypeAdapter(list[str])

_CAMPAIGNS = "/api/campaigns"


class SobotClient(ConfigurationClient):
    """The nineteen operations over a wire; `agent_id` is the service agent in whose name the client acts."""

    def __init__(
        self,
        wire: SobotWire,
        *,
        agent_id: str,
        agent_type: int = 1,
        duplicate_fields: Sequence[str] = ("repeatCount", "removeDuplicatesCount"),
    ) -> None:
        super().__init__(wire, agent_id=agent_id, agent_type=agent_type)
        self._results = import_results(duplicate_fields)

    def create_outbound_task(
        self,
        *,
        name: str,
        data_template_code: str,
        wrap_up_template_code: str,
        schedule_start: datetime,
        schedule_end: datetime,
        schedule_time_zone: str | None = None,
        description: str | None = None,
        agent_id: str | None = None,
        agent_type: int | None = None,
        idempotency_key: str | None = None,
    ) -> TaskMade:
        """The task exists; only the agent who made it may load it. Times are cut to the minute.

        Source: vendors.md, 1(b) #14.
        """
        limits = Limits("create_outbound_task")
        limits.text("name", name)
        limits.longest("description", description, LONGEST_NOTE)
        limits.schedule(schedule_start, schedule_end)
        body = self._acting(limits, agent_id, agent_type) | given(
            name=name,
            dataTemplateCode=data_template_code,
            wrapUpTemplateCode=wrap_up_template_code,
            scheduleStartTime=minute_ms(schedule_start),
            scheduleEndTime=minute_ms(schedule_end),
            scheduleTimeZoneId=schedule_time_zone,
            description=description,
        )
        call = Call(
            limits.operation, "POST", "cc-outbound", _CAMPAIGNS, body, keyed=True, idempotency_key=idempotency_key
        )
        return self._wire.write(call, _TASK_MADE)

    def outbound_task_import_data(
        self,
        *,
        calling_list_code: str,
        data_details: Sequence[Mapping[str, Any]],
        campaign_id: str | None = None,
        code: str | None = None,
        remove_duplicates_rule: str = "RemoveDuplicatesInCampaign",
        dnc_filter: str = "Filter",
        assign_rule: str = "NoAssign",
        assign_agent_and_count: Sequence[Mapping[str, Any]] = (),
        agent_id: str | None = None,
        agent_type: int | None = None,
        idempotency_key: str | None = None,
        not_after: float = float("inf"),
    ) -> ImportTaken:
        """The data were taken, and will be worked off; the answer holds no counts. Source: vendors.md, 1(b) #15.

        The task is named by `campaign_id`, which wins, or by `code`.
        """
        limits = Limits("outbound_task_import_data")
        limits.require("campaign_id or code must be given", holds=bool(campaign_id or code))
        limits.calling_list_code(calling_list_code)
        limits.one_of("remove_duplicates_rule", remove_duplicates_rule, DEDUPLICATIONS)
        limits.one_of("dnc_filter", dnc_filter, DNC_FILTERS)
        limits.assignment(assign_rule, assign_agent_and_count)
        limits.details(data_details)
        body = self._acting(limits, agent_id, agent_type) | given(
            campaignId=campaign_id,
            code=code,
            callingListCode=calling_list_code,
            removeDuplicatesRule=remove_duplicates_rule,
            enableFilterDoNotCallListNumber=dnc_filter,
            assignRule=assign_rule,
            assignAgentAndCount=list(assign_agent_and_count) or None,
            dataDetails=list(data_details),
        )
        call = Call(
            limits.operation, "POST", "cc-exports", f"{_CAMPAIGNS}/_import", body,
            keyed=True, idempotency_key=idempotency_key, not_after=not_after,
        )  # fmt: skip
        return self._wire.write(call, _IMPORT_TAKEN)

    def batch_import_result_query(
        self,
        *,
        calling_list_code: str | None = None,
        campaign_id: str | None = None,
        code: str | None = None,
        agent_id: str | None = None,
        agent_type: int | None = None,
        page_size: int = 50,
        retry: bool = True,
    ) -> Iterator[ImportResult]:
        """The result rows of imports, page by page; at least one selector, for none has no defined scope.

        Args:
            retry: a question that is not answered is asked again, with back-off.

        Source: vendors.md, 1(b) #16.
        """
        limits = Limits("batch_import_result_query")
        is_scoped = bool(calling_list_code or campaign_id or code)
        limits.require("calling_list_code, campaign_id or code must be given", holds=is_scoped)
        limits.page_size(page_size)
        body = self._acting(limits, agent_id, agent_type) | given(
            callingListCode=calling_list_code, campaignId=campaign_id, code=code
        )
        path = f"{_CAMPAIGNS}/calling-list/import-result"
        call = Call(limits.operation, "POST", "cc-outbound", path, body, keyed=True, retry=retry)
        return self._wire.pages(call, self._results, page_size=page_size)

    def query_outbound_task_list(
        self,
        *,
        code: str | None = None,
        created_from: datetime | None = None,
        created_until: datetime | None = None,
        agent_id: str | None = None,
        agent_type: int | None = None,
        page_size: int = 50,
    ) -> Iterator[OutboundTask]:
        """The tasks, page by page, with their call statistics; of all agents unless one is named.

        Source: vendors.md, 1(b) #17.
        """
        limits = Limits("query_outbound_task_list")
        limits.one_of("agent_type", agent_type, (0, 1))
        limits.span(created_from, created_until)
        limits.page_size(page_size)
        body = given(
            code=code,
            creationTimeStart=None if created_from is None else milliseconds(created_from),
            creationTimeEnd=None if created_until is None else milliseconds(created_until),
            agentUUID=agent_id,
            agentType=as_text(agent_type),
        )
        path = f"{_CAMPAIGNS}/getList"
        call = Call(limits.operation, "POST", "cc-outbound", path, body, has_time_zone=False, keyed=True)
        return self._wire.pages(call, _TASKS, page_size=page_size)

    def create_contact_plans_in_bulk(
        self,
        *,
        name: str,
        schedule_start: datetime,
        schedule_end: datetime,
        customer_phone_numbers: Sequence[str],
        executor_id: str,
        agent_id: str | None = None,
        agent_type: int | None = None,
        note: str | None = None,
        zone_id: str | None = None,
        zone_value: str | None = None,
    ) -> list[str]:
        """A plan exists for each of up to 50 numbers; their ids. Source: vendors.md, 1(b) #18."""
        limits = Limits("create_contact_plans_in_bulk")
        limits.text("name", name)
        limits.longest("name", name, LONGEST_PLAN_NAME)
        limits.longest("note", note, LONGEST_NOTE)
        limits.schedule(schedule_start, schedule_end)
        limits.plan_phones(customer_phone_numbers)
        body = self._acting(limits, agent_id, agent_type) | given(
            name=name,
            bak=note,
            scheduleStartTime=minute_ms(schedule_start),
            scheduleEndTime=minute_ms(schedule_end),
            customerPhoneNumberList=list(customer_phone_numbers),
            executorId=executor_id,
            zoneId=zone_id,
            zoneValue=zone_value,
        )
        call = Call(limits.operation, "POST", "cc-console", "/contact-schedules/_batchAddInfos", body)
        return self._wire.write(call, _PLAN_IDS)
