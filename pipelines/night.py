"""The steps of a night, one function each: refresh, pull, decide, withdraw, plan, send.

Belongs here: what loading assets and commands call. Does not belong here: all of them in one process (`load.py`), what
follows (`morning.py`) and surrounds (`upkeep.py`) a load, Dagster, the terminal, and how a step works inside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count
from typing import NamedTuple

from connectors.errors import ConnectorError, LeadsyncError, SetupError, TargetError, may_pass_unsent
from connectors.gateway import Campaign, ControlsTargets, Gateway
from connectors.redaction import redact
from pipelines import intake, planning, recall, reference, report, targets, withdrawals
from pipelines.campaigns import campaign_defects, read_campaigns, stored_campaigns
from pipelines.collector import calm_collector
from pipelines.delivery import deliver
from pipelines.do_not_call import ListSummary, read_do_not_call
from pipelines.fixed_targets import takeovers
from pipelines.installation import Installation
from pipelines.intake import DecisionSummary, PullSummary, Rows
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Scope
from pipelines.planner import PlanSummary
from pipelines.settings import Settings
from pipelines.source_settings import TABLES, Source
from pipelines.sources import configured_sources
from pipelines.stand_ins import appoint_stand_ins
from pipelines.store import LedgerError, Store, utc_now
from pipelines.tally import DeliverySummary
from pipelines.vendors import VENDORS
from pipelines.withdrawals import WithdrawalSummary

MOST_PASSES = 3


class Gates(NamedTuple):
    """What a load that began early waits for; what they raise ends it.

    `decided` returns when the day is decided: nothing is read to be planned before. `balanced` returns when every row
    has been found to have a verdict: nothing is planned, and nobody taken back, before.
    """

    decided: Callable[[], object] = lambda: None
    balanced: Callable[[], object] = lambda: None


OPEN_GATES = Gates()


@dataclass
class VendorSummary:
    """What taking back, planning and sending came to for one vendor."""

    plan: PlanSummary = field(default_factory=PlanSummary)
    delivery: DeliverySummary = field(default_factory=DeliverySummary)
    withdrawal: WithdrawalSummary = field(default_factory=WithdrawalSummary)


def refresh_campaigns(installation: Installation) -> list[Campaign]:
    """`crm.campaigns` is what configuration and CRM say now."""
    with installation.store() as store:
        return read_campaigns(store, installation.settings)


def refresh_do_not_call(installation: Installation) -> ListSummary:
    """`crm.do_not_call` is what the list says now."""
    with installation.store() as store:
        return read_do_not_call(store, installation.settings)


@calm_collector()
def pull(installation: Installation, source: Source, day: date) -> PullSummary:
    """The day's rows of the source are stored."""
    summary = PullSummary(source, day)
    with installation.store() as store:
        for _ in intake.pull(store, installation.settings, summary, required=required_columns(installation)):
            pass
    return summary


@calm_collector()
def decide(installation: Installation, day: date) -> DecisionSummary:
    """Every stored row of the day has a verdict."""
    with installation.store() as store, installation.store() as reading, installation.store() as looking:

        def begin(_: object) -> Rows:
            pulls = intake.stored_pulls(store, installation.settings, day)
            return {source: (pull_id, intake.stored_rows(reading, source, day)) for source, pull_id in pulls.items()}

        intake.decide(store, installation.settings, day, begin, looking=looking)
        return intake.decision_summary(store, day)


@calm_collector()
def plan(installation: Installation, vendor: str, days: Sequence[date], names: Sequence[str] = ()) -> PlanSummary:
    """The vendor's contacts of the days are planned: frozen in the ledger in the vendor's schema.

    What is unsure is asked about first, so that a lead which the vendor has not is planned too. A dry run asks nobody.
    """
    summary = PlanSummary()
    with end_on_record(installation, vendor, days, names):
        if not installation.is_dry_run:
            ask(installation, vendor, days, names)
        for _ in _planned(installation, vendor, days, names, summary):
            pass
    return summary


