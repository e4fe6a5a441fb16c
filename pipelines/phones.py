"""Phone numbers as E.164.

Belongs here: what counts as a valid, dialable number, and how it is written. Does not belong here:
which region a campaign assumes and what becomes of a lead without a number (`eligibility.py`).

`parse_with_library` is the rule: our guards, then `phonenumbers`. `to_e164` returns the same for
every input, but answers the common shapes from compiled patterns at about a tenth of the cost;
whatever is unusual goes to the rule.
"""

from __future__ import annotations

import re
from functools import cached_property

import phonenumbers
from phonenumbers import PhoneMetadata

MAX_LENGTH = 40
SHORTEST_NATIONAL = 6

# What a number may be written with. A letter, comma, semicolon, `#`, `*` or `~` would make the
# library read a vanity number, an extension or a second number, none of which a dialler can dial.
# Beyond ASCII: wide forms, dashes, thin spaces and the marks that address books put around it.
_ALLOWED = re.compile(
    r"'?[-\d+ .()/\[\]\u00a0\u00ad\u2000-\u2015\u2028-\u202f\u2060-\u2069\u2212\u3000\u30fc"
    r"\ufeff\uff08\uff09\uff0b\uff0d-\uff0f\uff3b\uff3d]+"
)
# `491701234567.0` is a number read as a float, `-4917` the result of a formula such as `=49-4966`.
_SPREADSHEET = re.compile(r"'?\+?\d+\.0+|'?-\d+")
# `030 12345 / 030 23456`: after six digits, a slash or a dash with spaces, then another 0 and six
# digits. Pairs such as `01/23/45/06/07` stay one number.
_TWO_NUMBERS = re.compile(r"(?:\d\D*){6}(?:[/\uff0f]|\s[-\u2010-\u2015\u2212]\s)\D*0(?:\D*\d){6}")
_NEVER = re.compile(r"[^\s\S]")
# What the common shapes are written with, beside digits and a plus in front.
STRIPPED = " -()./"
_STRIP = dict.fromkeys(map(ord, STRIPPED))


def to_e164(raw: str, region: str | None) -> str | None:
    """The number in E.164, or None when it is not a valid number that a dialler can dial.

    Args:
        raw: what the source holds.
        region: ISO 3166 alpha-2 in upper case, for national numbers; None allows only `+` numbers.
    """
    return _read_common_shape(raw, region) or parse_with_library(raw, region)


def parse_with_library(raw: str, region: str | None) -> str | None:
    """The same as `to_e164`, by the rule itself: the guards, then the library."""
    text = raw.strip()
    if not _is_one_plain_number(text):
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None if _has_second_reading(text, region, found) else found


def national_digits(raw: str) -> str | None:
    """The digits of a number that does not say its country, without zeros in front; None for anything else.

    A number may be listed with nothing to tell its country by: whoever has these digits at home is meant.
    """
    text = raw.strip()
    if "+" in text or "\uff0b" in text or not _is_one_plain_number(text):
        return None
    digits = str(phonenumbers.normalize_digits_only(text)).lstrip("0")
    return digits if len(digits) >= SHORTEST_NATIONAL else None


def normalise_region(text: str) -> str | None:
    """The alpha-2 code in upper case (`UK` is `GB`); None for anything else: no name is guessed."""
    code = text.strip().upper()
    code = "GB" if code == "UK" else code
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


def _is_one_plain_number(text: str) -> bool:
    return (
        len(text) <= MAX_LENGTH
        and _ALLOWED.fullmatch(text) is not None
        and _SPREADSHEET.fullmatch(text) is None
        and _TWO_NUMBERS.search(text) is None
    )


def _has_second_reading(text: str, region: str | None, found: str) -> bool:
    """Whether a plus may be lost: in DE, `491712345678` is valid as 04917… and as +49 171…"""
    digits = phonenumbers.normalize_digits_only(text)
    code = str(phonenumbers.country_code_for_region(region)) if region else "+"
    if "+" in text or "\uff0b" in text or not digits.startswith(code) or found == f"+{digits}":
        return False
    return parse_with_library(f"+{digits}", None) is not None


