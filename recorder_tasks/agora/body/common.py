"""What all request bodies share: spelling, exact JSON, secrets, uids and lists of uids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from recorder_tasks.agora.errors import InvalidRequest
from recorder_tasks.agora.words import Mode
from recorder_tasks.core.text import plain

UID_MAX = 2**32 - 1
LIST_MAX = 32  # uids in one subscription list (2.5)
EVERYONE = "#allstream#"
RTC_CHANNEL_BYTES = 63  # "less than 64" (2.2)
WEB_LABEL_BYTES = 128  # the smaller of the two documented limits (2.2)
RTC_CHANNEL = re.compile(r"[A-Za-z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]+")


class Body(BaseModel):
    """A JSON object of a request: camelCase on the wire, either spelling taken, unknown members refused.

    Only members that were given are sent, zeros and false included, so that the vendor's own defaults hold;
    ``always_sent`` names the exceptions.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )
    always_sent: ClassVar[frozenset[str]] = frozenset()
    never_sent: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The model of a plain dict in either spelling. Raises InvalidRequest in sentences without values."""
        try:
            return cls.model_validate(data)
        except ValidationError as fault:
            raise InvalidRequest.of(fault) from None

    def to_wire(self) -> dict[str, Any]:
        """The exact JSON to send, with secrets in the clear: never to be kept or logged."""
        given = (self.model_fields_set | self.always_sent) - self.never_sent
        members = (
            (field.alias or name, getattr(self, name)) for name, field in self._fields() if name in given
        )
        return {name: _plain(value) for name, value in members if value is not None}

    @classmethod
    def _fields(cls) -> Any:
        return cls.model_fields.items()


def _plain(value: Any) -> Any:
    if isinstance(value, Body):
        return value.to_wire()
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def check_uid(uid: int | str, name: str = "uid") -> str:
    """The uid as it is sent. Raises InvalidRequest outside 1..4294967295; 0 would be anybody (2.2)."""
    text = str(uid)
    if isinstance(uid, bool) or not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > UID_MAX:
        raise InvalidRequest(f"{name} {uid!r} must be a whole number from 1 to {UID_MAX}")
    return text


def check_channel(mode: Mode, channel: str) -> str:
    """The channel name, or the label of a web recording. Raises InvalidRequest against facts 2.2."""
    limit = WEB_LABEL_BYTES if mode is Mode.WEB else RTC_CHANNEL_BYTES
    if not channel or len(channel.encode("utf-8", "replace")) > limit:
        raise InvalidRequest(f"cname {channel!r:.80} must have 1 to {limit} bytes in {mode} mode")
    if not plain(channel):
        raise InvalidRequest(f"cname {channel!r} must have no control characters")
    if mode is not Mode.WEB and not RTC_CHANNEL.fullmatch(channel):
        raise InvalidRequest(
            f"cname {channel!r} may have only letters, digits, space and !#$%&()+-:;<=.>?@[]^_{{}}|~,"
        )
    return channel


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _subscribable(uids: tuple[str, ...]) -> tuple[str, ...]:
    if len(uids) > 1 and EVERYONE in uids:
        raise ValueError(f"{EVERYONE} stands for everyone and must be the only item")
    return uids


def _uid_or_everyone(text: str) -> str:
    return text if text == EVERYONE else check_uid(text)


Int = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Bool = Annotated[bool, Strict()]
Text = Annotated[str, Field(min_length=1)]
Uid = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(check_uid)]
UidOrEveryone = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_uid_or_everyone)]
WhiteList = Annotated[tuple[UidOrEveryone, ...], Field(max_length=LIST_MAX), AfterValidator(_subscribable)]
BlackList = Annotated[tuple[Uid, ...], Field(max_length=LIST_MAX)]