def ask(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    wait_s: float = 0,
    stop: threading.Event | None = None,
) -> DeliverySummary:
    """The vendor was asked about every outcome that was not seen and is due; nothing was sent.

    A campaign that is not configured any more is asked about too: what was sent comes to its end.
    """
    with installation.ledger() as ledger:
        wanted = names or ledger.campaigns_with_open(vendor, days)
        if not wanted:
            return DeliverySummary()
        scope, terms = Scope(vendor, tuple(days), tuple(wanted)), installation.terms(vendor, wait_s=wait_s)
        with installation.gateway(vendor) as gateway:
            return deliver(ledger, gateway, scope, {}, terms, stop=stop, mode="ask")


@calm_collector()
def send(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    wait_s: float = 0,
    stop: threading.Event | None = None,
) -> DeliverySummary:
    """What is planned, or unsure, was sent or asked about, and is settled as far as the vendor said.

    What was planned before something was decided, or listed, is planned anew first; so is, afterwards, what that came
    to while others were sent, and who goes in the place of another with the number.
    """
    summary = DeliverySummary()
    with (
        end_on_record(installation, vendor, days, names),
        installation.ledger() as ledger,
        installation.gateway(vendor) as gateway,
    ):
        terms = installation.terms(vendor, wait_s=wait_s)
        campaigns = installation.campaigns(ledger.store, vendor, names)
        scope = installation.scope(vendor, days, campaigns)
        is_to_be_planned = ledger.has_stale_plan(scope)
        if not is_to_be_planned:
            summary = deliver(ledger, gateway, scope, campaigns, terms, stop=stop)
            is_to_be_planned = summary.problem is None and (
                summary.counts["dropped"] > 0
                or ledger.has_stale_plan(scope)
                or appoint_stand_ins(ledger.store, scope) > 0
            )
    if is_to_be_planned:
        summary.add(plan_and_send(installation, vendor, days, names, wait_s=wait_s, stop=stop).delivery)
    return summary


@calm_collector()
def plan_and_send(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    wait_s: float = 0,
    stop: threading.Event | None = None,
    gates: Gates = OPEN_GATES,
) -> VendorSummary:
    """`plan` and `send` at once: batches leave while the next are planned.

    What was planned, and not sent, before something was decided, or listed, meanwhile is planned in another pass; so
    are leads that the vendor turned out not to have, whose number became free, or that go in the place of another with
    their number. The vendor is asked about new campaigns before the gates open.
    """
    summary, delivered = PlanSummary(), DeliverySummary()
    with end_on_record(installation, vendor, days, names):
        ask(installation, vendor, days, names, stop=stop)
        terms = installation.terms(vendor, wait_s=wait_s)
        for tries in count(1):
            with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
                campaigns = installation.campaigns(ledger.store, vendor, names)
                scope = installation.scope(vendor, days, campaigns)
                summary, decided_at = PlanSummary(), ledger.newest_decision()
                feed = _planned(installation, vendor, days, names, summary, stop, gates)
                passed = deliver(ledger, gateway, scope, campaigns, terms, feed=feed, stop=stop)
                is_stale = ledger.newest_decision() > decided_at and ledger.has_stale_plan(scope)
                delivered.add(passed)
                delivered.stopped |= summary.stopped
                if passed.problem is not None or (stop is not None and stop.is_set()):
                    break
                is_done = passed.counts["dropped"] == 0 and not summary.has_freed_numbers
                if not is_stale and (tries == MOST_PASSES or (is_done and not appoint_stand_ins(ledger.store, scope))):
                    break
    return VendorSummary(summary, delivered)


