"""The settings of the Platform double; nearly all are answers to what the vendor's document leaves open.

Belongs here: fields and their defaults, which are assumed. Does not belong here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.settings import Knobs


@dataclass
class PlatformKnobs(Knobs):
    """How this Platform behaves. Times in seconds of the double's clock.

    Attributes:
        token: The API token that a client must show; another one is a revoked token.
        page_size: Rows of a page; not selectable by a client.
        links: How `nextUri`, `mediaUri` and `nextPageLink` are written: `short` begins at `/v3.0`, `long` at the
            base path, `absolute` with this host, `elsewhere` with another one.
        last_page: What the link of the last page is.
        cursors: How cursors are written: `quoted` as a query should, or `bare`, in base64 with its + and / and = as
            they are.
        looping_cursor: Every page points to the first one again.
        timestamps: `+10:00` or `+1000`.
        ignored_filters: Query parameters of reads that are overlooked.
        hidden_fields: What the rows of `GET leads` leave out.
        odd_fields: What the rows of `GET leads` and of `GET leads/lists` say instead, of whatever type.
        hidden_lists: Lists that the account may not see: reads, changes and deletions find neither them nor their
            leads.
        hidden_status: The status for such a list; that of its leads is 404.
        index_lag_s: How long a stored lead is not found by `GET leads`.
        duplicate_key: Whether a customerKey that the list has already is stored once more.
        unknown_list: The status for a lead whose list does not exist.
        unknown_lead_data: Whether leadData may have keys that no campaign field has.
        lead_fields: The campaign fields, when unknown keys are refused.
        update_null: What null means in an update.
        complete_again: The status for completing a lead that is completed.
        change_answer: What an update and a deletion answer: 204, 200 with an empty body, or 200 with a JSON object.
        reject_phones: Numbers that make a lead invalid.
        poison: customerKeys for which a whole bulk request is refused with 422.
        max_leads, over_max: How many leads a bulk request takes, and the status for more.
        slash_redirect: What a path gets whose last slash is missing, or is one too many.
        requests_per_second, retry_after: Beyond that rate 429, with that header.
        bulk_script: The words that a job walks through, one for each `bulk_step_s`; rows are stored at the last.
        bulk_word_mixed, bulk_word_bad: The last word when some rows, or all, were refused.
        bulk_stuck: A job never gets beyond the last word but one.
        bulk_is_atomic: One refused row refuses the whole job.
        bulk_retention_s: How long a job's uuid is known.
        bulk_result: The shape of `result` at the end.
        bulk_counts: What the counts say where there are errors: `true` how many rows were stored and refused. The
            others say that all were stored, and nothing else (`all`), or beside it the errors (`beside`), how many
            were refused as text (`text`), or that under two names, one of which says none (`twice`).
        error_link: The shape of `error_link` where there are errors.
        error_list: Whether `errorList` is an array, or an object keyed by row.
        error_fields: What an error says: of row, customerKey, phone1, message.
        error_row_base: The number of the first row.
        error_page_size: Errors on a page.
    """

    token: str = "platform-token"
    auth_header: str = "Authorization"
    auth_scheme: Literal["bearer", "raw"] = "bearer"
    page_size: int = 50
    links: Literal["short", "long", "absolute", "elsewhere"] = "short"
    last_page: Literal["absent", "null", "empty"] = "null"
    cursors: Literal["quoted", "bare"] = "quoted"
    looping_cursor: bool = False
    timestamps: Literal["colon", "basic"] = "colon"
    ignored_filters: list[str] = field(default_factory=list)
    hidden_fields: list[str] = field(default_factory=list)
    odd_fields: dict[str, Any] = field(default_factory=dict)
    hidden_lists: list[int] = field(default_factory=list)
    hidden_status: Literal["404", "403"] = "404"
    index_lag_s: float = 0.0
    duplicate_key: Literal["accept", "409"] = "accept"
    unknown_list: Literal["404", "422"] = "404"
    unknown_lead_data: Literal["accept", "422"] = "accept"
    lead_fields: list[str] = field(default_factory=list)
    update_null: Literal["clear", "keep"] = "clear"
    complete_again: Literal["204", "409"] = "204"
    change_answer: Literal["204", "empty", "object"] = "204"
    reject_phones: list[str] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    max_leads: int = 1000
    over_max: Literal["413", "422"] = "413"
    slash_redirect: Literal["308", "301", "none"] = "308"
    requests_per_second: int | None = None
    retry_after: str | None = "1"
    bulk_script: list[str] = field(default_factory=lambda: ["pending", "processing", "completed"])
    bulk_step_s: float = 1.0
    bulk_word_mixed: str = "completed_with_errors"
    bulk_word_bad: str = "failed"
    bulk_stuck: bool = False
    bulk_is_atomic: bool = False
    bulk_retention_s: float | None = None
    bulk_result: Literal["counts", "empty", "null"] = "counts"
    bulk_counts: Literal["true", "all", "beside", "text", "twice"] = "true"
    error_link: Literal["string", "object", "null"] = "object"
    error_list: Literal["array", "object"] = "array"
    error_fields: list[str] = field(default_factory=lambda: ["row", "customerKey", "message"])
    error_row_base: int = 0
    error_page_size: int = 20
