"""The recorder's token, made by the vendor's own builder and checked by the simulator (facts 7)."""

from __future__ import annotations

import base64
import struct
import time
import warnings
import zlib

import pytest

from recorder_tasks.simulator import tokens
from tests.simulator.vendor import APP_ID, CERTIFICATE, EPOCH, Vendor, asked_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of modules beside the one that we need
    from agoraiotools.RtcTokenBuilder2 import RtcTokenBuilder

# Facts 7.2: made from fixed numbers, so that nothing depends on a clock.
VECTOR_APP, VECTOR_CERTIFICATE, VECTOR_ISSUED = "0" * 31 + "1", "f" * 32, 1_700_000_000
VECTOR = bytes.fromhex(
    "200095c174afe07a3e2f4736503614856c3959aa3e19c0dd6810f5a0eefe95a50d81"
    "2000303030303030303030303030303030303030303030303030303030303030303100f15365"
    "100e000001000000010001000400"
    "0100100e00000200100e00000300100e00000400100e0000"
    "0c00746573745f6368616e6e656c0600353237383431"
)


def packed(content: bytes) -> str:
    return "007" + base64.b64encode(zlib.compress(content)).decode()


def check(
    token: str, channel: str = "test_channel", uid: int = 527841, now: float = VECTOR_ISSUED
) -> int | None:
    return tokens.check(token, VECTOR_APP, VECTOR_CERTIFICATE, channel, uid, now).code


def test_the_documented_vector_lets_its_recorder_in_for_an_hour() -> None:
    verdict = tokens.check(
        packed(VECTOR), VECTOR_APP, VECTOR_CERTIFICATE, "test_channel", 527841, VECTOR_ISSUED
    )
    assert verdict == tokens.Verdict(None, VECTOR_ISSUED + 3600)


@pytest.mark.parametrize(
    "code",
    [
        check(packed(VECTOR), channel="other"),
        check(packed(VECTOR), uid=1),
        check(packed(VECTOR[:-1] + b"9")),
        check(packed(VECTOR[:40])),
        check(packed(b"")),
        check("007???"),
        check("006" + packed(VECTOR)[3:]),
        check(""),
    ],
)
def test_any_other_token_is_invalid(code: int | None) -> None:
    assert code == tokens.INVALID


def test_a_token_is_expired_at_the_end_of_its_life() -> None:
    assert check(packed(VECTOR), now=VECTOR_ISSUED + 3599.9) is None
    assert check(packed(VECTOR), now=VECTOR_ISSUED + 3600) == tokens.EXPIRED


def test_the_join_privilege_ends_before_the_token_when_it_is_shorter() -> None:
    shorter = VECTOR.replace(struct.pack("<HI", 1, 3600), struct.pack("<HI", 1, 60), 1)
    signed = shorter[34:]
    signature = tokens._signature(VECTOR_CERTIFICATE, VECTOR_ISSUED, 1, signed)
    token = packed(struct.pack("<H", 32) + signature + signed)
    assert check(token, now=VECTOR_ISSUED + 59) is None
    assert check(token, now=VECTOR_ISSUED + 60) == tokens.EXPIRED


def made(channel: str = "class", uid: int = 7, life: int = 600, certificate: str = CERTIFICATE) -> str:
    return str(
        RtcTokenBuilder.build_token_with_uid(
            APP_ID, certificate, channel, uid, 2, life, privilege_expire=life
        )
    )


def protected() -> Vendor:
    vendor = Vendor(certificate=CERTIFICATE)
    vendor.now = time.time()  # the vendor's builder takes no clock
    return vendor


@pytest.mark.parametrize("uid", [7, 0])
def test_a_good_token_records_until_it_expires(uid: int) -> None:
    vendor = protected()
    take = vendor.take(asked=asked_for("mix") | {"token": made(uid=uid)})
    vendor.later(500)
    assert take.status() == 5
    vendor.later(110)
    account = take.account()
    assert account["ended_by"] == "token_expired"
    assert account["ended_at"] - account["started_at"] == pytest.approx(600, abs=2)


@pytest.mark.parametrize(
    "token",
    [None, "", "007nonsense", made("other"), made(uid=8), made(certificate="d" * 32)],
)
@pytest.mark.parametrize("mode", ["mix", "individual", "raw"])
def test_a_bad_token_is_accepted_at_start_and_kills_the_recorder_soon(token: str | None, mode: str) -> None:
    vendor = protected()
    asked = asked_for(mode) | ({} if token is None else {"token": token})
    take = vendor.take(mode, asked)
    vendor.later(2)
    assert take.query().status == 404
    assert take.account()["ended_by"] == "token_invalid"
    assert take.account()["files"] == []


def test_an_expired_token_kills_it_too() -> None:
    vendor = protected()
    token = made()
    vendor.later(700)
    take = vendor.take(asked=asked_for("mix") | {"token": token})
    vendor.later(2)
    assert take.account()["ended_by"] == "token_expired"


def test_a_web_page_and_an_app_without_certificate_need_no_token() -> None:
    vendor = protected()
    take = vendor.take("web")
    vendor.later(60)
    assert take.account()["alive"]
    open_vendor = Vendor()
    assert open_vendor.now == EPOCH
    take = open_vendor.take(asked=asked_for("mix") | {"token": "whatever"})
    open_vendor.later(60)
    assert take.account()["alive"]
