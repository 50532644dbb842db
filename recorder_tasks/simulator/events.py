"""The vendor's callbacks: their envelope and their details (facts 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from recorder_tasks.simulator.tasks import Task

CLOUD_RECORDING = 3
ADVISED = (40, 11, 1, 12, 31)  # the subscription that the vendor advises (6.4)
CHECKED_CHANNEL, CHECKED_UID = "test_webhook", 12121212
SERVICE, RECORDER, UPLOADER, WEB = 0, 1, 2, 6
LEAVE_NO_USERS, LEAVE_AFTER_STOP, LEAVE_INIT_FAILED = 4, 24, 0

# type: (msgName, serviceType)
NAMES: dict[int, tuple[str, int]] = {
    1: ("cloud_recording_error", SERVICE),
    4: ("cloud_recording_file_infos", SERVICE),
    11: ("session_exit", SERVICE),
    12: ("session_failover", SERVICE),
    13: ("high_availability_register_success", SERVICE),
    30: ("uploader_started", UPLOADER),
    31: ("uploaded", UPLOADER),
    32: ("backuped", UPLOADER),
    33: ("uploading_progress", UPLOADER),
    40: ("recorder_started", RECORDER),
    41: ("recorder_leave", RECORDER),
    42: ("recorder_slice_start", RECORDER),
    43: ("recorder_audio_stream_state_changed", RECORDER),
    44: ("recorder_video_stream_state_changed", RECORDER),
    45: ("recorder_snapshot_file", UPLOADER),
    70: ("web_recorder_started", WEB),
    71: ("web_recorder_stopped", WEB),
    100: ("rtmp_publish_status", WEB),
    1001: ("postpone_transcode_final_result", SERVICE),
}
_SCENES = {
    "individual": "rtc_record",
    "raw": "rtsc/raw-recording",
    "mix": "mix_record",
    "web": "web_record",
}
PAGE_ENDS = {
    0: "",
    1: "max_recording_hour",
    2: "capability_limit",
    3: "start_engine_failed",
    4: "page_load_timeout",
    5: "access_url_failed",
    6: "recorder_error",
}


@dataclass
class Notice:
    """One callback on its way. ``due``: epoch seconds; ``attempt`` counts the tries so far."""

    notice_id: str
    event_type: int
    sid: str
    payload: dict[str, Any]
    due: float
    attempt: int = 0

    def body(self, now: float) -> bytes:
        """The bytes to send at ``now``; notifyMs is the only member that a re-send changes (6.1)."""
        envelope = {
            "noticeId": self.notice_id,
            "productId": CLOUD_RECORDING,
            "eventType": self.event_type,
            "notifyMs": int(now * 1000),
            "sid": self.sid,
            "payload": self.payload,
        }
        return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()


def payload_of(task: Task, event_type: int, at: float, details: dict[str, Any]) -> dict[str, Any]:
    """The payload of the task's next event; takes its sequence number."""
    name, service_type = NAMES[event_type]
    scene = _SCENES[task.mode]
    if task.plan.snapshot_every is not None and not task.plan.file_types:
        scene = "rtc_snapshot"
    if task.plan.postponed:
        scene = f"postpone_transcode::{scene}"
    payload = {
        "cname": task.cname,
        "uid": str(task.uid_in_channel),
        "sid": task.sid,
        "sequence": task.sequence,
        "sendts": int(at * 1000),
        "serviceType": 7 if event_type == 1001 else service_type,
        "serviceScene": scene,
        "details": {"msgName": name, **details},
    }
    task.sequence += 1
    return payload


def checked(event_type: int, at: float) -> dict[str, Any]:
    """The payload of a test event, as the console sends it: of a channel and a uid that nobody has."""
    name, service_type = NAMES[event_type]
    return {
        "channelName": CHECKED_CHANNEL,
        "cname": CHECKED_CHANNEL,
        "uid": CHECKED_UID,
        "ts": int(at),
        "serviceType": service_type,
        "details": {"msgName": name},
    }


def signatures(secret: str, body: bytes) -> dict[str, str]:
    """Both signature headers over the raw bytes (6.2)."""
    key = secret.encode()
    return {
        "Agora-Signature": hmac.new(key, body, hashlib.sha1).hexdigest(),
        "Agora-Signature-V2": hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
