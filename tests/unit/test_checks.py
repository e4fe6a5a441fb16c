"""When the checks beside the outcomes warn."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import dagster as dg
import pytest

from pipelines.checks import MOST_SENTENCES, outcome_results, person_result
from pipelines.report import NightReport

DAY = date(2026, 11, 16)
ASSET = dg.AssetKey(["reporting", "import_outcomes"])


class CampaignDay(NamedTuple):
    """A row of `reporting.campaign_day`, as far as the checks go."""

    accepted_count: int = 0
    rejected_count: int = 0
    unknown_count: int = 0
    sending_count: int = 0


def outcomes(*rows: CampaignDay) -> dict[str, tuple[bool, dg.AssetCheckSeverity]]:
    """Whether each check passes, and how grave it is where it does not."""
    report = NightReport((DAY,), rows, reasons=[], open_imports=[], decided=(DAY,))
    return {
        result.check_name: (result.passed, result.severity)
        for result in outcome_results(ASSET, report)
        if result.check_name is not None
    }


@pytest.mark.parametrize(
    ("row", "is_known"),
    [
        (CampaignDay(accepted_count=3), True),
        (CampaignDay(unknown_count=1), False),
        (CampaignDay(sending_count=1), False),
    ],
    ids=["settled", "unknown", "sending"],
)
def test_an_answer_that_was_not_seen_is_warned_of(row: CampaignDay, is_known: bool) -> None:
    """Whether the request went wrong, or its sender is still out; in whichever campaign."""
    assert outcomes(CampaignDay(), row)["no_outcome_is_unknown"] == (is_known, dg.AssetCheckSeverity.WARN)


@pytest.mark.parametrize(
    ("rejected", "accepted", "are_few"), [(0, 0, True), (5, 95, True), (6, 94, False), (1, 0, False)]
)
def test_more_than_a_twentieth_of_rejected_leads_is_warned_of(rejected: int, accepted: int, are_few: bool) -> None:
    """Of what was sent in all campaigns together."""
    rows = CampaignDay(rejected_count=rejected), CampaignDay(accepted_count=accepted)
    assert outcomes(*rows)["few_leads_are_rejected"] == (are_few, dg.AssetCheckSeverity.WARN)


@pytest.mark.parametrize(
    ("count", "last"),
    [(1, "thing 1"), (MOST_SENTENCES, f"thing {MOST_SENTENCES}"), (MOST_SENTENCES + 3, "and 3 more: see the report")],
)
def test_what_needs_a_person_is_told_in_so_many_sentences_at_most(count: int, last: str) -> None:
    """Metadata is kept for ever: a night on which everything failed must not fill it."""
    check = person_result(ASSET, [f"thing {number}" for number in range(1, count + 1)])
    told = check.metadata["problems"].value
    assert isinstance(told, list)
    assert (check.passed, check.metadata["count"].value, told[-1]) == (False, count, last)
    assert check.description == "\n".join(told)
    assert len(told) <= MOST_SENTENCES + 1
