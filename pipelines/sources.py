"""The sources that the configuration describes, ready to be read.

Belongs here: from a setting to a source. Does not belong here: what a setting may say (`source_settings.py`), how a
source is read (`connectors/crm/`), and what becomes of its rows (`intake.py`, `campaigns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from connectors.crm.csv import CsvSource
from connectors.crm.database import DatabaseSource
from connectors.crm.settings import SourceSettings
from pipelines.settings import Settings
from pipelines.source_settings import FIELDS, TABLES, Source

_SQLITE = re.compile(r"sqlite(\+\w+)?:///")


def configured_sources(settings: Settings) -> list[Source]:
    """The sources of rows that the configuration has."""
    return [source for source, name in TABLES.items() if getattr(settings.sources, name) is not None]


def open_source(settings: Settings, name: str, *, required: Iterable[str] = ()) -> CsvSource | DatabaseSource:
    """The source that `sources.<name>` describes; nothing is read yet.

    It must have the required columns; a mapping has the setting that names each.
    """
    named_by = required if isinstance(required, Mapping) else dict.fromkeys(required)
    source: SourceSettings = getattr(settings.sources, name)
    common: dict[str, Any] = {
        "setting": f"sources.{name}",
        "columns": source.columns,
        "cursor": source.cursor,
        "cursor_zone": _zone(settings, source),
        "cursor_format": source.cursor_format,
        "required": {**dict.fromkeys(_essential(name, source)), **named_by},
        "fields": FIELDS[name],
    }
    if source.csv is not None:
        path = str(settings.folder / source.csv)
        return CsvSource(path, encoding=source.encoding, delimiter=source.delimiter, **common)
    return DatabaseSource(_beside(settings, source.database or ""), table=source.table, query=source.query, **common)


def _zone(settings: Settings, source: SourceSettings) -> ZoneInfo:
    return ZoneInfo(source.cursor_timezone) if source.cursor_timezone else settings.zone


def _essential(name: str, source: SourceSettings) -> Sequence[str]:
    """Columns without which an export is broken, and not a list of bad leads."""
    if name not in TABLES.values():
        return ()
    phone = next((column for column in ("phone2", "phone3") if column in source.columns), "phone1")
    return ("lead_id", "campaign", phone)


def _beside(settings: Settings, url: str) -> str:
    """A relative SQLite file lies beside the configuration."""
    sqlite = _SQLITE.match(url)
    return f"{sqlite[0]}{settings.folder / url.removeprefix(sqlite[0])}" if sqlite else url
