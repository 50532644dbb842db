"""A client of the Agora (Shengwang) Cloud Recording REST API, usable without the rest of this package.

    >>> from recorder_tasks.agora import Client, Mode, StartRequest, plan_acquire
    >>> with Client(app_id, key, secret, certificate=certificate) as client:
    ...     reserved = client.acquire("math-7b", 527841, plan_acquire(Mode.MIX)).require()
    ...     request = StartRequest.of({
    ...         "token": client.token("math-7b", 527841, seconds=3600),
    ...         "recordingConfig": {"channelType": 1, "maxIdleTime": 300},
    ...         "storageConfig": storage,
    ...     })
    ...     task = client.start(Mode.MIX, reserved.resource_id, "math-7b", 527841, request).require()
    ...     client.stop(Mode.MIX, task.resource_id, task.sid, "math-7b", 527841).require().files

Calls return an :class:`Answer`: its ``kind`` says what it means, ``require()`` raises unless it is a success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recorder_tasks.agora.answers import Answer, PushOutput, WebState, read_answer
from recorder_tasks.agora.body.acquire import AcquireRequest, plan_acquire
from recorder_tasks.agora.body.common import check_channel, check_uid
from recorder_tasks.agora.body.start import StartRequest, check_start
from recorder_tasks.agora.body.storage import StorageConfig
from recorder_tasks.agora.body.transcoding import LayoutRequest
from recorder_tasks.agora.body.update import StopRequest, UpdateRequest, check_update
from recorder_tasks.agora.callbacks import CLOUD_RECORDING, Callback, Event, Payload, signed_v2, verify
from recorder_tasks.agora.errors import (
    AgoraError,
    InvalidRequest,
    SignatureError,
    TokenError,
    VendorError,
)
from recorder_tasks.agora.file_names import FileName, in_file_names, parse_name, predicted_names
from recorder_tasks.agora.redaction import redacted
from recorder_tasks.agora.verdict import Shape, verdict
from recorder_tasks.agora.words import Area, Mode

if TYPE_CHECKING:
    from recorder_tasks.agora.channels import ChannelUsers
    from recorder_tasks.agora.client import Client
    from recorder_tasks.agora.tokens import recorder_token
    from recorder_tasks.agora.transport import Permit, Timeouts

SENDING = {
    "ChannelUsers": "channels",
    "Client": "client",
    "Permit": "transport",
    "Timeouts": "transport",
    "recorder_token": "tokens",
}
__all__ = [
    "CLOUD_RECORDING",
    "AcquireRequest",
    "AgoraError",
    "Answer",
    "Area",
    "Callback",
    "ChannelUsers",
    "Client",
    "Event",
    "FileName",
    "InvalidRequest",
    "LayoutRequest",
    "Mode",
    "Payload",
    "Permit",
    "PushOutput",
    "Shape",
    "SignatureError",
    "StartRequest",
    "StopRequest",
    "StorageConfig",
    "Timeouts",
    "TokenError",
    "UpdateRequest",
    "VendorError",
    "WebState",
    "check_channel",
    "check_start",
    "check_uid",
    "check_update",
    "in_file_names",
    "parse_name",
    "plan_acquire",
    "predicted_names",
    "read_answer",
    "recorder_token",
    "redacted",
    "signed_v2",
    "verdict",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Imported when it is first used: who only checks what will be sent does not load what sends it."""
    if name in SENDING:
        from importlib import import_module

        return getattr(import_module(f"recorder_tasks.agora.{SENDING[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
