"""The targets that campaigns are loaded into: found or made by name, switched, removed; each once, each recorded.

Belongs here: that a target is made once, whatever dies and whoever else looks for it, and the record of what was
done to it. Does not belong here: how a vendor does it (`connectors/<vendor>/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from connectors.errors import ConnectorError, OutcomeUnknownError, SetupError, TargetError, TargetOverError
from connectors.gateway import Campaign, ControlsTargets, Gateway, MakesTargets, RenewsTargets, TargetAction
from pipelines.store import Store, utc_now

Target = Mapping[str, Any]

_DONE: Mapping[TargetAction, str] = {"activate": "activated", "pause": "paused", "delete": "deleted"}


def known_or_made(
    store: Store, gateway: Gateway, campaign: Campaign, day: date, *, settle_s: float, actor: str
) -> Target | None:
    """What the campaign is loaded into on the day; None where the configuration names it by its id.

    A target that is not known yet is looked for by its name first, and made only when the vendor has none. The
    request to make it is noted before it is written: where its outcome was not seen, the vendor is asked, and
    nothing is made again before `settle_s` seconds are over. The place of a target whose time is over is taken by
    another, whose name follows from that end: whoever looks, and whenever, finds the same one.

    Raises:
        TargetError: this campaign cannot be loaded now; the text says why.
        SetupError, ConnectorError: the vendor cannot be asked.
    """
    if not isinstance(gateway, MakesTargets):
        return None
    name = gateway.target_name(campaign, day)
    if name is None:
        return None
    shelf = _Shelf(store, gateway.vendor, campaign.campaign, name, actor)
    with shelf.locked():
        last, target = _last_known(shelf, gateway, _is_over)
        if target is not None and not _is_doubtful(gateway, target):
            return target
        return _found_or_renewed(last, gateway, campaign, day, settle_s)


def known(store: Store, gateway: Gateway, campaign: Campaign, day: date) -> Campaign:
    """The campaign with what is known of its target on the day; nobody is asked."""
    name = gateway.target_name(campaign, day) if isinstance(gateway, MakesTargets) else None
    if name is None:
        return campaign
    shelf = _Shelf(store, gateway.vendor, campaign.campaign, name, "")
    _, target = _last_known(shelf, gateway, lambda end: end.date() < day)
    return replace(campaign, target={**campaign.target, **(target or {})})


def forget(store: Store, vendor: str, gateway: Gateway, campaign: Campaign, day: date, *, actor: str) -> None:
    """The vendor does not know the target of the day any more: the next load looks for it by name, or makes another."""
    name = gateway.target_name(campaign, day) if isinstance(gateway, MakesTargets) else None
    if name is not None:
        last, _ = _last_known(_Shelf(store, vendor, campaign.campaign, name, actor), gateway, _is_over)
        last.tell("missed", is_gone=True)


def control(store: Store, gateway: Gateway, campaign: Campaign, action: TargetAction, day: date, *, actor: str) -> None:
    """The action was done to the campaign's target, and is on record; repeating it does no harm.

    Raises:
        TargetError: the vendor cannot do it; the text says what it can.
    """
    actions = gateway.target_actions if isinstance(gateway, ControlsTargets) else frozenset()
    if not isinstance(gateway, ControlsTargets) or action not in actions:
        can = ", ".join(sorted(actions)) or "nothing of the kind"
        raise TargetError(f"campaigns.{campaign.campaign}: {gateway.vendor} cannot {action} a target; it can: {can}")
    name = gateway.target_name(campaign, day) if isinstance(gateway, MakesTargets) else None
    name = name or str(next(iter(campaign.target.values()), ""))
    shelf = _Shelf(store, gateway.vendor, campaign.campaign, name, actor)
    with shelf.locked():
        last, _ = _last_known(shelf, gateway, lambda end: end.date() < day)
        gateway.control_target(known(store, gateway, campaign, day), action)
        last.tell(_DONE[action], is_gone=action == "delete")


def _last_known(shelf: _Shelf, gateway: Gateway, is_over: Callable[[datetime], bool]) -> tuple[_Shelf, Target | None]:
    """Of the targets that took over from one another, as far as is known: the first that is not over, or the last."""
    target, _ = shelf.known()
    while isinstance(gateway, RenewsTargets) and target is not None:
        end = _end(target)
        if end is None or not is_over(end) or shelf.never_began(end):
            break
        successor = shelf.after(end, gateway)
        follower, _ = successor.known()
        if follower is None:
            break
        shelf, target = successor, follower
    return shelf, target


def _found_or_renewed(shelf: _Shelf, maker: MakesTargets, campaign: Campaign, day: date, settle_s: float) -> Target:
    """The target as the vendor has it now, else the first that took its place and is not over, found or made.

    Raises:
        TargetOverError: what was to take the place was over before that: another would be, too.
    """
    while True:
        target = _looked_at(shelf, maker, campaign) or _found_or_made(shelf, maker, campaign, day, settle_s)
        end = _end(target)
        if not isinstance(maker, RenewsTargets) or end is None or not _is_over(end):
            return target
        if shelf.never_began(end):
            raise _never_dialled(shelf, campaign, end)
        shelf = shelf.after(end, maker)


def _looked_at(shelf: _Shelf, maker: MakesTargets, campaign: Campaign) -> Target | None:
    """What is known of the target, as the vendor has it now; None where nothing is known, or it is gone there."""
    target, _ = shelf.known()
    if target is None:
        return None
    found = maker.find_target(replace(campaign, target={**campaign.target, **target}), shelf.name)
    if found is None:
        shelf.tell("missed", is_gone=True)
        return None
    return shelf.keep(found, is_made=False)


def _end(target: Target) -> datetime | None:
    ends_at = target.get("ends_at")
    return datetime.fromisoformat(ends_at) if ends_at else None


def _is_over(end: datetime) -> bool:
    return end <= utc_now()


def _is_doubtful(gateway: Gateway, target: Target) -> bool:
    """Whether the vendor must be asked: the target is over, as far as is known, or nobody looked at its end yet."""
    end = _end(target)
    return isinstance(gateway, RenewsTargets) and ("ends_at" not in target or (end is not None and _is_over(end)))


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
    target, end = shelf.keep(target, is_made=True), _end(target)
    if end is not None and _is_over(end):
        raise _never_dialled(shelf, campaign, end)
    return target


def _never_dialled(shelf: _Shelf, campaign: Campaign, end: datetime) -> TargetOverError:
    return TargetOverError(
        f"campaigns.{campaign.campaign}.target: {shelf.vendor} made «{shelf.name}», but it is over since "
        f"{end:%Y-%m-%d %H:%M %Z}; does it get its end from a template?"
    )


def _looked_for(maker: MakesTargets, campaign: Campaign, name: str) -> Target | None:
    """The target, if the vendor has it and can say so now."""
    try:
        return maker.find_target(campaign, name)
    except ConnectorError:
        return None


class _Shelf:
    """The place of one target in `ledger.targets`, and its record in `ledger.target_events`."""

    def __init__(
        self, store: Store, vendor: str, campaign: str, name: str, actor: str, *, first: _Shelf | None = None
    ) -> None:
        self._store = store
        self._actor = actor
        self._first = first or self
        self._begins_on = date.min
        self.vendor = vendor
        self.name = name
        self._key = {"vendor": vendor, "campaign": campaign, "name": name}

    def after(self, end: datetime, renewer: RenewsTargets) -> _Shelf:
        """The place of what is loaded after the end of this one, which began before that."""
        begins_on = end.date() + timedelta(days=1)
        name = renewer.successor_name(self._first.name, begins_on)
        shelf = _Shelf(self._store, self.vendor, self._key["campaign"], name, self._actor, first=self._first)
        shelf._begins_on = begins_on
        return shelf

    def never_began(self, end: datetime) -> bool:
        """Whether a target with this end was over before the day on which it was to take its place."""
        return end.date() < self._begins_on

    @contextmanager
    def locked(self) -> Iterator[None]:
        place = {"vendor": self.vendor, "name": self.name}
        self._store.run("targets", "lock", **place)
        try:
            yield
        finally:
            if self._store.is_connected:
                self._store.run("targets", "unlock", **place)

    def known(self) -> tuple[Target | None, datetime | None]:
        rows = self._store.rows("targets", "known", **self._key)
        return (rows[0].target, rows[0].attempted_at) if rows else (None, None)

    def attempt(self) -> None:
        with self._store.transaction():
            self._store.run("targets", "attempt", now=utc_now(), **self._key)
            self._event("asked_for")

    def forget_attempt(self) -> None:
        with self._store.transaction():
            self._store.run("targets", "forget_attempt", **self._key)
            self._event("not_made")

    def keep(self, target: Target, *, is_made: bool) -> Target:
        as_json = orjson.dumps(target).decode()
        with self._store.transaction():
            self._store.run("targets", "keep", target=as_json, is_made=is_made, now=utc_now(), **self._key)
            self._event("made" if is_made else "found")
        return target

    def tell(self, event: str, *, is_gone: bool) -> None:
        with self._store.transaction():
            self._event(event)
            if is_gone:
                self._store.run("targets", "forget", **self._key)

    def _event(self, event: str) -> None:
        self._store.run("targets", "tell", now=utc_now(), event=event, actor=self._actor, **self._key)
