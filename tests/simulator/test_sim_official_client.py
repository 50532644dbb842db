"""The vendor's old Python client: all its calls, with only the host changed (facts 1.7)."""

from __future__ import annotations

from typing import Any

import pytest
from agora_rest_client.core.domain import Domain, EndpointRegion
from agora_rest_client.core.exceptions import ClientException
from agora_rest_client.services.cloud_recording.v1.individual_recording import api_start as individual_start
from agora_rest_client.services.cloud_recording.v1.individual_recording import api_update as individual_update
from agora_rest_client.services.cloud_recording.v1.individual_recording.individual_recording_client import (
    IndividualRecordingClient,
)
from agora_rest_client.services.cloud_recording.v1.mix_recording import api_start as mix_start
from agora_rest_client.services.cloud_recording.v1.mix_recording import api_update as mix_update
from agora_rest_client.services.cloud_recording.v1.mix_recording import api_update_layout as mix_layout
from agora_rest_client.services.cloud_recording.v1.mix_recording.mix_recording_client import (
    MixRecordingClient,
)
from agora_rest_client.services.cloud_recording.v1.web_recording import api_start as web_start
from agora_rest_client.services.cloud_recording.v1.web_recording import api_update as web_update
from agora_rest_client.services.cloud_recording.v1.web_recording.web_recording_client import (
    WebRecordingClient,
)

from tests.simulator.server import Simulator, until

CNAME, UID = "class", "527841"
LISTED = ["#allstream#"]


class Loopback(Domain):  # type: ignore[misc]
    """The client's own hook for hosts, without its thread that asks DNS."""

    def __init__(self, base_url: str) -> None:
        super().__init__(EndpointRegion.US.value)
        self._domain_list = [base_url.removeprefix("http://")]

    def run(self, logger: Any) -> None:
        self.set_logger(logger)


def client(kind: type, simulator: Simulator) -> Any:
    class OverHttp(kind):  # type: ignore[misc]
        """https is written into the client; the simulator speaks http on loopback."""

        def get_api_url(self, host: str, url: str, service_region: str | None = None) -> str:
            return str(super().get_api_url(host, url, service_region)).replace("https://", "http://", 1)

    settings = {"status_seconds": [0.01] * 4, "first_file_seconds": 0.05, "upload_seconds": 0.05}
    simulator.admin("PUT", "/settings", {**settings, "qps": 1000, "pcw": 10_000})
    simulator.without_certificate()
    app = simulator.app
    return (
        OverHttp()
        .with_app_id(app["app_id"])
        .with_credential_basic_auth(app["key"], app["secret"])
        .with_domain(Loopback(simulator.base_url))
        .build()
    )


def storage(module: Any) -> Any:
    return module.StorageConfig(
        vendor=2, region=3, bucket="lessons", accessKey="a", secretKey="s", fileNamePrefix=["dir1"]
    )


def in_progress(official: Any, resource_id: str, sid: str) -> Any:
    def look() -> Any:
        found = official.query(resource_id, sid)
        return found if found.serverResponse["status"] == 5 else None

    return until(look, "status 5")


def subscribing(module: Any) -> Any:
    return module.StreamSubscribe(
        audioUidList=module.AudioUidList(subscribeAudioUids=LISTED),
        videoUidList=module.VideoUidList(subscribeVideoUids=LISTED),
    )


def test_its_mix_calls(simulator: Simulator) -> None:
    official = client(MixRecordingClient, simulator)
    resource_id = official.acquire(CNAME, UID, resource_expired_hour=24).resourceId
    recording = mix_start.RecordingConfig(channelType=0, streamTypes=2, maxIdleTime=60)
    sid = official.start(resource_id, CNAME, UID, "", storage(mix_start), recording).sid
    shown = in_progress(official, resource_id, sid)
    assert shown.serverResponse["fileListMode"] == "json"
    assert official.update(resource_id, sid, CNAME, UID, subscribing(mix_update)).sid == sid
    regions = [mix_layout.LayoutConfig(x_axis=0, y_axis=0, width=1, height=0.5)]
    laid_out = official.update_layout(
        resource_id, sid, CNAME, UID, mixed_video_layout=3, layout_config=regions, background_color="#101010"
    )
    assert laid_out.sid == sid
    stopped = official.stop(resource_id, sid, CNAME, UID)
    assert stopped.serverResponse["uploadingStatus"] == "uploaded"
    names = [item["fileName"] for item in stopped.serverResponse["fileList"]]
    assert names == [f"dir1/{sid}_class.m3u8", f"dir1/{sid}_class_0.mp4"]


def test_its_individual_calls(simulator: Simulator) -> None:
    official = client(IndividualRecordingClient, simulator)
    resource_id = official.acquire(CNAME, UID).resourceId
    recording = individual_start.RecordingConfig(
        channelType=0, subscribeAudioUids=LISTED, subscribeVideoUids=LISTED, subscribeUidGroup=5
    )
    sid = official.start(resource_id, CNAME, UID, "", storage(individual_start), recording).sid
    shown = in_progress(official, resource_id, sid)
    assert {item["trackType"] for item in shown.serverResponse["fileList"]} == {"audio", "video"}
    assert official.update(resource_id, sid, CNAME, UID, subscribing(individual_update)).sid == sid
    assert len(official.stop(resource_id, sid, CNAME, UID).serverResponse["fileList"]) == 4


def test_its_web_calls(simulator: Simulator) -> None:
    official = client(WebRecordingClient, simulator)
    resource_id = official.acquire(CNAME, UID).resourceId
    page = web_start.ServiceParam(
        url="https://example.org", audioProfile=0, videoWidth=1280, videoHeight=720, maxRecordingHour=3
    )
    services = [web_start.ExtensionServices(serviceName="web_recorder_service", serviceParam=page)]
    extension = web_start.ExtensionServiceConfig(extensionServices=services)
    sid = official.start(resource_id, CNAME, UID, storage(web_start), extension).sid
    shown = in_progress(official, resource_id, sid)
    assert shown.serverResponse["extensionServiceState"][0]["payload"]["state"] == "inProgress"
    onhold = web_update.WebRecordingConfig(onhold=True)
    assert official.update(resource_id, sid, CNAME, UID, web_recording_config=onhold).sid == sid
    stopped = official.stop(resource_id, sid, CNAME, UID, async_stop=True)
    recorder, upload = stopped.serverResponse["extensionServiceState"]
    assert (recorder["payload"]["onhold"], upload["payload"]["uploadingStatus"]) == (True, "unknown")


def test_it_reads_our_refusals(simulator: Simulator) -> None:
    official = client(MixRecordingClient, simulator)
    with pytest.raises(ClientException) as refused:
        official.acquire("not/a/channel", UID)
    assert (refused.value.status_code, refused.value.error_code) == (400, 401)
    assert refused.value.error_msg == "invalid_channel_name"
    with pytest.raises(ClientException) as gone:
        official.query("r", "s")
    assert gone.value.status_code == 404
