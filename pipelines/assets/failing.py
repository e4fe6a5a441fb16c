"""How an asset fails: with the sentence that a person needs, which Dagster then shows before any stack.

Belongs here: that. Does not belong here: what is a failure (`night.py`, `morning.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import dagster as dg

from pipelines.metadata import Metadata

Outcome: TypeAlias = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]
"""What an asset yields: that it was materialised, with its checks; or, before it fails, the checks alone."""


def fail(sentences: Sequence[str], metadata: Mapping[str, Metadata] | None = None) -> None:
    """Fails the step if there is anything to say; the days of the run are then not materialised.

    Args:
        metadata: by day what was done all the same.
    """
    if sentences:
        told = {f"{day} {name}": value for day, values in (metadata or {}).items() for name, value in values.items()}
        raise dg.Failure(description="; ".join(dict.fromkeys(sentences)), metadata=told)
