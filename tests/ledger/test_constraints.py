"""States that the database forbids, the history that it keeps, and the role that only reads reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.store import ConstraintError, mapped
from tests.factories import DAY, leads, phone
from tests.faults.running import Make, Vendor
from tests.reading import query

NOW = "2026-11-17T02:00:00Z"
TOKEN = "00000000-0000-0000-0000-000000000001"
CLAIMED = {"claim_token": TOKEN, "lease_until": NOW}

IMPORT = {
    "import_key": "00000000-0000-0000-0000-00000000000a", "vendor": "sinch", "campaign": "c", "day": DAY,
    "target": "{}", "payload": b"[]",
    "payload_digest": b"d", "entry_count": 2, "state": "planned", "due_at": NOW, "planned_at": NOW,
}  # fmt: skip
SENT = {"sent_at": NOW}
SUBMITTED = {**SENT, "state": "submitted", "submitted_at": NOW, "deadline_at": NOW}
SETTLED = {**SENT, "state": "settled", "settled_at": NOW, "accepted_count": 2}
DELIVERY = {
    "campaign": "c", "source": "lead", "lead_id": "L1", "vendor": "sinch", "day": DAY, "phone": phone(1),
    "content_digest": b"d", "import_id": 1, "position": 0,
}  # fmt: skip
HELD = {"held_import_id": 2, "held_position": 0, "held_digest": b"d"}
TARGET_EVENT = {"at": NOW, "vendor": "sinch", "campaign": "c", "name": "n", "event": "made", "actor": "test"}
WITHDRAWAL = {
    "campaign": "c", "source": "lead", "lead_id": "L1", "vendor": "sinch", "numbers": [phone(1)],
    "due_since": NOW,
}  # fmt: skip
REFUSED = {"refusal_code": "consent_withdrawn", "refused_on": DAY}
TARGET = {"vendor": "sinch", "campaign": "c", "name": "n", "attempted_at": NOW}
CONTACT = {
    "day": DAY, "source": "lead", "row_no": 1, "campaign": "c", "lead_id": "L1", "verdict": "eligible",
    "phones": [phone(1)],
}  # fmt: skip

LEGAL = [
    ("imports", {}),
    ("imports", {**SENT, "state": "sending", **CLAIMED}),
    ("imports", SUBMITTED),
    ("imports", {**SUBMITTED, "finished_at": NOW, **CLAIMED}),
    ("imports", {**SETTLED, "submitted_at": NOW, "late_until": NOW}),
    ("imports", {"action": "update", "entry_count": 1}),
    ("imports", {**SENT, "state": "unknown"}),
    ("imports", {**SENT, "state": "unknown", **CLAIMED}),
    ("imports", SETTLED),
    ("imports", {**SETTLED, "payload": None}),
    ("imports", {**SETTLED, "accepted_count": 1, "moved_count": 1}),
    ("imports", {"state": "failed", "settled_at": NOW, "moved_count": 2}),
    ("imports", {**SETTLED, "entry_verdict": "accepted"}),
    ("imports", {**SETTLED, "entry_verdict": "accepted", "vendor_ids": ["a", None]}),
    ("deliveries", {}),
    ("deliveries", {"verdict": "accepted", "settled_at": NOW}),
    ("deliveries", {"verdict": "rejected", "settled_at": NOW, "reason_code": "r"}),
    ("deliveries", HELD),
    ("targets", {}),
    ("targets", {"target": "{}", "known_at": NOW}),
    ("target_events", {}),
    ("contacts", {}),
    ("contacts", {"verdict": "invalid", "reason_code": "r", "phones": [], "campaign": "", "lead_id": ""}),
    ("withdrawals", {}),
    ("withdrawals", REFUSED),
    ("withdrawals", REFUSED | {"numbers": None}),
]
ILLEGAL = [
    ("imports", "state_is_known", {"state": "lost", **SENT}),
    ("imports", "claim_is_whole", {**SENT, "state": "unknown", "claim_token": TOKEN}),
    ("imports", "claim_is_whole", {**SENT, "state": "unknown", "lease_until": NOW}),
    ("imports", "sending_is_claimed", {**SENT, "state": "sending"}),
    ("imports", "planned_is_unclaimed", CLAIMED),
    ("imports", "settled_iff_terminal", {**SENT, "state": "settled", "accepted_count": 2}),
    ("imports", "settled_iff_terminal", {**SENT, "state": "unknown", "settled_at": NOW, "accepted_count": 2}),
    ("imports", "terminal_is_unclaimed", {**SETTLED, **CLAIMED}),
    ("imports", "sent_unless_planned", {"state": "unknown"}),
    ("imports", "open_has_payload", {"payload": None}),
    ("imports", "submitted_was_taken", {**SUBMITTED, "deadline_at": None}),
    ("imports", "finished_was_submitted", {**SENT, "state": "unknown", "finished_at": NOW}),
    ("imports", "late_was_submitted", {"late_until": NOW}),
    ("imports", "action_is_known", {"action": "delete"}),
    ("imports", "update_carries_one_entry", {"action": "update"}),
    ("imports", "entries_are_positive", {"entry_count": 0}),
    ("imports", "settled_adds_up", {**SETTLED, "accepted_count": 1}),
    ("imports", "settled_adds_up", {**SETTLED, "rejected_count": 1}),
    ("imports", "entry_verdict_is_accepted", {**SETTLED, "entry_verdict": "rejected"}),
    ("imports", "entry_verdict_is_final", {**SENT, "state": "unknown", "entry_verdict": "accepted"}),
    ("imports", "entry_verdict_is_final",
     {**SETTLED, "entry_verdict": "accepted", "submitted_at": NOW, "late_until": NOW}),
    ("imports", "vendor_ids_are_whole", {**SETTLED, "vendor_ids": ["a", "b"]}),
    ("imports", "vendor_ids_are_whole", {**SETTLED, "entry_verdict": "accepted", "vendor_ids": ["a"]}),
    ("imports", "failed_delivered_nothing", {"state": "failed", "settled_at": NOW, "accepted_count": 2}),
    ("imports", "failed_delivered_nothing", {"state": "failed", "settled_at": NOW, "duplicate_count": 2}),
    ("imports", "failed_delivered_nothing", {"state": "failed", "settled_at": NOW, "unattributed_count": 2}),
    ("deliveries", "verdict_is_known", {"verdict": "unknown", "settled_at": NOW}),
    ("deliveries", "settled_iff_verdict", {"verdict": "accepted"}),
    ("deliveries", "settled_iff_verdict", {"settled_at": NOW}),
    ("deliveries", "refusal_has_a_reason", {"verdict": "duplicate", "settled_at": NOW}),
    ("deliveries", "refusal_has_a_reason", {"verdict": "rejected", "settled_at": NOW}),
    ("deliveries", "held_is_whole", {"held_digest": b"d"}),
    ("deliveries", "held_is_open", {**HELD, "verdict": "accepted", "settled_at": NOW}),
    ("targets", "target_is_known", {"target": "{}"}),
    ("targets", "row_says_something", {"attempted_at": None}),
    ("target_events", "event_is_known", {"event": "lost"}),
    ("contacts", "verdict_is_known", {"verdict": "accepted", "reason_code": "r"}),
    ("contacts", "eligible_is_addressed", {"phones": []}),
    ("contacts", "eligible_is_addressed", {"phones": [phone(n) for n in range(4)]}),
    ("contacts", "eligible_is_addressed", {"campaign": ""}),
    ("contacts", "eligible_is_addressed", {"lead_id": ""}),
    ("contacts", "purged_has_no_phone", {"is_purged": True, "verdict": "invalid", "reason_code": "r"}),
    ("contacts", "refusal_has_a_reason", {"verdict": "invalid"}),
    ("withdrawals", "refusal_is_whole", {"refused_on": DAY}),
    ("withdrawals", "refusal_is_whole", {"refusal_code": "consent_withdrawn"}),
]  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "imports": IMPORT,
    "deliveries": DELIVERY,
    "contacts": CONTACT,
    "targets": TARGET,
    "target_events": TARGET_EVENT,
    "withdrawals": WITHDRAWAL,
}


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An engine of this test's database."""
    made = create_engine(make_url(database).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    yield made
    made.dispose()


def insert(engine: Engine, table: str, *rows: dict[str, Any]) -> None:
    """The rows are in the table, or the errors are those of the store."""
    with mapped(), engine.begin() as connection:
        for row in rows:
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO ledger.{table} ({columns}) VALUES ({values})"), row)


def test_legal_states_are_stored(engine: Engine) -> None:
    """Every state of the state machine can be written."""
    for number, (table, changes) in enumerate(LEGAL):
        keys = {
            "imports": {"import_key": f"00000000-0000-0000-0000-{number:012d}"},
            "deliveries": {"lead_id": f"L{number}", "position": number},
            "contacts": {"row_no": number},
            "targets": {"name": f"n{number}"},
            "target_events": {},
            "withdrawals": {"lead_id": f"L{number}"},
        }
        insert(engine, table, ROWS[table] | changes | keys[table])


@pytest.mark.parametrize(
    ("table", "constraint", "changes"), ILLEGAL, ids=[f"{t}-{c}-{n}" for n, (t, c, _) in enumerate(ILLEGAL)]
)
def test_illegal_state_is_refused_by_name(table: str, constraint: str, changes: dict[str, Any], engine: Engine) -> None:
    """An illegal state is refused, and the error carries the name of the rule and no value."""
    with pytest.raises(ConstraintError) as caught:
        insert(engine, table, ROWS[table] | changes)
    assert caught.value.constraint == constraint
    assert str(caught.value) == f"the database refused a row: {constraint}"


def test_every_check_of_the_ledger_has_a_test(engine: Engine) -> None:
    """No CHECK constraint of the ledger's tables is without an illegal state above."""
    with engine.connect() as connection:
        named = connection.execute(
            text(
                "SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
                " WHERE contype = 'c' AND relnamespace = 'ledger'::regnamespace"
            )
        )
        assert {tuple(row) for row in named} == {(table, constraint) for table, constraint, _ in ILLEGAL}


def test_delivery_is_carried_at_one_place(engine: Engine) -> None:
    """No two deliveries are at one position of one import, and no lead is on a campaign twice."""
    with pytest.raises(ConstraintError, match="entry_carries_one_delivery"):
        insert(engine, "deliveries", DELIVERY, DELIVERY | {"lead_id": "L2"})
    with pytest.raises(ConstraintError, match="deliveries_pkey"):
        insert(engine, "deliveries", DELIVERY, DELIVERY | {"position": 1})


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger.events SET event = 'x'", "DELETE FROM ledger.events", "TRUNCATE ledger.events"]
)
def test_history_cannot_be_changed(statement: str, engine: Engine) -> None:
    """Events are only ever added."""
    insert(engine, "events", {"at": NOW, "import_id": 1, "event": "planned", "actor": "test"})
    with pytest.raises(ConstraintError, match="events_are_append_only"), mapped(), engine.begin() as connection:
        connection.execute(text(statement))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT event FROM ledger.events")).scalars().all() == ["planned"]


