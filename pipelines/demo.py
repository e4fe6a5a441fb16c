"""`leadsync demo`: three days of the example CRM through Dagster to the sandbox vendors, and once more.

Belongs here: the story that a newcomer sees. Does not belong here: anything that production needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import morning
from pipelines.assets.vendors import NAMES, import_key
from pipelines.database import home, using
from pipelines.following import follow
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, REFERENCE, REPORT, job_name
from pipelines.report import OPEN_STATES
from pipelines.runs import dagster_instance, failures, run_job
from pipelines.sandboxed import sandboxed
from pipelines.settings import load_settings
from pipelines.terminal import progress, say, show

LONGEST_WAIT_S = 60.0
DAYS = (date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18))


def run_demo(config: Path | None, *, is_quiet: bool = False) -> dict[str, Any]:
    """The example days are loaded, and loaded again; what came of them, for the exit code and `--json`.

    `to_mend`: what is wrong with the example CRM itself, whose rows are messy on purpose. With `is_quiet` nothing is
    said meanwhile.
    """
    started = time.monotonic()
    telling: Callable[[str], AbstractContextManager[object]] = nullcontext if is_quiet else progress
    settings = load_settings(config)
    log_file = home(settings.folder) / "sandbox.log"
    with using(log_file.parent, database=settings.database):
        log_file.touch()
    with sandboxed(config, log_file=log_file):
        installation = Installation.load(config, actor="demo")
        try:
            with telling("Loading three days through Dagster"):
                first = _load(installation)
            with telling("Loading the same days once more"):
                again = _load(installation)
            report = morning.report(installation, DAYS)
        finally:
            installation.close()
    rows = [_row(row) for row in report.campaigns]
    return {
        "seconds": round(time.monotonic() - started, 1),
        "first": first,
        "again": again,
        "campaigns": rows,
        "problems": [text for text in report.problems if text not in report.unknown],
        "to_mend": report.unknown,
        "reasons": _reasons(report.reasons),
    }


def tell(result: dict[str, Any]) -> None:
    """The result for people: the table, the reasons, what to do next."""
    show("What became of every lead", result["campaigns"])
    show("Why some were not sent", result["reasons"])
    first, again = result["first"], result["again"]
    say(f"First pass:  {first['sent']:,} leads sent in {first['requests']} requests.")
    say(f"Second pass: {again['sent']:,} leads sent in {again['requests']} requests.")
    for problem in (*first["failures"], *again["failures"], *result["problems"], *result["to_mend"]):
        say(f"! {problem}")
    say(f"Done in {result['seconds']} s. Next:")
    say("  make up                                      the Dagster UI with these days, and empty sandboxes")
    newest = DAYS[-1].isoformat()
    say(f"  .venv/bin/leadsync status --day {newest}   did that night load, and if not, why?")
    say(f"  .venv/bin/leadsync leads --day {newest}    which leads are not at their vendor, and why?")
    say("  docs/configuration.md                        your own CRM and your own vendor")


def _load(installation: Installation) -> dict[str, Any]:
    totals: dict[str, Any] = {"sent": 0, "requests": 0, "failures": []}
    with dagster_instance(installation.settings) as instance:
        totals["failures"] += failures(run_job(installation.settings, instance, REFERENCE, []))
        for name in (INTAKE, *map(job_name, installation.settings.vendors.configured()), REPORT):
            result = run_job(installation.settings, instance, name, DAYS)
            totals["failures"] += failures(result)
            _add(totals, result)
        # Two vendors tell later what became of a batch: the sensor asks them.
        totals["failures"] += follow(installation, instance, DAYS, wait_s=LONGEST_WAIT_S)
    return totals


def _add(totals: dict[str, Any], result: Any) -> None:
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key in {import_key(vendor) for vendor in NAMES}:
            for name in ("sent", "requests"):
                totals[name] += event.materialization.metadata[name].value


def _row(row: Any) -> dict[str, Any]:
    opened = sum(getattr(row, f"{state}_count") for state in OPEN_STATES)
    return {
        "day": row.day.isoformat(),
        "vendor": row.vendor,
        "campaign": row.campaign,
        "read": row.read_count,
        "accepted": row.accepted_count,
        "invalid": row.invalid_count,
        "suppressed": row.suppressed_count,
        "duplicate": row.duplicate_count,
        "rejected": row.rejected_count,
        "unattributed": row.unattributed_count,
        "open": opened,
        "adds up": row.balanced,
    }


def _reasons(rows: Sequence[Any]) -> list[dict[str, Any]]:
    totals: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.state, row.reason_code)
        totals[key] = totals.get(key, 0) + row.lead_count
    ordered = sorted(totals.items(), key=lambda item: -item[1])
    return [{"state": state, "reason": reason, "leads": count} for (state, reason), count in ordered]
