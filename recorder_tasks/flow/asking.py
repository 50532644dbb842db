"""From what a caller asks for to a session: checked, merged with its profile, planned.

Whatever could make the vendor refuse it later is refused here, with one sentence, before anything is stored.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from recorder_tasks import agora
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.outcome import Instant, Mode
from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.core.session import Session
from recorder_tasks.core.text import plain
from recorder_tasks.flow.vendors import DAY, with_longest_hours, with_secrets
from recorder_tasks.settings import AppSettings, ProfileSettings, Settings, hidden_members

EVERYONE = ["#allstream#"]
LABEL_LENGTH = 128
TOO_EARLY, TOO_LATE = 1900, 9000  # years, near the calendar's ends times cannot be told
SHORTEST_IDLE = 5  # seconds (5.1)
HEALTH_SHARE = 0.8  # of the idle time, which a recorder must not sit out unseen between two looks
SOUND_ONLY, PICTURE_ONLY = 0, 1  # streamTypes (facts 2.7)


class Ask(BaseModel):
    """The arguments of ``record``; also what ``recorder.record`` accepts by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str = Field(min_length=1)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    minutes: float | None = Field(None, gt=0, le=LONGEST_HOURS * 60)
    key: str | None = Field(None, min_length=1, max_length=256)
    labels: dict[str, str] = Field(default_factory=dict, max_length=16)
    profile: str = "default"
    app: str = "default"
    mode: Mode | None = None
    storage: str | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)
    max_extension: float | None = Field(None, ge=0, le=DAY)

    @classmethod
    def read(cls, **ask: Any) -> Self:
        """The checked arguments; None stands for not given. Raises InvalidWish with every fault it finds."""
        try:
            return cls.model_validate({name: value for name, value in ask.items() if value is not None})
        except ValidationError as faults:
            raise InvalidWish("; ".join(map(sentence, faults.errors(include_url=False)))) from None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.end is not None and self.minutes is not None:
            raise ValueError("minutes: give either end or minutes, not both")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"end: {self.end.isoformat()} is not after start, {self.start.isoformat()}")
        for name, at in (("start", self.start), ("end", self.end)):
            if at is not None and at.year >= TOO_LATE:
                raise ValueError(f"{name}: {at.isoformat()} is not before the year {TOO_LATE}")
        for name, value in self.labels.items():
            if not name or len(name) > LABEL_LENGTH or len(value) > LABEL_LENGTH:
                raise ValueError(f"labels: {name!r:.80} and its value take 1..{LABEL_LENGTH} characters")
            if not plain(name) or not plain(value):
                raise ValueError(f"labels: {name!r}={value!r} must have no control characters")
        if self.key is not None and not plain(self.key):
            raise ValueError(f"key: {self.key!r} must have no control characters")
        hidden = hidden_members(self.recipe)
        if hidden:
            raise ValueError(f"recipe: {', '.join(hidden)} comes from the settings and cannot be given here")
        try:
            json.dumps(self.recipe, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise ValueError("recipe: takes what JSON can hold: objects, lists, texts, numbers") from None
        return self

    def digest(self) -> str:
        """Tells a repeat from a clash under one key."""
        body = self.model_dump(mode="json", exclude={"key"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]


def sentence(fault: Mapping[str, Any]) -> str:
    """What pydantic found wrong with a member, its value and what is allowed."""
    where = ".".join(str(part) for part in fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not where:
        return message
    # Only plain values are repeated: a whole object might carry somebody's keys.
    plain = isinstance(fault["input"], (str, int, float)) and where != "recipe"
    given = f" (got {fault['input']!r:.80})" if plain and fault["type"] != "extra_forbidden" else ""
    return f"{where}: {message[:1].lower()}{message[1:]}{given}"


def new_id() -> str:
    return secrets.token_hex(10)


def session_id_of(key: str | None, namespace: str) -> str:
    """A key names its session for ever; without one the id is random."""
    if key is None:
        return f"r-{new_id()}"
    return f"r-{hashlib.sha256(f'{namespace}/{key}'.encode()).hexdigest()[:20]}"


def plan(
    ask: Ask,
    settings: Settings,
    session_id: str,
    uids: tuple[int, int],
    now: Instant,
    *,
    lead: float = 0.0,
    past: bool = False,
) -> Session:
    """The session that an ask becomes. Raises InvalidWish.

    ``lead``: seconds by which it may begin early. ``past``: it may be over already, to be told as missed.
    """
    profile, app, storage = _named(ask, settings)
    mode = ask.mode or profile.mode
    by_token = app.certificate is not None and mode is not Mode.WEB  # whose recorder joins no channel (7.1)
    start, end, deadline = _times(ask, profile, LONGEST_HOURS * 3600.0 - lead, now, past=past)
    recipe = _recipe(mode, profile, ask.recipe, deadline - start + lead)
    body = with_secrets(recipe, profile, settings.storage(storage))
    _check(mode, ask.channel, with_longest_hours(body, 1) if mode is Mode.WEB else body)
    max_idle = (recipe.get("recordingConfig") or {}).get("maxIdleTime", profile.max_idle)
    return Session(
        id=session_id,
        app=ask.app,
        channel=ask.channel,
        mode=mode,
        profile=ask.profile,
        recipe=recipe,
        storage=storage,
        labels=ask.labels,
        digest=ask.digest(),
        uids=uids,
        created_at=now,
        start=start,
        end=end,
        deadline=deadline,
        health_every=min(profile.health_every, max_idle * HEALTH_SHARE),
        health_with_callbacks=_rarer(profile, max_idle) if app.notification_secret is not None else None,
        max_idle=max_idle,
        lead=lead,
        async_stop=profile.async_stop,
        coverage=profile.coverage,
        redundancy=profile.redundancy,
        by_token=by_token,
        notified=app.notification_secret is not None,
    )


def _rarer(profile: ProfileSettings, max_idle: float) -> float | None:
    rarer = profile.health_with_callbacks
    return None if rarer is None else min(rarer, max_idle * HEALTH_SHARE)


def _named(ask: Ask, settings: Settings) -> tuple[ProfileSettings, AppSettings, str]:
    """What the ask names of the settings, and the name of its storage."""
    try:
        profile, app = settings.profile(ask.profile), settings.app(ask.app)
        storage = ask.storage or profile.storage
        settings.storage(storage)
    except KeyError as missing:
        raise InvalidWish(missing.args[0]) from None
    return profile, app, storage


def _times(
    ask: Ask, profile: ProfileSettings, longest: float, now: Instant, *, past: bool
) -> tuple[Instant, Instant, Instant]:
    start = now if ask.start is None else ask.start.timestamp()
    if ask.end is not None:
        end = ask.end.timestamp()
    else:
        end = start + (ask.minutes * 60 if ask.minutes is not None else profile.max_duration)
    if end <= (start if past else max(now, start)):
        said = ask.end.isoformat() if ask.end is not None else f"{(end - start) / 60:g} minutes after start"
        raise InvalidWish(f"end: {said} has passed already; it must be in the future and after start")
    extension = profile.max_extension if ask.max_extension is None else ask.max_extension
    if end - start > longest:
        raise InvalidWish(
            f"end: {(end - start) / 3600:.1f} h after start is too long, allowed are {longest / 3600:.1f} h"
        )
    return start, end, min(end + extension, start + longest)


def _recipe(
    mode: Mode, profile: ProfileSettings, overrides: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    wanted = merged(profile.recipe, overrides)
    return merged(_defaults(mode, profile, wanted, seconds), wanted)


def _defaults(
    mode: Mode, profile: ProfileSettings, wanted: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """What is recorded when nobody says: everybody, with what the wish leaves of sound and picture."""
    if mode is Mode.WEB:
        return {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}
    config: dict[str, Any] = {
        "channelType": 1,
        "streamTypes": 2,
        "maxIdleTime": min(profile.max_idle, max(math.ceil(seconds), SHORTEST_IDLE)),
    }
    asked = wanted.get("recordingConfig")
    asked = asked if isinstance(asked, Mapping) else {}
    for kind, absent in (("Audio", PICTURE_ONLY), ("Video", SOUND_ONLY)):
        if asked.get("streamTypes") != absent and f"unSubscribe{kind}Uids" not in asked:
            config[f"subscribe{kind}Uids"] = EVERYONE
    if mode is not Mode.MIX:
        config["subscribeUidGroup"] = 5
    kinds = ["hls"] if mode is Mode.INDIVIDUAL else ["hls", "mp4"]
    return {"recordingConfig": config, "recordingFileConfig": {"avFileType": kinds}}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Objects member by member, everything else replaced; a member set to None is taken out."""
    result = deepcopy(dict(base))
    for name, value in over.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = deepcopy(value)  # the caller's own stays as it is
    return result


def _check(mode: Mode, channel: str, body: Mapping[str, Any]) -> None:
    """Everything that the vendor would refuse about it, said now."""
    try:
        agora.check_channel(mode, channel)
    except agora.InvalidRequest as fault:
        raise InvalidWish(str(fault).replace("cname", "channel:", 1)) from None
    try:
        agora.check_start(mode, agora.StartRequest.of(body))
    except agora.InvalidRequest as fault:
        raise InvalidWish(str(fault)) from None


def checked_change(mode: Mode, body: Mapping[str, Any], *, layout: bool) -> dict[str, Any]:
    """The body of update or updateLayout as it will be sent. Raises InvalidWish."""
    hidden = hidden_members(body)
    if hidden:  # a change is kept in Redis until the vendor has taken it
        raise InvalidWish(f"body: {', '.join(hidden)} comes from the settings and cannot be given here")
    try:
        if layout:
            layout_wire: dict[str, Any] = agora.LayoutRequest.of(body).to_wire()
            return layout_wire
        request = agora.UpdateRequest.of(body)
        agora.check_update(mode, request)
        return request.to_wire()
    except agora.InvalidRequest as fault:
        raise InvalidWish(str(fault)) from None
