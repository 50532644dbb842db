"""Signatures, against the specification's own vector and a receiver that follows its text."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recorder_tasks.outgoing import new_secret, signed
from recorder_tasks.settings import Settings, WebhookSettings
from tests.webhooks.receiver import SECRET

OTHER = "whsec_" + base64.b64encode(b"another secret of thirty bytes").decode()


def test_the_vector_of_standard_webhooks() -> None:
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [SECRET])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(max_size=300), st.integers(0, 2**33))
def test_every_secret_signs_what_is_sent(body: bytes, at: int) -> None:
    headers = signed("msg_1", at, body, [SECRET, OTHER])
    for secret, signature in zip((SECRET, OTHER), headers["webhook-signature"].split(), strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.digest(key, b"msg_1." + str(at).encode() + b"." + body, hashlib.sha256)
        assert signature == "v1," + base64.b64encode(digest).decode()


def test_a_fresh_secret_is_one_that_the_settings_take() -> None:
    secret = new_secret()
    assert secret != new_secret()
    assert WebhookSettings(url="https://example.org/hook", secret=secret).secrets == (secret,)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"url": "ftp://example.org"}, "url: takes http"),
        ({"url": "https://user:pw@example.org/"}, "without user and password"),
        ({"url": "https://example.org:99999/"}, "url: takes http"),
        ({"url": "https://example.org/a b"}, "percent-encoded"),
        ({"secret": "whsec_short"}, "24 to 64 bytes in base64"),
        ({"secret": SECRET.removeprefix("whsec_")}, "24 to 64 bytes in base64"),
        ({"previous_secret": "geheim"}, "24 to 64 bytes in base64"),
        ({"events": ["sesion.completed"]}, "events: 'sesion.completed' is not like"),
        ({"events": ["webhook.dead"]}, "events: 'webhook.dead' is not like"),
        ({"timeout": 31}, "less than or equal to 30"),
        ({"concurrency": 0}, "greater than or equal to 1"),
    ],
)
def test_what_no_subscription_can_be(members: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WebhookSettings.model_validate({"url": "https://example.org/hook", "secret": SECRET, **members})


def test_neither_the_secret_nor_the_url_is_shown() -> None:
    one = WebhookSettings(url="https://example.org/T0/secret-path", secret=SECRET, previous_secret=OTHER)
    shown = repr(Settings(webhooks={"office": one}, _env_file=None)) + str(one)
    assert not [word for word in (SECRET, OTHER, "secret-path") if word in shown]
    assert one.host == "https://example.org"
