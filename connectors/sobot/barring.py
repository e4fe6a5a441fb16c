"""Numbers that Sobot must not call any more.

Belongs here: which numbers of a lead are put on the block list, in which form, and whether all were taken. Does not
belong here: whether it is allowed at all (`gateway.py`), the request (`configuration.py`).

Sobot has no operation that takes a lead out of a task (vendors.md, 1(c) 17): its block list is the only way, and that
is the whole tenant's. Source: vendors.md, 1(b) #12 and 1(c) 8.
"""

from __future__ import annotations

from connectors.errors import InvalidRequestError, RejectedError
from connectors.gateway import Delivered
from connectors.redaction import redact
from connectors.sobot.auth import VENDOR
from connectors.sobot.client import SobotClient
from connectors.sobot.entries import PhoneFormat, render_phone
from connectors.sobot.models import ForbiddenNumbersTaken

DESCRIPTION = "leadsync: must not be called"
PHONE_NUMBER, OUTBOUND, ENABLED = 1, 3, 1
_OPERATION = "import_enterprise_forbidden_numbers"


class Barring:
    """Puts a lead's numbers on the block list. Tasks hold numbers in `task_format`, the list in `list_format`."""

    def __init__(self, client: SobotClient, *, task_format: PhoneFormat, list_format: PhoneFormat) -> None:
        self._client = client
        self._task_format = task_format
        self._list_format = list_format

    def bar(self, lead: Delivered) -> str:
        """Every number of the lead is on the block list, outbound and for good.

        Raises:
            RejectedError: no number is known, or Sobot did not take every one.
        """
        numbers = self._numbers(lead)
        if not numbers:
            text = "not sent: no number of the lead is known any more, so none can be barred"
            raise RejectedError(text, vendor=VENDOR, operation=_OPERATION)
        row = {"numberType": PHONE_NUMBER, "callType": OUTBOUND, "enabled": ENABLED, "description": DESCRIPTION}
        taken = self._client.import_enterprise_forbidden_numbers(
            numbers=[{"callNumber": number, **row} for number in numbers]
        )
        _require_all(taken, len(numbers))
        return "number barred" if len(numbers) == 1 else f"{len(numbers)} numbers barred"

    def _numbers(self, lead: Delivered) -> list[str]:
        """What the lead has now, and the number in the task, which may be an older one: tasks are never changed."""
        sent = str((lead.entry or {}).get("telephone") or "")
        is_older = bool(sent) and all(render_phone(phone, self._task_format) != sent for phone in lead.phones)
        numbers = [render_phone(phone, self._list_format) for phone in lead.phones]
        return list(dict.fromkeys([*numbers, sent] if is_older else numbers))


def _require_all(taken: ForbiddenNumbersTaken, sent_count: int) -> None:
    """Sobot says that it took every number; with `code` 200 it may have refused some, in lines of text."""
    if taken.failed_count or taken.details:
        reason = redact("; ".join(taken.details)) or "no reason given"
        text = f"{taken.failed_count or len(taken.details)} of {sent_count} numbers refused: {reason}"
        raise InvalidRequestError(text, vendor=VENDOR, operation=_OPERATION, status=200)
    if taken.success_count != sent_count:
        text = f"{sent_count} numbers sent, {taken.success_count} taken, none refused"
        raise RejectedError(text, vendor=VENDOR, operation=_OPERATION, status=200)
