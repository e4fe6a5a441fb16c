"""What the documents show is what the software reads: people copy it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.settings import load_settings
from tests.commands import ROOT

_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(_BLOCK.findall(path.read_text("utf-8")), 1)
]
REST: dict[str, Any] = {"database": "embedded", "sources": {"leads": {"csv": "leads.csv", "cursor": "updated_at"}}}


def test_the_documents_show_yaml() -> None:
    """Else the tests below would be about nothing."""
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_of_yaml_can_be_read(block: str) -> None:
    """As it stands there."""
    assert isinstance(yaml.safe_load(block), dict)


@pytest.mark.parametrize("block", [each for each in BLOCKS if "vendors:" in str(each.values[0])])
def test_each_configuration_is_one(block: str, tmp_path: Path) -> None:
    """Whole ones as they stand there, parts of one together with a source of leads."""
    rest = yaml.safe_dump({name: value for name, value in REST.items() if f"\n{name}:" not in f"\n{block}"})
    (tmp_path / "leadsync.yaml").write_text(block + rest.replace("{}\n", ""), "utf-8")
    environment = dict.fromkeys(_VARIABLE.findall(block), "postgresql://host/name")
    settings = load_settings(tmp_path / "leadsync.yaml", environment)
    assert len(settings.campaigns) == 1


@pytest.mark.parametrize(
    "words",
    [
        "is the newest day",
        "not every row that was read has a verdict",
        "leads were read, but not as many have a state",
        "ended before it was clear who must be taken back",
        "ended before every lead was looked at",
        "nobody tried yet to take them back",
        "cannot wait: ",
        "was not seen yet",
        "is the vendor up, and the address right?",
        "limits how often it is asked",
    ],
)
def test_what_needs_a_person_is_in_the_guide(words: str) -> None:
    """Whoever looks a sentence up as it was told finds it in the operators' guide."""
    files = [path for folder in ("pipelines", "connectors", "sql") for path in (ROOT / folder).rglob("*")]
    assert any(words in path.read_text("utf-8") for path in files if path.suffix in (".py", ".sql"))
    assert words in (ROOT / "docs" / "operations.md").read_text("utf-8")
