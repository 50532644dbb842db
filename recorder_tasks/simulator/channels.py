"""Who is in an RTC channel, and when they come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Publisher:
    """Someone who sends audio and video from ``come`` until ``go`` (epoch seconds; None: open)."""

    uid: int
    come: float | None = None
    go: float | None = None
    audio: bool = True
    video: bool = True

    def here(self, now: float) -> bool:
        return (self.come is None or self.come <= now) and (self.go is None or now < self.go)


@dataclass
class Channel:
    """``channel_type`` 0 communication, 1 live; None suits either kind of recorder (2.5).

    ``audience`` are people who send nothing: in a live channel they do not keep a recorder from idling.
    """

    name: str
    publishers: list[Publisher] = field(default_factory=list)
    channel_type: int | None = None
    audience: int = 0

    def present(self, now: float) -> list[Publisher]:
        return [publisher for publisher in self.publishers if publisher.here(now)]

    def occupied(self, channel_type: int, now: float) -> bool:
        """Whether a recorder of this channel type sees anybody; if not, it is idle (2.5)."""
        if self.channel_type is not None and self.channel_type != channel_type:
            return False
        return bool(self.present(now)) or (channel_type == 0 and self.audience > 0)

    def next_change(self, now: float) -> float | None:
        """The next instant at which somebody comes or goes."""
        moments = [at for someone in self.publishers for at in (someone.come, someone.go)]
        return min((at for at in moments if at is not None and at > now), default=None)


def unconfigured(name: str) -> Channel:
    """Two people in every channel, from the start: nobody has to be told about (1.7)."""
    return Channel(name, [Publisher(1001), Publisher(1002)])


def channel_of(name: str, body: Mapping[str, Any], now: float) -> Channel:
    """A channel from the admin API's JSON. Times are epoch seconds or ``{"in": seconds}``.

    Raises ValueError naming the member that is wrong.
    """
    kind = body.get("channel_type")
    audience = body.get("audience", 0)
    if kind not in (None, 0, 1):
        raise ValueError(f"channel_type: {kind!r} is neither 0, 1 nor null")
    if not isinstance(audience, int) or audience < 0:
        raise ValueError(f"audience: {audience!r} is not a number of people")
    people = [_publisher(item, now) for item in body.get("publishers", [])]
    return Channel(name, people, kind, audience)


def _publisher(item: Any, now: float) -> Publisher:
    if not isinstance(item, Mapping) or not isinstance(item.get("uid"), int) or item["uid"] < 1:
        raise ValueError(f"publishers: {item!r} needs a uid above 0")
    return Publisher(
        uid=item["uid"],
        come=_instant("from", item.get("from"), now),
        go=_instant("to", item.get("to"), now),
        audio=bool(item.get("audio", True)),
        video=bool(item.get("video", True)),
    )


def _instant(name: str, value: Any, now: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, Mapping) and isinstance(value.get("in"), int | float):
        return now + float(value["in"])
    if isinstance(value, int | float):
        return float(value)
    raise ValueError(f'{name}: {value!r} is neither epoch seconds nor {{"in": seconds}}')
