"""The vendor's clients of this process, one an app, and what a start needs that no session may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from threading import Lock
from typing import Any

from recorder_tasks import agora
from recorder_tasks.core import takes
from recorder_tasks.core.outcome import Instant, Mode
from recorder_tasks.core.pages import LONGEST_HOURS, longest_hours, pages
from recorder_tasks.core.session import Session, Take
from recorder_tasks.settings import ProfileSettings, Settings, StorageSettings

DAY = 86_400  # the longest life of a token's privilege (7.1)
MOST_EXCLUDED = 4  # resources that one acquire names as places not to go to


class Vendors:
    """Builds and keeps one thread-safe client per app."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clients: dict[str, agora.Client] = {}
        self._lock = Lock()

    def client(self, app: str) -> agora.Client:
        """The client of an app by its name in the settings. Raises KeyError for an unknown name."""
        with self._lock:
            if app not in self._clients:
                self._clients[app] = self._build(app)
            return self._clients[app]

    def _build(self, name: str) -> agora.Client:
        app, settings = self.settings.app(name), self.settings
        return agora.Client(
            app.app_id,
            app.key,
            app.secret,
            certificate=app.certificate,
            area=agora.Area(app.area),
            base_url=app.base_url,
            timeouts=agora.Timeouts(
                connect=settings.connect_timeout, read=settings.read_timeout, stop_read=settings.stop_timeout
            ),
            attempts=settings.attempts,
            backoff=(0.5, 1.0, 2.0),
            pool_size=max(settings.concurrency, settings.stop_concurrency),
        )

    def acquire_request(self, session: Session, line: int) -> agora.AcquireRequest:
        """Control must outlive the recording, whatever becomes of its end: it lasts as long as it can (2.3).

        A redundant recorder shall run in another region than the living ones of other lines (5.6).
        """
        cadence = self.settings.cadence
        others = [take for take in session.takes if take.line != line and not takes.over(take, cadence)]
        return agora.plan_acquire(
            session.mode,
            resource_expired_hour=LONGEST_HOURS,
            exclude_resource_ids=tuple(take.resource_id for take in others[-MOST_EXCLUDED:]),
        )

    def start_request(self, session: Session, take: Take, now: Instant) -> agora.StartRequest:
        """The recipe with storage keys and a token that ends the recorder should all of us be dead (P2)."""
        profile, storage = self.settings.profile(session.profile), self.settings.storage(session.storage)
        body = with_secrets(session.recipe, profile, storage)
        if session.mode is Mode.WEB:
            seconds = (take.expires_at or session.deadline) - take.sent_at
            body = with_longest_hours(body, longest_hours(session.recipe, seconds))
        else:
            # Without an expiry: of an older version, or asked for before the app had its certificate.
            expires_at = take.expires_at or session.deadline + self.settings.cadence.token_grace
            seconds = min(max(math.ceil(expires_at - now), 1), DAY)
            token = self.client(session.app).token(session.channel, take.uid, seconds=seconds, issued_at=now)
            if token is not None:
                body["token"] = token
        return agora.StartRequest.of(body)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def with_secrets(
    recipe: Mapping[str, Any], profile: ProfileSettings, storage: StorageSettings
) -> dict[str, Any]:
    """The recipe as it is sent: with storage keys, and the channel's encryption where the profile has it."""
    body = {**recipe, "storageConfig": storage_config(storage)}
    kept = {"secret": profile.channel_secret, "salt": profile.channel_salt}
    told = {name: value.get_secret_value() for name, value in kept.items() if value is not None}
    if told:
        body["recordingConfig"] = {**(body.get("recordingConfig") or {}), **told}
    return body


def with_longest_hours(body: Mapping[str, Any], hours: int) -> dict[str, Any]:
    """A web recipe whose page ends by itself, should all of us be dead (P2), if it does not say when."""
    whole: dict[str, Any] = deepcopy(dict(body))
    for page in pages(whole):
        page.setdefault("maxRecordingHour", hours)
    return whole


def storage_config(storage: StorageSettings) -> dict[str, Any]:
    """The vendor's storageConfig, with its keys in the clear: for the request, never for keeping."""
    config: dict[str, Any] = {
        "vendor": storage.vendor,
        "region": storage.region,
        "bucket": storage.bucket,
        "accessKey": storage.access_key.get_secret_value(),
        "secretKey": storage.secret_key.get_secret_value(),
    }
    if storage.prefix:
        config["fileNamePrefix"] = list(storage.prefix)
    if storage.sts_token is not None:
        config["stsToken"] = storage.sts_token.get_secret_value()
        config["stsExpiration"] = storage.sts_expiration
    if storage.extension_params:
        config["extensionParams"] = storage.extension_params
    return config
