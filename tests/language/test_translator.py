"""A finished sentence finds its template, and its values come along."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.language import Translator, language_of, of_environment, translator
from recorder_tasks.language.template import Template
from tests.language.sentences import sentences

CHINESE = translator("zh_CN")
SENTENCES = sorted(sentences())
VALUE = st.from_regex(r"'[a-z0-9._-]{1,12}'|[0-9]{1,6}(\.[0-9])?", fullmatch=True)


@given(st.data())
def test_every_sentence_is_found_again_with_its_values(data: st.DataObject) -> None:
    template = Template(data.draw(st.sampled_from(SENTENCES)))
    texts, holes = template.parts
    values = {hole: data.draw(VALUE) for hole in holes}
    values |= {hole: "" for text, hole in zip(texts[1:-1], holes[1:], strict=True) if not text}
    told = CHINESE.sentence(template.filled(values))
    assert told == Template(CHINESE.gettext(template.msgid)).filled(values)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("minutes: 9 is not within -5..5", "minutes：9 不在 -5..5 范围内"),
        ("recording r-1 is still stopping after 3 s", "3 秒之后，录制 r-1 仍处于停止中状态"),
        (
            "profiles.x.recipe: takes the 32 hex characters of the App ID",
            "profiles.x.recipe：应为 App ID 的 32 位十六进制字符",
        ),
        (
            "the first start came 12 s late; 2 recorder(s) lost on the way",
            "第一次开始晚了 12 秒；途中丢失 2 个录制端",
        ),
        (
            "end: x has no time zone; start: y has no time zone",
            "end：x 没有时区；start：y 没有时区",
        ),
        ("a.yaml:3: math.slots: is nested too deeply", "a.yaml:3：math.slots：嵌套太深"),
        ("there is no such member\nis nested too deeply", "没有这个成员\n嵌套太深"),
        ("Redis is out of reach: Connection refused.", "无法连接 Redis：Connection refused."),
        ("whatever: nobody of ours says this", "whatever: nobody of ours says this"),
        ("the weather is not what it was yesterday", "the weather is not what it was yesterday"),
        ("", ""),
    ],
)
def test_sentences_that_are_joined_are_translated_part_by_part(english: str, chinese: str) -> None:
    assert CHINESE.sentence(english) == chinese
    assert Translator("en").sentence(english) == english


@given(st.text(max_size=200))
def test_any_text_comes_back_as_some_text(text: str) -> None:
    assert CHINESE.sentence(text).count("\n") == text.count("\n")


def test_hostile_texts_take_no_longer() -> None:
    began = time.process_time()
    for text in ("; ".join([": is not , {0} ; of "] * 150), "is " * 1300, "a: " * 1300, "x; " * 1300):
        CHINESE.sentence(text)
    assert time.process_time() - began < 20


def test_words_and_plurals() -> None:
    assert CHINESE.word("recording") == "录制中"
    assert Translator("en").word("recording") == "recording"
    assert CHINESE.ngettext("%(count)s day", "%(count)s days", 2) == "%(count)s 天"
    assert Translator("en").ngettext("%(count)s day", "%(count)s days", 2) == "%(count)s days"
    assert Translator("fr").language == "en"
    assert Translator("zh-CN").language == "zh_CN"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_GB"}, "zh_CN"),
        ({"RECORDER_LANGUAGE": "zh", "LC_ALL": "C"}, "zh_CN"),
        ({"RECORDER_LANGUAGE": "en", "LANG": "zh_CN"}, "en"),
        ({"RECORDER_LANGUAGE": "", "LANG": "zh_CN"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_a_terminals_language_is_the_first_that_is_set(environ: dict[str, str], language: str) -> None:
    assert of_environment(environ) == language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de,zh;q=0.7,en;q=0.3", "zh_CN"),
        ("de, en;q=0.1, zh-Hant;q=0.5", "zh_CN"),
        ("zh;q=0", "en"),
        ("zh;q=x, fr", "en"),
        ("*", "en"),
        (",;=,;;q", "en"),
    ],
)
def test_a_browsers_language_is_the_one_that_it_likes_best(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language
