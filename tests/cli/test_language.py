"""The command line's errors, findings and causes in the terminal's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def chinese(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("RECORDER_LANGUAGE", "zh_CN")
    return run


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("show", "r-none"), 3, "session_id：没有名为 'r-none' 的录制；`recorder list` 会列出它们"),
        (("record", "room", "--minutes", "-3"), 2, "minutes：应大于 0（给出的是 -3.0）"),
        (("record", "room", "--minutes", "x"), 2, "错误：'--minutes' 的值无效：'x' 不是有效的 float。"),
        (("list", "--label", "x"), 2, "错误：'--label' 的值无效：'x' 不是 key=value 的形式。"),
        (("show",), 2, "错误：缺少参数 'ID'。"),
        (("show", "--nope"), 2, "可用 'main show --help' 查看帮助。"),
        (("schedule", "show", "none"), 3, "schedule：没有名为 'none' 的计划"),
        (("schedule", "nothing"), 2, "错误：没有命令 'nothing'。"),
        (("nothing",), 2, "用法：main [OPTIONS] COMMAND [ARGS]..."),
        (("--nope",), 2, "错误：没有选项 '--nope'。"),
    ],
)
def test_refusals_are_chinese_with_the_same_exit_status(
    chinese: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, says: str
) -> None:
    answer = chinese(*arguments)
    assert answer.exit_code == status
    assert says in answer.stderr
    assert answer.stdout == ""
    monkeypatch.setenv("RECORDER_LANGUAGE", "en")
    assert chinese(*arguments).exit_code == status
    assert chinese(*arguments).stderr.isascii()


def test_an_unreachable_redis_is_told_in_chinese(chinese: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_REDIS_URL", "redis://127.0.0.1:1/0")
    answer = chinese("doctor")
    assert "无法连接 Redis" in answer.stdout
    assert "请启动它，或更正 RECORDER_REDIS_URL" in answer.stdout


def test_a_diagnosis_is_chinese_and_json_is_not(chinese: Run, read: Callable[..., Any]) -> None:
    session_id = read("record", "room", "--minutes", "5")["session_id"]
    chinese("cancel", session_id)
    shown = chinese("diagnose", session_id).stdout
    assert "录制已被取消  确定: cancelled" in shown
    assert "处理： 无需处理；如果确实需要，请重新发起录制" in shown
    assert "录制之前已被取消" in chinese("show", session_id).stdout
    assert read("diagnose", session_id)["causes"][0]["title"] == "it was cancelled"


def test_help_and_the_empty_group_are_as_they_were(chinese: Run) -> None:
    assert "Recordings that always start on time" in chinese("--help").stdout
    assert "用法" not in chinese().output
