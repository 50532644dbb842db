"""The catalogues hold all that can be said, are translated as a whole, and are compiled."""

from __future__ import annotations

import ast
import io
import re

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

from tests.language import messages
from tests.language.sentences import PACKAGES, ROOT, SILENT, msgids, said, sentences

AGAIN = "run `make messages`, translate what it lists in recorder.po, and run it again"
HOLES = re.compile(r"\{\d+\}|%\(\w+\)s")


@pytest.fixture(scope="module", params=messages.languages())
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_template_holds_what_can_be_said_now() -> None:
    assert messages.TEMPLATE.read_bytes() == messages.as_po(messages.template()), AGAIN


def test_every_catalogue_holds_that_and_is_compiled(language: str) -> None:
    catalogue = messages.merged(language, messages.template())
    assert (messages.folder(language) / "recorder.po").read_bytes() == messages.as_po(catalogue), AGAIN
    assert _content((messages.folder(language) / "recorder.mo").read_bytes()) == _content(
        messages.compiled(language)
    ), AGAIN


def _content(compiled: bytes) -> list[tuple[object, object]]:
    """Without the header, which names the version of Babel."""
    entries = [(each.id, each.string, each.context) for each in read_mo(io.BytesIO(compiled)) if each.id]
    return sorted(entries, key=str)


def test_nothing_lacks_a_translation(language: str) -> None:
    assert messages.untranslated(messages.merged(language, messages.template())) == [], AGAIN


def test_a_translation_has_the_values_of_its_sentence(language: str) -> None:
    def holes(text: str) -> list[str]:
        return sorted(HOLES.findall(text))

    def told(message: Message) -> list[str]:
        return [message.string] if isinstance(message.string, str) else list(message.string)

    catalogue = messages.merged(language, messages.template())
    wrong = [
        (message.id, each)
        for message in catalogue
        if message.id
        for each in told(message)
        if holes(each) != holes(message.id if isinstance(message.id, str) else message.id[-1])
    ]
    assert wrong == []


def test_every_sentence_that_is_raised_is_in_the_template() -> None:
    """Counted apart from the extraction, by what stands right in the parentheses of a raise."""
    known = {message.id for message in messages.template()}
    raised = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.relative_to(ROOT).as_posix().startswith(SILENT):
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    texts = (line for argument in node.exc.args for line in msgids(argument) or ())
                    raised |= {text for text in texts if text and re.search(r"[a-z]{3,} [a-z]{2,}", text)}
    assert len(raised) > 150
    assert {text for text in raised - known if "has no attribute" not in text} == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('raise E(f"minutes: {a} is not within {b}..{c}")', ["minutes: {0} is not within {1}..{2}"]),
        ('raise E("one sentence" if a else "the other one")', ["one sentence", "the other one"]),
        ('raise E("in two " f"parts {a!r:.40}")', ["in two parts {0}"]),
        ('raise E("is missing; " + more)', ["is missing"]),
        ('raise E(f"{a}; what it is for")', ["what it is for"]),
        ("raise E(f\"{a}{f' (there are: {b})' if b else str()}\")", ["{0} (there are: {1})"]),
        ('raise E(f"a place like {{name}} is {a}")', ["a place like {{name}} is {0}"]),
        ('log.error("no sentence of ours")', []),
        ('def f():\n    "A docstring says nothing."', []),
        ('KEY = "word"', []),
    ],
)
def test_sentences_are_read_off_the_code(code: str, found: list[str]) -> None:
    assert list(said(ast.parse(code), errors_only=False)) == found


def test_of_what_commands_print_only_refusals_are_translated() -> None:
    code = 'print("some output of it")\nself.fail(f"{a} is not key=value.")\nraise E("no such thing")'
    assert list(said(ast.parse(code), errors_only=True)) == ["{0} is not key=value.", "no such thing"]


def test_the_simulator_says_what_the_vendor_says() -> None:
    files = {name for names in sentences().values() for name in names}
    assert not [name for name in files if name.startswith("recorder_tasks/simulator")]
