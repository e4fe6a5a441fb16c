"""The sources that the configuration describes, ready to be read.

Belongs here: from a setting to a source. Does not belong here: how a source is read (`connectors/crm/`), and what
becomes of its rows (`intake.py`, `campaigns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from connectors.crm.csv import DAY, CsvSource
from connectors.crm.database import DatabaseSource
from connectors.crm.encoding import known_delimiter, known_encoding
from connectors.crm.frames import COLUMNS
from connectors.crm.layout import Columns, no_cursor
from connectors.errors import SetupError

if TYPE_CHECKING:  # settings are checked here as they are loaded
    from pipelines.settings import Settings, SourceSettings

Source = Literal["lead", "customer"]
TABLES: Mapping[Source, str] = {"lead": "leads", "customer": "customers"}
CAMPAIGN_FIELDS = ("campaign", "vendor", "target", "region", "active")
DO_NOT_CALL_FIELDS = ("phone", "reason", "until")
_PLACEHOLDER = re.compile(r"\{\w*\}")
_FIELDS: Mapping[str, Sequence[str]] = {"campaigns": CAMPAIGN_FIELDS, "do_not_call": DO_NOT_CALL_FIELDS}


def configured_sources(settings: Settings) -> list[Source]:
    """The sources of rows that the configuration has."""
    return [source for source, name in TABLES.items() if getattr(settings.sources, name) is not None]


def check_sources(settings: Settings) -> None:
    """Nothing is wrong with the sources that can be told before one is read.

    Raises:
        SetupError: begins with the key.
    """
    for name in (*TABLES.values(), *_FIELDS):
        source: SourceSettings | None = getattr(settings.sources, name)
        if source is not None:
            _check_source(settings, name, source)


def _check_source(settings: Settings, name: str, source: SourceSettings) -> None:
    setting = f"sources.{name}"
    Columns(setting, _FIELDS.get(name, COLUMNS), source.columns, source.cursor, ())
    _refuse_other_placeholders(setting, source.csv or "")
    known_encoding(source.encoding, setting=setting)
    known_delimiter(source.delimiter, setting=setting)
    has_day = source.csv is not None and DAY in source.csv
    if name in TABLES.values() and source.cursor is None and not has_day:
        raise no_cursor(setting, str(settings.folder / source.csv) if source.csv is not None else None)


def _refuse_other_placeholders(setting: str, path: str) -> None:
    others = [found for found in _PLACEHOLDER.findall(path) if found != DAY]
    if others:
        raise SetupError(f"{setting}.csv: {others[0]} stands for nothing; only {DAY} is known, the business day")


def open_source(settings: Settings, name: str, *, required: Iterable[str] = ()) -> CsvSource | DatabaseSource:
    """The source that `sources.<name>` describes; nothing is read yet."""
    source: SourceSettings = getattr(settings.sources, name)
    common: dict[str, Any] = {
        "setting": f"sources.{name}",
        "columns": source.columns,
        "cursor": source.cursor,
        "cursor_zone": _zone(settings, source),
        "cursor_format": source.cursor_format,
        "required": (*_essential(name, source), *required),
        "fields": _FIELDS.get(name, COLUMNS),
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
    prefix = "sqlite:///"
    return f"{prefix}{settings.folder / url.removeprefix(prefix)}" if url.startswith(prefix) else url
