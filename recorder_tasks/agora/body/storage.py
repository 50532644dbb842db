"""Where the files go: the customer's bucket (facts 2.9, 10)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from recorder_tasks.agora.body.common import Body, Int, Text

S3, ALIBABA, TENCENT, AZURE, GOOGLE, HUAWEI, BAIDU, S3_COMPATIBLE = 1, 2, 3, 5, 6, 7, 8, 11
REGIONS: dict[int, range] = {
    S3: range(26),
    ALIBABA: range(28),
    TENCENT: range(20),
    AZURE: range(1),
    GOOGLE: range(1),
    HUAWEI: range(16),
    BAIDU: range(1, 8),
    S3_COMPATIBLE: range(1),
}
WITHOUT_REGIONS = (AZURE, GOOGLE, S3_COMPATIBLE)  # a region is sent and has no effect
WITH_STS = (S3, ALIBABA, TENCENT)
PREFIX_MAX = 128
MILLISECONDS = 100_000_000_000  # an expiry above this was not given in seconds

PathItem = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]


class ExtensionParams(Body):
    """What only some vendors know: encryption and tags of objects, the address of an S3-compatible store."""

    sse: Literal["kms", "aes256"] | None = None
    tag: Text | None = None
    endpoint: Text | None = None


class StorageConfig(Body):
    """``storageConfig``. Its keys never show in repr; a wrong one is found only after start (2.9)."""

    vendor: Int
    region: Int
    bucket: Text
    access_key: SecretStr = Field(min_length=1)
    secret_key: SecretStr = Field(min_length=1)
    sts_token: SecretStr | None = None
    sts_expiration: Annotated[Int, Field(ge=0)] | None = None  # Unix seconds; at least 4 h ahead
    file_name_prefix: tuple[PathItem, ...] | None = None
    extension_params: ExtensionParams | None = None

    @model_validator(mode="after")
    def _region_exists(self) -> Self:
        if self.vendor not in REGIONS:
            raise ValueError(f"storage vendor {self.vendor} must be one of {', '.join(map(str, REGIONS))}")
        regions = REGIONS[self.vendor]
        if self.region not in regions and self.vendor not in WITHOUT_REGIONS:
            raise ValueError(
                f"region {self.region} of storage vendor {self.vendor} must be {regions[0]} to {regions[-1]}"
            )
        return self

    @model_validator(mode="after")
    def _prefix_is_short(self) -> Self:
        length = sum(len(item) + 1 for item in self.file_name_prefix or ())
        if length > PREFIX_MAX:
            raise ValueError(
                f"fileNamePrefix has {length} characters with its slashes; {PREFIX_MAX} are allowed"
            )
        return self

    @model_validator(mode="after")
    def _sts_is_usable(self) -> Self:
        if self.sts_token is not None and self.vendor not in WITH_STS:
            raise ValueError(f"stsToken works with storage vendors 1, 2 and 3 only, not with {self.vendor}")
        if self.sts_expiration is not None and self.sts_expiration >= MILLISECONDS:
            raise ValueError(f"stsExpiration {self.sts_expiration} must be in Unix seconds")
        return self

    @model_validator(mode="after")
    def _extras_belong(self) -> Self:
        extra = self.extension_params or ExtensionParams()
        if extra.sse is not None and self.vendor != S3:
            raise ValueError(f"extensionParams.sse works with storage vendor 1 only, not with {self.vendor}")
        if extra.tag is not None and self.vendor not in (S3, ALIBABA):
            raise ValueError(
                f"extensionParams.tag works with storage vendors 1 and 2 only, not with {self.vendor}"
            )
        if self.vendor == S3_COMPATIBLE and extra.endpoint is None:
            raise ValueError("storage vendor 11 needs extensionParams.endpoint")
        return self
