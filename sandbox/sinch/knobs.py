"""The settings of the OBI double, most of them answers to what the vendor's document leaves open.

Belongs here: fields and their defaults. Does not belong here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandbox.settings import Knobs


@dataclass
class SinchKnobs(Knobs):
    """How this OBI behaves.

    Attributes:
        max_batch: Entries that `customers/list` takes in one request.
        over_max: What happens to a larger request.
        require_auth: How a client proves who it is.
        bare_attributes: Whether `attributes` may be a bare array in place of the wrapped form.
        duplicate_in_request: Which of several entries with one externalId is stored, without stop.
        unique_external_id: False stores a repeated externalId, so that `creations` shows resends.
        external_id_scope: Where an externalId must be unique.
        closed_campaign: Whether a Handled, Expired, Invalid or Deleted campaign takes customers.
        hide_campaigns: Campaign ids that the API user has no right to see.
        poison: externalIds for which the whole request is refused.
        reject_numbers: Numbers that are refused entry by entry.
        collapse_single: A wrapper of one attribute is answered as an object, not an array.
        ignore_offset: Every page of customers is the first (assumed possible).
        max_limit: More customers are never answered at once; None is no maximum (assumed possible).
        sentinel_dates: A customer without a date is answered with 9999-12-31T23:59:59Z.
    """

    max_batch: int = 100
    over_max: Literal["accept", "413", "400"] = "accept"
    require_auth: Literal["none", "basic", "basic+key"] = "none"
    username: str = "api-user"
    password: str = "api-password"
    api_key: str = "api-key"
    api_key_header: str = "x-api-key"
    bare_attributes: Literal["reject", "accept"] = "reject"
    duplicate_in_request: Literal["first_wins", "all_fail"] = "first_wins"
    unique_external_id: bool = True
    external_id_scope: Literal["campaign", "system"] = "campaign"
    closed_campaign: Literal["accept", "400"] = "400"
    hide_campaigns: list[str] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    reject_numbers: list[str] = field(default_factory=list)
    collapse_single: bool = False
    ignore_offset: bool = False
    max_limit: int | None = None
    sentinel_dates: bool = True