@calm_collector()
def pull_and_decide(
    installation: Installation,
    day: date,
    *,
    meanwhile: Callable[[], object] = lambda: None,
    when_read: Callable[[], object] = lambda: None,
) -> None:
    """`pull` and `decide` at once: rows are decided on the way from the source to the database.

    No pull is kept before `meanwhile` is done (`intake.decide`). `when_read` is called when every row is read, while
    the last are decided; what it raises undoes the last pull.
    """
    settings, required = installation.settings, required_columns(installation)
    summaries = [PullSummary(source, day) for source in configured_sources(settings)]
    with ExitStack() as opened:
        store, looking, *pulling = (opened.enter_context(installation.store()) for _ in range(2 + len(summaries)))

        def begin(ready: Callable[[], object]) -> Rows:
            def all_read() -> None:
                ready()
                when_read()

            ends = {summary.source: ready for summary in summaries} | {summaries[-1].source: all_read}
            return {
                one.source: (one.pull_id, intake.pull(own, settings, one, required=required, confirm=ends[one.source]))
                for one, own in zip(summaries, pulling, strict=True)
            }

        intake.decide(store, settings, day, begin, looking=looking, meanwhile=meanwhile)


def ask_and_withdraw(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    stop: threading.Event | None = None,
    gates: Gates = OPEN_GATES,
) -> WithdrawalSummary:
    """`ask` and `withdraw`: whoever turns out to be at the vendor is taken back at once."""
    with installation.store() as store:
        if not withdrawals.has_delivered(store, vendor):
            return WithdrawalSummary()
    with suppress(SetupError, ConnectorError):  # withdrawing and loading say what is wrong
        ask(installation, vendor, days, names, stop=stop)
    gates.balanced()
    return recall.withdraw(installation, vendor, names, stop=stop)


def switch_loaded(
    installation: Installation, vendor: str, days: Sequence[date], names: Sequence[str] = ()
) -> dict[str, str | None]:
    """To campaigns that were loaded in full on the days is done what is configured for then; by campaign, why not."""
    problems: dict[str, str | None] = {}
    with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
        if not isinstance(gateway, ControlsTargets):
            return {}
        campaigns = installation.campaigns(ledger.store, vendor, names)
        for name in ledger.loaded_campaigns(installation.scope(vendor, days, campaigns)):
            if action := gateway.action_when_loaded(campaigns[name]):
                problems[name] = None
                try:
                    targets.control(ledger.store, gateway, campaigns[name], action, days[-1], actor=installation.actor)
                except (ConnectorError, TargetError) as error:
                    problems[name] = f"loaded in full, but {action} failed: {error}"
    return problems


def count_eligible(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    without: Collection[str] = (),
) -> int:
    """How many contacts planning had to come to a conclusion about: eligible, or refused by it."""
    with installation.store() as store:
        campaigns = sorted(set(installation.campaigns(store, vendor, names)) - set(without))
        return int(store.one("contacts", "count_eligible", days=list(days), campaigns=campaigns).contact_count)


def recorded_stops(installation: Installation, vendor: str, day: date, names: Sequence[str] = ()) -> list[str]:
    """The vendor's campaigns that planning or sending stopped on the day, one sentence each."""
    with installation.store() as store:
        rows = store.rows("reporting", "stops", vendor=vendor, day=day)
    return [f"{day} {row.campaign}: {row.reason}" for row in rows if not names or row.campaign in names]


def stops_of(summary: DeliverySummary, day: date) -> list[str]:
    """The campaigns that could not be loaded, one sentence each."""
    return [f"{day} {name}: {reason}" for name, reason in sorted(summary.stopped.items())]


def failures_of(summary: DeliverySummary, day: date) -> list[str]:
    """Why sending ended before everything was sent, if it did."""
    return [f"{day}: {summary.problem}"] if summary.problem else []


def empty_days(installation: Installation, decisions: Sequence[DecisionSummary]) -> list[str]:
    """One sentence for each day that has no row, unless that is allowed."""
    text = empty_text(installation)
    return [f"{one.day}: {text}" for one in decisions if one.is_empty and text]


