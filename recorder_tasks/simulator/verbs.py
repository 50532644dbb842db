"""The six calls of a recording (facts 2-5, 11.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from recorder_tasks.simulator import answers, tokens, validation
from recorder_tasks.simulator.apps import App
from recorder_tasks.simulator.book import Book
from recorder_tasks.simulator.routes import Call
from recorder_tasks.simulator.tasks import Doom, Resource, Task
from recorder_tasks.simulator.timeline import Timeline
from recorder_tasks.simulator.uploads import Keys
from recorder_tasks.simulator.validation import Invalid, common
from recorder_tasks.simulator.validation.start import Plan
from recorder_tasks.simulator.wire import Response

REFUSED_BUCKET = "refused-bucket"
UNREACHABLE = ".invalid"  # the top-level domain that never resolves (RFC 6761)
UNKNOWN_RESOURCE, MISMATCH, EXPIRED = 1001, 432, 433


class Verbs:
    """Each method is one call, already routed and admitted; ``body`` is parsed JSON or None."""

    def __init__(self, book: Book, timeline: Timeline) -> None:
        self.book = book
        self.timeline = timeline

    def acquire(self, call: Call, app: App, body: Any, now: float) -> Response:
        book = self.book
        if app.suspended:
            return answers.refusal(400, 405, "no_active_status")
        asked = validation.check_acquire(body, book.settings)
        if self._at_capacity(app.app_id, web=asked.scene == 1):
            return answers.refusal(400, 406, "vendor_over_load")
        resource = Resource(
            resource_id=book.opaque_id(),
            app_id=app.app_id,
            cname=asked.cname,
            uid=asked.uid,
            scene=asked.scene,
            hours=asked.hours,
            issued_at=now,
            expires_at=now + book.settings.resource_seconds,
            region=call.region,
            start_parameter=None if asked.start_parameter is None else _fingerprint(asked.start_parameter),
        )
        book.reserve(resource)
        return Response(200, answers.needed_ids(resource, book.settings))

    def start(self, call: Call, app: App, body: Any, now: float) -> Response:
        cname, uid, asked = common.envelope(body)
        resource = self.book.resources.get(call.resource_id or "")
        if resource is None:
            return self._stale(UNKNOWN_RESOURCE, "resourceId cannot be decrypted")
        if (resource.app_id, resource.cname, resource.uid) != (app.app_id, cname, uid):
            return self._spend(resource, self._stale(MISMATCH, "appid, cname or uid is not the resource's"))
        if resource.sid is not None:
            return self._started_before(resource, now)
        if resource.spent:
            return answers.refusal(400, 2, "this resource was refused before; acquire again")
        if now >= resource.expires_at:
            return self._spend(resource, self._stale(EXPIRED, "resourceId has expired"))
        if (app.app_id, cname, uid) in self.book.holders:
            return self._spend(resource, answers.refusal(400, 53, "task conflict"))
        return self._accept(call, app, resource, asked, now)

    def _accept(self, call: Call, app: App, resource: Resource, asked: Any, now: float) -> Response:
        mode, settings = call.mode or "", self.book.settings
        try:
            plan = validation.check_start(asked, mode, resource.scene, settings, now)
            if resource.start_parameter not in (None, _fingerprint(asked)):
                raise Invalid("clientRequest differs from acquire's startParameter")
        except Invalid as error:
            return self._spend(resource, answers.refusal(400, error.code, error.reason))
        if settings.pcw_at_start and self._at_capacity(app.app_id, web=mode == "web"):
            return self._spend(resource, answers.refusal(400, 406, "vendor_over_load"))
        task = self._task(call, resource, plan, now)
        doom, expires_at = self._admission(app, task, asked.get("token"), now)
        task.doom = doom or self._bad_plan(plan)
        if settings.bucket_endpoint is not None:
            self.book.parcels.keys[task.sid] = _keys(asked["storageConfig"])
        self.timeline.begin(task, now)
        if task.doom is None and expires_at is not None:
            self.book.remind(task, "token", expires_at)
        resource.sid = task.sid
        self.book.touch(resource)
        return Response(200, answers.needed_ids(task, settings))

    def query(self, call: Call, app: App, body: Any, now: float) -> Response:
        task = self._find(call, app, now)
        if isinstance(task, Response):
            return task
        settings = self.book.settings
        if not task.alive and settings.query_while_exiting == "501":
            return answers.refusal(400, 501, "recorder is exiting")
        return answers.query(task, settings, now)

    def update(self, call: Call, app: App, body: Any, now: float) -> Response:
        asked = self._asked(call, body)
        task = self._find(call, app, now)
        if isinstance(task, Response):
            return task
        change = validation.check_update(asked, task.plan, self.book.settings, now)
        recording, page = task.plan.recording, task.plan.page
        if recording is not None:
            recording.audio = change.audio or recording.audio
            recording.video = change.video or recording.video
            self.timeline.presence(task, now)
        if page is not None:
            page.pushes = change.pushes or page.pushes
            self._hold(task, change.onhold, now)
        self.book.touch(task)
        return Response(200, answers.ids(task, self.book.settings))

    def _hold(self, task: Task, onhold: bool | None, now: float) -> None:
        if onhold is None:
            return
        task.onhold = onhold
        opened = task.joined_at is not None and "page" not in task.timers
        if task.alive and opened and not onhold:
            self.timeline.page_recorded(task, now)

    def update_layout(self, call: Call, app: App, body: Any, now: float) -> Response:
        asked = self._asked(call, body)
        task = self._find(call, app, now)
        if isinstance(task, Response):
            return task
        if task.mode != "mix":
            return answers.refusal(400, 2, "updateLayout is for mix mode only")
        validation.check_layout(asked)
        task.layout = dict(asked)
        self.book.touch(task)
        return Response(200, answers.ids(task, self.book.settings))

    def stop(
        self, call: Call, app: App, body: Any, now: float, fault: Mapping[str, Any] | None = None
    ) -> Response:
        """``fault``: what becomes of the upload, instead of what the settings say."""
        asynchronous = validation.check_stop(self._asked(call, body))
        task = self._find(call, app, now)
        if isinstance(task, Response):
            return task
        task.stopped_calls += 1
        settings = self.book.settings
        if not task.alive:
            self.book.touch(task)
            return answers.already_ending(task, settings, now)
        joined = task.joined_at is not None
        amiss = fault or {}
        task.bucket_fault, task.bucket_late = amiss.get("bucket"), float(amiss.get("seconds", 0.0))
        self.timeline.end(task, "stop", now, upload=amiss.get("upload"))
        if asynchronous or not joined:
            return answers.stop_taken(task, settings)
        if not task.recorded and task.plan.page is None:
            return answers.refusal(206, 435, "no recorded data")
        if settings.upload_seconds > settings.sync_stop_limit:
            late = answers.refusal(206, 50, "the upload is not finished")
            return Response(late.status, late.body, delay=settings.sync_stop_limit)
        return answers.stopped(task, settings, settings.upload_seconds)

    def spend(self, resource_id: str | None) -> None:
        """A refusal that was made up for this resource spends it like a real one (12.35)."""
        resource = self.book.resources.get(resource_id or "")
        if resource is not None and resource.sid is None:
            self._spend(resource, Response(500, {}))

    def _asked(self, call: Call, body: Any) -> Any:
        cname, uid, asked = common.envelope(body)
        task = self.book.tasks.get(call.sid or "")
        if task is not None and (task.cname, task.uid) != (cname, uid):
            raise Invalid("cname or uid is not the task's")
        return asked

    def _find(self, call: Call, app: App, now: float) -> Task | Response:
        settings = self.book.settings
        task = self.book.tasks.get(call.sid or "")
        named = task is not None and (task.resource_id, task.mode, task.app_id) == (
            call.resource_id,
            call.mode,
            app.app_id,
        )
        if task is None or not named or not task.answers(now):
            return answers.not_found(call.verb, task if named else None, settings)
        if now >= task.control_until:
            if settings.control_expired == "433":
                return answers.refusal(400, EXPIRED, "resourceExpiredHour has passed")
            return answers.not_found(call.verb, task, settings)
        return task

    def _started_before(self, resource: Resource, now: float) -> Response:
        task = self.book.tasks[resource.sid or ""]
        settings = self.book.settings
        if not task.alive and settings.reused_resource == "refuse":
            return answers.refusal(400, 2, "this resource had its session; acquire again")
        sid = {"sid": task.sid} if settings.already_started_has_sid else {}
        return Response(201, {"code": 7, "reason": "already started", **sid})

    def _stale(self, code: int, reason: str) -> Response:
        return answers.refusal(400, code if self.book.settings.legacy_codes else 2, reason)

    def _spend(self, resource: Resource, response: Response) -> Response:
        # A resource whose recorder runs keeps it: only an unused one can be spent by a refusal.
        resource.spent = True
        self.book.touch(resource)
        return response

    def _at_capacity(self, app_id: str, web: bool) -> bool:
        """Tasks that run at once: one pool, or web apart when it has a cap of its own (5.2)."""
        settings = self.book.settings
        running = self.book.running[app_id]
        if settings.pcw_web is None:
            return len(running) >= settings.pcw
        pages = sum(1 for sid in running if self.book.tasks[sid].mode == "web")
        return pages >= settings.pcw_web if web else len(running) - pages >= settings.pcw

    def _task(self, call: Call, resource: Resource, plan: Plan, now: float) -> Task:
        return Task(
            sid=self.book.hex_id(),
            resource_id=resource.resource_id,
            app_id=resource.app_id,
            cname=resource.cname,
            uid=resource.uid,
            mode=plan.mode,
            region=call.region or resource.region,
            plan=plan,
            started_at=now,
            control_until=now + resource.hours * 3600,
            uid_in_channel=int(resource.uid),
            onhold=plan.page is not None and plan.page.onhold,
        )

    def _admission(self, app: App, task: Task, token: Any, now: float) -> tuple[Doom | None, float | None]:
        """What the token does to an accepted start, and when it ends (7.1)."""
        if not app.certificate or task.mode == "web":
            return None, None
        verdict = tokens.check(str(token or ""), app.app_id, app.certificate, task.cname, int(task.uid), now)
        if verdict.code is None:
            return None, verdict.expires_at
        cause = "token_expired" if verdict.code == tokens.EXPIRED else "token_invalid"
        return Doom(cause, verdict.code), None

    def _bad_plan(self, plan: Plan) -> Doom | None:
        if plan.bucket == REFUSED_BUCKET or self.book.settings.storage_fails:
            return Doom("storage", 32, module=1)
        host = plan.page.url.split("/")[2].split(":")[0] if plan.page else ""
        return Doom("access_url_failed", 5, module=6) if host.endswith(UNREACHABLE) else None


def _keys(storage: Any) -> Keys:
    return Keys(storage["accessKey"], storage["secretKey"], storage.get("stsToken"))


def _fingerprint(value: Any) -> str:
    """Equal for equal JSON values; keeps the secrets in it out of our memory."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
