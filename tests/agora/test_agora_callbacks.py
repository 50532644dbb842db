"""Signatures, with the vendor's own vector, and what events say."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import Callback, Event, InvalidRequest, SignatureError, verify
from recorder_tasks.core.outcome import FileSource, Upload

BODY = (
    b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
    b'"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
)
SHA1 = "033c62f40f687675f17f0f41f91a40c71c0f134c"
SHA256 = "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"


def test_the_vendors_vector_passes_in_both_versions_and_any_case_of_header() -> None:
    verify(BODY, {"Agora-Signature-V2": SHA256}, "secret")
    verify(BODY, {"agora-signature": SHA1.upper()}, "secret", v1=True)


@pytest.mark.parametrize(
    ("body", "headers", "secret"),
    [
        (BODY + b" ", {"Agora-Signature-V2": SHA256}, "secret"),
        (BODY, {"Agora-Signature-V2": SHA256}, "Secret"),
        (BODY, {"Agora-Signature-V2": SHA1}, "secret"),
        (BODY, {"Agora-Signature-V2": "é"}, "secret"),
        (BODY, {"Agora-Signature": SHA1}, "secret"),
        (BODY, {}, "secret"),
    ],
)
def test_anything_else_is_refused(body: bytes, headers: dict[str, str], secret: str) -> None:
    with pytest.raises(SignatureError) as refused:
        verify(body, headers, secret)
    assert SHA256 not in str(refused.value)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_whatever_was_signed_with_the_secret_passes(body: bytes, secret: str) -> None:
    verify(body, {"Agora-Signature-V2": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}, secret)


def event(number: int, **details: Any) -> Callback:
    payload = {
        "cname": "room",
        "uid": "5",
        "sid": "s",
        "sequence": 3,
        "sendts": 1700000006257,
        "details": details,
    }
    body = {
        "noticeId": "n",
        "productId": 3,
        "eventType": number,
        "notifyMs": 1700000006283,
        "payload": payload,
    }
    return Callback.parse(body)


def test_an_event_tells_when_and_about_what() -> None:
    callback = event(Event.RECORDER_STARTED, status=0)
    assert (callback.sid, callback.payload.sequence, callback.payload.details) == ("s", 3, {"status": 0})
    assert (callback.notified_at, callback.payload.sent_at) == (1700000006.283, 1700000006.257)


@pytest.mark.parametrize(("number", "upload"), [(31, Upload.UPLOADED), (32, Upload.BACKED_UP), (33, None)])
def test_the_upload_events_say_where_the_files_are(number: int, upload: Upload | None) -> None:
    callback = event(number, fileList=[{"fileName": "x.m3u8", "uid": "0"}])
    assert callback.upload is upload
    assert [file.source for file in callback.files] == ([FileSource.CALLBACK] if upload else [])


def test_event_4_lists_names_in_one_string() -> None:
    assert [file.name for file in event(4, fileList="d/x.m3u8;d/x_0.mp4").files] == ["d/x.m3u8", "d/x_0.mp4"]


def test_an_event_of_another_product_has_no_files() -> None:
    callback = Callback.parse({"productId": 1, "eventType": 31, "payload": {"details": {"fileList": "x"}}})
    assert (callback.files, callback.upload) == ((), None)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", "null"])
def test_what_is_no_json_object_is_refused(body: bytes | str) -> None:
    with pytest.raises(InvalidRequest, match="must be"):
        Callback.parse(body)


@given(
    st.dictionaries(
        st.sampled_from(["payload", "eventType", "sid", "notifyMs"]), st.none() | st.text() | st.integers()
    )
)
def test_no_envelope_whatsoever_breaks_the_reading(body: dict[str, Any]) -> None:
    callback = Callback.parse(body)
    assert (callback.raw, callback.files) == (body, ())
