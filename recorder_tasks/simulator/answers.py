"""The bodies of the vendor's answers (facts 3, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder_tasks.simulator import files
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Resource, Task
from recorder_tasks.simulator.wire import Response

Body = dict[str, Any]

NO_ROUTE = "no Route matched with those values"
NOT_AUTHENTICATED = "Invalid authentication credentials"
RATE_LIMITED = "API rate limit exceeded"


def gateway(status: int, message: str) -> Response:
    return Response(status, {"message": message})


def refusal(status: int, code: int, reason: str) -> Response:
    return Response(status, {"code": code, "reason": reason})


def ids(record: Resource | Task, settings: SimulatorSettings) -> Body:
    """Which ids a success names is uncertain (12.34)."""
    if settings.answer_ids == "none":
        return {}
    body: Body = {} if settings.answer_ids == "no_names" else {"cname": record.cname, "uid": record.uid}
    body["resourceId"] = record.resource_id
    if isinstance(record, Task):
        body["sid"] = record.sid
    return body


def needed_ids(record: Resource | Task, settings: SimulatorSettings) -> Body:
    """The ids of acquire's and start's answers: without them nobody could go on."""
    body = ids(record, settings)
    if isinstance(record, Task):
        body["sid"] = record.sid
    else:
        body["resourceId"] = record.resource_id
    return body


def not_found(verb: str, task: Task | None, settings: SimulatorSettings) -> Response:
    """404 of the service, in the documented shape or in the one seen live (4.1)."""
    reason = "failed to find worker"
    if not settings.worker_error_shape or task is None:
        return refusal(404, 404, reason)
    command = {"stop": "StopCloudRecorder", "query": "QueryCloudRecorder"}.get(verb, "UpdateCloudRecorder")
    server = {"command": command, "payload": {"message": reason}, "subscribeModeBitmask": 1, "vid": "1209"}
    return Response(404, {**ids(task, settings), "code": 404, "serverResponse": server})


def already_ending(task: Task, settings: SimulatorSettings, now: float) -> Response:
    if not settings.worker_error_shape:
        return refusal(400, 49, "invalid operation")
    names = [file.name for file in files.files_of(task, settings, now)]
    server = {
        "backuped": 0,
        "fileListMode": "string",
        "fileListStr": ";".join(names),
        "payload": {"message": "Failed"},
    }
    return Response(400, {**ids(task, settings), "code": 49, "serverResponse": server})


def query(task: Task, settings: SimulatorSettings, now: float) -> Response:
    server: Body = {"status": task.status_at(now)}
    if task.plan.page is not None:
        server["extensionServiceState"] = _services(task, settings, now)
        return _answer(task, settings, server)
    shown = files.files_of(task, settings, now) if task.first_file_at is not None else []
    server |= _file_list(task, shown, settings)
    server["sliceStartTime"] = int(min((file.started_at for file in shown), default=0) * 1000)
    return _answer(task, settings, server)


def stopped(task: Task, settings: SimulatorSettings, delay: float) -> Response:
    """The answer of a stop that has waited for the upload."""
    assert task.ended_at is not None
    shown = files.files_of(task, settings, task.ended_at)
    status = task.upload or "uploaded"
    if task.plan.page is None:
        server = {**_file_list(task, shown, settings), "uploadingStatus": status}
    else:
        server = {"extensionServiceState": _stopped_services(task, shown, settings, status)}
    return _answer(task, settings, server, delay)


def stop_taken(task: Task, settings: SimulatorSettings) -> Response:
    """The answer of a stop that did not wait: no file, and nothing known of the upload (12.24)."""
    status = {"uploadingStatus": "unknown"}
    if task.plan.page is None:
        return _answer(task, settings, status)
    services = [
        {"serviceName": "web_recorder_service", "payload": {"state": "exit", "onhold": task.onhold}},
        {"serviceName": "upload_service", "payload": status},
    ]
    return _answer(task, settings, {"extensionServiceState": services})


def _answer(
    task: Task, settings: SimulatorSettings, server: Mapping[str, Any], delay: float = 0.0
) -> Response:
    return Response(200, {**ids(task, settings), "serverResponse": dict(server)}, delay=delay)


def _file_list(task: Task, shown: list[files.File], settings: SimulatorSettings) -> Body:
    if not task.plan.file_types:
        return {}  # screenshots are never listed
    if task.mode == "mix" and task.plan.file_types == ["hls"]:
        return {"fileListMode": "string", "fileList": ";".join(file.name for file in shown)}
    return {"fileListMode": "json", "fileList": [file.listed(settings) for file in shown]}


def _page_files(shown: list[files.File], settings: SimulatorSettings) -> list[Body]:
    return [
        {"filename": file.name, "sliceStartTime": files.stamp(file.started_at, settings)} for file in shown
    ]


def _services(task: Task, settings: SimulatorSettings, now: float) -> list[Body]:
    page = task.plan.page
    assert page is not None
    ended, opened = not task.alive, task.joined_at is not None and "page" not in task.timers
    shown = files.files_of(task, settings, now) if task.first_file_at is not None else []
    state = "exit" if ended else "inProgress" if opened else "init"
    recorder = {"state": state, "onhold": task.onhold, "fileList": _page_files(shown, settings)}
    services: list[Body] = [{"serviceName": "web_recorder_service", "payload": recorder}]
    if page.pushes:
        push = "disconnected" if ended else "publishing" if opened else "connecting"
        outputs = [{"rtmpUrl": address, "status": push} for address in page.pushes]
        services.append(
            {"serviceName": "rtmp_publish_service", "payload": {"state": state, "outputs": outputs}}
        )
    return services


def _stopped_services(
    task: Task, shown: list[files.File], settings: SimulatorSettings, upload: str
) -> list[Body]:
    recorder = {"state": "exit", "onhold": task.onhold, "fileList": _page_files(shown, settings)}
    return [
        {"serviceName": "web_recorder_service", "payload": recorder},
        {"serviceName": "upload_service", "payload": {"uploadingStatus": upload}},
    ]
