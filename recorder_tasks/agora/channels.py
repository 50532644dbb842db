"""The channel management API: who is in a channel, and keeping a uid out of it (facts 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recorder_tasks.agora import reading
from recorder_tasks.agora.answers import Answer
from recorder_tasks.agora.errors import InvalidRequest
from recorder_tasks.agora.transport import Reply
from recorder_tasks.agora.verdict import Shape, ban_verdict
from recorder_tasks.core.outcome import Step

BAN_MIN, BAN_MAX = 10, 86_430  # seconds; 0 throws out once


@dataclass(frozen=True)
class ChannelUsers:
    """Who is in a channel. In a communication channel everybody publishes. Whether a recorder's uid is
    listed is not documented."""

    exists: bool
    publishers: tuple[int, ...] = ()
    audience: tuple[int, ...] = ()
    live: bool | None = None  # live broadcast, or communication; None: not told


def ban_body(app_id: str, channel: str, uid: int, seconds: int) -> dict[str, Any]:
    """The rule that throws one uid out of one channel for ``seconds``. Raises InvalidRequest."""
    if isinstance(seconds, bool) or not (seconds == 0 or BAN_MIN <= seconds <= BAN_MAX):
        raise InvalidRequest(f"a ban of {seconds} s must last 0 (out once) or {BAN_MIN} to {BAN_MAX} s")
    return {
        "appid": app_id,
        "cname": channel,
        "uid": uid,
        "time_in_seconds": seconds,
        "privileges": ["join_channel"],
    }


def read_ban(reply: Reply) -> Answer:
    """A ban stands in for a stop, so it answers as one; ``rule_id`` is needed to lift it."""
    body, rule_id = reply.body, reading.number(reading.member(reply.body, "id"))
    taken = rule_id is not None or reading.member(body, "status") == "success"
    return Answer(
        kind=ban_verdict(reply.http_status, Shape.WHOLE if taken else Shape.FOREIGN),
        verb=Step.STOP,
        http_status=reply.http_status,
        reason=reading.text(reading.member(body, "message", "reason")),
        request_id=reply.request_id,
        host=reply.host,
        attempts=reply.attempts,
        rule_id=rule_id,
        raw=body,
    )


def read_users(body: Any) -> ChannelUsers | None:
    """The users that an answer lists, or None if it lists none."""
    data = reading.member(body, "data")
    exists = reading.flag(reading.member(data, "channel_exist"))
    if exists is None or reading.flag(reading.member(body, "success")) is False:
        return None
    live = {1: False, 2: True}.get(reading.number(reading.member(data, "mode")) or 0)
    return ChannelUsers(exists, _uids(data, "broadcasters", "users"), _uids(data, "audience"), live)


def _uids(data: Any, *names: str) -> tuple[int, ...]:
    listed = reading.member(data, *names)
    found = (reading.number(uid) for uid in (listed if isinstance(listed, list) else ()))
    return tuple(uid for uid in found if uid is not None)
