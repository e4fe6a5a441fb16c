"""What tests read of the ledger, through the same views as everybody else, and of frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import text

from pipelines import morning
from pipelines.installation import Installation
from pipelines.metadata import STATES
from tests.factories import DAY


def states(installation: Installation) -> dict[str, int]:
    """Leads of the test's day by state; states without a lead are left out."""
    campaigns = morning.report(installation, [DAY]).campaigns
    totals = {state: sum(getattr(row, f"{state}_count") for row in campaigns) for state in STATES}
    return {state: count for state, count in totals.items() if count}


def query(installation: Installation, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with installation.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with None in place of every missing text."""
    texts = [name for name, kind in frame.dtypes.items() if kind == "str"]
    return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), None) for name in texts})
