"""What happens to a recorder by itself: joining, recording, idling, expiring, ending (facts 5)."""

from __future__ import annotations

from recorder_tasks.simulator import events, files
from recorder_tasks.simulator.book import Book
from recorder_tasks.simulator.channels import Channel, Publisher
from recorder_tasks.simulator.tasks import FAILED, Heard, Run, Task

UIDS_RECORDED = 17
READY = 4
IN_PROGRESS = 5
_WEB_UID = "0"


class Timeline:
    """Acts on the book's agenda. Every method takes the instant at which it happens."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._moves = {
            "status": self._status,
            "presence": self.presence,
            "idle": self._idle,
            "first_file": self._first_file,
            "page": self._page_opens,
            "progress": self._progress,
            "snapshot": self._snapshot,
            "token": self._token_expires,
            "max_hours": self._max_hours,
            "doom": self._doom,
            "back": self._back,
            "gone": self._gone,
        }

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``, in order."""
        while (due := self.book.next_reminder(now)) is not None:
            task, kind, at = due
            self._moves[kind](task, at)

    def begin(self, task: Task, at: float) -> None:
        """A start was accepted; the recorder is on its way (11.2)."""
        self.book.enter(task)
        self.book.remind(task, "status", at + self.book.settings.status_seconds[0])
        if task.doom is not None:
            self.book.remind(task, "doom", at + self.book.settings.bad_start_seconds)

    def _status(self, task: Task, at: float) -> None:
        if task.doom is not None and task.status >= 2:
            return
        task.status += 1
        if task.status == 3:
            self.book.notices.emit(task, 30, at, status=0)
        if task.status < READY:
            steps = self.book.settings.status_seconds
            self.book.remind(task, "status", task.started_at + steps[task.status])
        else:
            self._join(task, at)

    def _join(self, task: Task, at: float) -> None:
        book = self.book
        task.joined_at = at
        task.runs.append(Run(at))
        book.remind(task, "progress", task.started_at + book.settings.progress_seconds)
        book.notices.emit(task, 13, at)
        if task.plan.page is not None:
            book.remind(task, "page", max(at, task.started_at + book.settings.web_start))
            return
        book.notices.emit(task, 40, at, status=0)
        if any(ban.hits(task.app_id, task.cname, task.uid_in_channel, at) for ban in book.bans.values()):
            self.end(task, "ban", at)
            return
        self.presence(task, at)
        if task.alive and task.plan.snapshot_every is not None:
            book.remind(task, "snapshot", at + task.plan.snapshot_every)

    def _page_opens(self, task: Task, at: float) -> None:
        book, page = self.book, task.plan.page
        assert page is not None
        book.notices.emit(task, 70, at, recorderStartTime=int(at * 1000))
        book.remind(task, "max_hours", task.started_at + page.hours * 3600)
        for address in page.pushes:
            book.notices.emit(task, 100, at, rtmpUrl=address, status="publishing")
        if not task.onhold:
            self.page_recorded(task, at)

    def page_recorded(self, task: Task, at: float) -> None:
        """The page is open and not on hold: slices are made from now on."""
        self._hear(task, _WEB_UID, at, audio=True, video=True)

    def presence(self, task: Task, at: float) -> None:
        """Who is in the channel may have changed: record them, or start to count the idle time."""
        if not task.alive or task.joined_at is None or task.plan.recording is None:
            return
        channel = self.book.channel(task.cname)
        if any(someone.uid == task.uid_in_channel for someone in channel.present(at)):
            self.end(task, "collision", at)
            return
        self._count_idle_time(task, channel, at)
        if channel.channel_type in (None, task.plan.recording.channel_type):
            for someone in first_to_join(channel, at):
                self._listen(task, someone, at)
        following = channel.next_change(at)
        if following is not None:
            self.book.remind(task, "presence", following)

    def _count_idle_time(self, task: Task, channel: Channel, at: float) -> None:
        assert task.plan.recording is not None
        if channel.occupied(task.plan.recording.channel_type, at):
            task.idle_since = None
            task.timers.pop("idle", None)
            self.book.touch(task)
        elif task.idle_since is None:
            task.idle_since = at
            self.book.remind(task, "idle", at + task.plan.recording.max_idle)

    def _listen(self, task: Task, someone: Publisher, at: float) -> None:
        recording = task.plan.recording
        assert recording is not None
        audio = someone.audio and recording.audio.takes(someone.uid)
        video = someone.video and recording.video.takes(someone.uid)
        if audio or video:
            self._hear(task, str(someone.uid), at, audio=audio, video=video)

    def _hear(self, task: Task, uid: str, at: float, *, audio: bool, video: bool) -> None:
        heard = task.runs[-1].heard.setdefault(uid, Heard())
        for wanted, kind, event in ((audio, "audio", 43), (video, "video", 44)):
            if wanted and getattr(heard, f"{kind}_at") is None:
                setattr(heard, f"{kind}_at", at)
                self._slices(task, uid, kind, event, at)
        if task.first_file_at is None and "first_file" not in task.timers:
            self.book.remind(task, "first_file", at + self.book.settings.first_file(task.mode))
        self.book.touch(task)

    def _slices(self, task: Task, uid: str, kind: str, event: int, at: float) -> None:
        emit, moment = self.book.notices.emit, int(at * 1000)
        if task.mode != "web":
            emit(task, event, at, streamUid=int(uid), state=0, UtcMs=moment)
        emit(
            task,
            42,
            at,
            startUtcMs=moment,
            discontinueUtcMs=moment,
            mixedAllUser=task.mode in ("mix", "web"),
            streamUid=0 if task.mode in ("mix", "web") else int(uid),
            trackType=kind,
        )

    def _first_file(self, task: Task, at: float) -> None:
        task.first_file_at = at
        task.status = IN_PROGRESS
        names = ";".join(file.name for file in files.files_of(task, self.book.settings, at))
        for _ in range(2 if self.book.settings.file_infos_twice else 1):
            self.book.notices.emit(task, 4, at, fileList=names)

    def _progress(self, task: Task, at: float) -> None:
        if task.alive:
            self.book.notices.emit(task, 33, at, progress=9900)
            self.book.remind(task, "progress", at + self.book.settings.progress_seconds)

    def _snapshot(self, task: Task, at: float) -> None:
        assert task.plan.snapshot_every is not None
        for uid, heard in task.runs[-1].heard.items():
            here = any(str(someone.uid) == uid for someone in self.book.channel(task.cname).present(at))
            if heard.video_at is not None and here:
                name = files.screenshot(task, uid, at, self.book.settings)
                self.book.notices.emit(task, 45, at, fileName=name)
        self.book.remind(task, "snapshot", at + task.plan.snapshot_every)

    def _idle(self, task: Task, at: float) -> None:
        self.end(task, "idle", at)

    def _token_expires(self, task: Task, at: float) -> None:
        self.error(task, at, 0, 109)
        self.end(task, "token_expired", at)

    def _max_hours(self, task: Task, at: float) -> None:
        self.end(task, "max_recording_hour", at, page_code=1)

    def _doom(self, task: Task, at: float) -> None:
        doom = task.doom
        assert doom is not None
        if task.plan.page is None or doom.module == 1:
            self.error(task, at, doom.module, doom.code)
        self.fall(task, doom.cause, at, page_code=doom.code if doom.cause == "access_url_failed" else 6)

    def _back(self, task: Task, at: float) -> None:
        """The recorder runs again on another server, as somebody else (facts 9)."""
        task.away_until = None
        task.runs.append(Run(at))
        self.book.notices.emit(task, 12, at, newUid=task.uid_in_channel)
        if task.plan.page is not None:
            if not task.onhold:
                self.page_recorded(task, at)
            return
        self.presence(task, at)

    def error(self, task: Task, at: float, module: int, code: int) -> None:
        self.book.notices.emit(
            task, 1, at, module=module, errorLevel=5, errorCode=code, stat=0, errorMsg=f"error {code}"
        )

    def fall(self, task: Task, cause: str, at: float, page_code: int = 6) -> None:
        """It dies on the spot: nothing but 404 from now on."""
        self._stop_recording(task, cause, at)
        task.gone_at = task.uploaded_at = at
        self.book.parcels.post(task, at, self.book.settings, whole=False)
        if task.plan.page is not None:
            self._page_closed(task, at, page_code)
        self.book.notices.emit(task, 11, at, exitStatus=1)
        self.book.release(task)

    def fail(self, task: Task, at: float, code: int) -> None:
        """An abnormal exit that query still shows for a while, as status 20."""
        task.status = FAILED
        self.error(task, at, 2, code)
        self._stop_recording(task, "failure", at)
        task.uploaded_at = at
        self.book.parcels.post(task, at, self.book.settings, whole=False)
        self._go_at(task, at + self.book.settings.failed_seconds)
        self.book.notices.emit(task, 11, at, exitStatus=1)

    def end(self, task: Task, cause: str, at: float, page_code: int = 0, upload: str | None = None) -> None:
        """An orderly end: it leaves, uploads, answers for a little longer, is gone."""
        settings = self.book.settings
        self._stop_recording(task, cause, at)
        task.uploaded_at = at + settings.upload_seconds
        task.upload = (upload or settings.uploading_status) if task.recorded else None
        self.book.parcels.post(task, task.uploaded_at, settings)
        self._go_at(task, task.uploaded_at + settings.exit_seconds)
        self._say_goodbye(task, cause, at, page_code)

    def _go_at(self, task: Task, at: float) -> None:
        task.gone_at = at
        self.book.remind(task, "gone", at)

    def _stop_recording(self, task: Task, cause: str, at: float) -> None:
        task.timers.clear()
        task.away_until = None
        task.ended_at, task.ended_by = at, cause
        self.book.leave(task)

    def _say_goodbye(self, task: Task, cause: str, at: float, page_code: int) -> None:
        emit = self.book.notices.emit
        if task.plan.page is not None:
            self._page_closed(task, at, page_code)
        elif task.joined_at is not None:
            idle = cause == "idle"
            emit(task, 41, at, leaveCode=events.LEAVE_NO_USERS if idle else events.LEAVE_AFTER_STOP)
        assert task.uploaded_at is not None
        emit(task, 11, at + self.book.settings.upload_seconds / 2, exitStatus=0)
        if task.upload in ("uploaded", "backuped"):
            self._uploaded(task, task.uploaded_at)

    def _uploaded(self, task: Task, at: float) -> None:
        emit, settings = self.book.notices.emit, self.book.settings
        listed = {
            "fileList": [file.listed(settings) for file in files.files_of(task, settings, at)],
        }
        details = {"status": 0, **({} if task.mode == "web" else listed)}
        emit(task, 33, at, progress=10000)
        emit(task, 31 if task.upload == "uploaded" else 32, at, **details)
        if task.plan.postponed:
            emit(task, 1001, at, result="total_success", fileList=[{"fileName": _transcoded(task)}])

    def _page_closed(self, task: Task, at: float, code: int) -> None:
        listed = [
            {"filename": file.name, "sliceStartTime": files.stamp(file.started_at, self.book.settings)}
            for file in files.files_of(task, self.book.settings, at)
        ]
        words = events.PAGE_ENDS[code]
        self.book.notices.emit(task, 71, at, code=code, message=words, details=words, fileList=listed)

    def _gone(self, task: Task, at: float) -> None:
        self.book.release(task)


def first_to_join(channel: Channel, at: float) -> list[Publisher]:
    """Nothing of the eighteenth uid is recorded (12.41)."""
    return sorted(channel.present(at), key=lambda someone: someone.come or 0.0)[:UIDS_RECORDED]


def _transcoded(task: Task) -> str:
    return f"{task.plan.prefix}{task.sid}_{task.cname.translate(files.SPECIAL)}_0.mp4"
