"""Every documented request: taken, or refused for a documented reason."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.vendor import Take, Vendor, asked_for, web_asked

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "samples"
REFUSED = {
    # a URL in a channel's name: "/" is not one of its characters (2.2)
    "acquire-individual-request-individual-url-cname": "invalid_channel_name",
    # a body that shows every member that any mode has
    "skeleton-acquire-any-request-full-schema": None,
    "skeleton-start-any-request-full-schema": "vendor is not supported",
    "skeleton-update-any-request-full-schema": "exclude each other|not valid in",
    "skeleton-updateLayout-mix-request-full-schema": "layoutConfig goes with",
    # vendor 0 has left the list of vendors (10.1)
    "start-any-request-quickstart-2021-live": "vendor is not supported",
    "start-any-request-quickstart-2021": "vendor is not supported",
    "start-any-request-quickstart-minimal": "vendor is not supported",
    # subscribeUidGroup is required (2.5)
    "start-individual-request-cn-snapshot-2021": "subscribeUidGroup",
    "start-individual-request-recording-and-snapshot": "subscribeUidGroup",
    # server-side encryption is for Amazon S3 only (2.9)
    "start-mix-request-composite-2024": "sse",
    # a web request without what makes it one (2.10)
    "start-web-request-no-extension-service": "extensionServiceConfig",
    # ApsaraVideo is gone (2.10): these have no storageConfig either
    "legacy-start-any-request-aliyun-vod": "storageConfig",
    "legacy-start-any-request-cn-aliyun-vod": "storageConfig",
    # a sample rate that is a row of x (2.11)
    "legacy-start-individual-request-audio-mix-2024": "sampleRate",
}
_PLACEHOLDER = re.compile(r"^(<.*>|\{\{.*\}\}|Your\w+|your_\w+|string)$")
_UID_MEMBER = re.compile(r"uid", re.IGNORECASE)


def requests() -> list[Any]:
    """(file name, sample) of each documented request."""
    if not SAMPLES.is_dir():
        reason = "the documented samples are not beside this checkout"
        if os.environ.get("CI") == "true":
            return [pytest.param("missing", None, id="missing")]
        return [pytest.param("missing", None, marks=pytest.mark.skip(reason=reason))]
    found = ((path.stem, json.loads(path.read_text())) for path in sorted(SAMPLES.glob("*.json")))
    return [pytest.param(name, one, id=name) for name, one in found if one["kind"] == "request"]


def filled(value: Any, name: str = "") -> Any:
    """The sample with something real in the place of each placeholder."""
    if isinstance(value, dict):
        return {key: filled(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, name) for item in value]
    if isinstance(value, str) and _PLACEHOLDER.match(value):
        if name == "cname":
            return "class"
        if _UID_MEMBER.search(name):
            return "527841"
        if name in ("vendor", "region"):
            return 1
        addresses = {"url": "https://example.org", "rtmpUrl": "rtmp://example.org/live"}
        return addresses.get(name, "placeholder")
    return value


def scene_of(body: Any, mode: str) -> int:
    policy = body["clientRequest"].get("appsCollection", {}).get("combinationPolicy")
    return 1 if mode == "web" else 2 if policy == "postpone_transcoding" else 0


def sent(sample: dict[str, Any]) -> Any:
    """The simulator's answer to a sample, after what must come before it."""
    vendor = Vendor()
    body = filled(sample["body"])
    mode = sample["mode"] or "mix"
    if "clientRequest" not in body:
        body = {"clientRequest": {**asked_for(mode), **body}}
    body = {"cname": "class", "uid": "527841", **body}
    if sample["verb"] == "acquire":
        return vendor.send("POST", "/v1/apps/" + vendor.app.app_id + "/cloud_recording/acquire", body)
    if sample["verb"] == "start":
        rid = vendor.reserve(body["cname"], body["uid"], scene=scene_of(body, mode))
        return vendor.start(rid, mode, body["clientRequest"], body["cname"], body["uid"])
    take = vendor.take(mode, running(mode), body["cname"], body["uid"])
    vendor.later(30)
    return vendor.send("POST", Take(vendor, take.rid, take.sid, mode, "", "").path(sample["verb"]), body)


def running(mode: str) -> dict[str, Any]:
    """A task that each documented change can be made to: a web page is pushed too."""
    asked = web_asked() if mode == "web" else asked_for(mode)
    if mode == "web":
        outputs = {"outputs": [{"rtmpUrl": "rtmp://example.org/live"}]}
        service = {"serviceName": "rtmp_publish_service", "serviceParam": outputs}
        asked["extensionServiceConfig"]["extensionServices"].append(service)
    return asked


@pytest.mark.parametrize(("name", "sample"), requests())
def test_a_documented_request_is_taken_or_refused_for_its_reason(
    name: str, sample: dict[str, Any] | None
) -> None:
    assert sample is not None, f"{SAMPLES} is missing"
    answer = sent(sample)
    words = REFUSED.get(name)
    if words is None:
        assert answer.status == 200, answer.body
    else:
        assert answer.status == 400, answer.body
        assert re.search(words, answer.body["reason"])
