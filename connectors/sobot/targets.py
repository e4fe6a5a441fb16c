"""Outbound tasks as targets: who acts for one, what it is called, when it dials; found by name, or made.

Belongs here: the target's settings in the vendor's words, and their errors. Does not belong here: imports
(`gateway.py`). Source: vendors.md, 1(b) #14 and #17, 1(c) 13, 14, 20.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    RejectedError,
    TargetError,
    TargetOverError,
)
from connectors.gateway import Campaign
from connectors.sobot.client import SobotClient
from connectors.sobot.entries import idempotency_key
from connectors.sobot.limits import minute_ms
from connectors.sobot.models import OutboundTask


@dataclass(frozen=True, slots=True)
class ServiceAgent:
    """In whose name a task is made and loaded. `kind`: 0 for a work number, 1 for an id."""

    agent: str
    kind: int

    def for_target(self, target: Mapping[str, Any]) -> ServiceAgent:
        """The agent that the target names: whoever made it must load it, even after the settings have changed."""
        if not target.get("agent_id"):
            return self
        kind = target.get("agent_type")
        return ServiceAgent(str(target["agent_id"]), self.kind if kind is None else int(kind))


class Tasks:
    """Finds and makes outbound tasks."""

    def __init__(
        self,
        client: SobotClient,
        agent: ServiceAgent,
        *,
        tenant: str,
        time_zone: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._agent = agent
        self._tenant = tenant
        self._time_zone = time_zone
        self._now = now

    def name(self, campaign: Campaign, day: date) -> str | None:
        """The name of the campaign's task for that day; None where the task is configured by its code."""
        if campaign.target.get("code"):
            return None
        template = campaign.target.get("name_template") or default_name(campaign.target.get("per", "campaign"))
        return str(template).format(campaign=campaign.campaign, day=day.isoformat())

    def find(self, campaign: Campaign, name: str) -> dict[str, Any] | None:
        """The only task that has exactly this name; None when there is none.

        All agents' tasks are looked at: one of another agent cannot be loaded, but a second of its name helps nobody.
        """
        tasks = {task.code: task for task in self._client.query_outbound_task_list() if task.name == name.strip()}
        if len(tasks) > 1:
            raise TargetError(
                f"campaigns.{campaign.campaign}.target.name_template: sobot has {len(tasks)} tasks «{name}»; "
                "name the right one by target.code"
            )
        return next((self._made(campaign, task.code, self._end(campaign, task)) for task in tasks.values()), None)

    def create(self, campaign: Campaign, name: str, day: date) -> dict[str, Any]:
        """The task was made. One that is there already, by a request whose answer was lost, is found."""
        try:
            return self._create(campaign, name, day)
        except ConflictError as error:
            refusal = error
        except (AuthenticationError, ForbiddenError):
            raise
        except RejectedError as error:
            raise _refused(campaign, error) from None
        found = self.find(campaign, name)
        if found is None:
            raise _refused(campaign, refusal) from None
        return found

    def require(self, campaign: Campaign) -> None:
        """The task that the campaign names by its code is there, and will dial.

        Raises:
            TargetError: it is not.
            TargetOverError: the end of its schedule is past.
        """
        code, setting = campaign.target["code"], f"campaigns.{campaign.campaign}.target.code"
        found = next((task for task in self._client.query_outbound_task_list(code=code) if task.code == code), None)
        if found is None:
            raise TargetError(f"{setting}: sobot has no outbound task {code}")
        end = self._end(campaign, found)
        if end is not None and end <= self._now():
            raise TargetOverError(
                f"{setting}: sobot's outbound task {code} is over since {end:%Y-%m-%d %H:%M %Z}, and dials nobody; "
                "give it a later end there, or name another"
            )

    def _create(self, campaign: Campaign, name: str, day: date) -> dict[str, Any]:
        target, agent = campaign.target, self._agent.for_target(campaign.target)
        zone = self._zone(campaign)
        start, end = window(target, day, zone=zone, now=self._now())
        # Start and end are part of the key: another body under the same key would be a conflict.
        key = idempotency_key(self._tenant, "task", name, str(minute_ms(start)), str(minute_ms(end)))
        made = self._client.create_outbound_task(
            name=name,
            data_template_code=target.get("data_template_code") or "",
            wrap_up_template_code=target.get("wrap_up_template_code") or "",
            schedule_start=start,
            schedule_end=end,
            schedule_time_zone=zone.key,
            description=target.get("description"),
            agent_id=agent.agent,
            agent_type=agent.kind,
            idempotency_key=key,
        )
        return self._made(campaign, made.code, end)

    def _made(self, campaign: Campaign, code: str, end: datetime | None) -> dict[str, Any]:
        agent, ends_at = self._agent.for_target(campaign.target), end.isoformat() if end else None
        return {"code": code, "agent_id": agent.agent, "agent_type": agent.kind, "ends_at": ends_at}

    def _zone(self, campaign: Campaign) -> ZoneInfo:
        return ZoneInfo(str(campaign.target.get("time_zone") or self._time_zone))

    def _end(self, campaign: Campaign, task: OutboundTask) -> datetime | None:
        """When the task is over, in its zone or the campaign's. None: never; the vendor's example has a nought."""
        if not task.schedule_end_ms or task.schedule_end_ms < 0:
            return None
        try:
            return datetime.fromtimestamp(task.schedule_end_ms / 1000, _zone_of(task) or self._zone(campaign))
        except (OverflowError, ValueError, OSError):  # after the year 9999
            return None


def default_name(per: str) -> str:
    """The template of a task's name where the target has none."""
    return "{campaign} {day}" if per == "day" else "{campaign}"


def window(target: Mapping[str, Any], day: date, *, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """When the task may dial: from the start hour of the day, or of today where that is later, for so many days.

    A window that would be over already, as one of a single day may be in the evening, is moved to the next day.
    """
    here = now.astimezone(zone)
    first = max(day, here.date())
    while True:
        start = _at_hour(first, int(target.get("start_hour", 9)), zone)
        last = first + timedelta(days=int(target.get("days", 30)) - 1)
        end = _at_hour(last, int(target.get("end_hour", 18)), zone)
        if end > here:
            return start, end
        first += timedelta(days=1)


def _at_hour(day: date, hour: int, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), tzinfo=zone)
    return midnight.replace(second=0, microsecond=0)


def _zone_of(task: OutboundTask) -> ZoneInfo | None:
    name = task.schedule_time_zone
    return ZoneInfo(name) if name in available_timezones() else None


def _refused(campaign: Campaign, error: RejectedError) -> TargetError:
    settings = f"campaigns.{campaign.campaign}.target.data_template_code, wrap_up_template_code"
    return TargetError(f"{settings}: the task was not made: {error}")
