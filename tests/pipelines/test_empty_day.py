"""A day without rows is told, not passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import INTAKE
from pipelines.load import load_day
from pipelines.runs import failures
from tests.factories import DAY, lead

SENTENCE = f"{DAY}: no row of this day in sources.leads; nothing was sent"


def test_day_without_rows_is_a_problem(installations: Callable[..., Installation]) -> None:
    """An export without a row of the day ends with a sentence that names the source."""
    installation = installations(rows=[lead(1, updated_at="2026-11-10T10:00:00Z"), lead(2, updated_at="soon")])
    assert load_day(installation, DAY).problems == [SENTENCE]


def test_day_without_rows_may_be_allowed(installations: Callable[..., Installation]) -> None:
    """Where empty days are normal, none is a problem."""
    installation = installations(rows=[], empty_day="pass")
    assert load_day(installation, DAY).problems == []


def test_intake_of_a_day_without_rows_fails(installations: Callable[..., Installation]) -> None:
    """The nightly run of an empty day fails with the sentence, so that the vendors' loads do not follow."""
    installation = installations(rows=[])
    definitions = build_definitions(installation.settings)
    with dg.instance_for_test() as instance:
        result: Any = definitions.resolve_job_def(INTAKE).execute_in_process(
            partition_key=DAY.isoformat(), instance=instance, raise_on_error=False
        )
    assert failures(result) == [SENTENCE]
