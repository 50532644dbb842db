"""Who is let in: tokens, cookies, forms, hosts and origins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from recorder_tasks.settings import WebSettings
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.access import ANYBODY, Access
from recorder_tasks.web.guards import Guards
from recorder_tasks.web.pages.login import Failures, _ours

READ, ADMIN = "a-token-that-reads", "a-token-that-administers"


def web(**more: object) -> WebSettings:
    tokens = {"wall": {"secret": READ}, "boss": {"secret": ADMIN, "scope": "admin"}}
    return WebSettings.model_validate({"tokens": tokens, **more})


def test_without_tokens_everybody_on_this_host_may_do_everything() -> None:
    access = Access(WebSettings())
    assert access.open
    assert access.by_authorization(None) == ANYBODY
    assert access.by_cookie(None) == ANYBODY


def test_a_token_is_known_by_its_secret_and_carries_its_scope() -> None:
    access = Access(web())
    boss = access.by_authorization(f"Bearer {ADMIN}")
    assert boss is not None
    assert (boss.name, boss.scope) == ("boss", Scope.ADMIN)
    reader = access.by_authorization(f"bearer {READ}")
    assert reader is not None
    assert not reader.may(Scope.OPERATE)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Basic {READ}", READ, "Bearer é"])
def test_anything_else_is_nobody(header: str | None) -> None:
    assert Access(web()).by_authorization(header) is None


def test_a_cookie_stands_for_its_token_until_any_token_is_changed() -> None:
    access = Access(web())
    caller = access.by_token(READ)
    assert caller is not None
    cookie = access.cookie(caller)
    assert Access(web()).by_cookie(cookie) == caller
    changed = web(tokens={"wall": {"secret": READ}, "boss": {"secret": ADMIN + "-new"}})
    assert Access(changed).by_cookie(cookie) is None
    assert READ not in cookie


def test_a_cookie_signed_by_somebody_else_is_nobodys() -> None:
    forged = URLSafeTimedSerializer("guess", salt="recorder login").dumps({"name": "boss"})
    assert Access(web()).by_cookie(forged) is None
    assert Access(web()).by_cookie("") is None
    assert Access(web()).by_cookie("a.b.c") is None


def test_a_form_belongs_to_its_login() -> None:
    access = Access(web())
    assert access.is_form_token(access.form_token("mine"), "mine")
    assert not access.is_form_token(access.form_token("mine"), "theirs")
    assert not access.is_form_token("", "mine")


def test_off_loopback_a_token_is_needed() -> None:
    WebSettings().check_reach("127.0.0.1")
    web().check_reach("0.0.0.0")
    with pytest.raises(ValueError, match=r"host: 0\.0\.0\.0 can be reached from elsewhere"):
        WebSettings().check_reach("0.0.0.0")


def test_secrets_are_not_shown_and_too_short_ones_refused() -> None:
    assert READ not in repr(web())
    with pytest.raises(ValueError, match="16 characters or more") as refused:
        web(tokens={"wall": {"secret": "short"}})
    assert "'short'" not in str(refused.value).replace("input_value='short'", "")


def _refusal(
    settings: WebSettings, method: str = "POST", path: str = "/record", **headers: str
) -> str | None:
    from starlette.datastructures import Headers

    async def nothing(*args: object) -> None: ...

    guards = Guards(nothing, settings, from_anywhere=("/agora/notifications/",))
    return guards._refusal(
        method, path, Headers({name.replace("_", "-"): text for name, text in headers.items()})
    )


def test_without_tokens_only_loopbacks_names_are_answered() -> None:
    assert _refusal(WebSettings(), "GET", host="127.0.0.1:8910") is None
    assert _refusal(WebSettings(), "GET", host="[::1]:8910") is None
    assert "rebound.example" in (_refusal(WebSettings(), "GET", host="rebound.example:8910") or "")
    public = WebSettings(public_url="https://room.example.org")
    assert _refusal(public, "GET", host="room.example.org") is None
    assert _refusal(web(), "GET", host="anything.example") is None


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8910"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": "http://127.0.0.1:9999"}, False),
    ],
)
def test_other_sites_write_nothing_here(headers: dict[str, str], let_in: bool) -> None:
    assert (_refusal(WebSettings(), host="127.0.0.1:8910", **headers) is None) is let_in


def test_the_vendor_writes_from_anywhere_to_its_own_path_only() -> None:
    vendor = {"host": "127.0.0.1:8910", "origin": "http://vendor.example"}
    assert _refusal(WebSettings(), path="/agora/notifications/default", **vendor) is None
    assert _refusal(WebSettings(), path="/record", **vendor) is not None


@given(st.text())
def test_a_login_leads_to_this_server_only(text: str) -> None:
    path = _ours(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil", "javascript:1", "/\nx"]
)
def test_addresses_elsewhere_become_the_first_page(elsewhere: str) -> None:
    assert _ours(elsewhere) == "/"


def test_failures_are_counted_by_address_and_forgotten_in_a_minute() -> None:
    failures = Failures(2)
    for _ in range(2):
        assert not failures.too_many("10.0.0.1")
        failures.add("10.0.0.1")
    assert failures.too_many("10.0.0.1")
    assert not failures.too_many("10.0.0.2")
