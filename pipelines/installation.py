"""One installation: its settings, its database, and what they open.

Belongs here: putting settings, engine and gateways together. Does not belong here: what is done with
them (`night.py`), Dagster (`resources.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

import sql.migrate
from connectors.directory import Directory
from connectors.errors import SetupError
from connectors.gateway import Campaign, Gateway
from pipelines.campaigns import stored_campaigns
from pipelines.database import check_connection, connect, database_url, shown
from pipelines.delivery import Terms
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Scope
from pipelines.plan_ledger import PlanLedger
from pipelines.settings import Settings, load_settings
from pipelines.store import Store, mapped
from pipelines.vendors import VendorSettings

NO_READER = (
    "database: there is no role leadsync_reader, by which others read the schema reporting alone: this user may not"
    " create roles (CREATEROLE). Where it is needed, an administrator runs CREATE ROLE leadsync_reader NOLOGIN;"
    " then run leadsync migrate again"
)


@dataclass
class Installation:
    """Settings and database of one `leadsync.yaml`. A dry run's stores undo everything they did."""

    settings: Settings
    actor: str = "leadsync"
    shared_store: Store | None = None

    @classmethod
    def load(cls, path: Path | None = None, *, actor: str = "leadsync") -> Installation:
        """The installation that the configuration file describes."""
        return cls(load_settings(path), actor)

    @property
    def is_dry_run(self) -> bool:
        """Whether everything that is done is undone at the end."""
        return self.shared_store is not None

    @cached_property
    def engine(self) -> Engine:
        """The engine of the ledger's database, which answers and has the newest schema."""
        engine = connect(database_url(self.settings.database, self.settings.folder))
        check_connection(engine)
        _upgrade(engine)
        return engine

    @property
    def is_open(self) -> bool:
        """Whether the ledger's database was reached, so that it can be told something."""
        return "engine" in self.__dict__

    def migrate(self) -> str | None:
        """The database has the newest schema, with the report views and their grants put in place anew.

        A sentence where the role of those who read reports could not be made.
        """
        _upgrade(self.engine, is_forced=True)
        with mapped():
            return None if sql.migrate.can_be_read(self.engine) else NO_READER

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A store on a connection of its own; in a dry run the one that they all share."""
        if self.shared_store is not None:
            yield self.shared_store
            return
        store = Store(self.engine)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """A ledger over a store of its own."""
        with self.store() as store:
            yield Ledger(store, actor=self.actor)

    @contextmanager
    def plan_ledger(self) -> Iterator[PlanLedger]:
        """A ledger to plan with, over a store of its own."""
        with self.store() as store:
            yield PlanLedger(store, actor=self.actor)

    @contextmanager
    def dry_run(self) -> Iterator[Installation]:
        """An installation whose every step takes the same path and is undone at the end."""
        store = Store(self.engine, is_dry_run=True)
        try:
            yield Installation(self.settings, self.actor, shared_store=store)
        finally:
            store.close()

    @contextmanager
    def gateway(self, vendor: str) -> Iterator[Gateway]:
        """The vendor's gateway, closed at the end."""
        gateway = self.vendor_settings(vendor).gateway()
        try:
            yield gateway
        finally:
            gateway.close()

    @contextmanager
    def directory(self, vendor: str) -> Iterator[Directory]:
        """What the vendor knows, closed at the end."""
        directory = self.vendor_settings(vendor).directory()
        try:
            yield directory
        finally:
            directory.close()

    def vendor_settings(self, vendor: str) -> VendorSettings:
        """How the vendor is reached; SetupError if the configuration does not say."""
        configured = self.settings.vendors.configured()
        if vendor not in configured:
            raise SetupError(f"vendors.{vendor} is not in the configuration, but a campaign needs it")
        return configured[vendor]

    def campaigns(self, store: Store, vendor: str, names: Sequence[str] = ()) -> Mapping[str, Campaign]:
        """The vendor's active campaigns, all or the named ones; SetupError for a name that is not there."""
        known = {campaign.campaign: campaign for campaign in stored_campaigns(store, vendor)}
        return {name: known[name] for name in names if name in known} if names else known

    def scope(self, vendor: str, days: Sequence[date], campaigns: Mapping[str, Campaign]) -> Scope:
        """What a run for these days and campaigns is about."""
        return Scope(vendor, tuple(days), tuple(sorted(campaigns)))

    def terms(self, vendor: str, *, wait_s: float = 0) -> Terms:
        """How long claims of this vendor last and how failures are waited out."""
        configured = self.vendor_settings(vendor)
        return Terms(
            lease_s=self.settings.delivery.lease_s,
            settle_s=configured.settle_s,
            wait_s=wait_s,
            patience=configured.patience(),
        )

    def close(self) -> None:
        """The pool of connections is empty."""
        if self.is_open:
            self.engine.dispose()


def _upgrade(engine: Engine, *, is_forced: bool = False) -> None:
    """The database has the newest schema; SetupError where it has a newer one, or others have its tables in use."""
    try:
        with mapped():
            sql.migrate.upgrade(engine, is_forced=is_forced)
    except sql.migrate.UnknownVersionError as error:
        raise SetupError(
            f"database: {shown(engine.url)} has the schema {error.version} of a newer leadsync; install that one here,"
            " too, or name another database. Nothing was changed"
        ) from None
    except sql.migrate.LockedError as error:
        raise SetupError(
            f"database: {shown(engine.url)} could not be migrated: its tables were in use for"
            f" {sql.migrate.LOCK_WAIT_S:.0f} s{_by(error.sessions)}. Run leadsync migrate again when they are free."
            " Nothing was changed"
        ) from None


def _by(sessions: Sequence[sql.migrate.Session]) -> str:
    """Who has them in use, and how an administrator ends it."""
    told = [
        f"session {one.pid} of {one.user}"
        + (f" ({one.application})" if one.application else "")
        + (f" since {one.since:%Y-%m-%d %H:%M %Z}" if one.since else "")
        for one in sessions
    ]
    return f", by {', '.join(told)}; SELECT pg_terminate_backend({sessions[0].pid}) ends the first" if told else ""
