"""The one resource of the code location: the installation.

Belongs here: handing an installation to assets and sensors. Does not belong here: what it can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from connectors.errors import LeadsyncError
from pipelines.installation import Installation


class LeadSync(dg.ConfigurableResource[Installation]):
    """Opens the installation that a configuration file describes."""

    config_file: str

    @contextmanager
    def opened(self, actor: str) -> Iterator[Installation]:
        """The installation; its connections are closed at the end. `actor` names the run in the ledger.

        An error of ours fails the step with its sentence, which Dagster shows before any stack.
        """
        installation = Installation.load(Path(self.config_file), actor=actor)
        try:
            yield installation
        except LeadsyncError as error:
            raise dg.Failure(description=str(error)) from error
        finally:
            installation.close()
