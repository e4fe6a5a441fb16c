"""What jtel knows that configuration and reports name: dialler campaigns, and result codes in both languages.

Belongs here: reading them as entries. Does not belong here: the requests (`client.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.directory import DirectoryEntry
from connectors.jtel.client import JtelClient

ENGLISH, GERMAN = 1, 2


class JtelDirectory:
    """Source: vendors.md, 4(b) #1 and #4. A lead names nothing of it."""

    vendor = "jtel"
    named_by_leads: Mapping[str, str] = {}
    named_by_targets: Mapping[str, str] = {
        "campaign_id": "campaigns",
        "campaign_name": "campaigns",
        "template": "campaigns",
    }

    def __init__(self, client: JtelClient) -> None:
        self._client = client
        self.kinds: Mapping[str, Callable[[], Iterator[DirectoryEntry]]] = {
            "campaigns": self._campaigns,
            "result_codes": self._result_codes,
        }

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _campaigns(self) -> Iterator[DirectoryEntry]:
        for campaign in self._client.campaigns():
            ends_on = campaign.dt_to.isoformat() if campaign.dt_to else None
            yield DirectoryEntry(str(campaign.id), campaign.name, detail={"ends_on": ends_on})

    def _result_codes(self) -> Iterator[DirectoryEntry]:
        """Keyed by campaign and code; named in English, with the German text beside it."""
        for campaign in self._client.campaigns():
            german = {code.id: code.content for code in self._client.result_codes(campaign.id, GERMAN)}
            for code in self._client.result_codes(campaign.id, ENGLISH):
                detail = {
                    "campaign_id": campaign.id,
                    "export_key": code.export_key,
                    "german": german.get(code.id),
                    "done": code.is_done,
                }
                yield DirectoryEntry(f"{campaign.id}/{code.id}", code.content or str(code.id), detail=detail)
