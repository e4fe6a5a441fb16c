"""Phone numbers: what is valid, what is refused, and that the quick answer is the library's."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from pipelines.phones import national_digits, normalise_region, parse_with_library, to_e164

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
OTHER_REGIONS = ("AU", "BR", "DE", "IT", "US")
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
TYPES = tuple(range(PhoneNumberType.FIXED_LINE, PhoneNumberType.VOICEMAIL + 1))
CHARACTERS = "0123456789+-. ()/'#*,;~xXEe\u00a0\u2011\u2212\u200b\u202a\uff0b\uff11\u0661\t\n"


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("+49 171 2345678", None, "+491712345678"),
        ("+49 (0)171 / 234 56 78", None, "+491712345678"),
        ("0171/2345678", "DE", "+491712345678"),
        ("0049 171 2345678", "DE", "+491712345678"),
        ("33612345678", "FR", "+33612345678"),
        (" '+491712345678\n", None, "+491712345678"),
        ("\u202a+49\u00a0171\u20112345678\u202c", None, "+491712345678"),
        ("\uff0b\uff14\uff19 171 234567\uff18", None, "+491712345678"),
        ("01/23/45/06/07", "FR", "+33123450607"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("1-212-555-2368", "US", "+12125552368"),
        ("416 555 2368", "CA", "+14165552368"),
        ("06 698 12345", "IT", "+390669812345"),
        ("0412 345 678", "AU", "+61412345678"),
        ("6512 3456", "SG", "+6565123456"),
        ("612 345 678", "ES", "+34612345678"),
        ("+800 1234 5678", None, "+80012345678"),
    ],
)  # fmt: skip
def test_to_e164_reads_the_spellings_people_use(raw: str, region: str | None, expected: str) -> None:
    """A valid number is the same E.164 text in whichever spelling it arrives."""
    assert to_e164(raw, region) == expected
    assert parse_with_library(raw, region) == expected


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param("+", id="only-a-plus"),
        pytest.param("0171 23", id="too-short"),
        pytest.param("+49 171 2345678 2345678", id="too-long"),
        pytest.param("0171 2345678" + " " * 40 + "0", id="over-long-text"),
        pytest.param("4.917E+11", id="exponent"),
        pytest.param("4,917E+11", id="exponent-with-comma"),
        pytest.param("6.58677E+09", id="exponent-of-nine"),
        pytest.param("491712345678.0", id="float"),
        pytest.param("+491712345678.00", id="float-with-plus"),
        pytest.param("491712345678,00", id="float-with-comma"),
        pytest.param("-491712345678", id="formula-result"),
        pytest.param("=+49171-2345678", id="formula"),
        pytest.param("abc-def-ghij", id="letters"),
        pytest.param("1-800-FLOWERS", id="vanity"),
        pytest.param("Tel. 0171 2345678", id="label"),
        pytest.param("0171 2345678 ext. 12", id="extension"),
        pytest.param("0171 2345678 x12", id="extension-x"),
        pytest.param("+491712345678;ext=12", id="extension-rfc3966"),
        pytest.param("0171 2345678 #12", id="extension-hash"),
        pytest.param("0171 2345678~12", id="extension-tilde"),
        pytest.param("0171 2345678; 0172 3456789", id="two-by-semicolon"),
        pytest.param("0171 2345678, 0172 3456789", id="two-by-comma"),
        pytest.param("030 12345 / +49 30 23456", id="two-by-slash-and-plus"),
        pytest.param("030 12345 / 030 23456", id="two-by-slash"),
        pytest.param("030 12345 - 030 23456", id="two-by-dash"),
        pytest.param("491712345678", id="plus-lost-or-area-code-04917"),
        pytest.param("0171\x002345678", id="control-character"),
        pytest.param("0171\t2345678", id="tab"),
        pytest.param("*31#01712345678", id="service-code"),
    ],
)
def test_to_e164_refuses_what_it_would_have_to_guess(raw: str) -> None:
    """Anything but one plain, dialable number is None, in the quick answer and in the rule."""
    assert to_e164(raw, "DE") is None
    assert parse_with_library(raw, "DE") is None


@pytest.mark.parametrize("region", [None, "ZZ", "de", ""])
def test_to_e164_needs_a_known_region_for_a_national_number(region: str | None) -> None:
    """Without a region in upper case only international numbers are valid."""
    assert to_e164("0171 2345678", region) is None
    assert to_e164("+49 171 2345678", region) == "+491712345678"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DE", "DE"),
        (" gb ", "GB"),
        ("uk", "GB"),
        ("DEU", None),
        ("Germany", None),
        ("001", None),
        ("ZZ", None),
        ("", None),
    ],
)
def test_normalise_region_knows_alpha_2_only(text: str, expected: str | None) -> None:
    """A supported alpha-2 code in any case, and UK; nothing else is guessed."""
    assert normalise_region(text) == expected


@pytest.mark.slow
def test_to_e164_equals_the_library_on_every_region_and_type() -> None:
    """The quick answer is the library's, on more than 100,000 spellings from the whole world."""
    rng = random.Random(20261116)
    compared = valid = 0
    for region in REGIONS:
        for raw, dialled_from in cases(region, rng):
            expected = parse_with_library(raw, dialled_from)
            assert to_e164(raw, dialled_from) == expected, (raw, dialled_from)
            compared += 1
            valid += expected is not None
    assert compared >= 100_000
    assert valid >= compared // 4


