"""The settings of the Sobot double, most of them answers to what the vendor's document leaves open.

Belongs here: fields and their defaults. Does not belong here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.settings import Knobs


@dataclass
class SobotKnobs(Knobs):
    """How this Sobot behaves. Times in seconds of the double's clock.

    Attributes:
        app_id, app_secret: The tenant's credential; change the secret to rotate it.
        token_style: Which of the two documented answers a token call gets.
        token_ttl_s: Lifetime of a token; the JWT's `exp` and `iat` are in milliseconds.
        expires_in: What the JWT's answer has as `expiresIn`, which no page shows (assumed); None: it is not there.
        token_window_s: How old or early a token call's `currentTime` may be (assumed).
        token_calls_per_minute: More calls than that are 429 (the limit exists, the number is assumed).
        single_token: A new token ends those before it (documented for 5.0, assumed here).
        bare_token: Whether a token counts without `Bearer `.
        accept_get_token: Whether the 5.0 `token` header opens these operations; it must not by default.
        agent_token_only: Operations 6 to 9 and 13 refuse a company token with 401.
        clock_skew_s: How far the vendor's clock is ahead of the double's.
        error_status: HTTP status of a refusal: always 200, or the same number as its `code` (assumed).
        code_as_text: The envelope's `code` is a numeric string.
        ret_code: Which operations answer `retCode`: as in the examples, all, or none.
        idempotency: Whether a repeated key gets the stored answer, or is not looked at.
        replay_reads: Whether repeated keys of reads get the stored answer too.
        max_details: Entries that one import takes.
        over_max: The `code` of a larger import.
        poison: Telephones for which the whole import is refused with `code` 400.
        reject_numbers: Telephones that end up in the error report.
        repeated_code: What an import with a callingListCode that was used does (assumed: it is worked off again).
        delay_visible_s, delay_final_s: When the result row shows, half done, and when it is final.
        result_hidden: The result row never shows.
        count_shortfall: How many leads the final counts never mention.
        forbidden_shortfall: How many of the forbidden numbers that it takes it does not count.
        filtered_count: Where a number of the block list is counted (assumed: nowhere).
        duplicate_field: The name of the duplicates' count.
        null_result_fields: Fields of a result row that are there and null (assumed).
        task_fields: What fields of every row of the task list hold instead (assumed).
        foreign_row_first: The result begins with rows of another task, one under the code that was asked for.
        pad_ids: Ids come with blanks around them, as the vendor's page prints them.
        echo_code: The import answers another callingListCode than it was sent; rows have the one that was sent.
        report: What the address of the error report leads to; `no_address` is a text that is none (assumed).
        report_repeats: Whether the report names repetitions too.
        report_numbers: Whether the report's telephones are text or numbers.
        report_header: The report's column titles (assumed): the telephone stands second, the reason last.
        second_host: Address of the double's other socket, for IVR flows and reports; "" lets the first play both.
    """

    app_id: str = "app-1"
    app_secret: str = "secret-1"
    token_style: Literal["accessToken", "access_token"] = "accessToken"
    token_ttl_s: float = 86_400
    expires_in: int | str | None = None
    token_window_s: float = 300
    token_calls_per_minute: int = 5
    single_token: bool = False
    bare_token: bool = False
    accept_get_token: bool = False
    agent_token_only: bool = False
    clock_skew_s: float = 0
    error_status: Literal["200", "same"] = "200"
    code_as_text: bool = False
    ret_code: Literal["as_documented", "always", "never"] = "as_documented"
    idempotency: Literal["replay", "ignore"] = "replay"
    replay_reads: bool = False
    max_details: int = 1000
    over_max: int = 413
    poison: list[str] = field(default_factory=list)
    reject_numbers: list[str] = field(default_factory=list)
    repeated_code: Literal["append", "refuse", "ignore"] = "append"
    delay_visible_s: float = 1
    delay_final_s: float = 2
    result_hidden: bool = False
    count_shortfall: int = 0
    forbidden_shortfall: int = 0
    filtered_count: Literal["nowhere", "error", "repeat"] = "nowhere"
    duplicate_field: Literal["repeatCount", "removeDuplicatesCount"] = "repeatCount"
    null_result_fields: list[str] = field(default_factory=list)
    task_fields: dict[str, Any] = field(default_factory=dict)
    foreign_row_first: bool = False
    pad_ids: bool = False
    echo_code: str = ""
    report: Literal["ok", "missing", "corrupt", "html", "odd_columns", "no_address"] = "ok"
    report_repeats: bool = False
    report_numbers: Literal["text", "number"] = "text"
    report_header: list[str] = field(default_factory=lambda: ["Name", "Telephone", "Failure reason"])
    second_host: str = ""
