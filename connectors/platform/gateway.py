"""The Platform as the delivery engine sees it: leads in lists, one by one or as bulk jobs.

Belongs here: the port, and which way a batch goes. Does not belong here: the ways (`singles.py`, `jobs.py`,
`updates.py`, `withdrawals.py`), paths and parsing (`client.py`), states and retries (`pipelines/delivery.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectors.gateway import (
    Batch,
    CallResult,
    Campaign,
    Contact,
    Delivered,
    Entry,
    Progress,
    Receipt,
    ResultTerms,
)
from connectors.mapping import source_columns
from connectors.platform.client import PlatformClient
from connectors.platform.dialling import Dialling
from connectors.platform.entries import entry_maker
from connectors.platform.jobs import Jobs, JobTerms
from connectors.platform.lookup import LookUp
from connectors.platform.models import DiallerCall
from connectors.platform.singles import SingleCreates
from connectors.platform.targets import Targets, list_name, refused_login
from connectors.platform.updates import Updates
from connectors.platform.withdrawals import Withdrawal, Withdrawals
from connectors.withdrawal import refusal_of, taking_back

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PlatformGateway:
    """Delivers to lead lists. Source: vendors.md, 3(b) and 3(c)."""

    vendor = "platform"
    carries_not_before = True
    keeps_phones = True  # fields that an update lacks are as they were

    def __init__(
        self,
        client: PlatformClient,
        *,
        batch_size: int = 100,
        use_bulk_from: int = 20,
        connections: int = 8,
        customer_key_template: str = "{source}-{lead_id}",
        can_update: bool = True,
        withdraw: Withdrawal = "complete",
        result_terms: ResultTerms = ResultTerms(first_s=2, max_s=30),
        job_terms: JobTerms = JobTerms(),
        request_count: Callable[[], int] = lambda: 0,
    ) -> None:
        look_up, dialling = LookUp(client), Dialling(client)
        self.batch_size = batch_size
        self.connections = connections
        self.can_update = can_update
        self.result_terms = result_terms
        self._client = client
        self._use_bulk_from = use_bulk_from
        self._template = customer_key_template
        self._dialling = dialling
        self._targets = Targets(client, dialling)
        self._singles = SingleCreates(client, look_up)
        self._jobs = Jobs(client, look_up, job_terms)
        self._updates = Updates(client, look_up)
        self._withdraw = withdraw
        self._withdrawals = Withdrawals(client, look_up, customer_key_template=customer_key_template, withdraw=withdraw)
        self._request_count = request_count

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return self._request_count()

    def mapper(self, campaign: Campaign) -> Callable[[Contact], Entry]:
        """A function that turns a contact into a lead. Source: vendors.md, 3(b) #9."""
        return entry_maker(campaign, self._template)

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping names and that are not ours anyway."""
        return source_columns(campaign.mapping.get("lead_data", {}).values())

    def renamed_agents(self, campaign: Campaign) -> Collection[str]:
        """Our names of agents that the campaign's mapping has a number for."""
        agents: Mapping[str, int] = campaign.mapping.get("agents", {})
        return agents.keys()

    def preflight(self, campaign: Campaign) -> None:
        """The token is accepted, and the campaign's list or its campaign at the vendor is there."""
        self._targets.require(campaign)

    def submit(self, batch: Batch) -> Receipt:
        """The batch was sent once: an update, single creates with a verdict each, or a job that tells later."""
        if batch.action == "update":
            return self._updates.submit(batch)
        if self._goes_by_bulk(batch):
            return self._jobs.submit(batch)
        return self._singles.submit(batch)

    def poll(self, batch: Batch) -> Progress:
        """How far the batch's job is. Source: vendors.md, 3(b) #12."""
        return self._jobs.poll(batch)

    def collect(self, batch: Batch) -> Receipt:
        """What became of the job's leads. Source: vendors.md, 3(b) #12 and #13."""
        return self._dialling.told(batch, self._jobs.collect(batch))

    def reconcile(self, batch: Batch) -> Receipt:
        """What the vendor has of the batch, by its job where the uuid is known, else by customerKey."""
        if batch.action == "update":
            return self._updates.reconcile(batch)
        # A job whose uuid was lost may still be running: whoever may have sent one waits as long as one runs.
        if batch.vendor_reference or batch.entry_count >= self._use_bulk_from:
            return self._dialling.told(batch, self._jobs.reconcile(batch))
        return self._dialling.told(batch, self._jobs.look_up(batch))

    @property
    def withdrawal_refusal(self) -> str | None:
        """The setting, where it is off."""
        return refusal_of(self.vendor, self._withdraw)

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The lead was completed or deleted, as the setting says. Source: vendors.md, 3(b) #16 and #17."""
        with taking_back(self.withdrawal_refusal, refused_login):
            return self._withdrawals.withdraw(campaign, lead)

    def target_name(self, campaign: Campaign, day: date) -> str | None:
        """What the campaign's list is called on that day; None where the target names it by its id."""
        return list_name(campaign, day)

    def find_target(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The list of exactly this name in the vendor's campaign."""
        return self._targets.find(campaign, name)

    def create_target(self, campaign: Campaign, name: str, day: date) -> Mapping[str, Any]:
        """The list was made; the name tells its day."""
        return self._targets.create(campaign, name)

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """The newest attempt on each lead that was dialled in [start, end). Source: vendors.md, 3(b) #21."""
        newest: dict[int, DiallerCall] = {}
        calls = self._client.dialler_call_list(
            campaign_id=self._campaign_id(campaign), dialled_from=start, dialled_to=end
        )
        for call in calls:
            if call.lead_id is not None and _is_within(call, start, end):
                newest[call.lead_id] = max(newest.get(call.lead_id, call), call, key=_age_key)
        return (_call_result(lead_id, call) for lead_id, call in newest.items())

    def stop_waiting(self) -> None:
        """Waits for the rate limit end with NotSentError."""
        self._client.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _goes_by_bulk(self, batch: Batch) -> bool:
        """Whole batches of some size, once. A batch whose job failed goes lead by lead, so that each is judged."""
        is_whole = len(batch.positions) == batch.entry_count
        return is_whole and batch.entry_count >= self._use_bulk_from and batch.vendor_reference is None

    def _campaign_id(self, campaign: Campaign) -> int | None:
        """The vendor's campaign that the target belongs to."""
        campaign_id = campaign.target.get("campaign_id")
        if campaign_id is not None:
            return int(campaign_id)
        return self._client.list_get(int(campaign.target["list_id"])).campaign_id


def _is_within(call: DiallerCall, start: datetime, end: datetime) -> bool:
    return call.dialled_at is None or start <= call.dialled_at < end


def _age_key(call: DiallerCall) -> tuple[datetime, int]:
    return call.dialled_at or _LONG_AGO, call.attempt_id


def _call_result(lead_id: int, call: DiallerCall) -> CallResult:
    return CallResult(
        vendor_id=str(lead_id),
        result=None,
        call_result=call.dial_status,
        classifier=None,
        call_count=None,
        agent_id=None,
        changed_at=call.dialled_at,
    )