def unknown_campaigns(installation: Installation, decisions: Sequence[DecisionSummary]) -> list[str]:
    """Sentences for each day of which rows name no campaign, or ones that nobody knows: none of them is called."""
    days = [one.day for one in decisions if one.by_reason.keys() & {"campaign_unknown", "campaign_missing"}]
    with installation.store() as store:
        return report.unknown_campaigns(store, days) if days else []


def empty_text(installation: Installation) -> str | None:
    """What is said of a day that has no row: an empty night is often a broken export. None where it is normal."""
    if installation.settings.empty_day == "pass":
        return None
    names = ", ".join(f"sources.{TABLES[source]}" for source in configured_sources(installation.settings))
    return f"no row of this day in {names}; nothing was sent"


def check_names(installation: Installation, names: Sequence[str], vendor: str | None = None) -> None:
    """Every name is an active campaign that can be loaded; else SetupError says which there are, or what is wrong.

    Where a vendor is given, those of others are not offered.
    """
    with installation.store() as store:
        known = {campaign.campaign: campaign.vendor for campaign in stored_campaigns(store)}
        defects = campaign_defects(store)
    for name in names:
        if name in defects:
            raise SetupError(defects[name])
        if name not in known:
            there = f"of {vendor} there are" if vendor else "there are"
            offered = ", ".join(name for name, of in known.items() if vendor in (None, of))
            raise SetupError(f"there is no active campaign {name!r}; {there}: {offered or 'none'}")


def check_vendor(installation: Installation, names: Sequence[str], vendors: Collection[str]) -> None:
    """None of the names is a campaign of a vendor that is not among these; SetupError says whose it is."""
    with installation.store() as store:
        others = {c.campaign: c.vendor for c in stored_campaigns(store) if c.vendor not in vendors}
    for name in names:
        if name in others:
            loads, job = " and ".join(vendors), f"{others[name]}_load"
            raise SetupError(f"campaign {name!r} is of {others[name]}, and this run loads {loads}: launch {job}")


def vendors_in_use(installation: Installation, names: Sequence[str] = ()) -> list[str]:
    """The vendors that the active campaigns, or the named ones, go to."""
    with installation.store() as store:
        used = {c.vendor for c in stored_campaigns(store) if not names or c.campaign in names}
    return [vendor for vendor in VENDORS if vendor in used]


def vendors_with_work(installation: Installation, used: Collection[str]) -> list[str]:
    """The vendors that are used, and those that were ever sent anything: whom they have may have to be taken back."""
    with installation.store() as store:
        return [vendor for vendor in VENDORS if vendor in used or withdrawals.has_delivered(store, vendor)]


def required_columns(installation: Installation) -> dict[str, str]:
    """The columns that some campaign's mapping needs from the sources, each with the setting that names it.

    A vendor that cannot be opened needs none: its own load says why, and keeps back no other.
    """
    needed: dict[str, str] = {}
    with installation.store() as store:
        for vendor in vendors_in_use(installation):
            with suppress(SetupError), installation.gateway(vendor) as gateway:
                for campaign in stored_campaigns(store, vendor):
                    for column in gateway.required_columns(campaign):
                        needed.setdefault(column, _mapped_by(installation.settings, campaign, column))
    return needed


def _mapped_by(settings: Settings, campaign: Campaign, column: str) -> str:
    """The key of the mapping that names the column: the campaign's own, or that of its vendor's campaigns."""
    own = any(one.mapping for one in settings.campaigns if one.campaign == campaign.campaign)
    place = f"campaigns.{campaign.campaign}.mapping" if own else f"mappings.{campaign.vendor}"
    for key, named in campaign.mapping.items():
        if named == column:
            return f"{place}.{key}"
        for theirs, ours in named.items() if isinstance(named, Mapping) else ():
            if ours == column:
                return f"{place}.{key}.{theirs}"
    return place