def as_reader(installation: Installation, statement: str) -> list[tuple[Any, ...]]:
    """The statement's rows, as the role that reads reports."""
    with installation.engine.connect() as connection:
        connection.execute(text("SET LOCAL ROLE leadsync_reader"))
        return [tuple(row) for row in connection.execute(text(statement))]


def relations(installation: Installation, schemas: str) -> list[str]:
    """Tables and views of the schemas."""
    rows = query(
        installation,
        "SELECT table_schema || '.' || table_name FROM information_schema.tables"
        f" WHERE table_schema IN ({schemas}) ORDER BY 1",
    )
    return [name for (name,) in rows]


def test_reader_sees_reports_and_nothing_else(installations: Make, sinch: Vendor) -> None:
    """The read-only role can read all of `reporting`, no other schema, and write nowhere."""
    installation = installations(rows=leads(3))
    load_day(installation, DAY)
    for name in relations(installation, "'reporting'"):
        as_reader(installation, f"SELECT * FROM {name}")
        with pytest.raises(DBAPIError):
            as_reader(installation, f"DELETE FROM {name}")
    hidden = relations(installation, "'crm', 'ledger', 'reference', 'public'")
    assert {"crm.leads", "ledger.imports", "ledger.deliveries", "ledger.outcomes"} <= set(hidden)
    for name in hidden:
        with pytest.raises(ProgrammingError, match="permission denied"):
            as_reader(installation, f"SELECT * FROM {name}")


def test_reader_sees_masked_numbers(installations: Make, sinch: Vendor) -> None:
    """What the read-only role sees holds no phone number, e-mail address or name."""
    sinch.vendor.knobs.reject_numbers = [phone(2)]
    installation = installations(rows=leads(3, email="ada@example.org"))
    load_day(installation, DAY)
    phones = as_reader(installation, "SELECT DISTINCT phone FROM reporting.lead_outcome ORDER BY 1")
    assert phones == [("+49 *** *** 0001",), ("+49 *** *** 0002",), ("+49 *** *** 0003",)]
    for name in relations(installation, "'reporting'"):
        everything = str(as_reader(installation, f"SELECT * FROM {name}"))
        assert [secret for secret in (phone(1), phone(2), phone(2)[1:], "ada@", "Muster") if secret in everything] == []
