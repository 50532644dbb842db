"""``make messages``: reads what can be said off the code and the pages, and lists what has no translation.

Writes ``recorder.pot``, puts what is new into each ``recorder.po``, takes out what nobody says, and compiles.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from recorder_tasks.language.languages import ENGLISH, LANGUAGES
from recorder_tasks.language.translator import BETWEEN, WORD
from tests.language import others
from tests.language.sentences import ROOT, sentences

LOCALE = Path(str(files("recorder_tasks.language").joinpath("locale")))
TEMPLATE = LOCALE / "recorder.pot"
WEB = ROOT / "recorder_tasks" / "web"
KEYWORDS = {"_": None, "say": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
JINJA = {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "newstyle_gettext": "true", "trimmed": "true"}
WIDTH = 110
OTHERS = "click, pydantic, redis"


def template() -> Catalog:
    """All that can be said, with the files that say it."""
    found = Catalog(project="recorder-tasks", fuzzy=False)
    found.header_comment = "# What recorder-tasks can say. Made by `make messages`; do not edit."
    for text, names in sentences().items():
        found.add(text, locations=[(name, 0) for name in names])
    for name, message, context in _marked():
        found.add(message, locations=[(name, 0)], context=context)
    for text in (*others.LABELS, *others.CLICK, *others.pydantic(), *others.NETWORK):
        found.add(text, auto_comments=[OTHERS])
    for word in others.words():
        found.add(word, context=WORD)
    for mark in others.BETWEEN:
        found.add(mark, context=BETWEEN)
    for each in found:
        each.flags -= {"python-format", "python-brace-format"}
    return found


def _marked() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    """What the pages mark for translation."""
    for path in sorted([*WEB.glob("templates/**/*.html"), *WEB.glob("**/*.py")]):
        method, options = ("jinja2", JINJA) if path.suffix == ".html" else ("python", {})
        for _, message, _, context in extract_from_file(method, path, KEYWORDS, options=options):
            yield path.relative_to(ROOT).as_posix(), message, context


def folder(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES"


def merged(language: str, found: Catalog) -> Catalog:
    """The language's catalogue with what there is to say now, and nothing else."""
    path = folder(language) / "recorder.po"
    known = read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(language)
    result = Catalog(language, project="recorder-tasks", fuzzy=False)
    result.header_comment = f"# recorder-tasks in {LANGUAGES[language]}."
    for message in found:
        if message.id:
            before = known.get(_one(message), message.context)
            told = before.string if before is not None else ""
            result.add(message.id, told, message.locations, context=message.context)
    for each in result:
        each.flags -= {"python-format", "python-brace-format"}
    return result


def _one(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def as_po(catalogue: Catalog) -> bytes:
    """Without dates and line numbers: the same words are the same file."""
    out = io.BytesIO()
    write_po(out, catalogue, width=WIDTH, include_lineno=False, omit_header=False, sort_output=False)
    lines = out.getvalue().decode().splitlines(keepends=True)
    dated = ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Language-Team', '"Generated-By')
    return "".join(line for line in lines if not line.startswith(dated)).encode()


def as_mo(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    def lacks(message: Message) -> bool:
        told = [message.string] if isinstance(message.string, str) else message.string
        return bool(message.id) and not all(told)

    return [_one(message) for message in catalogue if lacks(message)]


def languages() -> list[str]:
    return [language for language in LANGUAGES if language != ENGLISH]


def compiled(language: str) -> bytes:
    """What the language's .po comes to; the same whenever it is made."""
    catalogue = read_po(io.BytesIO((folder(language) / "recorder.po").read_bytes()), locale=language)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return as_mo(catalogue)


def main() -> int:
    found = template()
    LOCALE.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(as_po(found))
    lacking = 0
    for language in languages():
        folder(language).mkdir(parents=True, exist_ok=True)
        catalogue = merged(language, found)
        (folder(language) / "recorder.po").write_bytes(as_po(catalogue))
        (folder(language) / "recorder.mo").write_bytes(compiled(language))
        missing = untranslated(catalogue)
        lacking += len(missing)
        sys.stdout.write(f"{language}: {len(catalogue)} messages, {len(missing)} without translation\n")
        sys.stdout.writelines(f"  {text!r}\n" for text in missing)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
