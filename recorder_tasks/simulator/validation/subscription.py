"""Whose audio and video a recorder takes: white lists, black lists, uid groups (facts 2.5, 2.12)."""

from __future__ import annotations

from dataclasses import dataclass

from recorder_tasks.simulator.validation.fields import Invalid, Json, a_list, is_uid

EVERYONE = "#allstream#"
LIST_LENGTH = 32
AUDIO, VIDEO = "Audio", "Video"


@dataclass
class Subscription:
    """``only``/``without`` are uids in decimal; None and empty mean everybody. ``off``: nothing at all."""

    only: list[str] | None = None
    without: list[str] | None = None
    off: bool = False

    def takes(self, uid: int) -> bool:
        if self.off or str(uid) in (self.without or ()):
            return False
        return not self.only or EVERYONE in self.only or str(uid) in self.only


def lists(parent: Json, kind: str, may_be_empty: bool) -> Subscription | None:
    """The subscription to one kind of media, None when neither list is there."""
    only = _uids(parent, f"subscribe{kind}Uids", may_be_empty)
    # Both spellings of the black list are in use (12.5).
    names = [name for name in (f"unSubscribe{kind}Uids", f"unsubscribe{kind}Uids") if name in parent]
    without = _uids(parent, names[0], may_be_empty) if names else None
    if only is not None and without is not None:
        raise Invalid(f"subscribe{kind}Uids and unSubscribe{kind}Uids exclude each other")
    if only is None and without is None:
        return None
    return Subscription(only, without)


def _uids(parent: Json, name: str, may_be_empty: bool) -> list[str] | None:
    uids = a_list(parent, name, LIST_LENGTH)
    if uids is None:
        return None
    if not uids and not may_be_empty:
        raise Invalid(f"{name} must not be empty")
    if uids != [EVERYONE] and not all(is_uid(uid) for uid in uids):
        raise Invalid(f'{name} must hold uids, or nothing but "{EVERYONE}"')
    return uids


def both(parent: Json, stream_types: int) -> tuple[Subscription, Subscription]:
    """Audio and video of a start's recordingConfig. Setting one list only leaves out the other medium."""
    audio, video = lists(parent, AUDIO, True), lists(parent, VIDEO, True)
    refuse_unrecorded(audio, video, stream_types)
    if audio is None:
        audio = Subscription(off=video is not None or stream_types == 1)
    elif video is None:
        video = Subscription(off=True)
    if video is None:
        video = Subscription(off=stream_types == 0)
    return audio, video


def refuse_unrecorded(audio: Subscription | None, video: Subscription | None, stream_types: int) -> None:
    if stream_types == 0 and video is not None:
        raise Invalid("a video list does not go with streamTypes 0")
    if stream_types == 1 and audio is not None:
        raise Invalid("an audio list does not go with streamTypes 1")
