"""The campaigns that exist from the start, and the fields of those that are added.

Belongs here: made-up but plausible values, in the shape of the document's samples. Does not belong here: behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CAMPAIGN_1_ID = 535
CAMPAIGN_10_ID = 536
RENEWALS_ID = 538
SPRING_PROMO_ID = 540
TEMPLATE_ID = 550

TOKEN = "jtel-token"

DEFAULT_CAMPAIGNS: tuple[Mapping[str, Any], ...] = (
    {"ID": CAMPAIGN_1_ID, "Name": "Campaign 1"},
    {"ID": CAMPAIGN_10_ID, "Name": "Campaign 10"},
    {"ID": RENEWALS_ID, "Name": "Renewals"},
    {"ID": SPRING_PROMO_ID, "Name": "Spring Promo"},
    {"ID": TEMPLATE_ID, "Name": "Template"},
)

CAMPAIGN_DEFAULTS: Mapping[str, Any] = {
    "ContactPreviewTime": 5,
    "nMaxParallelLines": None,
    "bCloseContactsOnIncomingCallsMatchCallerID": True,
    "dtFrom": None,
    "dtTo": None,
    "LanguagesID": 2,
    "bCallerIDActive": False,
    "ClientsID": 1,
    "AbortOnNoTelNumberResultCodesID": 2492,
    "IncomingCallResultCodesID": 2494,
    "UserData": None,
}
CAMPAIGN_FIELDS = {"ID", "Name"} | CAMPAIGN_DEFAULTS.keys()

DONE, ABORTED = 1, 2
TYPES: Mapping[int, tuple[str, str]] = {DONE: ("Finished", "Abschluss"), ABORTED: ("Aborted", "Abbruch")}

# (export key, type, English, German): seven, as the document's count says.
RESULT_CODES: tuple[tuple[str, int, str, str], ...] = (
    ("ABG", DONE, "Finished", "Abgeschlossen"),
    ("Erfolg", DONE, "Success", "Erfolg"),
    ("KeinInteresse", DONE, "No interest", "Kein Interesse"),
    ("Aufleger", ABORTED, "Hung up", "Aufleger"),
    ("FalscheNummer", ABORTED, "Wrong number", "Falsche Nummer"),
    ("KeineNummer", ABORTED, "No number", "Keine Nummer"),
    ("Anrufbeantworter", ABORTED, "Mailbox", "Anrufbeantworter"),
)


def result_code_view(index: int, code_id: int, campaign_id: int, languages_id: int) -> dict[str, Any]:
    """The record of a campaign's result code in a language: 1 is English, 2 is German."""
    key, kind, *texts = RESULT_CODES[index]
    return {
        "bDone": kind == DONE,
        "DiallerResultCodesTypesContent": TYPES[kind][languages_id - 1],
        "bDelay": False,
        "DiallerCampaignsID": campaign_id,
        "DiallerResultCodesTypesShortText": f"DiallerResultCodesTypes.{kind}",
        "bAllowDelete": True,
        "ExportKey": key,
        "Content": texts[languages_id - 1],
        "ShortText": f"DiallerCampaignsResultCodes.{code_id}",
        "bAborted": kind == ABORTED,
        "ID": code_id,
        "bAgentBound": None,
        "TimeOffset": None,
        "bAppointment": False,
        "DiallerResultCodesTypesID": kind,
    }
