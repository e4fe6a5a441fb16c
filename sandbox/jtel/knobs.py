"""The settings of the jtel double, most of them answers to what the vendor leaves open.

Belongs here: fields and their defaults. Does not belong here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.settings import Knobs


@dataclass
class JtelKnobs(Knobs):
    """How this portal behaves. All defaults are assumed, unless documented is said.

    Attributes:
        clients_id: The client account that the address must name.
        wrong_client: The answer to another account's id.
        release: The portal's; decides on field lengths (3.19) and the dates of a clone (3.39, documented).
        old_dates: What a portal before 3.39 does with the dates of a clone.
        not_found: How a read says that there is nothing: by 404, or by 200 with an empty page.
        is_name_case_sensitive: Whether the partial match (documented) and the conflict of a clone look at case.
        delete_by_name: Whether the deletion matches the whole name or a part of it.
        field_lengths: What happens to a text that is too long.
        user_data_scope: Where `overwriteDuplicates` looks for the same `UserData`.
        is_user_data_case_sensitive: Whether it tells a `UserData` from one that differs by case alone.
        overwrite: Whether fields that an overwriting import leaves out are emptied or kept.
        filters_contacts: False is an older release, which answers the contacts of all campaigns.
        page_size: A portal of the future, which answers this many records at most.
        id_key: The key of a campaign's id, which every sample of the document cuts off.
        has_null_booleans: Booleans are null, as in the document's samples.
        date_format: Without zone, in UTC with microseconds, or as the CSV files have it.
        shows_user_data: Whether a campaign's record has `UserData`.
        shows_counters: Whether a contact's record has its counters of tries.
        clone_answers: The clone, or the source as the document's sample does.
        import_answers: The contact, or the status alone.
        body_status: Every answer is HTTP 200 with this status in the body, and nothing is done.
        omits_status: Bodies have no status.
        flags: Fields and values that campaigns of this portal heed: a contact that has one of them is not dialled.
        reject_phones: Numbers for which an import is refused.
    """

    clients_id: int = 1
    wrong_client: Literal["403", "404"] = "404"
    release: str = "3.39"
    old_dates: Literal["ignore", "reject"] = "ignore"
    not_found: Literal["404", "empty"] = "404"
    is_name_case_sensitive: bool = False
    delete_by_name: Literal["exact", "partial"] = "exact"
    field_lengths: Literal["truncate", "reject"] = "reject"
    user_data_scope: Literal["campaign", "account"] = "account"
    is_user_data_case_sensitive: bool = True
    overwrite: Literal["replace", "merge"] = "replace"
    filters_contacts: bool = True
    page_size: int | None = None
    id_key: Literal["ID", "DiallerCampaignsID"] = "ID"
    has_null_booleans: bool = False
    date_format: Literal["local", "utc", "csv"] = "local"
    shows_user_data: bool = True
    shows_counters: bool = True
    clone_answers: Literal["clone", "source"] = "clone"
    import_answers: Literal["contact", "status"] = "contact"
    body_status: int | None = None
    omits_status: bool = False
    flags: dict[str, Any] = field(default_factory=dict)
    reject_phones: list[str] = field(default_factory=list)

    def is_since(self, release: str) -> bool:
        """Whether the portal is of that release or newer."""
        return _numbers(self.release) >= _numbers(release)


def _numbers(release: str) -> list[int]:
    return [int(part) for part in release.split(".")]