class Plan:
    """What the library checks for one calling code, compiled for the code's main region.

    Kept from the library's order of work: a number that is valid after its national prefix was cut
    is that number, whatever it was before; hence one match decides, and a failure decides nothing.
    """

    def __init__(self, region: str, metadata: PhoneMetadata) -> None:
        self.region = region
        self.code = str(metadata.country_code)
        self._metadata = metadata
        self._by_length: dict[int, re.Pattern[str]] = {}

    @cached_property
    def international_prefix(self) -> re.Pattern[str]:
        """What is dialled before a calling code."""
        return re.compile(self._metadata.international_prefix or _NEVER.pattern)

    @cached_property
    def national_prefix(self) -> re.Pattern[str]:
        """What is dialled before a national number; with groups, where more than that is rewritten."""
        return re.compile(self._metadata.national_prefix_for_parsing or _NEVER.pattern)

    @cached_property
    def general(self) -> re.Pattern[str]:
        """What every national number looks like."""
        description = self._metadata.general_desc
        return re.compile((description and description.national_number_pattern) or _NEVER.pattern)

    def is_valid(self, digits: str) -> bool:
        """Whether the digits are a national significant number of the main region, of any type."""
        length = len(digits)
        pattern = self._by_length.get(length)
        if pattern is None:
            pattern = self._by_length[length] = self._compile(length)
        return pattern.fullmatch(digits) is not None

    def patterns(self, length: int) -> list[str]:
        """What so many digits match, each pattern as a whole, if they are valid; no patterns: they are not."""
        metadata = self._metadata
        types = (
            metadata.mobile,
            metadata.fixed_line,
            metadata.toll_free,
            metadata.premium_rate,
            metadata.shared_cost,
            metadata.voip,
            metadata.personal_number,
            metadata.pager,
            metadata.uan,
            metadata.voicemail,
        )
        patterns = [
            one.national_number_pattern
            for one in types
            if one is not None
            and one.national_number_pattern
            and (not one.possible_length or length in one.possible_length)
        ]
        general = metadata.general_desc
        lengths = general.possible_length if general else ()
        if not patterns or (lengths and length not in lengths):
            return []
        leading = [f"(?:{metadata.leading_digits})[0-9]*"] if metadata.leading_digits else []
        return [*leading, self.general.pattern, "|".join(dict.fromkeys(patterns))]

    def _compile(self, length: int) -> re.Pattern[str]:
        patterns = self.patterns(length)
        return re.compile("".join(f"(?=(?:{pattern})\\Z)" for pattern in patterns) + ".*") if patterns else _NEVER


class _Plans(dict[str, "Plan | None"]):
    """Calling code to plan, built on first use; None for a code without a main region."""

    def __missing__(self, code: str) -> Plan | None:
        # ASCII only: `int` would also take the digits of other scripts, and no code starts with 0.
        is_code = code.isascii() and code.isdecimal() and code[0] != "0"
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if is_code else ()
        metadata = PhoneMetadata.metadata_for_region(regions[0]) if regions else None
        plan = Plan(regions[0], metadata) if metadata else None
        if plan is not None:  # never remember what a caller made up: it would grow without bound
            self[code] = plan
        return plan


class _HomePlans(dict["str | None", "Plan | None"]):
    """Region to the plan of its calling code, if it is the main region of that code; else None."""

    def __missing__(self, region: str | None) -> Plan | None:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            return None
        plan = _PLANS[str(phonenumbers.country_code_for_region(region))]
        self[region] = plan if plan is not None and plan.region == region else None
        return self[region]


_PLANS = _Plans()
_HOME_PLANS = _HomePlans()
# No calling code is the beginning of another, so the first two digits tell its length.
_CODE_LENGTH = {
    str(code)[:2] if code > 9 else f"{code}{digit}": len(str(code))
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    for digit in range(10)
}


def plan_of(code: str) -> Plan | None:
    """The plan of a calling code; None where the code has no main region."""
    return _PLANS[code]


def home_plan(region: str | None) -> Plan | None:
    """The plan of the region's calling code, if it is the main region of that code."""
    return _HOME_PLANS[region]


def calling_code(digits: str) -> str:
    """The calling code that an international number begins with, if any does."""
    return digits[: _CODE_LENGTH.get(digits[:2], 3)]


def _read_common_shape(raw: str, region: str | None) -> str | None:
    """The number in E.164 if it has a common shape; None decides nothing."""
    # Nothing else that the guards refuse can be left when digits, separators and one plus remain.
    needs_guards = len(raw) > MAX_LENGTH or "." in raw or "/" in raw or " -" in raw or raw[:1] == "-"
    if needs_guards and not _is_one_plain_number(raw.strip()):
        return None
    digits = raw.translate(_STRIP)
    is_international = digits[:1] == "+"
    if is_international:
        digits = digits[1:]
    if not (digits.isdecimal() and digits.isascii()):
        return None
    return _read_international(digits) if is_international else _read_national(digits, region)


def _read_international(digits: str) -> str | None:
    code = calling_code(digits)
    plan = _PLANS[code]
    return _read_significant(digits[len(code) :], plan) if plan is not None else None


def _read_national(digits: str, region: str | None) -> str | None:
    plan = _HOME_PLANS[region]
    if plan is None:
        return None
    if plan.international_prefix.match(digits):
        # `0049…`: where the prefix is 00 alone, the rest is an international number.
        return _read_international(digits[2:]) if plan.international_prefix.pattern == "00" else None
    if digits.startswith(plan.code):
        return _read_with_own_code(digits, plan)
    return _read_significant(digits, plan)


def _read_with_own_code(digits: str, plan: Plan) -> str | None:
    """`33612345678` in FR: the library cuts the code where that turns impossible into possible."""
    rest = digits[len(plan.code) :]
    if plan.general.fullmatch(digits) or plan.national_prefix.match(rest) or not plan.is_valid(rest):
        return None
    return f"+{digits}"


def _read_significant(digits: str, plan: Plan) -> str | None:
    prefix = plan.national_prefix.match(digits)
    if prefix is not None:
        if prefix.lastindex is not None:  # a carrier code, or a prefix that is rewritten
            return None
        digits = digits[prefix.end() :]
    # One digit would lose its leading zero in the library's integer.
    return f"+{plan.code}{digits}" if len(digits) > 1 and plan.is_valid(digits) else None
