"""Where files go, and how to look there after the end."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from recorder_tasks.bucket.places import WITH_ENDPOINT, WITHOUT_S3
from recorder_tasks.settings.part import Part

ENDPOINT = re.compile(r"(https?://)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d+)?(/[^?#@]*)?")


class StorageSettings(Part):
    """Where files go; sent with start, never stored in Redis (facts 2.9, 10).

    ``verify`` and what follows it are for looking there after the end (docs/storage.md), never sent.
    """

    vendor: int = Field(ge=0)
    region: int = Field(ge=0)
    bucket: str
    access_key: SecretStr
    secret_key: SecretStr
    prefix: tuple[str, ...] = ()
    sts_token: SecretStr | None = None
    sts_expiration: int | None = None
    extension_params: dict[str, str] | None = None
    verify: bool = False
    endpoint: str | None = None  # of the S3 API, where the vendor's number does not tell it
    region_name: str | None = None  # as signatures spell it
    addressing: Literal["path", "virtual"] | None = None  # None: as the vendor's number suggests
    read_access_key: SecretStr | None = None  # instead of access_key, which may be for writing only
    read_secret_key: SecretStr | None = None

    @field_validator("endpoint")
    @classmethod
    def _without_keys(cls, value: str | None) -> str | None:
        if value is not None and ENDPOINT.fullmatch(value) is None:
            raise ValueError("endpoint: takes a host or http(s)://host:port, no user, password or query")
        return value or None

    @model_validator(mode="after")
    def _can_be_verified(self) -> StorageSettings:
        if (self.read_access_key is None) != (self.read_secret_key is None):
            raise ValueError("read_access_key and read_secret_key belong together: give both or none")
        if self.verify and self.vendor in WITHOUT_S3:
            raise ValueError(f"verify: storage vendor {self.vendor} has no S3 API, so it must be false")
        if self.verify and self.vendor in WITH_ENDPOINT and self.endpoint is None:
            raise ValueError(
                f"verify: storage vendor {self.vendor} needs endpoint, the address of its S3 API"
            )
        return self
