"""What was planned, and what was decided or listed since: nobody is sent on the strength of an old plan."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import night
from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, job_name
from pipelines.load import load_day
from sandbox.faults import Fault
from tests.factories import DAY, TARGET, lead, leads, phone, write_rows
from tests.faults.running import SENDING, Make, Vendor, assert_balanced, end_settle_time, load
from tests.reading import query

NEXT = DAY + timedelta(days=1)
OUTCOMES = "SELECT lead_id, state, reason_code FROM reporting.lead_outcome WHERE day = :day ORDER BY lead_id"
ACCEPTED = ("accepted", None)


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
    """The last that speaks of consent holds, whichever day is sent."""
    installation = installations(rows=leads(3))
    refuse_later(tmp_path, "no", "yes")
    decide(installation, DAY, NEXT, NEXT + timedelta(days=1))
    load_again(installation)
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
