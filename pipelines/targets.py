"""The targets that campaigns are loaded into, where they are found or made by name.

Belongs here: that a target is made once, whatever dies and whoever else looks for it. Does not belong here: how
a vendor makes one (`connectors/<vendor>/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import orjson

from connectors.errors import ConnectorError, OutcomeUnknownError, SetupError, TargetError
from connectors.gateway import Campaign, Gateway, MakesTargets
from pipelines.store import Store, utc_now

Target = Mapping[str, Any]


def known_or_made(store: Store, gateway: Gateway, campaign: Campaign, day: date, *, settle_s: float) -> Target | None:
    """What the campaign is loaded into on the day; None where the configuration names it by its id.

    A target that is not known yet is looked for by its name first, and made only when the vendor has none. The
    request to make it is noted before it is written: where its outcome was not seen, the vendor is asked, and
    nothing is made again before `settle_s` seconds are over.

    Raises:
        TargetError: this campaign cannot be loaded now; the text says why.
        SetupError, ConnectorError: the vendor cannot be asked.
    """
    if not isinstance(gateway, MakesTargets):
        return None
    name = gateway.target_name(campaign, day)
    if name is None:
        return None
    shelf = _Shelf(store, gateway.vendor, campaign.campaign, name)
    with shelf.locked():
        target, _ = shelf.known()
        return target or _found_or_made(shelf, gateway, campaign, day, settle_s)


def _found_or_made(shelf: _Shelf, maker: MakesTargets, campaign: Campaign, day: date, settle_s: float) -> Target:
    found = maker.find_target(campaign, shelf.name)
    if found is not None:
        return shelf.keep(found, is_made=False)
    _, attempted_at = shelf.known()
    if attempted_at is not None and utc_now() < attempted_at + timedelta(seconds=settle_s):
        raise TargetError(
            f"campaigns.{campaign.campaign}.target: whether {shelf.vendor} made «{shelf.name}» was not seen yet; "
            "it is looked for again, and made if it is not there"
        )
    return _made(shelf, maker, campaign, day)


def _made(shelf: _Shelf, maker: MakesTargets, campaign: Campaign, day: date) -> Target:
    shelf.attempt()
    try:
        target = maker.create_target(campaign, shelf.name, day)
    except OutcomeUnknownError as error:
        found = _looked_for(maker, campaign, shelf.name)
        if found is None:
            raise TargetError(f"campaigns.{campaign.campaign}.target: {error}") from None
        return shelf.keep(found, is_made=True)
    except (ConnectorError, SetupError):
        shelf.forget_attempt()
        raise
    return shelf.keep(target, is_made=True)


def _looked_for(maker: MakesTargets, campaign: Campaign, name: str) -> Target | None:
    """The target, if the vendor has it and can say so now."""
    try:
        return maker.find_target(campaign, name)
    except ConnectorError:
        return None


class _Shelf:
    """The place of one target in `ledger.targets`."""

    def __init__(self, store: Store, vendor: str, campaign: str, name: str) -> None:
        self._store = store
        self.vendor = vendor
        self.name = name
        self._key = {"vendor": vendor, "campaign": campaign, "name": name}

    @contextmanager
    def locked(self) -> Iterator[None]:
        place = {"vendor": self.vendor, "name": self.name}
        self._store.run("targets", "lock", **place)
        try:
            yield
        finally:
            if self._store.is_connected:
                self._store.run("targets", "unlock", **place)

    def known(self) -> tuple[Target | None, Any]:
        rows = self._store.rows("targets", "known", **self._key)
        return (rows[0].target, rows[0].attempted_at) if rows else (None, None)

    def attempt(self) -> None:
        with self._store.transaction():
            self._store.run("targets", "attempt", now=utc_now(), **self._key)

    def forget_attempt(self) -> None:
        with self._store.transaction():
            self._store.run("targets", "forget_attempt", **self._key)

    def keep(self, target: Target, *, is_made: bool) -> Target:
        with self._store.transaction():
            self._store.run(
                "targets",
                "keep",
                target=orjson.dumps(target).decode(),
                is_made=is_made,
                now=utc_now(),
                **self._key,
            )
        return target
