"""The customer's account at the vendor: an app, its certificate and its REST key pair."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class App:
    """``certificate`` "" means that the App Certificate is off, so that no token is needed (2.4).

    ``enabled``: recording is switched on for it. ``suspended``: the account is overdue (405).
    """

    app_id: str
    certificate: str = field(default="", repr=False)
    key: str = "simulator-key"
    secret: str = field(default="simulator-secret", repr=False)
    enabled: bool = True
    suspended: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> App:
        """Raises ValueError for a member that an app does not have, or without app_id."""
        unknown = set(values) - {member.name for member in fields(cls)}
        if unknown or not isinstance(values.get("app_id"), str):
            raise ValueError(f"app: needs app_id, and has no {', '.join(sorted(unknown)) or 'other member'}")
        return cls(**values)


DEFAULT_APP = App(
    app_id="5161513e51a30d0a9b6b1d6f3c2c7e41",
    certificate="0c7e1f3a5b9d4c8e86a7b2d1f0e93c55",
    key="simulator-key",
    secret="simulator-secret",  # noqa: S106  a well-known value, so that nothing has to be configured
)


def owns(app: App, authorization: str) -> bool:
    """Whether this Authorization header carries the app's key pair (facts 1.2)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, f"{app.key}:{app.secret}".encode())
