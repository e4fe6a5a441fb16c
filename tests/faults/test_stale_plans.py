"""What was planned, and what was decided or listed since: nobody is sent on the strength of an old plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from pipelines import night, planning
from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, job_name
from pipelines.load import load_day
from pipelines.planner import PlanSummary
from sandbox.faults import Fault
from tests.factories import DAY, TARGET, lead, leads, phone, write_rows
from tests.faults.running import SENDING, Make, Vendor, assert_balanced, end_settle_time, load
from tests.reading import query

NEXT = DAY + timedelta(days=1)
OUTCOMES = "SELECT lead_id, state, reason_code FROM reporting.lead_outcome WHERE day = :day ORDER BY lead_id"
ACCEPTED = ("accepted", None)
IS_WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


def outcomes(installation: Installation, day: date = DAY) -> dict[str, tuple[str, str | None]]:
    """State and reason code of each lead of the day."""
    return {lead_id: (state, code) for lead_id, state, code in query(installation, OUTCOMES, day=day)}


def load_again(installation: Installation) -> None:
    """What the vendor's job does for the day; nothing is decided anew."""
    night.ask_and_withdraw(installation, "sinch", [DAY])
    night.plan(installation, "sinch", [DAY])
    night.send(installation, "sinch", [DAY])


def decide(installation: Installation, *days: date) -> None:
    """The days are pulled and decided, in this order; nothing is planned."""
    night.refresh_campaigns(installation)
    for day in days:
        night.pull_and_decide(installation, day)


def refuse_later(tmp_path: Path, *consents: str) -> None:
    """On the next days the second lead says this of its consent."""
    rows = [
        lead(2, consent=consent, updated_at=f"{DAY + timedelta(days=number)}T10:00:00+01:00")
        for number, consent in enumerate(consents, 1)
    ]
    write_rows(tmp_path / "leads.csv", [*leads(3), *rows])


@pytest.mark.parametrize(
    ("kind", "status"), [("status", 401), ("reset_before_processing", None)], ids=["waits", "unknown"]
)
def test_a_refusal_of_the_next_day_holds_what_an_older_day_left_unsent(
    kind: str, status: int | None, installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """Whether it certainly was not sent, or the vendor turns out not to have it; the others are sent."""
    installation = installations(rows=leads(3))
    sinch.faults.add(Fault(kind=kind, status=status or 500, match=SENDING, times=None))
    load(installation)
    sinch.faults.clear()
    refuse_later(tmp_path, "no")
    load_day(installation, NEXT)
    end_settle_time(installation)
    load_again(installation)
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 3)}
    assert outcomes(installation) == {"L1": ACCEPTED, "L2": ("suppressed", "consent_withdrawn"), "L3": ACCEPTED}
    assert_balanced(installation)


def test_a_refusal_is_seen_in_whatever_order_days_are_decided_and_sent(
    installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """The older day was decided when nobody had refused yet."""
    installation = installations(rows=leads(3))
    refuse_later(tmp_path, "no")
    decide(installation, DAY, NEXT)
    load_again(installation)
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 3)}


def test_a_lead_that_granted_again_after_it_refused_is_sent(installations: Make, sinch: Vendor, tmp_path: Path) -> None:
    """The last that speaks of consent holds, whichever day is sent first; the lead goes with its newest row."""
    installation = installations(rows=leads(3))
    refuse_later(tmp_path, "no", "yes")
    granted_on = NEXT + timedelta(days=1)
    decide(installation, DAY, NEXT, granted_on)
    load_again(installation)
    assert outcomes(installation)["L2"] == ("planned", "not_planned_yet")
    night.plan_and_send(installation, "sinch", [granted_on])
    assert outcomes(installation) == dict.fromkeys(("L1", "L2", "L3"), ACCEPTED)


