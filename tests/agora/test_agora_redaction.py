"""What may be shown of a body, and that nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import InvalidRequest, StartRequest, redacted

SECRETS = ["accessKey", "secret_key", "stsToken", "token", "secret", "salt", "Authorization", "certificate"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_hidden_in_either_spelling_and_at_any_depth(name: str) -> None:
    assert redacted({"a": [{name: "s3cret"}], "b": 0}) == {"a": [{name: "***"}], "b": 0}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtmp://cdn.example.org/live/key", "rtmp://cdn.example.org/***"),
        ("https://u:p@example.org/?token=1", "https://example.org/***"),
        ("rtmp://[broken/key", "***"),
        ("key", "***"),
    ],
)
def test_of_an_address_only_the_host_is_shown(url: str, shown: str) -> None:
    assert redacted({"rtmpUrl": url, "url": url}) == {"rtmpUrl": shown, "url": shown}


@given(st.sampled_from(SECRETS), st.text(min_size=1) | st.lists(st.text(min_size=1)) | st.integers())
def test_a_secret_of_any_type_is_hidden(name: str, value: object) -> None:
    assert redacted({name: value}) == {name: "***"}


def test_a_refused_request_does_not_repeat_its_secrets() -> None:
    storage = {"vendor": 0, "region": 0, "bucket": "b", "accessKey": "s3cret", "secretKey": ["s3cret"]}
    with pytest.raises(InvalidRequest) as refused:
        StartRequest.of({"storageConfig": storage, "token": {"x": "s3cret"}, "s3": "s3cret"})
    assert "s3cret" not in str(refused.value)
    with pytest.raises(ValueError) as raw:
        StartRequest.model_validate({"storageConfig": {**storage, "secretKey": "s3cret"}})
    assert "s3cret" not in str(raw.value)
