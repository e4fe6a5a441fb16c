"""What foreign texts may not carry out: numbers and e-mail addresses."""

from __future__ import annotations

import time

import pytest

from connectors.redaction import LONGEST_REASON, redact, shown_code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", ""),
        ("Value is not unique", "Value is not unique"),
        ("Invalid numbers: '+491712345678;'", "Invalid numbers: '<number>;'"),
        ("Invalid numbers: '+491712345678;+491712345679;'", "Invalid numbers: '<number>;<number>;'"),
        ("call +49 171 234 56 78 now", "call <number> now"),
        ("call 0171/2345678 now", "call <number> now"),
        ("call (0171) 234-5678 now", "call (<number> now"),
        ("call +49.171.234.5678 now", "call <number> now"),
        ("call +49\u00a0171\u00a02345678", "call <number>"),
        ("call ٠١٧١٢٣٤٥٦٧٨", "call <number>"),
        ("from ada.muster+promo@example.co.uk.", "from <mail>"),
        ("from <ada@example.com>, 12345", "from <<mail>>, 12345"),
        ('mailto:"änne@beispiel.de"', 'mailto:"<mail>"'),
        ("HTTP 503 after 12345 ms", "HTTP 503 after 12345 ms"),
        ("id 123456", "id <number>"),
        ("statusCode 500", "statusCode 500"),
        ("Tel0171234567 or x491701234567", "Tel<number> or x<number>"),
        ("0171234567b", "<number>b"),
    ],
)
def test_redact_takes_out_numbers_and_mail(text: str | None, expected: str | None) -> None:
    """Six digits or more, however they are grouped, and every e-mail address are gone; the rest stays."""
    assert redact(text) == expected


ID = "0A1B2C3D4E5F667788990011A4B5C6D7"
GUID = "3f2504e0-4f89-11d3-9a0c-0305e8241234"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"sinch has no campaign {ID}", f"sinch has no campaign {ID}"),
        (f"job {GUID}: failed", f"job {GUID}: failed"),
        (f"({ID.lower()}), {GUID.upper()}.", f"({ID.lower()}), {GUID.upper()}."),
        (f"12345 {ID} 67890", f"12345 {ID} 67890"),
        (f"+49171 {ID}-0171234567", f"+49171 {ID}-<number>"),
        (f"{GUID}-123456", f"{GUID}-<number>"),
        (f"call 017 123 {ID}", f"call <number> {ID}"),
        (f"+{ID}", "+0A1B2C3D4E5F<number>A4B5C6D7"),
        (f"{ID}8", "0A1B2C3D4E5F<number>A4B5C6D78"),
        ("01712345678017123456780171234567", "<number>"),
        ("01712345678017123456780171234567-abc", "<number>-abc"),
        ("01712345-6780-1712-3456-780171234567", "<number>"),
    ],
)
def test_redact_leaves_ids_whole(text: str, expected: str) -> None:
    """32 hexadecimal digits with a letter among them hold nobody's number; what stands beside them may be one."""
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("code", "shown"),
    [("500", "500"), ("999999", "[code 999999]"), ("E1234567", "E<number>"), ("1234567", "<number>"),
     ("+171234", "<number>"), ("٠١٧١٢٣", "<number>"), ("", "")],
)  # fmt: skip
def test_redact_leaves_a_code_that_is_told_to_be_one(code: str, shown: str) -> None:
    """Six plain digits, as vendors number their errors; what is as long as a number that is dialled goes as before."""
    assert redact(f"the code is 500 / {shown_code(code)}; call 0171 234567") == (
        f"the code is 500 / {shown}; call <number>"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code 171234", "code <number>"),
        ("[code 1712345]", "[code <number>]"),
        ("[code +171234]", "[code <number>]"),
        ("[code 17 1234]", "[code <number>]"),
        ("[code 171234", "[code <number>"),
        ("171 23 [code 999999]4", "171 23 [code 999999]4"),
        ("017 123 [code 999999] 4567890", "<number> [code 999999] <number>"),
    ],
)
def test_redact_takes_no_number_for_a_code(text: str, expected: str) -> None:
    """Only the form in which we write a code is one, and no number hides before or behind it."""
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "no connection to 172.16.254.12:8899",
        "asked 127.0.0.100, then (10.200.30.255).",
        "since 2026-11-22, and from 2026-11-21 to 2026-11-22",
        "at 2026-11-22 07:15:33, or 2026-11-22T07:15:33+01:00",
    ],
)
def test_redact_leaves_addresses_of_machines_and_dates_whole(text: str) -> None:
    """Who reads that nothing answers must see where."""
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06.12.34.56.78", "<number>"),
        ("+49.151.1234567", "<number>"),
        ("+172.16.254.12", "<number>"),
        ("+49 171.234.56.78", "<number>"),
        ("171.234.56.78 90", "<number>"),
        ("1.172.16.254.12 or .172.16.254.12", "<number> or .<number>"),
        ("256.16.254.12, 172.16.254.012, 172.16.254.12.1", "<number>, <number>, <number>"),
        ("0171 2026-11-22", "<number>"),
        ("2026-11-22 12345, 2026-13-22, 3026-11-22, 20261122", "<number>, <number>, <number>, <number>"),
        ("2026-11-22 07", "<number>"),
        ("born 1971-11-22", "born <number>"),
    ],
)
def test_redact_takes_out_what_only_looks_like_an_address_or_a_date(text: str, expected: str) -> None:
    """What stands in one run with more digits, or begins with a plus, may be somebody's number."""
    assert redact(text) == expected


def test_redact_bounds_the_text_after_taking_out() -> None:
    """A number that straddles the bound is gone as a whole, not cut into a part that no longer looks like one."""
    text = "x" * (LONGEST_REASON - 4) + " +491712345678"
    assert redact(text) == "x" * (LONGEST_REASON - 4) + " <nu"
    assert redact("y" * 1000) == "y" * LONGEST_REASON


def test_redact_is_quick_on_a_long_text() -> None:
    """A vendor's error of thirty kilobytes without a blank takes no more than a moment."""
    started = time.process_time()
    redact("a" * 30_000)
    assert time.process_time() - started < 0.2


def test_redact_leaves_no_half_of_an_address() -> None:
    """A text that is cut before it is searched loses its last, broken word: half an address is still one."""
    texts = [" " * blanks + "ada.muster@example.com, " * 100 for blanks in range(24)]
    assert [text for text in texts if "ada" in str(redact(text))] == []
