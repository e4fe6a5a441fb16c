"""The four sources that `leadsync.yaml` may have, and what can be told about them before one is read.

Belongs here: their names, our columns in each, and what is wrong with a setting. Does not belong here: one source's
shape (`connectors/crm/settings.py`), and opening one (`sources.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from connectors.crm.csv import DAY
from connectors.crm.encoding import known_delimiter, known_encoding
from connectors.crm.layout import CAMPAIGN_COLUMNS, COLUMNS, DO_NOT_CALL_COLUMNS, Columns, no_cursor
from connectors.crm.settings import SourceSettings
from connectors.errors import SetupError

Source = Literal["lead", "customer"]
TABLES: Mapping[Source, str] = {"lead": "leads", "customer": "customers"}
FIELDS: Mapping[str, Sequence[str]] = {
    "leads": COLUMNS,
    "customers": COLUMNS,
    "campaigns": CAMPAIGN_COLUMNS,
    "do_not_call": DO_NOT_CALL_COLUMNS,
}
_PLACEHOLDER = re.compile(r"\{\w*\}")


class SourcesSettings(BaseModel):
    """The four sources. `leads` or `customers` must be there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    leads: SourceSettings | None = None
    customers: SourceSettings | None = None
    campaigns: SourceSettings | None = None
    do_not_call: SourceSettings | None = None

    @model_validator(mode="after")
    def _has_rows(self) -> SourcesSettings:
        if self.leads is None and self.customers is None:
            raise ValueError("needs leads or customers")
        return self


def check_sources(sources: SourcesSettings, folder: Path) -> None:
    """Nothing is wrong with the sources that can be told before one is read; `folder` is that of the file.

    Raises:
        SetupError: begins with the key.
    """
    for name in FIELDS:
        source: SourceSettings | None = getattr(sources, name)
        if source is not None:
            _check_source(name, source, folder)


def _check_source(name: str, source: SourceSettings, folder: Path) -> None:
    setting = f"sources.{name}"
    Columns(setting, FIELDS[name], source.columns, source.cursor, ())
    _refuse_other_placeholders(setting, source.csv or "")
    known_encoding(source.encoding, setting=setting)
    known_delimiter(source.delimiter, setting=setting)
    has_day = source.csv is not None and DAY in source.csv
    if name in TABLES.values() and source.cursor is None and not has_day:
        raise no_cursor(setting, str(folder / source.csv) if source.csv is not None else None)


def _refuse_other_placeholders(setting: str, path: str) -> None:
    others = [found for found in _PLACEHOLDER.findall(path) if found != DAY]
    if others:
        raise SetupError(f"{setting}.csv: {others[0]} stands for nothing; only {DAY} is known, the business day")
