"""The error tree, named by what the caller may conclude.

Belongs here: every error that leaves a connector. Does not belong here: how a library's exception is
mapped (`transport.py` for HTTP, `crm/` for files and databases).

    LeadsyncError
    ├ SetupError              a person must change a setting or a source; nothing was sent
    │ ├ UnreachableError      the vendor is not reached, or limits us: a wrong address, or it answers later by itself
    │ └ TargetError           one campaign's target cannot be loaded; the other campaigns can
    │   └ TargetOverError     its time is over: nothing more is loaded, but what is in it may be asked about and changed
    └ ConnectorError          vendor, operation, status; never a body, a phone number or a token
      ├ NotSentError          nothing reached the vendor: any method may be retried
      │ └ NoTurnError         our own limits left it no turn in its time: nothing failed, try again in `retry_after`
      ├ OutcomeUnknownError   the request was written, its outcome was not seen: ask the vendor first
      ├ UnavailableError      a read was not answered: retry with back-off, nothing changed
      ├ RateLimitedError      the vendor refused for now: wait `retry_after`, then retry
      ├ RejectedError         the vendor refused for good: never retry unchanged
      │ ├ AuthenticationError, ForbiddenError, NotFoundError, ConflictError
      │ └ TooLargeError, InvalidRequestError    the whole batch was refused: split it
      └ ContractError         an answer that breaks the vendor's document
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar


class LeadsyncError(Exception):
    """Every error that this project raises on purpose; its text is fit for an operator's eyes.

    `is_passing`: it may be over later, though nobody changes anything.
    """

    is_passing: ClassVar[bool] = False


class SetupError(LeadsyncError):
    """A person must change a setting, a file or an account; the text names which one and where."""


class UnreachableError(SetupError):
    """The vendor was not reached, or limits us: its address is wrong, or it will answer later. Nothing was sent."""

    is_passing = True


class TargetError(SetupError):
    """One campaign's target at the vendor cannot be loaded; the text names the setting."""


class TargetOverError(TargetError):
    """The target's time is over: nobody is called from it any more. What is in it may be asked about, and changed."""


class ConnectorError(LeadsyncError):
    """A vendor call failed. Carries facts only: never a body, a phone number or a token.

    `text` is what happened, in words; `setting` has the address, where that may be to blame; `retry_after` is how long
    the vendor asks to wait, if it does.
    """

    is_passing = True

    def __init__(
        self,
        text: str,
        *,
        vendor: str,
        operation: str,
        status: int | None = None,
        setting: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(f"{vendor} {operation}: {text}")
        self.text = text
        self.setting = setting
        self.vendor = vendor
        self.operation = operation
        self.status = status
        self.retry_after = retry_after


class NotSentError(ConnectorError):
    """Nothing reached the vendor: any method may be retried."""

    def advice(self) -> str:
        """The sentence for whoever set the vendor up: which setting to look at, or that it is to wait."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return f"vendors.{self.vendor}: {self}; {self.vendor} limits how often it is asked: wait a minute"
        if self.setting is None:
            return f"vendors.{self.vendor}: {self}"
        return f"{self.setting}: {self}; is the vendor up, and the address right?"


class NoTurnError(NotSentError):
    """The request was kept back: its turn under a limit of ours, or after a wait that the vendor asked for, is too late
    for it. Nobody failed; `retry_after` is when there may be one."""


class OutcomeUnknownError(ConnectorError):
    """The request was written but its outcome was not seen: ask the vendor before sending again."""


class UnavailableError(ConnectorError):
    """A read was not answered; nothing changed at the vendor."""


class RateLimitedError(ConnectorError):
    """The vendor refused the request for now (429)."""


class RejectedError(ConnectorError):
    """The vendor refused the request for good (4xx): never retry it unchanged."""

    is_passing = False


class AuthenticationError(RejectedError):
    """401: the credentials are wrong, expired or revoked."""


class ForbiddenError(RejectedError):
    """403: the account may not do this, or an API key is missing."""


class NotFoundError(RejectedError):
    """404 or 410: what the path names does not exist, or this account cannot see it."""


class ConflictError(RejectedError):
    """409: it exists already, or another change came first."""


class TooLargeError(RejectedError):
    """413: the whole batch was refused for its size: split it."""


class InvalidRequestError(RejectedError):
    """400 or 422: the whole request was refused as invalid."""


class ContractError(ConnectorError):
    """An answer that breaks the vendor's document; the text names the JSON path, never the value."""

    is_passing = False


def may_pass_unsent(error: LeadsyncError) -> bool:
    """Whether what was not begun for this error may be tried again by itself.

    A page in place of the answer is what many a vendor has in its maintenance.
    """
    return error.is_passing or isinstance(error, ContractError)
