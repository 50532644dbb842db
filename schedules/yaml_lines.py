"""YAML in which every value keeps its line, and every scalar the text that was written.

PyYAML would make ``09:00`` the number 540, a date an object and ``no`` False; here only ``true``, ``false``,
``null`` and plain numbers have a type, and only where types count.
"""

from __future__ import annotations

import re
from math import isfinite

import yaml

from schedules.faults import Faults
from schedules.lined import Item

MOST = 200_000  # values of one file: a few aliases of aliases can stand for billions
TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"
INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,99})", re.ASCII)  # more digits are no number that anybody means
FLOAT = re.compile(r"[-+]?\d+\.\d*([eE][-+]\d+)?|[-+]?\.\d+([eE][-+]\d+)?", re.ASCII)
HINTS = (
    (re.compile("mapping values are not allowed"), "a text with ': ' in it needs quotes, and members of one "
     "mapping the same indent"),
    (re.compile(r"'\\t'|tab"), "indent with spaces, not with tabs"),
    (re.compile("scanning an alias|undefined alias"), "a text that begins with * needs quotes"),
    (re.compile("cannot start any token"), "a text that begins with @ ` or % needs quotes"),
    (re.compile("expected <block end>, but found '<scalar>'"), "a text that begins with { [ or a quote needs "
     "quotes around all of it"),
    (re.compile("expected <block end>"), "members of one mapping need the same indent"),
    (re.compile("expected ',' or '[\\]}]'"), "a { or [ is not closed, or a text in it needs quotes"),
    (re.compile("unexpected end of stream"), "a quote is not closed"),
    (re.compile("single document"), "give one document; take the --- away"),
)  # fmt: skip


def read_yaml(text: str, faults: Faults) -> Item | None:
    """The document with its lines; None if it is empty. Raises TimetableErrors if YAML itself is broken."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else _Reader(faults).item(node, "", node.start_mark.line + 1)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise faults.stop(line, message) from None
    except yaml.MarkedYAMLError as error:
        raise faults.stop(_line(error), _sentence(error)) from None
    except RecursionError:
        raise faults.stop(0, "is nested too deeply") from None


def _line(error: yaml.MarkedYAMLError) -> int:
    """Where the fault is; of what is never closed, where it was opened."""
    unclosed = "stream" in str(error.problem) and error.context_mark is not None
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 0


def _sentence(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for pattern, hint in HINTS if pattern.search(said)), None)
    return f"is not YAML: {said} ({hint})" if hint else f"is not YAML: {said}"


class _Reader:
    """Turns PyYAML's nodes into items."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._count = 0
        self._open: set[int] = set()

    def item(self, node: yaml.Node, field: str, line: int) -> Item:
        self._count += 1
        if self._count > MOST or id(node) in self._open:
            raise self._faults.stop(
                node.start_mark.line + 1, "holds aliases that repeat each other without end"
            )
        if node.tag not in TAGS:
            self._faults.add(
                line, field, f"the tag {_short(node.tag)} means nothing here; a text with ! needs quotes"
            )
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, field)
        self._open.add(id(node))
        value = self._mapping(node, field) if isinstance(node, yaml.MappingNode) else self._list(node, field)
        self._open.discard(id(node))
        return Item(value, line, field)

    def _list(self, node: yaml.Node, field: str) -> list[Item]:
        return [self.item(entry, field, entry.start_mark.line + 1) for entry in node.value]

    def _mapping(self, node: yaml.MappingNode, field: str) -> dict[str, Item]:
        found: dict[str, Item] = {}
        merged: dict[str, Item] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == MERGE:
                merged = {**self._merged(value, field), **merged}
            elif not isinstance(key, yaml.ScalarNode):
                self._faults.add(line, field, "a list or mapping cannot be the name of a member")
            elif key.value in found:
                first = found[key.value].line
                self._faults.add(
                    line, _below(field, key.value), f"is given twice, on line {first} and line {line}"
                )
            else:
                found[key.value] = self.item(value, _below(field, key.value), line)
        return {**merged, **found}

    def _merged(self, node: yaml.Node, field: str) -> dict[str, Item]:
        """What ``<<: *other`` brings; of several, the earlier ones win."""
        item = self.item(node, field, node.start_mark.line + 1)
        return {name: member for entry in reversed(item.entries) for name, member in entry.members.items()}


def _scalar(node: yaml.ScalarNode, field: str) -> Item:
    line = node.start_mark.line + 1
    if node.tag == NULL:
        return Item(None, line, field)
    return Item(node.value, line, field, node.value if node.style else meaning(node.value))


def meaning(text: str) -> str | int | float | bool:
    """A plain scalar where types count: true, false and plain numbers; 007, 09:00 and no stay texts."""
    if text in ("true", "True", "false", "False"):
        return text.lower() == "true"
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) and isfinite(float(text)) else text


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
