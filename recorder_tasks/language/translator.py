"""Words and finished sentences in one language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from recorder_tasks.language.languages import ENGLISH, known
from recorder_tasks.language.template import Template

BETWEEN = "between"  # the context of what stands between sentences
WORD = "word"  # the context of single words: states, outcomes, what is filled into sentences
HEAD = re.compile(r"([^\s:]+(?::\d+)?): (?=\S)")  # of a member, or of a file with its line
DEEPEST = 4  # sentences in sentences
MOST_PARTS = 8  # of a list of sentences, for which every way to cut it is tried
LONGEST = 4000
SHORT, WORDY = 12, 2  # letters of ours, and blanks in a value that may be a sentence of somebody else's
MARKED = re.compile(r"\x04|%\(")  # of the pages, or with a context
COLON, JOINT = ": ", "; "


class _Catalogue(GNUTranslations):
    """A compiled catalogue that also tells what is in it."""

    @property
    def msgids(self) -> Iterator[str]:
        entries: dict[object, str] = self._catalog  # type: ignore[attr-defined]  # gettext has no other way
        return (one for one in entries if isinstance(one, str))


class Translator:
    """``language`` as in LANGUAGES, or as browsers write it. What it does not know comes back as it was."""

    def __init__(self, language: str) -> None:
        self.language = known(language) or ENGLISH
        self._catalogue = _read(self.language)

    def gettext(self, message: str) -> str:
        return self._catalogue.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._catalogue.ngettext(one, many, count)

    def pgettext(self, context: str, message: str) -> str:
        return self._catalogue.pgettext(context, message)

    def npgettext(self, context: str, one: str, many: str, count: int) -> str:
        return self._catalogue.npgettext(context, one, many, count)

    def word(self, word: str) -> str:
        """A state, an outcome, a likelihood."""
        return self.pgettext(WORD, word)

    def filled(self, message: str, *values: str) -> str:
        """A message with numbered holes, with these values as they are."""
        return Template(self.gettext(message)).filled(dict(enumerate(values)))

    def sentence(self, text: str) -> str:
        """A finished English sentence of ours, with its values; sentences joined by "; " each by itself."""
        if not isinstance(self._catalogue, _Catalogue) or len(text) > LONGEST:
            return text
        return "\n".join(self._line(line) for line in text.split("\n"))

    @cached_property
    def _line(self) -> _Sentences:
        assert isinstance(self._catalogue, _Catalogue)
        return _Sentences(self._catalogue)


class _Sentences:
    """Lines, and the parts that they are made of. A part's weight is how much of it was understood."""

    def __init__(self, catalogue: _Catalogue) -> None:
        self._catalogue = catalogue
        self._colon, self._joint = (catalogue.pgettext(BETWEEN, mark) for mark in (COLON, JOINT))
        said = {one: catalogue.gettext(one) for one in catalogue.msgids if one and not MARKED.search(one)}
        headless = (self._headless(text, told) for text, told in said.items())
        told = {**{text: told for text, told in headless if text}, **said}
        templates = ((Template(text), Template(translation)) for text, translation in told.items())
        self._templates = sorted(templates, key=lambda one: (-one[0].weight, len(one[0].parts[1])))
        self.part = lru_cache(4096)(self._part)

    def _headless(self, text: str, told: str) -> tuple[str, str]:
        """The same of whatever member: settings and requests say where it stands in their own way."""
        head = HEAD.match(text)
        if head is None or "{" in head[0] or not told.startswith(head[1] + self._colon):
            return "", ""
        return text[head.end() :], told.removeprefix(head[1] + self._colon)

    def __call__(self, line: str) -> str:
        return self.part(line, DEEPEST)[1]

    def _part(self, text: str, depth: int) -> tuple[int, str]:
        """The best way to read it."""
        cuts = text.split(JOINT)
        if len(cuts) == 1 or depth == 0:
            return self._whole(text, depth)
        if len(cuts) > MOST_PARTS:
            return self._joined([self.part(cut, depth - 1) for cut in cuts])
        best: list[tuple[int, str]] = [(0, "")]
        for end in range(1, len(cuts) + 1):
            ways = [
                self._joined([best[start], self._whole(JOINT.join(cuts[start:end]), depth - 1)])
                if start
                else self._whole(JOINT.join(cuts[:end]), depth - 1)
                for start in reversed(range(end))
            ]
            best.append(max(ways, key=lambda way: way[0]))
        return best[-1]

    def _joined(self, parts: list[tuple[int, str]]) -> tuple[int, str]:
        return sum(weight for weight, _ in parts), self._joint.join(text for _, text in parts)

    def _whole(self, text: str, depth: int) -> tuple[int, str]:
        """As one sentence, or as what is said of a member."""
        word = self._catalogue.pgettext(WORD, text)
        if word != text:
            return len(text), word
        if " " not in text:
            return 0, text
        ways = [(0, text)]
        head = HEAD.match(text)
        if head is not None and depth:
            weight, rest = self.part(text[head.end() :], depth - 1)
            if weight:
                ways.append((weight, f"{head[1]}{self._colon}{rest}"))
        for template, translation in self._templates:
            values = template.values(text)
            way = None if values is None else self._translated(template, translation, values, depth)
            if way is not None:
                ways.append(way)
                break
        return max(ways, key=lambda way: way[0])

    def _translated(
        self, template: Template, translation: Template, values: dict[int, str], depth: int
    ) -> tuple[int, str] | None:
        """None: a few words of ours around what may be a sentence of somebody else's; half of it is none."""
        weight, filled = template.weight, {}
        for hole, value in values.items():
            more, filled[hole] = self.part(value, depth - 1) if depth else (0, value)
            if not more and weight < SHORT and value.count(" ") >= WORDY:
                return None
            weight += more
        return weight, translation.filled(filled)


def _read(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    path = files("recorder_tasks.language").joinpath("locale", language, "LC_MESSAGES", "recorder.mo")
    with path.open("rb") as compiled:
        return _Catalogue(compiled)


@cache
def translator(language: str) -> Translator:
    """The one of a language, read once."""
    return Translator(language)
