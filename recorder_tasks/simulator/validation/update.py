"""update's, updateLayout's and stop's clientRequest (facts 2.12-2.14)."""

from __future__ import annotations

from dataclasses import dataclass

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation import layout, subscription
from recorder_tasks.simulator.validation.fields import Invalid, Json, a_bool, an_object, forbid
from recorder_tasks.simulator.validation.start import Plan
from recorder_tasks.simulator.validation.storage import check_storage
from recorder_tasks.simulator.validation.subscription import Subscription
from recorder_tasks.simulator.validation.web import check_outputs

MEMBERS = ("streamSubscribe", "webRecordingConfig", "rtmpPublishConfig", "storageConfig")


@dataclass(frozen=True)
class Change:
    """What an update changes; None leaves a member as it is."""

    audio: Subscription | None = None
    video: Subscription | None = None
    onhold: bool | None = None
    pushes: list[str] | None = None


def check_update(asked: Json, plan: Plan, settings: SimulatorSettings, now: float) -> Change:
    if not any(name in asked for name in MEMBERS):
        raise Invalid(f"update changes nothing: none of {', '.join(MEMBERS)}")
    if "storageConfig" in asked:
        check_storage(asked, settings, now)
    return _web(asked, plan) if plan.page is not None else _rtc(asked, plan)


def _web(asked: Json, plan: Plan) -> Change:
    forbid(asked, "web mode", "streamSubscribe")
    recorder = an_object(asked, "webRecordingConfig")
    push = an_object(asked, "rtmpPublishConfig")
    if push is not None and not (plan.page and plan.page.pushes):
        raise Invalid("rtmpPublishConfig: this task pushes nothing")
    return Change(
        onhold=None if recorder is None else a_bool(recorder, "onhold"),
        pushes=None if push is None else check_outputs(push),
    )


def _rtc(asked: Json, plan: Plan) -> Change:
    forbid(asked, f"{plan.mode} mode", "webRecordingConfig", "rtmpPublishConfig")
    subscribe = an_object(asked, "streamSubscribe") or {}
    audio = an_object(subscribe, "audioUidList")
    video = an_object(subscribe, "videoUidList")
    change = Change(
        audio=None if audio is None else subscription.lists(audio, subscription.AUDIO, False),
        video=None if video is None else subscription.lists(video, subscription.VIDEO, False),
    )
    if "streamSubscribe" in asked and change.audio is None and change.video is None:
        raise Invalid("streamSubscribe holds no list")
    assert plan.recording is not None
    subscription.refuse_unrecorded(change.audio, change.video, plan.recording.stream_types)
    return change


def check_layout(asked: Json) -> None:
    layout.check_arrangement(asked)


def check_stop(asked: Json) -> bool:
    """async_stop. Stray members are ignored, as documented bodies carry some."""
    return a_bool(asked, "async_stop")
