"""Who asks, and what they may do: bearer tokens for programs, a signed cookie for people."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer

from recorder_tasks.settings import WebSettings
from recorder_tasks.settings.web import Scope

COOKIE = "recorder_login"
HOUR = 3600


@dataclass(frozen=True)
class Caller:
    """``name``: of the token, None where there are no tokens and everybody on this host is welcome."""

    name: str | None
    scope: Scope

    def may(self, scope: Scope) -> bool:
        return self.scope >= scope


ANYBODY = Caller(None, Scope.ADMIN)


class Access:
    """Judges tokens and cookies of one deployment.

    Cookies are signed with the tokens' secrets: whoever changes a token ends every login, and any number of
    web processes agree.
    """

    def __init__(self, web: WebSettings) -> None:
        self._tokens = {name: token.secret.get_secret_value() for name, token in web.tokens.items()}
        self._scopes = {name: token.scope for name, token in web.tokens.items()}
        self._lasts = web.session_hours * HOUR
        joined = "\n".join(f"{name}={secret}" for name, secret in sorted(self._tokens.items()))
        self._key = joined or secrets.token_hex(32)
        self._cookies = URLSafeTimedSerializer(self._key, salt="recorder login")

    @property
    def open(self) -> bool:
        """Whether there are no tokens, so that nobody has to show one."""
        return not self._tokens

    def by_token(self, given: str) -> Caller | None:
        """Whose token it is; every token is compared, each in constant time."""
        found = None
        for name, secret in self._tokens.items():
            if hmac.compare_digest(_digest(secret), _digest(given)):
                found = Caller(name, self._scopes[name])
        return found

    def by_authorization(self, header: str | None) -> Caller | None:
        """The caller of an ``Authorization: Bearer ...`` header; anybody where there are no tokens."""
        if self.open:
            return ANYBODY
        kind, _, given = (header or "").partition(" ")
        return self.by_token(given.strip()) if kind.lower() == "bearer" else None

    def cookie(self, caller: Caller) -> str:
        """What a browser keeps instead of the token."""
        return self._cookies.dumps({"name": caller.name, "once": secrets.token_hex(8)})

    def by_cookie(self, given: str | None) -> Caller | None:
        """Whose login it is; anybody where there are no tokens."""
        if self.open:
            return ANYBODY
        try:
            said = self._cookies.loads(given or "", max_age=int(self._lasts))
        except BadSignature:
            return None
        name = said.get("name") if isinstance(said, dict) else None
        return Caller(name, self._scopes[name]) if name in self._scopes else None

    def form_token(self, cookie: str | None) -> str:
        """What a form of that login's pages carries; no other site can know it."""
        return hmac.new(self._key.encode(), f"form {cookie or ''}".encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, given: str, cookie: str | None) -> bool:
        return hmac.compare_digest(self.form_token(cookie).encode(), given.encode())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
