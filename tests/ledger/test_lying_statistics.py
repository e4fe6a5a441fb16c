"""Statements that go over a day do work in proportion to it, also where the statistics say that it is empty.

They say so after the tables were analysed while the load that fills them was not committed yet. Work is counted in
rows that the nodes of the plan touched, never in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

import sql
from pipelines import night
from pipelines.database import connect
from pipelines.load import load_day
from pipelines.store import utc_now
from sql.migrate import upgrade
from tests.factories import DAY as BUSINESS_DAY
from tests.factories import leads
from tests.faults.running import Make
from tests.reading import query

DAY = date(2026, 11, 16)
ROW_COUNT = 2_000
# A row is scanned, hashed, sorted twice, counted twice, looked up and written: far from one with each other row.
MOST_PER_ROW = 60
CONTACTS = """
    INSERT INTO ledger.contacts (day, source, row_no, campaign, lead_id, verdict, phones)
    SELECT :day, 'lead', n, 'spring', 'L' || n, 'eligible', ARRAY['+4930' || 1000000 + n / 2]
    FROM generate_series(0, :count - 1) AS n
"""
ROWS = """
    INSERT INTO crm.leads (day, row_no, campaign, lead_id, phone1)
    SELECT :day, n, 'spring', 'L' || n, '+4930' || 1000000 + n / 2
    FROM generate_series(0, :count - 1) AS n
"""
DELIVERIES = """
    INSERT INTO ledger.deliveries
        (vendor, day, campaign, source, lead_id, phone, content_digest, import_id, position)
    SELECT 'sinch', :day, 'spring', 'lead', 'L' || n, '+4930' || 1000000 + n / 2, 'x', n / 100, n % 100
    FROM generate_series(0, :count - 1) AS n
"""
IMPORTS = """
    INSERT INTO ledger.imports
        (import_id, import_key, vendor, campaign, day, target, payload_digest, entry_count, accepted_count, state,
         entry_verdict, due_at, planned_at, sent_at, settled_at)
    SELECT n, gen_random_uuid(), 'sinch', 'spring', :day, '{}', 'x', 100, 100, 'settled',
           'accepted', now(), now(), now(), now()
    FROM generate_series(0, :count / 100 - 1) AS n
"""
CAMPAIGN = """
    INSERT INTO crm.campaigns (campaign, vendor, target, origin, read_at)
    VALUES ('spring', 'sinch', '{}', 'test', now())
"""
REFUSED = "verdict = 'suppressed', reason_code = 'consent_withdrawn', consent = 'withdrawn'"
LYING = """
    SELECT count(*) FROM pg_class
    WHERE relkind = 'r' AND reltuples = 0 AND relpages > 0
      AND relnamespace IN ('crm'::regnamespace, 'ledger'::regnamespace)
