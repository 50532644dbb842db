"""Names that are an injection somewhere: allowed ones go through unharmed, the rest is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from recorder_tasks.core.errors import InvalidWish
from tests.journeys.house import House
from tests.journeys.house import house as a_house
from tests.poison.healthy import assert_healthy, begin

ALLOWED = {
    "a hash tag of Redis": "room{x}",
    "another namespace's key": "x}:session:r-1",
    "a glob": "[a-z]?*".replace("*", "+").replace("?", "."),
    "a shell": "$(reboot) && rm -rf . | sh; #",
    "a flag": "--help",
    "a template": "{0} %s %(name)s {channel}",
    "markup": "[bold red]x[b]",
    "a path": "...",
    "a query": "a=1&b=2#c",
    "spaces around": "  room  ",
    "as long as allowed": "x" * 63,
    "a number": "17",
    "a formula": "=1+1",
}
REFUSED = {
    "a new line": "room\nforged",
    "a carriage return": "room\r\nFLUSHALL\r\n",
    "an escape": "room\x1b[31m",
    "a null": "room\x00",
    "a star": "room*",
    "quotes": "room'\"`",
    "a backslash": "room\\n",
    "a slash": "../room",
    "another script": "комната",
    "an emoji": "room \N{CLAPPER BOARD}",
    "half a pair": "room\ud800",
    "too long": "x" * 64,
    "far too long": "x" * 1_000_000,
    "empty": "",
}
ODD_LABELS = {
    "a {x}*": 'it\'s "quoted" $(id) `id`',
    "[red]": "[/] {0} %s",
    "комната": "\N{CLAPPER BOARD} \N{MAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "a=b": "c=d",
    ":": "label:a=b",
    "-": "--label",
}


def cli(house: House, *words: str) -> str:
    command = [sys.executable, "-m", "recorder_tasks.cli", *words]
    env = {**house.env, "COLUMNS": "400", "TZ": "UTC"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def house(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A deployment without workers, but for the test that starts them."""
    with a_house(redis_url, tmp_path_factory.mktemp("names")) as built:
        yield built


def soon(house: House, channel: str, **ask: Any) -> Any:
    start = datetime.now(UTC) + timedelta(hours=1)
    return house.desk.record(channel, start=start, minutes=1, **ask)


@pytest.mark.integration
def test_odd_channels_are_recorded_listed_and_logged_like_any_other(make_house: Callable[..., House]) -> None:
    house = make_house()
    house.crew()
    asked = {
        what: begin(house, channel, seconds=6, after=1 + number / 3, labels=ODD_LABELS, key=f"{channel}*{{}}")
        for number, (what, channel) in enumerate(ALLOWED.items())
    }
    for one in asked.values():
        house.final(one.session_id)
    for what, one in asked.items():
        takes = house.simulator.takes(quote(one.channel, safe=""))
        assert [take["ended_by"] for take in takes] == ["stop"], what
        assert takes[0]["channel"] == ALLOWED[what]
    listed = json.loads(cli(house, "list", "--json", "--limit", "1000"))["recordings"]
    assert {each["channel"] for each in listed} == set(ALLOWED.values())
    assert all(each["labels"] == ODD_LABELS for each in listed)
    table = cli(house, "list").splitlines()
    assert len(table) == 1 + len(ALLOWED)  # one line each, under the heading
    for what, one in asked.items():
        (line,) = (each for each in table if one.session_id in each)
        assert ALLOWED[what] in line
        assert "[/] {0} %s" in line
        found = house.desk.find(channel=one.channel).recordings
        assert [each.session_id for each in found] == [one.session_id]
    for what in ("a template", "markup"):
        assert ALLOWED[what] in cli(house, "show", asked[what].session_id)
        assert "session.completed" in cli(house, "events", asked[what].session_id)
    assert len(house.desk.find(labels={"a=b": "c=d"}).recordings) == len(ALLOWED)
    assert not house.desk.find(labels={"a": "b=c=d"}).recordings
    keys = house.wiring.store.client.keys("*")
    prefix = house.wiring.store.keys.prefix.encode()
    assert all(key.startswith(prefix) for key in keys if b"room{x}" in key or b"x}:session:r-1" in key)
    assert one_line_per_record(house)


def one_line_per_record(house: House) -> bool:
    """No line of a log begins otherwise than with the formatter's time, once the banner is over."""
    for process in house.processes:
        lines = process.output().split(" ready.\n", 1)[1].splitlines()
        assert all(re.match(r"\[\d{4}-\d\d-\d\d ", line) for line in lines), lines
        assert "\x1b" not in process.output()
    return True


@pytest.mark.integration
def test_an_odd_channel_holds_up_no_healthy_one(school: House) -> None:
    odd = begin(school, "%s{0}$(id)&&[b]", seconds=5, labels=ODD_LABELS)
    healthy = begin(school, "healthy-names", seconds=5)
    assert_healthy(school, healthy)
    assert school.final(odd.session_id).state == "completed"


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_vendor_does_not_allow_is_refused_in_one_plain_sentence(house: House, what: str) -> None:
    with pytest.raises(InvalidWish) as refused:
        soon(house, REFUSED[what])
    said = str(refused.value)
    assert said.startswith("channel: ")
    assert said.isprintable()
    assert len(said) < 300


WEB_PAGE = {
    "extensionServiceConfig": {
        "extensionServices": [
            {
                "serviceName": "web_recorder_service",
                "serviceParam": {
                    "url": "https://example.org",
                    "audioProfile": 1,
                    "videoWidth": 1280,
                    "videoHeight": 720,
                },
            }
        ]
    }
}


@pytest.mark.parametrize("what", ["a new line", "an escape", "a null", "half a pair", "far too long"])
def test_a_web_label_may_be_in_any_script_and_control_nothing(house: House, what: str) -> None:
    assert soon(house, "комната*/'", mode="web", recipe=WEB_PAGE).channel == "комната*/'"
    with pytest.raises(InvalidWish, match=r"^channel: "):
        soon(house, REFUSED[what], mode="web", recipe=WEB_PAGE)


@pytest.mark.parametrize(
    "labels",
    [
        {"a\nb": "c"},
        {"a": "b\r\nc"},
        {"a": "\x1b[2J"},
        {"a": "\u202egnp.exe"},
        {"a": "\ud800"},
        {"\u2028": "a"},
        {"a": "x" * 1000},
        {"": "a"},
        {"a": "\x00"},
    ],
)
def test_labels_control_nothing(house: House, labels: dict[str, str]) -> None:
    with pytest.raises(InvalidWish, match=r"^labels") as refused:
        soon(house, "room", labels=labels)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("key", ["a\nb", "\x1b[2J", "\ud800", "x" * 1000, ""])
def test_keys_control_nothing(house: House, key: str) -> None:
    with pytest.raises(InvalidWish, match=r"^key") as refused:
        soon(house, "room", key=key)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("key", ["{x}", "*", "a b", "$(id)", "комната", "../..", "r-1} {"])
def test_any_other_key_names_one_recording(house: House, key: str) -> None:
    assert soon_at(house, key).session_id == soon_at(house, key).session_id


def soon_at(house: House, key: str) -> Any:
    start = datetime(2100, 1, 1, tzinfo=UTC)
    return house.desk.record("room", start=start, minutes=1, key=key)
