"""What state machines over a ledger share: a database of their own, and how they are run.

Belongs here: what says nothing of leads or vendors. Does not belong here: rules and invariants.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

_NUMBERS = itertools.count(1)


@contextmanager
def fresh_database(server: URL) -> Iterator[str]:
    """The address of a new database with the newest schema, for one history."""
    name = f"machine_{os.getpid()}_{next(_NUMBERS)}"
    admin = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{server.database}"'))
    yield server.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


def check(
    machine: type[RuleBasedStateMachine],
    *,
    examples: int,
    steps: int,
    phases: Sequence[Phase] = (Phase.generate,),
    **attributes: Any,
) -> None:
    """The machine, with these attributes, kept its invariants in so many histories of so many steps.

    Shrinking takes minutes: only on demand.
    """
    run_state_machine_as_test(
        type("Machine", (machine,), attributes),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, database=None, phases=phases,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
