"""Where every state machine begins: with the secrets that the doubles know."""

import pytest

from tests.doubles import SECRETS


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration's variables are set."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