"""
TABLES = ("ledger.contacts", "crm.leads", "ledger.deliveries", "ledger.imports")


@pytest.fixture
def loading(database: str) -> Iterator[Connection]:
    """A load that is not committed: its rows are there, and the statistics say that the tables are empty."""
    engine = connect(database)
    upgrade(engine)
    with engine.connect() as load, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as vacuum:
        for statement in (CONTACTS, ROWS, DELIVERIES):
            load.execute(text(statement), {"day": DAY, "count": ROW_COUNT})
        for table in TABLES:
            vacuum.execute(text(f"ANALYZE {table}"))
        yield load
    engine.dispose()


def test_a_day_of_pairs_is_compared_by_key(loading: Connection) -> None:
    """Each number is there twice: half of the rows are marked, at a bounded cost for each."""
    shared = {"sources": ["lead"] * ROW_COUNT, "row_nos": list(range(ROW_COUNT))}
    touched, marked = _work(loading, "mark_duplicates", day=DAY, **shared)
    assert marked == ROW_COUNT // 2
    assert touched < MOST_PER_ROW * ROW_COUNT


def test_a_page_is_read_by_key(loading: Connection) -> None:
    """A page of the plan, and what is looked up for its rows in the tables that know more of it."""
    loading.execute(text(IMPORTS), {"day": DAY, "count": ROW_COUNT})
    page = {"day": DAY, "source": "lead", "after": -1, "campaigns": ["spring"]}
    reach = {"until": ROW_COUNT}
    rows = {"row_nos": list(range(ROW_COUNT))}
    reads = [
        ("contacts", "plannable", {"limit": ROW_COUNT}),
        ("crm", "said", reach | rows),
        ("deliveries", "known", reach),
    ]
    for table, name, bound in reads:
        touched, _ = _work(loading, name, table=table, **page, **bound)
        assert ROW_COUNT <= touched < MOST_PER_ROW * ROW_COUNT, name


def test_a_page_is_told_of_its_own_rows_alone(loading: Connection) -> None:
    """Few of a long day may be called: what the source said of all the others is not read along."""
    own = {"row_nos": [0, ROW_COUNT - 1], "after": -1, "until": ROW_COUNT}
    told = loading.execute(text(sql.statement("crm", "said")), {"day": DAY, "source": "lead", **own})
    assert [row.lead_id for row in told] == ["L0", f"L{ROW_COUNT - 1}"]


def test_refusals_of_other_days_are_looked_up_at_a_bounded_cost(loading: Connection) -> None:
    """Every second lead of the day before refused, and every row of the day says nothing."""
    before = DAY - timedelta(days=1)
    loading.execute(text(CONTACTS), {"day": before, "count": ROW_COUNT})
    loading.execute(text(f"UPDATE ledger.contacts SET {REFUSED} WHERE day = :day AND row_no % 2 = 0"), {"day": before})
    window = {"day": DAY, "since": before, "reason_codes": ["consent_withdrawn"]}
    lead_ids = {"lead_ids": [f"L{number}" for number in range(ROW_COUNT)]}
    held = {"sources": ["lead"] * ROW_COUNT, "row_nos": list(range(ROW_COUNT))}
    held |= {name: ["consent_withdrawn"] * ROW_COUNT for name in ("reason_codes", "reasons")}
    for name, values in (
        ("refused_leads", {**window, "source": "lead"}),
        ("refusals", window | lead_ids),
        ("grants", {"day": DAY, "since": before, **lead_ids}),
        ("suppress", {"day": DAY, **held}),
    ):
        touched, _ = _work(loading, name, **values)
        assert touched < MOST_PER_ROW * ROW_COUNT, name


def test_who_must_be_taken_back_is_found_by_key(loading: Connection) -> None:
    """Every second lead was refused on the day, and has its own number."""
    loading.execute(text(f"UPDATE ledger.contacts SET {REFUSED} WHERE row_no % 2 = 0"))
    loading.execute(text(IMPORTS), {"day": DAY, "count": ROW_COUNT})
    loading.execute(text(sql.statement("crm", "mend_statistics")))  # as a run does that takes leads back
    scope = {"vendor": "sinch", "campaigns": []}
    since = {"today": DAY, "since": DAY, "now": utc_now(), "reason_codes": ["consent_withdrawn"], "barred": []}
    for name, values in (("note_due", scope | since), ("drop_granted", scope), ("forget_groundless", scope)):
        touched, _ = _work(loading, name, table="withdrawals", **values)
        assert touched < MOST_PER_ROW * ROW_COUNT, name
    assert loading.execute(text("SELECT count(*) FROM ledger.withdrawals")).scalar_one() == ROW_COUNT // 2


def test_refusals_of_a_plan_are_stored_by_key(loading: Connection) -> None:
    """Every second row is refused."""
    row_nos = list(range(0, ROW_COUNT, 2))
    texts = {name: ["do_not_call"] * len(row_nos) for name in ("reason_codes", "reasons")}
    verdicts = ["suppressed"] * len(row_nos)
    touched, _ = _work(loading, "refuse", day=DAY, source="lead", row_nos=row_nos, verdicts=verdicts, **texts)
    assert touched < MOST_PER_ROW * ROW_COUNT


def test_what_an_earlier_plan_refused_is_found_at_once(loading: Connection) -> None:
    """A new plan looks at the rows that were refused, and at no other of the day."""
    refused = 10
    loading.execute(
        text("UPDATE ledger.contacts SET is_refused_by_plan = TRUE WHERE row_no < :refused"), {"refused": refused}
    )
    touched, _ = _work(loading, "reconsider", day=DAY, campaigns=["spring"])
    left = loading.execute(text("SELECT count(*) FROM ledger.contacts WHERE is_refused_by_plan")).scalar_one()
    assert (left, touched < MOST_PER_ROW * refused) == (0, True)


def test_who_stands_in_is_found_at_a_bounded_cost(loading: Connection) -> None:
    """Of every pair that shares a number the first was refused, and nothing of either was delivered."""
    loading.execute(text("DELETE FROM ledger.deliveries"))
    loading.execute(text(CAMPAIGN))
    refused = "verdict = 'invalid', reason_code = 'agent_unknown', is_refused_by_plan = TRUE"
    left_out = "verdict = 'duplicate', reason_code = 'duplicate_number'"
    loading.execute(text(f"UPDATE ledger.contacts SET {refused} WHERE row_no % 2 = 0"))
    loading.execute(text(f"UPDATE ledger.contacts SET {left_out} WHERE row_no % 2 = 1"))
    loading.execute(text(sql.statement("crm", "mend_statistics")))  # as a plan does before it begins
    scope = {"vendor": "sinch", "days": [DAY], "campaigns": ["spring"], "unknown": ["agent_unknown"], "now": utc_now()}
    touched, appointed = _work(loading, "appoint_stand_ins", **scope)
    assert appointed == ROW_COUNT // 2
    assert touched < MOST_PER_ROW * ROW_COUNT


def test_load_mends_what_an_undone_load_left(installations: Make) -> None:
    """A dry run leaves pages without rows; analysed then, they are nothing to rely on when the load comes."""
    installation = installations(rows=leads(300))
    with installation.dry_run() as dry:
        night.refresh_campaigns(dry)
        night.pull_and_decide(dry, BUSINESS_DAY)
        night.plan(dry, "sinch", [BUSINESS_DAY])
    with installation.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as vacuum:
        for table in TABLES:
            vacuum.execute(text(f"ANALYZE {table}"))
    assert query(installation, LYING) == [(len(TABLES),)]
    assert load_day(installation, BUSINESS_DAY).problems == []
    assert query(installation, LYING) == [(0,)]


def _work(connection: Connection, name: str, *, table: str = "contacts", **values: object) -> tuple[int, int]:
    """(rows that the statement's nodes touched, rows that it wrote)."""
    explained = text("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.statement(table, name))
    [plan] = connection.execute(explained, values).scalar_one()
    nodes = list(_nodes(plan["Plan"]))
    return sum(map(_touched, nodes)), sum(
        int(node["Actual Rows"]) for node in nodes if node["Node Type"] == "ModifyTable"
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _touched(node: dict[str, Any]) -> int:
    dropped = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter", "Index Recheck"))
    return int((node["Actual Rows"] + dropped) * node["Actual Loops"])
