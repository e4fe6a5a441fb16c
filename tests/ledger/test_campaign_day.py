"""`reporting.campaign_day`: what was read beside what became of it, for the day that is asked for and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

import sql
from pipelines.database import connect
from sql.migrate import upgrade

DAY = date(2026, 11, 16)
DAYS, ROWS = 20, 100
CONTACT = """
    INSERT INTO ledger.contacts (day, source, row_no, campaign, lead_id, verdict, reason_code, phones)
    SELECT :day, 'lead', n + :first, :campaign, :name || n, :verdict,
           CASE WHEN :verdict <> 'eligible' THEN 'phone_invalid' END, ARRAY['+49301234567']
    FROM generate_series(1, :count) AS n
"""
SENT = """
    WITH sent AS (
        INSERT INTO ledger.imports (import_id, import_key, vendor, campaign, day, target, payload, payload_digest,
                                    entry_count, due_at, planned_at)
        VALUES (:id, gen_random_uuid(), 'sinch', 'spring', :day, '{}', '[]', 'd', :count, now(), now())
    )
    INSERT INTO ledger.deliveries (vendor, day, campaign, source, lead_id, phone, content_digest, import_id, position)
    SELECT 'sinch', :day, 'spring', 'lead', :day || ' ' || n, '+49301234567', 'd', :id, n
    FROM generate_series(1, :count) AS n
"""
READ = "INSERT INTO crm.read_counts (source, day, campaign, read_count) VALUES (:source, :day, :campaign, :count)"
IMPORT = """
    INSERT INTO ledger.imports (import_id, import_key, vendor, campaign, day, target, payload, payload_digest,
                                entry_count, due_at, planned_at)
    VALUES (:id, gen_random_uuid(), :vendor, :campaign, :day, '{}', '[]', 'd', 1, now(), now())
"""
DELIVERY = """
    INSERT INTO ledger.deliveries
        (vendor, day, campaign, source, lead_id, phone, content_digest, import_id, position)
    VALUES (:vendor, :day, :campaign, 'lead', :lead_id, '+49301234567', 'd', :id, :position)
