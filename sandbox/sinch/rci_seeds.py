"""What the RCI double holds from the start.

Belongs here: made-up but plausible values, enough for a refresh of agents, queues and time zones. Does not belong
here: behaviour. The queue `QUEUE_ID` is that of the OBI double's campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.sinch.seeds import QUEUE_ID

FOX_ID = "E936C474B22311D38FBE0090279A922E"
DUCK_ID = "40ECCFBFAEA24FEDA90A3347E9BC26E7"
FROG_ID = "DC76CDDC340B43C291932428B6039AA6"
HELPDESK_ID = "7B9ED6753BCD460C98501E9FD1C02002"
IT_ID = "7211703C1CF047D9AA1B6FD5B2B35640"
AGENT_ROLE_ID = "2CADB6A137124F13BC68938E2B5FEFC1"
SUPERVISOR_ROLE_ID = "F4E0E3C6AEC64BEA9200DCC05F5980F1"
ENGLISH_ID = "175A098FEDDB41EB8839AACBAB26A0B6"
GERMAN_ID = "9B87EDA47F394762A510811F368A0ABA"
SALES_QUEUE_ID = "B8F0CA9CFC0411D3A2230050DA29E0F4"
CHAT_QUEUE_ID = "AA60293EB8AD49959C5B67A2B0A1DC84"
SALES_GROUP_ID = "E8E5E74E1CB540458639310940C07BA5"
SUPPORT_GROUP_ID = "BE5F74207C51437CB1B749E608DEB30F"
SERVICE_ID = "B8F0CA9CFC0411D3A2230050DA29E0F5"
TEMPLATE_ID = "000BC39C7CC04554A95062CF4C6BBE06"
IVR_ID = "A5AF21AB416849BBA6FDBE92E5C15B69"
SOURCE_CODE_ID = "C907169011AA48D8A6EE8F8F12423372"
SET_ID = "14E14D7338C44EA5904A1E18180186FF"
EVENT_ID = "C21269BEA18B4146A219202DD8966FFA"
CAUSE_ID = "145D6121895A491DB60F03AE610248E7"
PLACE_ID = "F487CFD95D18402B941900247F12FD46"

_VXML = '<?xml version="1.0" encoding="UTF-8"?><vxml version="2.1"><form id="form1"/></vxml>'

OBJECTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "/users": (
        {
            "id": FOX_ID,
            "firstName": "John",
            "surname": "Fox",
            "login": "John.Fox",
            "externalId": "agent-1",
            "phone": "501",
            "chat": "john.fox@example.com",
            "chatName": "John",
            "email": "john.fox@example.com",
            "uiLanguage": "EN",
            "promptLanguage": "EN",
            "timeZone": "Europe/Helsinki",
            "synchronised": True,
        },
        {"id": DUCK_ID, "firstName": "David", "surname": "Duck", "login": "David.Duck", "externalId": "agent-2"},
        {"id": FROG_ID, "firstName": "Peter", "surname": "Frog", "login": "Peter.Frog", "externalId": "agent-3"},
    ),
    f"/users/{FOX_ID}/certificates": (
        {"id": "5D3A260F9F1D4BBFA5A3ADACFFE6C97B", "issuer": "SSO_CA", "subject": "john.fox"},
    ),
    "/userGroups": (
        {"id": HELPDESK_ID, "name": "HelpDesk", "synchronised": True},
        {"id": IT_ID, "name": "IT"},
    ),
    "/roles": (
        {"id": AGENT_ROLE_ID, "name": "CC Agent", "description": "CC Agent Role"},
        {"id": SUPERVISOR_ROLE_ID, "name": "CC Supervisor"},
    ),
    "/skills": (
        {"id": ENGLISH_ID, "name": "English", "description": "English language skill"},
        {"id": GERMAN_ID, "name": "Deutsch", "description": "German language skill"},
    ),
    "/queues": (
        {"id": QUEUE_ID, "type": "Phone", "name": "Test Queue", "loginType": "AutoAllocation", "addresses": ["99"]},
        {
            "id": SALES_QUEUE_ID,
            "type": "Phone",
            "name": "Sales",
            "description": "Sales phone",
            "loginType": "HuntGroup",
            "addresses": ["100", "101"],
            "synchronised": True,
        },
        {
            "id": CHAT_QUEUE_ID,
            "type": "Chat",
            "name": "Sales chat",
            "description": "Sales chat",
            "loginType": "AutoAllocation",
            "addresses": ["sales.chat@example.com"],
        },
    ),
    f"/queues/{SALES_QUEUE_ID}/extensions": (
        {"id": "A8F2AC742E914654B9AB5F420406B828", "address": "100"},
        {"id": "CB5AF61A7E2C4E728C62069A85EB73BA", "address": "101"},
    ),
    f"/queues/{SALES_QUEUE_ID}/attributes": (
        {"id": "3A1C8A257DFD4F0781F55FA1BA188F01", "name": "Name", "language": "EN", "value": "Sales"},
        {"id": "3A1C8A257DFD4F0781F55FA1BA188F02", "name": "Name", "language": "FI", "value": "Myynti"},
    ),
    "/queueGroups": (
        {"id": SALES_GROUP_ID, "name": "CC Sales", "description": "CC Sales queue group"},
        {"id": SUPPORT_GROUP_ID, "name": "CC Support", "description": "CC Support queue group"},
    ),
    "/timeZones": (
        {"id": "America/New_York", "name": "(UTC-05:00) Eastern Time (US & Canada)"},
        {"id": "Asia/Singapore", "name": "(UTC+08:00) Kuala Lumpur, Singapore"},
        {"id": "Europe/Berlin", "name": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"},
        {"id": "Europe/Helsinki", "name": "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius"},
        {"id": "Europe/London", "name": "(UTC) Dublin, Edinburgh, Lisbon, London"},
        {"id": "UTC", "name": "(UTC) Coordinated Universal Time"},
    ),
    "/prsProfiles": (
        {"id": "02770429F80BDF1191AD001CC4D98816", "name": "Default", "reason": "NONE"},
        {"id": "12684EA701114105A1D73F532AB80C28", "name": "Vacation", "reason": "VACATION"},
    ),
    "/messagingServices": (
        {"id": SERVICE_ID, "type": "twilio", "name": "Text messages", "connection": "https://messages.example.com/"},
    ),
    f"/messagingServices/{SERVICE_ID}/authentications": (
        {"id": "AF8D906F2EDE40FC889303B52D26DA25", "authenticationId": "my_login_id", "password": "my_password"},
    ),
    "/replyTemplates": (
        {
            "id": TEMPLATE_ID,
            "name": "template2",
            "description": "this is a template",
            "language": "EN",
            "contentType": "Static",
            "attachmentCount": 1,
            "body": "Hello {CUSTOMERNAME}\n\nThank you for your message",
            "keywords": ["issue", "problem", "machine"],
            "_queueIds": [CHAT_QUEUE_ID],
        },
        {
            "id": "611D51A367C54C2F8D30C032B48D847E",
            "name": "template",
            "language": "FI",
            "subject": "Ohje",
            "contentType": "Interactive",
            "attachmentCount": 0,
            "body": "hei",
            "keywords": ["installation"],
        },
    ),
    f"/replyTemplates/{TEMPLATE_ID}/attachments": (
        {
            "id": "D147D4339D1448158153B61D1F621AF9",
            "size": 35917,
            "fileName": "picture.PNG",
            "mimeType": "image/png",
        },
    ),
    "/customIvrs": (
        {
            "id": IVR_ID,
            "name": "My Menu Ivr",
            "description": "Queue selection IVR",
            "addresses": ["243", "234"],
            "currentSourceCodeVersionId": SOURCE_CODE_ID,
            "active": True,
        },
        {"id": "CA7F01B89F9D4640945DFBDF4142729D", "name": "Callback IVR", "addresses": ["400"], "active": False},
    ),
    f"/customIvrs/{IVR_ID}/sourceCodes": (
        {
            "id": SOURCE_CODE_ID,
            "description": "",
            "versionNumber": 1,
            "creationDate": "2020-01-21T13:10:33.293Z",
            "modificationDate": "2020-01-21T13:12:22Z",
            "sourceCode": _VXML,
        },
    ),
    f"/customIvrs/{IVR_ID}/attributes": (
        {"id": "3A1C8A257DFD4F0781F55FA1BA188F03", "name": "Name", "language": "EN", "value": "Menu"},
    ),
    "/audioPrompts": (
        {
            "id": "F0EDAAE15EAB4167A84DD0CC69680A4F",
            "name": "Welcome (Built-In Default Prompt)",
            "description": "Welcome message (built-in default audio prompt)",
            "promptType": "Welcome",
            "sourceType": "QueueBuiltIn",
            "loopType": "ALL",
        },
        {
            "id": "EFF0CF25BC374F2982225C83BB21B3F3",
            "name": "InQueue (Built-In Default Prompt)",
            "promptType": "InQueue",
            "sourceType": "QueueBuiltIn",
            "loopType": "RANDOM",
        },
    ),
    "/cpExtensions": (
        {
            "id": "657160EEDE6943348257075871732C5E",
            "title": "MyExtension",
            "hidden": False,
            "url": "https://example.com/frame.html",
            "icon": "sap-icon://business-card",
            "queues": [SALES_QUEUE_ID],
        },
        {
            "id": "CDEFCDBFDFE547EBA03DE7097BAF0672",
            "name": "MyExtension3",
            "title": "MyExtension3",
            "hidden": True,
            "url": "https://example.com/frame3.html",
            "icon": "sap-icon://study-leave",
            "queues": [SALES_QUEUE_ID, CHAT_QUEUE_ID],
        },
    ),
    "/disruptionSets": (
        {"id": SET_ID, "name": "electricity", "externalId": "set1"},
        {"id": "57EA87659FF147948D5554B682F8201E", "name": "water", "externalId": "set2"},
    ),
    f"/disruptionSets/{SET_ID}/items": (
        {
            "id": PLACE_ID,
            "externalId": "1.00.100",
            "name": "00100",
            "type": "WHERE",
            "description": "Helsinki1",
            "attributes": [
                {"language": "EN", "name": "SayAsDatatype", "value": "digits"},
                {"language": "EN", "name": "SayAsValue", "value": "00100"},
            ],
        },
        {
            "id": CAUSE_ID,
            "externalId": "55",
            "name": "Service",
            "type": "WHY",
            "description": "Service break",
            "promptId": "C732A0C65336490B8D190F43E1B878F4",
            "promptName": "WHY_12",
            "promptExternalId": "WHY_55",
        },
    ),
    f"/disruptionSets/{SET_ID}/events": (
        {
            "id": EVENT_ID,
            "modified": "2020-12-28T12:01:00.000Z",
            "created": "2020-12-28T12:01:00.000Z",
            "activeFrom": "2021-01-06T13:29:34.580Z",
            "activeTo": "2021-01-08T13:29:34.580Z",
            "items": [
                {"id": CAUSE_ID, "externalId": "55", "type": "WHY"},
                {"id": PLACE_ID, "externalId": "1.00.100", "type": "WHERE"},
            ],
        },
    ),
}

LINKS: tuple[tuple[tuple[str, str], tuple[str, str], Mapping[str, Any]], ...] = (
    (("/users", FOX_ID), ("/userGroups", HELPDESK_ID), {}),
    (("/users", FOX_ID), ("/roles", AGENT_ROLE_ID), {}),
    (("/users", DUCK_ID), ("/roles", AGENT_ROLE_ID), {}),
    (("/users", FROG_ID), ("/roles", SUPERVISOR_ROLE_ID), {}),
    (("/users", FOX_ID), ("/skills", ENGLISH_ID), {"value": 5}),
    (("/queues", SALES_QUEUE_ID), ("/queueGroups", SALES_GROUP_ID), {}),
    (("/queues", CHAT_QUEUE_ID), ("/queueGroups", SALES_GROUP_ID), {}),
)
