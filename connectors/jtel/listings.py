"""Listings of contacts, read once for many questions.

Belongs here: keeping a listing for a short while, and when it is too old for a question. Does not belong here:
what its absence of a contact means (`gateway.py`), the request (`client.py`).

jtel lists a campaign's contacts in one answer without pages, and its look-up by `UserData` is not public: the
listing is the only way to ask, and far too dear to be read once for each lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from connectors.jtel.models import JtelContact

ContactIds = Mapping[str, Sequence[int | None]]
"""The ids of the contacts of each `UserData`; None for a contact whose id cannot be read."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Since when a listing may have been begun where any young one will do."""


def ids_by_user_data(contacts: Sequence[JtelContact], campaign_id: int) -> ContactIds:
    """Of this campaign alone: an older release answers the contacts of all."""
    ids: dict[str, list[int | None]] = {}
    for contact in contacts:
        if contact.user_data is not None and contact.campaign_id in (None, campaign_id):
            ids.setdefault(contact.user_data, []).append(contact.id)
    return ids


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Listing:
    begun_at: datetime
    ids: ContactIds


class ContactListings:
    """The contacts of campaigns by `UserData`; safe from any thread. Times in seconds.

    Absence proves something only in a listing that was begun after the request in question was over: hence `since`.
    """

    def __init__(
        self,
        fetch: Callable[[int], ContactIds],
        *,
        max_age_s: float = 60,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._fetch = fetch
        self._max_age = timedelta(seconds=max_age_s)
        self._now = now
        self._lock = Lock()
        self._turns: defaultdict[int, Lock] = defaultdict(Lock)
        self._kept: dict[int, _Listing] = {}

    def contact_ids(self, campaign_id: int, *, since: datetime) -> ContactIds:
        """The contacts in a listing that was begun at `since` or later, and is young.

        Whoever comes while it is read waits for it, and reads again only if it was begun too early for him.
        """
        with self._lock:
            turn = self._turns[campaign_id]
        with turn:
            kept = self._kept.get(campaign_id)
            if kept is not None and kept.begun_at >= since and self._is_young(kept):
                return kept.ids
            listing = _Listing(self._now(), self._fetch(campaign_id))
            self._keep(campaign_id, listing)
            return listing.ids

    def _keep(self, campaign_id: int, listing: _Listing) -> None:
        """Old listings of other campaigns go, so that the memory is that of what is asked about."""
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if self._is_young(kept)}
            self._kept[campaign_id] = listing

    def _is_young(self, listing: _Listing) -> bool:
        return self._now() - listing.begun_at <= self._max_age