"""
DECIDED = "INSERT INTO ledger.decisions VALUES (:day, 'lead', gen_random_uuid(), now())"


@pytest.fixture
def ledger(database: str) -> Iterator[Connection]:
    """A database of the newest schema; nothing in it is committed."""
    engine = connect(database)
    upgrade(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def contacts(ledger: Connection, count: int, *, day: date = DAY, campaign: str = "spring", **values: Any) -> None:
    verdict = values.get("verdict", "eligible")
    given = {"day": day, "campaign": campaign, "count": count, "verdict": verdict, "name": verdict}
    ledger.execute(text(CONTACT), {**given, "first": values.get("first", 0)})


def read(ledger: Connection, count: int, *, day: date = DAY, campaign: str = "spring", source: str = "lead") -> None:
    ledger.execute(text(READ), {"day": day, "campaign": campaign, "count": count, "source": source})


def rows(ledger: Connection) -> list[tuple[Any, ...]]:
    found = ledger.execute(
        text(
            """SELECT vendor, campaign, read_count, invalid_count, planned_count, balanced
               FROM reporting.campaign_day WHERE day = :day ORDER BY campaign, vendor"""
        ),
        {"day": DAY},
    )
    return [tuple(row) for row in found]


def test_rows_are_counted_beside_what_was_read(ledger: Connection) -> None:
    """Every campaign has a line; it is balanced when as many rows have a state as were read."""
    for campaign, read_count in (("spring", 5), ("short", 6)):
        contacts(ledger, 3, campaign=campaign, first=0 if campaign == "spring" else 100)
        contacts(ledger, 2, campaign=campaign, first=10 if campaign == "spring" else 110, verdict="invalid")
        read(ledger, read_count, campaign=campaign)
    assert rows(ledger) == [("", "short", 6, 2, 3, False), ("", "spring", 5, 2, 3, True)]


def test_rows_that_were_read_and_not_decided_are_not_balanced(ledger: Connection) -> None:
    """A pull whose decision failed has its line, with nothing in it; rows without a campaign are under (none)."""
    read(ledger, 7)
    read(ledger, 2, campaign="")
    assert rows(ledger) == [("", "(none)", 2, 0, 0, False), ("", "spring", 7, 0, 0, False)]


def test_rows_that_were_decided_and_not_counted_are_not_balanced(ledger: Connection) -> None:
    """More rows than were read are as wrong as fewer."""
    contacts(ledger, 3)
    assert rows(ledger) == [("", "spring", 0, 0, 3, False)]


def test_a_campaign_of_two_vendors_is_balanced_by_their_sum(ledger: Connection) -> None:
    """A campaign that went to another vendor has a line for each, and what was read of it is counted once."""
    contacts(ledger, 3)
    read(ledger, 3)
    for number, vendor in ((1, "sinch"), (2, "jtel")):
        of_import = {"id": number, "vendor": vendor, "campaign": "spring", "day": DAY}
        ledger.execute(text(IMPORT), of_import)
        ledger.execute(text(DELIVERY), {**of_import, "position": 0, "lead_id": f"eligible{number}"})
    assert rows(ledger) == [
        ("", "spring", 1, 0, 1, True),
        ("jtel", "spring", 1, 0, 1, True),
        ("sinch", "spring", 1, 0, 1, True),
    ]
    read(ledger, 2, source="customer")
    assert [(count, is_balanced) for _, _, count, _, _, is_balanced in rows(ledger)] == [
        (3, False),
        (1, False),
        (1, False),
    ]


def test_deliveries_whose_rows_are_gone_are_counted_apart(ledger: Connection) -> None:
    """The file was read again, and has one row of three: what was sent is told, and what was read adds up."""
    contacts(ledger, 1)
    read(ledger, 1)
    ledger.execute(text(DECIDED), {"day": DAY})
    of_import = {"id": 1, "vendor": "sinch", "campaign": "spring", "day": DAY}
    ledger.execute(text(IMPORT), of_import)
    for number in range(3):
        ledger.execute(text(DELIVERY), {**of_import, "position": number, "lead_id": f"eligible{number + 1}"})
    ledger.execute(text(IMPORT), {**of_import, "id": 2, "campaign": "gone"})
    ledger.execute(text(DELIVERY), {**of_import, "id": 2, "campaign": "gone", "position": 0, "lead_id": "another"})
    assert rows(ledger) == [("sinch", "gone", 0, 0, 0, True), ("sinch", "spring", 1, 0, 1, True)]
    counts = "SELECT gone_count, gone_open_count FROM reporting.campaign_day ORDER BY campaign"
    assert [tuple(row) for row in ledger.execute(text(counts))] == [(1, 1), (2, 2)]
    outcomes = "SELECT lead_id, state, reason_code, is_read FROM reporting.lead_outcome ORDER BY lead_id"
    assert [tuple(row) for row in ledger.execute(text(outcomes))] == [
        ("another", "planned", "row_gone", False),
        ("eligible1", "planned", "not_sent_yet", True),
        ("eligible2", "planned", "row_gone", False),
        ("eligible3", "planned", "row_gone", False),
    ]


@pytest.mark.parametrize("name", ["campaign_days", "reasons"])
def test_a_report_of_one_day_reads_no_other(ledger: Connection, name: str) -> None:
    """However long the history: of contacts and of counts of other days, none is looked at."""
    for number in range(DAYS):
        contacts(ledger, ROWS, day=DAY - timedelta(days=number))
        read(ledger, ROWS, day=DAY - timedelta(days=number))
        ledger.execute(text(DECIDED), {"day": DAY - timedelta(days=number)})
        ledger.execute(text(SENT), {"day": DAY - timedelta(days=number), "id": number + 1, "count": ROWS})
    ledger.execute(text("ANALYZE ledger.contacts, ledger.deliveries, ledger.imports, crm.read_counts"))
    plan = ledger.execute(
        text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.statement('reporting', name)}"), {"days": [DAY]}
    ).scalar_one()
    assert 0 < _looked_at(plan[0]["Plan"], "contacts") <= 2 * ROWS  # once for their states, once for rows that are gone
    assert _kept(plan[0]["Plan"], "read_counts") <= 1


def _kept(node: dict[str, Any], relation: str) -> int:
    """How many rows of the table went on to other nodes of the plan."""
    own = round(node["Actual Rows"] * node["Actual Loops"]) if node.get("Relation Name") == relation else 0
    return own + sum(_kept(inner, relation) for inner in node.get("Plans", []))


def _looked_at(node: dict[str, Any], relation: str) -> int:
    """How many rows of the table the nodes of the plan read."""
    own = 0
    if node.get("Relation Name") == relation:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        own = round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return own + sum(_looked_at(inner, relation) for inner in node.get("Plans", []))