@contextmanager
def intake_on_record(installation: Installation, days: Sequence[date]) -> Iterator[None]:
    """What ends the intake of the days is in the ledger too: whoever asks in the morning has the sentence."""
    try:
        yield
    except LeadsyncError as error:
        if days and installation.is_open and not installation.is_dry_run:
            with suppress(LeadsyncError), installation.store() as store:
                store.run("crm", "note_intake_failure", days=list(days), problem=str(error), now=utc_now())
        raise


@contextmanager
def end_on_record(
    installation: Installation, vendor: str, days: Sequence[date], names: Sequence[str]
) -> Iterator[None]:
    """What ends the vendor's load before it began is in the ledger too: whoever waits has the sentence."""
    try:
        yield
    except (SetupError, ConnectorError, LedgerError) as error:
        if installation.is_open and not installation.is_dry_run:
            # A ledger that is gone for good cannot be told anything; the error itself still is.
            with suppress(LedgerError), installation.ledger() as ledger:
                campaigns = installation.campaigns(ledger.store, vendor, names)
                ledger.record_early_end(
                    installation.scope(vendor, days, campaigns),
                    redact(str(error)) or "",
                    is_passing=may_pass_unsent(error),
                )
        raise


def _planned(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str],
    summary: PlanSummary,
    stop: threading.Event | None = None,
    gates: Gates = OPEN_GATES,
) -> Iterator[set[str]]:
    with ExitStack() as stack:
        ledger = stack.enter_context(installation.plan_ledger())
        gateway = stack.enter_context(installation.gateway(vendor))
        # A dry run has but one connection.
        reading = None if installation.is_dry_run else stack.enter_context(installation.plan_ledger())
        campaigns = installation.campaigns(ledger.store, vendor, names)
        words = vocabulary(installation, ledger.store, vendor)
        campaigns = _loadable(installation, ledger, gateway, campaigns, words, days, summary)
        scope = installation.scope(vendor, days, campaigns)
        plan_scope = partial(planning.plan, ledger, gateway, scope, campaigns, summary, reading=reading)
        settings = installation.settings
        gates.decided()
        yield from plan_scope(
            zone=settings.zone,
            vocabulary=words,
            withdraw_days=settings.eligibility.withdraw_days,
            stop=stop,
            confirm=gates.balanced,
        )


def vocabulary(installation: Installation, store: Store, vendor: str) -> reference.Vocabulary:
    """What leads and targets may name at the vendor, as of its last refresh."""
    drops_agents = installation.settings.eligibility.unknown_agent == "drop"
    with installation.directory(vendor) as directory:
        return reference.vocabulary(store, directory, drops_agents=drops_agents)


def _loadable(
    installation: Installation,
    ledger: Ledger,
    gateway: Gateway,
    campaigns: Mapping[str, Campaign],
    words: reference.Vocabulary,
    days: Sequence[date],
    summary: PlanSummary,
) -> dict[str, Campaign]:
    """The campaigns without those whose target is not there, or another's; why is in the summary, and in the ledger.

    A target that the reference does not know is asked for at the vendor: it may be newer. A dry run asks nobody.
    """
    summary.stopped |= takeovers(ledger.store, gateway.vendor, campaigns)
    for name, campaign in campaigns.items():
        doubt = None if name in summary.stopped else words.doubt(campaign.target)
        if doubt is not None and not installation.is_dry_run:
            try:
                gateway.preflight(campaign)
            except TargetError as error:
                summary.stopped[name] = f"{error} ({doubt})"
            except (SetupError, ConnectorError):
                continue  # the vendor cannot be asked: sending will say so
    scope = installation.scope(gateway.vendor, days, campaigns)
    with ledger.store.transaction():
        ledger.record_stops(scope, summary.stopped, campaigns.keys() - summary.stopped.keys())
    return {name: campaign for name, campaign in campaigns.items() if name not in summary.stopped}
