"""What `leadsync withdraw` does: the list is read anew, and what must not be called is taken back, or listed.

Belongs here: the command's records. Does not belong here: taking back itself (`recall.py`, `withdrawals.py`), arguments
and exit codes (`cli.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from connectors.errors import SetupError
from pipelines import night, recall, report, withdrawals
from pipelines.installation import Installation
from pipelines.vendors import VENDORS

Result = dict[str, Any]
"""`leads`: a record for each, by its id in the CRM; `problems`: sentences for a person."""


def look(installation: Installation, names: Sequence[str]) -> Result:
    """What `take_back` would do now; nobody is asked, and nothing is changed."""
    _check(installation, names)
    with installation.dry_run() as trial:
        night.refresh_campaigns(trial)
        night.refresh_do_not_call(trial)
        due = recall.due_withdrawals(trial, names)
        with trial.store() as store:
            unread = report.list_problems(store)
    return {"leads": [lead._asdict() for lead in due], "problems": unread}


def take_back(installation: Installation, names: Sequence[str], *, is_limited: bool, stop: threading.Event) -> Result:
    """Every lead that must not be called any more was taken back, or a problem says why not."""
    _check(installation, names)
    night.refresh_campaigns(installation)
    night.refresh_do_not_call(installation)
    with installation.store() as store:
        unread = report.list_problems(store)
    summaries = {
        vendor: recall.withdraw(installation, vendor, names, is_limited=is_limited, stop=stop) for vendor in VENDORS
    }
    ended = [f"{name}: ended before every lead was looked at" for name, one in summaries.items() if one.is_cut_short]
    return {
        "leads": [lead._asdict() for summary in summaries.values() for lead in summary.leads],
        "problems": [*unread, *ended, *(problem for summary in summaries.values() for problem in summary.problems)],
    }


def note_by_hand(installation: Installation, campaign: str, lead_ids: Sequence[str], source: str | None) -> Result:
    """The leads count as withdrawn: a person saw to it."""
    with installation.store() as store:
        leads = withdrawals.withdrawn_by_hand(store, campaign, lead_ids, source, actor=installation.actor)
    return {"leads": [lead._asdict() for lead in leads], "problems": []}


def _check(installation: Installation, names: Sequence[str]) -> None:
    with installation.plan_ledger() as ledger:
        known = ledger.begun_campaigns(names)
    for name in names:
        if name not in known:
            raise SetupError(f"nothing was ever sent for a campaign {name!r}")