def test_whoever_was_listed_since_is_not_sent_by_the_import_asset_alone(
    installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """The plan failed to leave; the next night read a list with one of its leads; then somebody retries the step."""
    installation = installations(rows=leads(3))
    definitions = build_definitions(installation.settings)
    with dg.instance_for_test() as instance:

        def run(job: str, day: date, *keys: dg.AssetKey) -> bool:
            found = definitions.resolve_job_def(job).execute_in_process(
                partition_key=str(day), instance=instance, raise_on_error=False, asset_selection=keys or None
            )
            return found.success

        assert run(INTAKE, DAY)
        sinch.faults.add(Fault(kind="status", status=401, match=SENDING, times=None))
        assert not run(job_name("sinch"), DAY)
        sinch.faults.clear()
        write_rows(tmp_path / "do_not_call.csv", [{"phone": phone(2)}], ("phone", "reason", "until"))
        run(INTAKE, NEXT)  # an empty day, which needs a person
        assert run(job_name("sinch"), DAY, dg.AssetKey(["sinch", "customer_imports"]))
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 3)}
    assert outcomes(installation)["L2"] == ("suppressed", "do_not_call")
    assert_balanced(installation)


def do_before_it_ends(
    installation: Installation, work: Callable[[], object], row: str, deed: Callable[[], object]
) -> None:
    """The deed was done while the work had only the row to write, and to commit."""
    with ThreadPoolExecutor(1) as threads, installation.engine.connect() as looking:
        with installation.engine.begin() as holding:
            holding.execute(text(f"SELECT FROM {row} FOR UPDATE"))
            working, deadline = threads.submit(work), time.monotonic() + 20
            while not looking.execute(text(IS_WAITING)).scalar_one():
                looking.rollback()
                assert not working.done()
                assert time.monotonic() < deadline
            deed()
        working.result()


def test_a_plan_that_read_the_old_list_while_the_new_one_was_being_committed_is_stale(
    installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """It was made after the moment that the new list has, and before anybody could see it."""
    installation = installations(rows=leads(3))
    night.refresh_do_not_call(installation)
    decide(installation, DAY)
    write_rows(tmp_path / "do_not_call.csv", [{"phone": phone(2)}], ("phone", "reason", "until"))
    do_before_it_ends(
        installation,
        lambda: night.refresh_do_not_call(installation),
        "crm.snapshots WHERE name = 'do_not_call'",
        lambda: night.plan(installation, "sinch", [DAY]),
    )
    night.send(installation, "sinch", [DAY])
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 3)}


def test_a_plan_that_was_made_while_another_day_was_being_committed_is_stale(
    installations: Make, sinch: Vendor, tmp_path: Path
) -> None:
    """A refusal of the other day could not be seen."""
    installation = installations(rows=leads(3))
    refuse_later(tmp_path, "")
    decide(installation, DAY, NEXT)
    refuse_later(tmp_path, "no")
    do_before_it_ends(
        installation,
        lambda: night.pull_and_decide(installation, NEXT),
        f"ledger.decisions WHERE day = '{NEXT}'",
        lambda: night.plan(installation, "sinch", [DAY]),
    )
    night.send(installation, "sinch", [DAY])
    assert sinch.vendor.store.creations == {(TARGET, f"lead-L{number}"): 1 for number in (1, 3)}


def test_a_plan_is_as_old_as_the_refusals_that_it_read(installations: Make, sinch: Vendor, tmp_path: Path) -> None:
    """They are read before the first page: another day may be decided before the last."""
    sources = {
        "leads": {"csv": "leads.csv", "cursor": "updated_at"},
        "customers": {"csv": "customers.csv", "cursor": "updated_at"},
    }
    write_rows(tmp_path / "customers.csv", [])
    installation = installations(rows=leads(1), sources=sources)
    load(installation)
    customer = lead(2, lead_id="C2")
    write_rows(tmp_path / "customers.csv", [customer])
    decide(installation, DAY)
    refused = lead(2, lead_id="C2", consent="no", updated_at=f"{NEXT}T10:00:00+01:00")
    write_rows(tmp_path / "customers.csv", [customer, refused])
    with installation.plan_ledger() as ledger, installation.gateway("sinch") as gateway:
        campaigns = installation.campaigns(ledger.store, "sinch")
        scope = installation.scope("sinch", [DAY], campaigns)
        planned = planning.plan(ledger, gateway, scope, campaigns, PlanSummary(), withdraw_days=30)
        assert next(planned) == set()  # the page of leads, which are unchanged
        decide(installation, NEXT)
        assert set().union(*planned) == set(campaigns)
    night.send(installation, "sinch", [DAY])
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1}
