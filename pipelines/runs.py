"""Dagster from a program: its home, its storage, and jobs run in this process.

Belongs here: what `demo`, `up` and tests need of Dagster. Does not belong here: definitions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import URL

from connectors.errors import SetupError
from pipelines.database import EMBEDDED, check_connection, connect, database_url, home, postgres_url, using
from pipelines.definitions import build_definitions
from pipelines.partitions import RANGE_END, RANGE_START
from pipelines.processes import exported
from pipelines.settings import Settings

STORAGE = "\nstorage:\n  postgres:\n    postgres_url: {env: DAGSTER_PG_URL}\n"
OURS = Path(__file__).with_name("dagster.yaml")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def dagster_environment(settings: Settings) -> dict[str, str]:
    """DAGSTER_HOME and DAGSTER_PG_URL of this installation; both stay as the environment sets them.

    Without DAGSTER_HOME the home lies beside our own state, and its `dagster.yaml` is written anew from the one beside
    the configuration, or from ours where there is none, with Postgres as its storage.

    Raises:
        SetupError: DAGSTER_HOME is no folder, or DAGSTER_PG_URL no PostgreSQL that answers.
    """
    given = os.environ.get("DAGSTER_HOME")
    if given and not (Path(given).is_absolute() and Path(given).is_dir()):
        raise SetupError(f"DAGSTER_HOME: {given} must be the whole path of a folder that is there")
    url = _given_storage() or _own_storage(settings)
    folder = given or str(_write_home(settings))
    return {"DAGSTER_HOME": folder, "DAGSTER_PG_URL": url, "DAGSTER_DISABLE_TELEMETRY": "yes"}


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance that `leadsync up` shows; its environment is that of this process inside the block."""
    with exported(dagster_environment(settings)), dg.DagsterInstance.get() as instance:
        yield instance


def run_job(
    settings: Settings,
    instance: dg.DagsterInstance,
    name: str,
    days: Sequence[date],
    run_config: Mapping[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    """The job ran in this process, once for all the consecutive days, if it has any; a failure is in the result."""
    job = build_definitions(settings).resolve_job_def(name)
    is_one = len(days) == 1
    return job.execute_in_process(
        partition_key=days[0].isoformat() if is_one else None,
        tags={RANGE_START: days[0].isoformat(), RANGE_END: days[-1].isoformat()} if days and not is_one else None,
        instance=instance,
        run_config={**QUIET, **(run_config or {})},
        raise_on_error=False,
    )


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why the run failed, one sentence a step."""
    texts = []
    for event in result.all_events:
        if event.is_step_failure:
            told = event.step_failure_data.user_failure_data
            if told is not None and told.description:
                texts.append(told.description)
                continue
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            texts.append(cause.message.strip().partition(": ")[2] if cause else f"{event.step_key} failed")
    return texts


def _write_home(settings: Settings) -> Path:
    own = settings.folder / "dagster.yaml"
    template = own if own.exists() else OURS
    folder = home(settings.folder) / "dagster"
    with using(folder, database=settings.database):
        (folder / "dagster.yaml").write_text(template.read_text("utf-8") + STORAGE, "utf-8")
    return folder


def _given_storage() -> str | None:
    address = os.environ.get("DAGSTER_PG_URL")
    if not address:
        return None
    try:
        url = postgres_url(address)
    except ValueError as error:
        raise SetupError(f"DAGSTER_PG_URL {error}") from None
    engine = connect(url)
    try:
        check_connection(engine, setting="DAGSTER_PG_URL")
    finally:
        engine.dispose()
    return _for_dagster(url)


def _own_storage(settings: Settings) -> str:
    url = database_url(settings.database, settings.folder)
    return _for_dagster(url.set(database="dagster") if settings.database == EMBEDDED else url)


def _for_dagster(url: URL) -> str:
    # SQLAlchemy 2.1 takes psycopg 3 for `postgresql://`, and Dagster's notifications break on it.
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
