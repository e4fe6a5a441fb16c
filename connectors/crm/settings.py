"""What `leadsync.yaml` says about a source.

Belongs here: shapes, defaults and messages. Does not belong here: which sources there are and which columns are ours
(`pipelines/source_settings.py`), and reading one (`csv.py`, `database.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.zones import ZoneName


class SourceSettings(BaseModel):
    """Where rows come from: a CSV file, or a table or query of a database."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    csv: str | None = None
    encoding: str = "auto"
    delimiter: str = "auto"
    database: str | None = None
    table: str | None = None
    query: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    cursor: str | None = None
    cursor_timezone: ZoneName | None = None
    cursor_format: str | None = None

    @field_validator("cursor_format")
    @classmethod
    def _writes_moments(cls, value: str | None) -> str | None:
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        try:
            if value is not None:
                datetime.strptime(moment.strftime(value), value)
        except ValueError:
            raise ValueError("is no format of strptime, such as '%d.%m.%Y %H:%M'") from None
        return value

    @model_validator(mode="after")
    def _names_one_place(self) -> SourceSettings:
        if (self.csv is None) == (self.database is None):
            raise ValueError("needs either csv or database")
        if self.database is not None and (self.table is None) == (self.query is None):
            raise ValueError("a database needs either table or query")
        if self.csv is not None and (self.table or self.query):
            raise ValueError("table and query belong to a database, not to csv")
        return self
