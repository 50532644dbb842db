"""The client: six endpoints in four modes, tokens and the channel management calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests
from pydantic import SecretStr

from recorder_tasks.agora.answers import Answer, read_answer
from recorder_tasks.agora.body.acquire import WEB, AcquireRequest
from recorder_tasks.agora.body.common import Body, check_channel, check_uid
from recorder_tasks.agora.body.start import StartRequest, check_start
from recorder_tasks.agora.body.transcoding import LayoutRequest
from recorder_tasks.agora.body.update import StopRequest, UpdateRequest, check_update
from recorder_tasks.agora.channels import ChannelUsers, ban_body, read_ban, read_users
from recorder_tasks.agora.errors import InvalidRequest, VendorError
from recorder_tasks.agora.hosts import RECORDING, HostChoice, channel_directory, single
from recorder_tasks.agora.tokens import recorder_token
from recorder_tasks.agora.transport import Call, Permit, Reply, Silence, Timeouts, Transport
from recorder_tasks.agora.words import Area, Mode
from recorder_tasks.core.outcome import Kind, Step

RULES_PATH, USERS_PATH = "/dev/v1/kicking-rule", "/dev/v1/channel/user"


class Client:
    """Calls the vendor for one app; thread-safe. Use it as a context manager, or ``close()`` it.

    ``key`` and ``secret`` are the REST pair, ``certificate`` the App Certificate if the project has it on.
    ``base_url`` replaces the choice of hosts, for a simulator. ``attempts`` bounds how often one call is
    sent when no HTTP answer comes, ``backoff`` (seconds) the waits between; ``path_region`` puts the area
    in the path (facts 1.1). ``http`` is a session of the caller's, used as it is and left open.

    Calls return an Answer whatever the vendor or the network does. They raise InvalidRequest for what the
    vendor would refuse, before anything is sent. Wherever one takes a ``permit``, see Permit.
    """

    def __init__(
        self,
        app_id: str,
        key: str | SecretStr,
        secret: str | SecretStr,
        *,
        certificate: str | SecretStr | None = None,
        area: Area = Area.US,
        base_url: str | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        attempts: int = 4,
        backoff: Sequence[float] = (1.0, 3.0, 6.0),
        pool_size: int = 16,
        http: requests.Session | None = None,
        path_region: bool = False,
    ) -> None:
        if attempts < 1:
            raise InvalidRequest(f"attempts {attempts} must be 1 or more")
        self.app_id, self.area = _piece("app_id", app_id), Area(area)
        self._certificate = _plain(certificate) or None
        self._timeouts = timeouts
        region = f"/{self.area}" if path_region else ""
        self._prefix = f"{region}/v1/apps/{self.app_id}/cloud_recording"
        self._hosts = HostChoice(single(base_url) if base_url else RECORDING[self.area])
        self._channel_hosts = HostChoice(single(base_url) if base_url else channel_directory(self.area))
        self._transport = Transport(
            _plain(key),
            _plain(secret),
            timeouts=timeouts,
            attempts=attempts,
            backoff=backoff,
            pool_size=pool_size,
            http=http,
        )

    def acquire(
        self, channel: str, uid: int, request: AcquireRequest | None = None, *, permit: Permit | None = None
    ) -> Answer:
        """Reserves a recorder, ``resource_id``: for one start within 5 minutes, better within 2 s (5.1)."""
        request = request or AcquireRequest()
        check_channel(Mode.WEB if request.scene == WEB else Mode.MIX, channel)
        return self._post(Step.ACQUIRE, "/acquire", channel, check_uid(uid), request, permit)

    def start(
        self,
        mode: Mode,
        resource_id: str,
        channel: str,
        uid: int,
        request: StartRequest,
        *,
        permit: Permit | None = None,
    ) -> Answer:
        """Starts the recorder: ``sid``. ACCEPTED says only that the request was taken; query tells the rest.

        Repeating it with the same ``resource_id`` never makes a second recorder (4.5).
        """
        mode = _mode(mode)
        check_channel(mode, channel)
        check_start(mode, request, certificate=self._certificate is not None)
        path = f"/resourceid/{_piece('resource_id', resource_id)}/mode/{mode}/start"
        return self._post(Step.START, path, channel, check_uid(uid), request, permit)

    def query(self, mode: Mode, resource_id: str, sid: str, *, permit: Permit | None = None) -> Answer:
        """How the task is: ``status``, ``files`` so far, ``web``. NOT_FOUND may be for good or not (5.5)."""
        return self._ask(Step.QUERY, "GET", _task(mode, resource_id, sid, "query"), permit)

    def update(
        self,
        mode: Mode,
        resource_id: str,
        sid: str,
        channel: str,
        uid: int,
        request: UpdateRequest,
        *,
        permit: Permit | None = None,
    ) -> Answer:
        """Changes subscriptions, a page's hold, push address or storage keys; one call at a time (2.12)."""
        mode = _mode(mode)
        check_update(mode, request)
        path = _task(mode, resource_id, sid, "update")
        return self._post(Step.UPDATE, path, channel, check_uid(uid), request, permit)

    def update_layout(
        self,
        resource_id: str,
        sid: str,
        channel: str,
        uid: int,
        request: LayoutRequest,
        *,
        permit: Permit | None = None,
    ) -> Answer:
        """Replaces a mix's whole appearance: what is left out returns to its default (2.13)."""
        path = _task(Mode.MIX, resource_id, sid, "updateLayout")
        return self._post(Step.UPDATE_LAYOUT, path, channel, check_uid(uid), request, permit)

    def stop(
        self,
        mode: Mode,
        resource_id: str,
        sid: str,
        channel: str,
        uid: int,
        *,
        async_stop: bool = False,
        permit: Permit | None = None,
    ) -> Answer:
        """Ends the task. Sync, it answers after the upload, with ``files`` and ``upload``; else at once.

        Channel and uid are sent as they are: a refusal of ours would leave a recorder running.
        """
        path = _task(mode, resource_id, sid, "stop")
        request = StopRequest.of({"async_stop": async_stop})
        return self._post(Step.STOP, path, channel, str(uid), request, permit)

    def ban(self, channel: str, uid: int, *, seconds: int, permit: Permit | None = None) -> Answer:
        """Throws ``uid`` out of ``channel``: the last resort for a recorder whose ``sid`` is lost (14).

        ``seconds`` 0 or 10 to 86430. ``rule_id`` of the answer names the rule. What a recorder does then is
        not documented; it is expected to end. A lost answer is not asked for again: two rules would be made.
        """
        body = ban_body(self.app_id, channel, int(check_uid(uid)), seconds)
        call = Call("POST", RULES_PATH, self._timeouts.stop_read, body, repeatable=False)
        reply = self._transport.exchange(call, self._channel_hosts, permit)
        return _silent(Step.STOP, reply) if isinstance(reply, Silence) else read_ban(reply)

    def users(self, channel: str, *, permit: Permit | None = None) -> ChannelUsers:
        """Who is in ``channel`` now. Raises VendorError when that cannot be learnt."""
        path = f"{USERS_PATH}/{self.app_id}/{_piece('channel', channel)}"
        call = Call("GET", path, self._timeouts.read)
        reply = self._transport.exchange(call, self._channel_hosts, permit)
        if isinstance(reply, Silence):
            raise VendorError(None, None, reply.reason, None, reply.host, "users")
        found = read_users(reply.body)
        if found is None:
            answer = read_answer(Step.QUERY, reply.http_status, reply.body)
            reason = answer.reason or "the answer lists no users"
            raise VendorError(reply.http_status, answer.code, reason, reply.request_id, reply.host, "users")
        return found

    def token(self, channel: str, uid: int, *, seconds: int, issued_at: float | None = None) -> str | None:
        """An RTC token for a recorder, or None for a project without certificate. Raises TokenError.

        ``seconds`` (1 to 86400) from ``issued_at`` (UTC epoch seconds, by default now, by this host's clock);
        when it expires the recorder leaves (7.1).
        """
        if self._certificate is None:
            return None
        return recorder_token(
            self.app_id, self._certificate, channel, uid, seconds=seconds, issued_at=issued_at
        )

    def close(self) -> None:
        """Closes the connections; calls that wait for another attempt give up."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client(app_id={self.app_id!r}, area={self.area.value!r})"

    def _post(
        self, verb: Step, path: str, channel: str, uid: str, request: Body, permit: Permit | None
    ) -> Answer:
        body = {"cname": channel, "uid": uid, "clientRequest": request.to_wire()}
        waits = isinstance(request, StopRequest) and not request.async_stop
        return self._ask(verb, "POST", path, permit, body, self._timeouts.stop_read if waits else None)

    def _ask(
        self,
        verb: Step,
        method: str,
        path: str,
        permit: Permit | None,
        body: dict[str, Any] | None = None,
        read: float | None = None,
    ) -> Answer:
        call = Call(method, self._prefix + path, self._timeouts.read if read is None else read, body)
        reply = self._transport.exchange(call, self._hosts, permit)
        return _silent(verb, reply) if isinstance(reply, Silence) else _read(verb, reply)


def _read(verb: Step, reply: Reply) -> Answer:
    return read_answer(
        verb,
        reply.http_status,
        reply.body,
        request_id=reply.request_id,
        host=reply.host,
        attempts=reply.attempts,
    )


def _silent(verb: Step, silence: Silence) -> Answer:
    kind = Kind.UNKNOWN if silence.sent else Kind.NOT_SENT
    return Answer(kind=kind, verb=verb, reason=silence.reason, host=silence.host, attempts=silence.attempts)


def _task(mode: Mode, resource_id: str, sid: str, verb: str) -> str:
    ids = f"/resourceid/{_piece('resource_id', resource_id)}/sid/{_piece('sid', sid)}"
    return f"{ids}/mode/{_mode(mode)}/{verb}"


def _piece(name: str, value: Any) -> str:
    """One part of a path, escaped. Raises InvalidRequest for what a URL cannot carry as one part."""
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise InvalidRequest(f"{name} {value!r} must be a non-empty name")
    return quote(value, safe="")


def _mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError:
        raise InvalidRequest(f"mode {mode!r} must be one of {', '.join(Mode)}") from None


def _plain(value: str | SecretStr | None) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value or ""
