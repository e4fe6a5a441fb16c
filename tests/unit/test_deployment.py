"""The files that deploy us name what is there: nobody runs the image before it is built."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
LOCAL = "http://127.0.0.1:"


def test_code_server_is_given_every_variable_of_the_configuration() -> None:
    """What the configuration reads from the environment reaches the one container that reads it."""
    assert read_variables().keys() <= code_environment().keys()


def test_vendors_of_the_configuration_are_the_sandbox_of_the_compose_file() -> None:
    """Inside a container nobody listens on 127.0.0.1: each vendor is at the same port of the service `sandbox`."""
    addresses = {name: default for name, default in read_variables().items() if default.startswith(LOCAL)}
    assert len(addresses) == 5
    expected = {name: default.replace("127.0.0.1", "sandbox") for name, default in addresses.items()}
    found = {name: VARIABLE.sub(r"\2", code_environment()[name]) for name in addresses}
    assert found == expected


def test_image_is_built_of_files_that_are_there_and_not_ignored() -> None:
    """Each source of a COPY exists, and `.dockerignore` lets it through."""
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    sources = {source for line in copies for source in line.split()}
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    assert "connectors" in sources
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    assert {source for source in sources if not {source, str(Path(source).parent)} & let_through} == set()


def read_variables() -> dict[str, str]:
    """The variables that `leadsync.yaml` reads, with their defaults."""
    return dict(VARIABLE.findall((ROOT / "leadsync.yaml").read_text("utf-8")))


def code_environment() -> dict[str, str]:
    """The environment of the service `code`; an empty one is passed on where it is set."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return {name: value or "" for name, value in compose["services"]["code"]["environment"].items()}