@pytest.mark.slow
@given(
    raw=st.one_of(
        st.text(),
        st.text(CHARACTERS, max_size=45),
        st.from_regex(r"\A ?\+?[0-9]{1,4}([ ./()-]{0,2}[0-9]{1,4}){0,5}\Z"),
        st.from_regex(r"\A(\+49|0|49|0049|\+1|1|\+44|\+39|\+65|65)[ -]?[0-9]{3,12}\Z"),
    ),
    region=st.sampled_from([None, "ZZ", "de", *REGIONS]),
)
@example(raw="+", region=None)
@example(raw="+0", region="DE")
@example(raw="+\u0664\u06691712345678", region=None)
@example(raw="(+49 171 2345678", region=None)
@example(raw="00", region="IT")
@settings(max_examples=2000)
def test_to_e164_equals_the_library_on_any_text(raw: str, region: str | None) -> None:
    """No text makes the quick answer differ from the library's."""
    assert to_e164(raw, region) == parse_with_library(raw, region)


def test_import_compiles_nothing() -> None:
    """Importing the module builds no plan: each calling code is compiled when it is first seen."""
    code = "import pipelines.phones as p; assert not p._PLANS and not p._HOME_PLANS"
    subprocess.run([sys.executable, "-c", code], check=True)


def cases(region: str, rng: random.Random) -> Iterator[tuple[str, str | None]]:
    """Spellings and mutations of the region's example numbers, with the region to read each in."""
    for number in example_numbers(region):
        spellings = {varied for form in FORMATS for varied in respell(phonenumbers.format_number(number, form))}
        spellings.add(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])
        spellings.add(phonenumbers.national_significant_number(number))
        for raw in sorted(spellings):
            for dialled_from in (region, None, *OTHER_REGIONS):
                yield raw, dialled_from
            mutated = mutate(raw, rng)
            yield mutated, region
            yield mutated, rng.choice(OTHER_REGIONS)


def example_numbers(region: str) -> Iterator[phonenumbers.PhoneNumber]:
    for number_type in TYPES:
        number = phonenumbers.example_number_for_type(region, number_type)
        if number is not None:
            yield number


def respell(text: str) -> Iterator[str]:
    digits = "".join(character for character in text if character in "+0123456789")
    yield text
    yield digits
    yield text.replace(" ", "-")
    yield text.replace("-", " ").replace(" ", "/", 1)
    yield f"({digits[:4]}) {digits[4:7]}.{digits[7:]}"


def mutate(text: str, rng: random.Random) -> str:
    """The text with one thing wrong: a digit lost, added or changed, or a prefix too many."""
    at = rng.randrange(len(text))
    digit = rng.choice("0123456789")
    country = phonenumbers.country_code_for_region(rng.choice(REGIONS))
    metadata = PhoneMetadata.metadata_for_region(rng.choice(OTHER_REGIONS))
    prefix = (metadata.national_prefix if metadata else None) or "8"
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + digit + text[at:],
            text[:at] + digit + text[at + 1 :],
            text + digit,
            "0" + text,
            "00" + text.lstrip("+"),
            "011" + text.lstrip("+"),
            f"+{country}{text.lstrip('+')}",
            f"{country}{text.lstrip('+')}",
            f"+{country} {prefix}{text.lstrip('+0')}",
            f"{text[:3]}(0){text[3:]}",
            f"{text[:3]}0{text[3:]}",
        )
    )


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("0664 1234567", "6641234567"),
        (" (0664) 123-4567", "6641234567"),
        ("8 912 345-67-89", "89123456789"),
        ("0043 664 1234567", "436641234567"),
        ("\uff10664\u00a01234567", "6641234567"),
        ("+43 664 1234567", None),
        ("\uff0b43 664 1234567", None),
        ("4.917E+11", None),
        ("491701234567.0", None),
        ("030 12345 / 030 23456", None),
        ("0664 1234567 ext. 3", None),
        ("00012345", None),
        ("000123456", "123456"),
        ("nobody", None),
        ("", None),
    ],
)
def test_national_digits_are_those_of_a_number_without_a_country(raw: str, digits: str | None) -> None:
    """One number and nothing else, of six digits or more, that does not begin with a plus."""
    assert national_digits(raw) == digits
