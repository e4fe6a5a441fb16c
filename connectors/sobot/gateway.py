"""Sobot as the delivery engine sees it: batches into outbound tasks, whose results come later, in counts.

Belongs here: when to send, ask and conclude. Does not belong here: the conclusions themselves (`results.py`),
tasks (`targets.py`), paths and parsing (`client.py`), states and retries (`pipelines/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SetupError,
    TargetError,
    UnavailableError,
    UnreachableError,
)
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
    Verdict,
)
from connectors.sobot.auth import LOGIN_SETTINGS, VENDOR
from connectors.sobot.barring import Barring
from connectors.sobot.client import SobotClient
from connectors.sobot.entries import PhoneFormat, calling_list_code, entry_maker, idempotency_key, mapped_columns
from connectors.sobot.gate import TaskGate
from connectors.sobot.models import ImportResult
from connectors.sobot.reports import NamedLead, ReportError, ReportHosts, read_report
from connectors.sobot.results import Conclusion, conclude, is_complete, newest_word
from connectors.sobot.targets import ServiceAgent, Tasks
from connectors.templates import successor_name
from connectors.withdrawal import refusal_of, taking_back

Withdrawal = Literal["bar_numbers", "off"]

TRANSIENT = (NotSentError, UnavailableError, RateLimitedError)


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """How imports are written, how long their results are waited for, how leads are taken back. Times in seconds.

    `tenant` is the account's id, in every idempotency key. `settle_before_resend_s`: an import that the vendor shows
    no row of for that long after its answer was given up is not there. `barred_phone_format` is that of the block list,
    None for `phone_format`.
    """

    tenant: str
    phone_format: PhoneFormat = "digits"
    remove_duplicates_rule: str = "RemoveDuplicatesInCampaign"
    dnc_filter: str = "Filter"
    assign_rule: str = "NoAssign"
    assign_agent_and_count: Sequence[Mapping[str, Any]] = ()
    settle_before_resend_s: float = 120
    withdraw: Withdrawal = "bar_numbers"
    barred_phone_format: PhoneFormat | None = None


class SobotGateway:
    """Delivers to outbound tasks. Source: vendors.md, 1(b) #14 to #17, 1(c)."""

    vendor = VENDOR
    carries_not_before = False
    can_update = keeps_phones = False  # no operation reads or changes a lead; see vendors.md, 1(c) 17

    def __init__(
        self,
        client: SobotClient,
        *,
        tasks: Tasks,
        agent: ServiceAgent,
        reports: ReportHosts,
        terms: ImportTerms,
        result_terms: ResultTerms = ResultTerms(),
        batch_size: int = 200,
        connections: int = 4,
        max_parallel_imports_per_task: int = 1,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.batch_size = batch_size
        self.connections = connections
        self.result_terms = result_terms
        self._client = client
        self._tasks = tasks
        self._agent = agent
        self._reports = reports
        self._terms = terms
        self._barring = Barring(
            client, task_format=terms.phone_format, list_format=terms.barred_phone_format or terms.phone_format
        )
        self._gate = TaskGate(max_parallel_imports_per_task)
        self._now = now
        self._known_agents: set[ServiceAgent] = set()

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, without the few for tokens."""
        return self._client.request_count + self._reports.request_count

    def mapper(self, campaign: Campaign) -> Callable[[Contact], Entry]:
        """A function that turns a contact into one of `dataDetails`. Source: vendors.md, 1(b-15)."""
        return entry_maker(campaign.mapping, self._terms.phone_format)

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping names and that are not ours anyway."""
        return mapped_columns(campaign.mapping)

    def preflight(self, campaign: Campaign) -> None:
        """The login works, the acting agent is known, and a task that is named by its code is there."""
        self._require_agent(campaign)
        if campaign.target.get("code"):
            with_setting(lambda: self._tasks.require(campaign))

    def target_name(self, campaign: Campaign, day: date) -> str | None:
        """The name of the campaign's task for that day; None where it is configured by its code."""
        return self._tasks.name(campaign, day)

    def find_target(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The task that has exactly this name, with the agent who is to load it; None when there is none."""
        return self._tasks.find(campaign, name)

    def create_target(self, campaign: Campaign, name: str, day: date) -> Mapping[str, Any]:
        """The task was made, by the agent that the answer names."""
        return self._tasks.create(campaign, name, day)

    def successor_name(self, name: str, begins_on: date) -> str:
        """The name of the task that takes the place of one whose schedule is over."""
        return successor_name(name, begins_on)

    def submit(self, batch: Batch) -> Receipt:
        """The batch was sent once, under a code and a key that are the same at every try."""
        task = _task_code(batch.campaign)
        code = calling_list_code(batch.day, batch.import_key)
        with self._gate.entered(task, not_after=batch.not_after):
            named = self._import(batch, task, code)
        detail = None if named == code else f"sent as {code}, called {named} by sobot"
        return Receipt(reference=named, is_pending=True, detail=detail)

    def poll(self, batch: Batch) -> Progress:
        """How many leads of the import the vendor's counts speak of; no row yet is no failure.

        Asked once: when to ask again is the engine's to say, and a wait that the vendor asks for is not sat out here.
        """
        row = self._row(batch, retry=False)
        if row is None:
            return Progress(is_finished=False, word="no row yet")
        return Progress(
            is_finished=is_complete(row, batch.entry_count),
            word=f"{row.total_count} of {batch.entry_count}",
            counts={"accepted": row.success_count, "duplicate": row.duplicate_count, "rejected": row.error_count},
            error_report=_address(row.error_report_path),
        )

    def collect(self, batch: Batch) -> Receipt:
        """Verdicts from the counts and the error report; where they leave a doubt, `unattributed`."""
        row = self._row(batch)
        if row is None or not (is_complete(row, batch.entry_count) or batch.is_overdue):
            return Receipt(reference=batch.vendor_reference, is_pending=not batch.is_overdue)
        return self._concluded(batch, row)

    def reconcile(self, batch: Batch) -> Receipt:
        """What the vendor shows of the import; `not_sent` only if it never took it and shows nothing for long enough.

        An import that the vendor took is never said to be absent: a row that does not show proves nothing then.
        """
        row = self._row(batch)
        if row is None:
            return Receipt(_absent(batch) if self._is_certainly_absent(batch) else ())
        if not is_complete(row, batch.entry_count) and not batch.is_overdue:
            return Receipt(reference=row.calling_list_code, is_pending=True)
        return self._concluded(batch, row)

    @property
    def withdrawal_refusal(self) -> str | None:
        """The setting, where it is off."""
        return refusal_of(self.vendor, self._terms.withdraw)

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The lead's numbers are barred from outbound calls in the whole tenant. Source: vendors.md, 1(b) #12."""
        with taking_back(self.withdrawal_refusal, _refused_login):
            return self._barring.bar(lead)

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """None: the vendor tells statistics of whole tasks, never the calls to one lead (vendors.md, 1(b-17))."""
        return iter(())

    def stop_waiting(self) -> None:
        """Waits for the rate limit or for a task end with NotSentError."""
        self._gate.stop()
        self._client.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()
        self._reports.close()

    def _import(self, batch: Batch, task: str, code: str) -> str:
        terms, agent = self._terms, self._agent.for_target(batch.campaign.target)
        try:
            taken = self._client.outbound_task_import_data(
                calling_list_code=code,
                data_details=batch.entries(),
                code=task,
                remove_duplicates_rule=terms.remove_duplicates_rule,
                dnc_filter=terms.dnc_filter,
                assign_rule=terms.assign_rule,
                assign_agent_and_count=terms.assign_agent_and_count,
                agent_id=agent.agent,
                agent_type=agent.kind,
                idempotency_key=idempotency_key(terms.tenant, task, code),
                not_after=batch.not_after,
            )
        except ConflictError as error:
            # The code or the key is known there: an earlier try may have arrived. Only the result row can tell.
            raise OutcomeUnknownError(
                "the import is known there", vendor=VENDOR, operation=error.operation, status=error.status
            ) from None
        return taken.calling_list_code

    def _row(self, batch: Batch, *, retry: bool = True) -> ImportResult | None:
        """The import's result row, under our code, else under the vendor's; rows of other imports do not count."""
        ours = calling_list_code(batch.day, batch.import_key)
        for code in dict.fromkeys((ours, batch.vendor_reference or ours)):
            row = newest_word(self._rows(batch.campaign, code, retry=retry))
            if row is not None:
                return row
        return None

    def _rows(self, campaign: Campaign, code: str, *, retry: bool) -> list[ImportResult]:
        task, agent = _task_code(campaign), self._agent.for_target(campaign.target)
        rows = self._client.batch_import_result_query(
            calling_list_code=code, code=task, agent_id=agent.agent, agent_type=agent.kind, retry=retry
        )
        return [row for row in rows if row.calling_list_code == code and row.code in (None, task)]

    def _is_certainly_absent(self, batch: Batch) -> bool:
        if batch.vendor_reference is not None or batch.sent_at is None:
            return False
        return self._now() >= batch.sent_at + timedelta(seconds=self._terms.settle_before_resend_s)

    def _concluded(self, batch: Batch, row: ImportResult) -> Receipt:
        entries = batch.entries()
        named, problem, is_lasting = self._named_leads(batch, row, entries)
        conclusion = conclude(entries, row, named)
        wanted = set(batch.positions)
        return Receipt(
            [verdict for verdict in conclusion.verdicts if verdict.position in wanted],
            reference=batch.vendor_reference or row.calling_list_code,
            detail=_detail(conclusion, problem),
            error_report=_address(row.error_report_path),
            is_provisional=not (is_lasting and is_complete(row, batch.entry_count)),
        )

    def _named_leads(
        self, batch: Batch, row: ImportResult, entries: Sequence[Entry]
    ) -> tuple[Sequence[NamedLead], str | None, bool]:
        """Whom the error report names; why it could not be read, and whether that will last.

        A report without an error to tell may still name repetitions; nothing is missed if it does not.

        Raises:
            ConnectorError: its host does not answer, and there is still time.
        """
        has_errors = row.error_count > 0
        if not row.error_report_path or not (has_errors or 0 < row.duplicate_count < batch.entry_count):
            return (), None, True
        try:
            return read_report(self._reports.fetch(row.error_report_path), entries), None, True
        except ReportError as error:
            return (), str(error) if has_errors else None, True
        except TRANSIENT as error:
            if not batch.is_overdue:
                raise
            return (), f"the error report could not be fetched in time: {error.text}", False

    def _require_agent(self, campaign: Campaign) -> None:
        agent = self._agent.for_target(campaign.target)
        if agent in self._known_agents:
            return
        try:
            with_setting(lambda: self._client.query_agent_setting(agent=agent.agent, agent_type=agent.kind))
        except RejectedError as error:
            raise _unknown_agent(campaign, error) from None
        self._known_agents.add(agent)


def with_setting(ask: Callable[[], Any]) -> None:
    """The question was answered.

    Raises:
        SetupError: naming the setting, where the login, the access or the address is refused.
    """
    try:
        ask()
    except (AuthenticationError, ForbiddenError) as error:
        raise SetupError(_refused_login(error)) from None
    except NotSentError as error:
        raise UnreachableError(error.advice()) from None


def _refused_login(error: AuthenticationError | ForbiddenError) -> str:
    if isinstance(error, AuthenticationError):
        told = str(error).replace(f"; see {LOGIN_SETTINGS}", "")
        return f"{LOGIN_SETTINGS}: sobot refused the login ({told}); is this machine's clock right?"
    return f"vendors.sobot.token_scope: sobot refused access ({error})"


def _unknown_agent(campaign: Campaign, error: ConnectorError) -> SetupError:
    problem = f"sobot does not know this agent ({error}); is agent_type right? 0 is a work number, 1 an id"
    if campaign.target.get("agent_id"):
        return TargetError(f"campaigns.{campaign.campaign}.target.agent_id: {problem}")
    return SetupError(f"vendors.sobot.agent_id: {problem}")


def _task_code(campaign: Campaign) -> str:
    code = campaign.target.get("code")
    if not code:
        raise TargetError(f"campaigns.{campaign.campaign}.target.code: the outbound task is not known yet")
    return str(code)


def _absent(batch: Batch) -> list[Verdict]:
    return [Verdict(position, "not_sent", "absent_at_vendor") for position in batch.positions]


def _detail(conclusion: Conclusion, problem: str | None) -> str | None:
    clauses = [clause for clause in (*conclusion.oddities, problem) if clause]
    return "; ".join(clauses) or None


def _address(url: str | None) -> str | None:
    """Where the report is, without what opens it: a query may hold a key. None where the text is no address."""
    try:
        return urlsplit(url or "")._replace(query="", fragment="").geturl() or None
    except ValueError:
        return None
