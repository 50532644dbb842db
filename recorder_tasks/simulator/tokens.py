"""What a recorder's RTC token allows: AccessToken2 taken apart and checked (facts 7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from dataclasses import dataclass

RTC_SERVICE = 1
JOIN = 1
EXPIRED, INVALID = 109, 110
_VERSION = "007"
_NAMED_FIELDS = {1: 2, 2: 1, 4: 0, 5: 1, 7: 3}  # strings behind the privileges, by service type (7.2)


@dataclass(frozen=True)
class Verdict:
    """``code`` is None for a token that lets the recorder in, until ``expires_at`` (epoch seconds)."""

    code: int | None
    expires_at: float = 0.0


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def string(self) -> bytes:
        length = self.number("<H")
        value = self.data[self.at : self.at + length]
        if len(value) != length:
            raise ValueError("a string runs over the end of the token")
        self.at += length
        return value


def check(token: str, app_id: str, certificate: str, channel: str, uid: int, now: float) -> Verdict:
    """Whether this token admits ``uid`` to ``channel`` at ``now``: 110 invalid, 109 expired."""
    try:
        return _check(token, app_id, certificate, channel, uid, now)
    except (ValueError, struct.error, zlib.error, UnicodeDecodeError):
        return Verdict(INVALID)


def _check(token: str, app_id: str, certificate: str, channel: str, uid: int, now: float) -> Verdict:
    if not token.startswith(_VERSION):
        return Verdict(INVALID)
    reader = _Reader(zlib.decompress(base64.b64decode(token[len(_VERSION) :], validate=True)))
    signature, signed = reader.string(), reader.data[reader.at :]
    owner, issued, life = reader.string().decode(), reader.number("<I"), reader.number("<I")
    salt, services = reader.number("<I"), reader.number("<H")
    if owner != app_id or not hmac.compare_digest(signature, _signature(certificate, issued, salt, signed)):
        return Verdict(INVALID)
    for _ in range(services):
        kind = reader.number("<H")
        privileges = {reader.number("<H"): reader.number("<I") for _ in range(reader.number("<H"))}
        names = [reader.string().decode() for _ in range(_NAMED_FIELDS.get(kind, 0))]
        if kind == RTC_SERVICE:
            return _admission(privileges, names, channel, uid, issued, life, now)
    return Verdict(INVALID)


def _admission(
    privileges: dict[int, int], names: list[str], channel: str, uid: int, issued: int, life: int, now: float
) -> Verdict:
    if JOIN not in privileges or names[0] != channel or names[1] not in ("", str(uid)):
        return Verdict(INVALID)
    # A privilege life of 0 counts as the token's own (12.27).
    expires_at = float(issued + min(life, privileges[JOIN] or life))
    return Verdict(EXPIRED if expires_at <= now else None, expires_at)


def _signature(certificate: str, issued: int, salt: int, signed: bytes) -> bytes:
    key = hmac.new(struct.pack("<I", issued), certificate.encode(), hashlib.sha256).digest()
    key = hmac.new(struct.pack("<I", salt), key, hashlib.sha256).digest()
    return hmac.new(key, signed, hashlib.sha256).digest()
