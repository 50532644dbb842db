"""What the client raises. Vendor and network trouble is not here: it is an Answer's kind.

AgoraError
├── InvalidRequest (also a ValueError)   refused before anything was sent
├── VendorError                          only from Answer.require() and Client.users()
├── TokenError (also a ValueError)       no RTC token can be made from what was given
└── SignatureError                       a callback that the vendor did not sign
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

OUT_OF_RANGE = {"greater_than_equal", "less_than_equal"}


class AgoraError(Exception):
    """The root: everything that this client raises on purpose."""


class InvalidRequest(AgoraError, ValueError):
    """The request breaks a rule of the vendor's; one sentence names field, value and what is allowed."""

    @classmethod
    def of(cls, fault: ValidationError) -> InvalidRequest:
        """The faults of a model as sentences. Only numbers are repeated in them: texts may be secrets."""
        return cls(
            "; ".join(_sentence(detail) for detail in fault.errors(include_url=False, include_input=True))
        )


class VendorError(AgoraError):
    """The vendor said no, or nothing. Carries what its support asks for; never a secret."""

    def __init__(
        self,
        status: int | None,
        code: int | None,
        reason: str | None,
        request_id: str | None,
        host: str | None,
        verb: str,
    ) -> None:
        self.status, self.code, self.reason = status, code, reason
        self.request_id, self.host, self.verb = request_id, host, verb
        super().__init__(status, code, reason, request_id, host, verb)

    def __str__(self) -> str:
        what = "no answer" if self.status is None else f"HTTP {self.status}"
        code = "" if self.code is None else f", code {self.code}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        where = f"{self.verb} at {self.host or 'no host'}"
        return f"{where}: {what}{code}: {self.reason or 'no reason given'}{request}"


class TokenError(AgoraError, ValueError):
    """The lifetime is out of range, or App ID and App Certificate are not 32 hex characters each."""


class SignatureError(AgoraError):
    """The signature header is missing or does not belong to this body and secret."""


def _sentence(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    what = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in OUT_OF_RANGE:
        what = f"{detail['input']!r} is out of range: {what[0].lower()}{what[1:]}"
    if detail["type"] == "extra_forbidden":
        what = "the vendor's API knows no such member"
    return f"{where}: {what}" if where else what
