"""The columns of the tables behind the assets, as the Dagster UI shows them.

Belongs here: names, types and what they mean. Does not belong here: the tables (`sql/migrations/`).
"""

from __future__ import annotations

import dagster as dg


def _column(name: str, kind: str, description: str, *, is_private: bool = False) -> dg.TableColumn:
    return dg.TableColumn(name, kind, description=description, tags={"pii": ""} if is_private else {})


ROW_COLUMNS = dg.TableSchema(
    columns=[
        _column("day", "date", "the business day"),
        _column("row_no", "bigint", "line of the file, or ordinal of the query"),
        _column("lead_id", "text", "the CRM's id"),
        _column("campaign", "text", "the campaign that the row names"),
        _column("first_name", "text", "given name", is_private=True),
        _column("last_name", "text", "family name", is_private=True),
        _column("phone1", "text", "as the CRM spells it", is_private=True),
        _column("phone2", "text", "as the CRM spells it", is_private=True),
        _column("phone3", "text", "as the CRM spells it", is_private=True),
        _column("country", "text", "as the CRM spells it"),
        _column("timezone", "text", "as the CRM spells it"),
        _column("email", "text", "mail address", is_private=True),
        _column("agent", "text", "preferred agent"),
        _column("priority", "text", "as the CRM spells it"),
        _column("not_before", "text", "earliest call"),
        _column("consent", "text", "as the CRM spells it"),
        _column("cursor_at", "timestamptz", "when the row changed"),
        _column("attributes", "jsonb", "every other column that has a value", is_private=True),
        _column("defect", "text", "why the row cannot be read"),
    ]
)

CONTACT_COLUMNS = dg.TableSchema(
    columns=[
        _column("day", "date", "the business day"),
        _column("source", "text", "lead or customer"),
        _column("row_no", "bigint", "the row that was decided"),
        _column("campaign", "text", "our name of the campaign"),
        _column("lead_id", "text", "the CRM's id"),
        _column("verdict", "text", "eligible, invalid, suppressed or duplicate"),
        _column("reason_code", "text", "why not eligible"),
        _column("reason", "text", "the same in words"),
        _column("phones", "text[]", "E.164, the first is dialled first", is_private=True),
        _column("time_zone", "text", "IANA"),
        _column("country", "text", "ISO 3166 alpha-2"),
        _column("cursor_at", "timestamptz", "when the row changed"),
        _column("consent", "text", "granted, withdrawn or unclear; missing where the row says nothing"),
    ]
)

OUTCOME_COLUMNS = dg.TableSchema(
    columns=[
        _column("vendor", "text", "where the lead goes"),
        _column("campaign", "text", "our name of the campaign"),
        _column("day", "date", "the day on which the lead was read"),
        _column("source", "text", "lead or customer"),
        _column("lead_id", "text", "the CRM's id"),
        _column("row_no", "bigint", "the row that was decided"),
        _column("phone", "text", "the first number, masked", is_private=True),
        _column("state", "text", "the one state that the lead is in"),
        _column("reason_code", "text", "why"),
        _column("reason", "text", "the same in words, often the vendor's"),
        _column("vendor_id", "text", "the vendor's id of the lead"),
        _column("import_id", "bigint", "the import that carried it"),
        _column("attempts", "int", "how often that import was sent"),
        _column("planned_at", "timestamptz", "when it was planned"),
        _column("sent_at", "timestamptz", "when it was last sent, at the latest"),
        _column("settled_at", "timestamptz", "when its outcome was known"),
        _column("loaded_on", "date", "the day of that import: before `day`, the vendor had the lead already"),
        _column("is_read", "boolean", "whether its row is among those that were read; else it is gone since"),
    ]
)
