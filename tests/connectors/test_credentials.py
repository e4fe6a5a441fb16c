"""A secret with something behind it is told with its setting, and never shown."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from connectors.jtel.settings import JtelSettings
from connectors.platform.settings import PlatformSettings
from connectors.sinch.settings import SinchSettings
from connectors.sobot.settings import SobotSettings

SINCH: dict[str, Any] = {"base_url": "https://vendor.example.com"}
PLATFORM = SINCH | {"token": "t"}
JTEL = PLATFORM | {"clients_id": 1}
SOBOT: dict[str, Any] = {"app_id": "a", "app_secret": "s", "agent_id": "b"}
IN_A_HEADER = [(SinchSettings, SINCH, "api_key"), (PlatformSettings, PLATFORM, "token"), (JtelSettings, JTEL, "token")]
AT_A_LOGIN = [
    (SinchSettings, SINCH, "username"),
    (SinchSettings, SINCH, "password"),
    (SobotSettings, SOBOT, "app_id"),
    (SobotSettings, SOBOT, "app_secret"),
]


@pytest.mark.parametrize("value", ["s3cret\n", "s3cret\r\n", "s3\x00cret", " s3cret", "s3crét", "s3cret\x7f", ""])
@pytest.mark.parametrize(("settings", "least", "name"), IN_A_HEADER)
def test_what_no_header_can_hold_is_refused(
    settings: type[BaseModel], least: dict[str, Any], name: str, value: str
) -> None:
    """A file that is mounted as a secret often ends with a line end; the vendor would seem to be away."""
    told = "must be the secret alone, without line ends, blanks around it, or letters beyond ASCII"
    assert refusal(settings, least | {name: value}) == ((name,), told)


@pytest.mark.parametrize("value", ["s3cret\n", "s3\x00cret", "s3cret\x85"])
@pytest.mark.parametrize(("settings", "least", "name"), AT_A_LOGIN)
def test_what_is_logged_in_with_is_one_line(
    settings: type[BaseModel], least: dict[str, Any], name: str, value: str
) -> None:
    """The vendor would refuse it, and nobody sees why."""
    told = "must not hold a line end or another control character"
    assert refusal(settings, least | {name: value}) == ((name,), told)


def test_bytes_that_are_no_text_are_refused() -> None:
    """A variable in another encoding reaches us as half characters, and nobody can log in with them."""
    told = "must not hold a line end or another control character"
    assert refusal(SinchSettings, SINCH | {"password": "s3cr\udce9t"}) == (("password",), told)


@pytest.mark.parametrize(("settings", "least", "name"), AT_A_LOGIN)
def test_a_login_may_hold_blanks_and_letters_of_any_language(
    settings: type[BaseModel], least: dict[str, Any], name: str
) -> None:
    """They are sent in UTF-8."""
    settings.model_validate(least | {name: " s3crét ü "})


def refusal(settings: type[BaseModel], values: dict[str, Any]) -> tuple[tuple[int | str, ...], str]:
    """The setting and the sentence of the one mistake."""
    with pytest.raises(ValidationError) as raised:
        settings.model_validate(values)
    [mistake] = raised.value.errors()
    return mistake["loc"], str(mistake["ctx"]["error"])
