"""What is said in two languages is said in both: the same headings, code, tables and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAIRS = [("README.md", "README.zh-CN.md"), ("docs/api.md", "docs/zh-CN/api.md")]
# What a language chooses for itself: the zone of an example.
LOCAL = {"Asia/Shanghai": "Europe/Berlin"}


def text(name: str) -> str:
    return (TOP / name).read_text(encoding="utf-8")


def headings(page: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"(?m)^(#+) ", without_code(page))]


def without_code(page: str) -> str:
    return re.sub(r"(?s)```.*?```", "", page)


def code(page: str) -> list[str]:
    """Blocks without comments, whose words are of the page's language; and without the room before them."""
    blocks = re.findall(r"(?s)```(.*?)```", page)
    plain = ["\n".join(re.sub(r"\s+#.*", "", line) for line in block.splitlines()) for block in blocks]
    for theirs, ours in LOCAL.items():
        plain = [block.replace(theirs, ours) for block in plain]
    return plain


def cells(page: str) -> list[list[str]]:
    """Of each row of a table, what stands in code: names, settings, kinds."""
    rows = re.findall(r"(?m)^\|.*\|$", without_code(page))
    return [sorted(re.findall(r"`[^`]+`", row)) for row in rows]


def links(name: str) -> list[str]:
    """The files that a page links to, from the top, a translation standing for its original."""
    base = (TOP / name).parent
    originals = {(TOP / translated).resolve(): (TOP / original).resolve() for original, translated in PAIRS}
    found = [target.replace("-zh-CN.png", ".png") for target in re.findall(r"\]\(([^)#]+)\)", text(name))]
    paths = [(base / target).resolve() for target in found if "://" not in target]
    assert all(path.exists() for path in paths), [str(path) for path in paths if not path.exists()]
    return sorted(str(originals.get(path, path).relative_to(TOP)) for path in paths)


@pytest.mark.parametrize(("original", "translated"), PAIRS)
def test_a_translation_has_its_original_s_headings_code_and_names(original: str, translated: str) -> None:
    ours, theirs = text(original), text(translated)
    assert headings(theirs) == headings(ours)
    assert code(theirs) == code(ours)
    assert cells(theirs) == cells(ours)


@pytest.mark.parametrize(("original", "translated"), PAIRS)
def test_a_translation_links_to_what_its_original_links_to(original: str, translated: str) -> None:
    assert links(translated) == links(original)


@pytest.mark.parametrize(("original", "translated"), PAIRS)
def test_each_names_the_other_at_its_top(original: str, translated: str) -> None:
    for name, other in ((original, translated), (translated, original)):
        top = "\n".join(text(name).splitlines()[:4])
        targets = [((TOP / name).parent / found).resolve() for found in re.findall(r"\]\((.*?)\)", top)]
        assert targets == [(TOP / other).resolve()]
        assert "English" in top
        assert "简体中文" in top


def test_area_cn_is_named_wherever_an_account_is_set_up() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert "RECORDER_APPS__DEFAULT__AREA=cn" in text(name)
    assert re.search(r"(?m)^#.*\bcn\b.*\nRECORDER_APPS__DEFAULT__AREA=", text(".env.example"))
