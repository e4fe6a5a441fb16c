"""The ledger's connections die: at chosen moments, again and again, in the middle of a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.store import LedgerError
from sandbox.faults import Fault
from tests.factories import DAY, leads, with_lease
from tests.faults.running import SENDING, Make, Vendor, assert_balanced, load_in_full, once
from tests.reading import states

COUNT = 60

TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'leadsync'
"""

# The n-th event that is written costs the connection that writes it. A sequence survives the rollback.
FUSE = """
CREATE SEQUENCE ledger.fuse;
CREATE FUNCTION ledger.burn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('ledger.fuse') BETWEEN {first} AND {last} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(0);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER burn BEFORE INSERT ON ledger.events FOR EACH ROW EXECUTE FUNCTION ledger.burn();
"""


@pytest.fixture
def administrator(database: str) -> Iterator[Engine]:
    """An engine of somebody else on this test's database."""
    url = make_url(database).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield engine
    engine.dispose()


def terminate(administrator: Engine) -> int:
    """How many of the ledger's connections were terminated."""
    with administrator.connect() as connection:
        return int(connection.execute(text(TERMINATE)).scalar_one())


def attempt(installation: Installation) -> str:
    """How the load ended: `done`, or the name of the ledger's error; any other error is a defect."""
    try:
        load_day(installation, DAY)
    except LedgerError as error:
        return type(error).__name__
    return "done"


class Run(Thread):
    """A load in a thread of its own; `outcome` is how it ended."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(daemon=True)
        self._installation = installation
        self.outcome: str | BaseException | None = None
        self.is_over = Event()
        self.start()

    def run(self) -> None:
        try:
            self.outcome = attempt(self._installation)
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: the test looks at it
            self.outcome = error
        finally:
            self.is_over.set()


@pytest.mark.parametrize("fired", [1, 2, 3])
def test_load_survives_the_loss_of_its_connections_while_a_batch_is_out(
    fired: int, installations: Make, sinch: Vendor, administrator: Engine
) -> None:
    """Verdicts that come back to a dead connection are stored on a new one."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 20, "connections": 1})
    sinch.faults.add(Fault(kind="slow", match=SENDING, seconds=0.3, times=None))
    run = Run(installation)
    assert sinch.faults.wait_until_fired(fired)
    assert terminate(administrator) >= 1
    assert run.is_over.wait(60)
    assert run.outcome in ("done", "LedgerUnavailableError")
    sinch.faults.clear()
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(installation)


def test_load_that_loses_its_connections_again_and_again_ends_with_a_clear_error(
    installations: Make, sinch: Vendor, administrator: Engine
) -> None:
    """A ledger that cannot be kept hold of ends the run as LedgerError; afterwards the day is loaded in full."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 20, "connections": 2})
    assert installation.engine  # the schema is there before the storm
    sinch.faults.add(Fault(kind="slow", match=SENDING, seconds=0.2, times=None))
    run = Run(installation)
    while not run.is_over.wait(0.05):
        terminate(administrator)
    assert run.outcome in ("done", "LedgerUnavailableError")
    sinch.faults.clear()
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)


@pytest.mark.parametrize("event", range(1, 10))
def test_connection_lost_inside_a_transaction_undoes_it_whole(
    event: int, installations: Make, sinch: Vendor, administrator: Engine
) -> None:
    """Whichever transition dies with its connection, it is undone as a whole, and nothing is sent twice for it."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch={"batch_size": 20, "connections": 1})
    with administrator.connect() as connection:
        connection.exec_driver_sql(FUSE.format(first=event, last=event))
    assert attempt(installation) in ("done", "LedgerUnavailableError")
    with administrator.connect() as connection:
        assert connection.exec_driver_sql("SELECT last_value FROM ledger.fuse").scalar_one() >= event
    load_in_full(installation, COUNT)
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(installation)


@pytest.mark.parametrize("event", [4, 5, 7])
def test_connection_that_stays_lost_while_batches_are_out_leaves_them_to_the_next_run(
    event: int, installations: Make, sinch: Vendor, administrator: Engine
) -> None:
    """A run that cannot store its verdicts fails as LedgerError; the next one asks, and sends nothing twice."""
    sinch.vendor.knobs.unique_external_id = False
    installation = with_lease(installations(rows=leads(COUNT), sinch={"batch_size": 20, "connections": 1}), 1.0)
    with administrator.connect() as connection:
        connection.exec_driver_sql(FUSE.format(first=event, last=1_000_000))
    assert attempt(installation) == "LedgerUnavailableError"
    with administrator.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER burn ON ledger.events")
    load_day(installation, DAY, wait_s=30)
    assert states(installation) == {"accepted": COUNT}
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(installation)
