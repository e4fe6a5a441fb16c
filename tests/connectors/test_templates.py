"""What may stand in the braces of a template, and the sentence for everything else."""

from __future__ import annotations

import pytest

from connectors.templates import names_in


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{campaign}", ["campaign"]),
        ("{campaign} {day:%d.%m.}", ["campaign", "day"]),
        ("{day}/{campaign}/{day}", ["day", "campaign", "day"]),
        ("{{campaign}} {{}} 2026", []),
        ("", []),
    ],
)
def test_names_are_those_in_braces(template: str, names: list[str]) -> None:
    """In their order, as often as they stand there; braces that are doubled are text."""
    assert names_in(template, "campaign", "day", dated="day") == names


@pytest.mark.parametrize(
    "misuse",
    [
        "{name}", "{campaign.x}", "{campaign.__class__}", "{campaign[0]}", "{campaign[x]}", "{campaign!r}",
        "{campaign!x}", "{campaign!}", "{campaign:.3}", "{campaign:%d}", "{campaign:{day}}", "{day.year}",
        "{day!s:%d}", "{day:{campaign}}", "{day:\0}", "{}", "{:%d}", "{0}", "{ campaign }", "{campaign", "campaign}",
        "{campaign[}", "{", "}", "{{campaign}", "{campaign}}",
    ],
)  # fmt: skip
def test_whatever_is_no_bare_name_is_refused(misuse: str) -> None:
    """Attributes, parts, conversions, formats of texts, numbers, and braces alone."""
    with pytest.raises(ValueError) as raised:
        names_in(f"L {misuse} {{day}}", "campaign", "day", dated="day", setting="list_name")
    assert str(raised.value) == "list_name may only contain {campaign} and {day}"


def test_sentence_names_all_that_may_stand_there() -> None:
    """Without the setting, where the error comes with its name."""
    with pytest.raises(ValueError) as raised:
        names_in("{lead}", "source", "lead_id", "campaign")
    assert str(raised.value) == "may only contain {source}, {lead_id} and {campaign}"
