"""One Agora project: its keys, its area and its limits."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from recorder_tasks.core.session import UIDS_EACH
from recorder_tasks.settings.part import Part

MAX_UID = 2**32 - 1
HEX32 = re.compile(r"[0-9a-fA-F]{32}")


class AppSettings(Part):
    """One Agora project: its keys, its area and its limits (facts 1.1, 1.2, 5.2)."""

    app_id: str
    key: SecretStr  # of the RESTful key pair, not the App ID
    secret: SecretStr
    certificate: SecretStr | None = None
    area: Literal["us", "eu", "ap", "cn"] = "us"
    base_url: str | None = None  # one host instead of the area's: the simulator, a proxy
    qps: float = Field(10.0, ge=0)  # 0: no budget, for benchmarks
    concurrent_tasks: int = Field(50, ge=1)  # the vendor's PCW; a tenth of it caps the rate too
    uid_range: tuple[int, int] = (900_000_001, 999_999_999)  # kept free for recorders in every channel
    notification_secret: SecretStr | None = None  # of the project's callbacks: they are believed by it only
    notification_v1: bool = False  # the older signature will do where the newer one is missing (6.2)

    @property
    def rate(self) -> float:
        """Requests a second that the vendor allows: min(QPS, 10 % of the concurrent cap), whole ones."""
        tenth = self.concurrent_tasks // 10 or self.concurrent_tasks / 10
        return min(self.qps, tenth)

    @field_validator("app_id")
    @classmethod
    def _app_id(cls, value: str) -> str:
        if HEX32.fullmatch(value) is None:
            raise ValueError("takes the 32 hex characters of the App ID")
        return value

    @field_validator("uid_range")
    @classmethod
    def _range(cls, value: tuple[int, int]) -> tuple[int, int]:
        low, high = value
        if not 1 <= low < high <= MAX_UID:
            raise ValueError(f"uid_range: {low}..{high} is not a range within 1..{MAX_UID}")
        if high - low + 1 < UIDS_EACH:
            raise ValueError(f"uid_range: {low}..{high} has fewer than the {UIDS_EACH} uids of one recording")
        return value

    @field_validator("certificate")
    @classmethod
    def _certificate(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if HEX32.fullmatch(value.get_secret_value()) is None:
            raise ValueError("takes the 32 hex characters of the App Certificate")
        return value
