# icalendar annotates its calls only in part
# mypy: disable-error-code="no-untyped-call"
"""The lines of an .ics file, in the blocks that BEGIN and END make of them; nothing is understood here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

try:
    from icalendar.parser import Contentline, Contentlines
except ImportError:
    raise ImportError("reading .ics needs the extra: pip install 'recorder-tasks[ical]'") from None

PRODID = "-//recorder-tasks//schedules//EN"  # of what we write
FOLD = re.compile(rb"\r?\n[ \t]")
HEAD = re.compile(r"[A-Za-z0-9-]+(?=[;:])")


@dataclass(frozen=True)
class Line:
    """One property: ``DTSTART;TZID=Europe/Berlin:20270308T090000``; ``raw`` is as written, without folds."""

    name: str
    params: Mapping[str, str]
    value: str
    raw: str


@dataclass
class Block:
    """What lies between BEGIN and END. Only lines whose name was asked for are split further."""

    kind: str
    raw: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    def lines(self, name: str) -> Iterator[Line]:
        """Its own properties of that name. Raises ValueError for one that cannot be split."""
        for raw in self._named(name):
            try:
                _, params, value = Contentline(raw).parts()
            except ValueError:
                raise ValueError(f"the line {raw!r} cannot be read") from None
            given = {key.upper(): _one(found) for key, found in params.items()}
            yield Line(name, given, value, raw)

    def _named(self, name: str) -> list[str]:
        return [raw for raw in self.raw if (head := HEAD.match(raw)) and head.group().upper() == name]

    def has(self, name: str) -> bool:
        return bool(self._named(name))

    def line(self, name: str) -> Line | None:
        return next(self.lines(name), None)

    def text(self, name: str) -> str:
        """The value of a property; empty if it has none, or none that can be read."""
        try:
            found = self.line(name)
        except ValueError:
            return ""
        return "" if found is None else found.value.strip()

    def all(self, kind: str) -> Iterator[Block]:
        """Blocks of that kind, however deep they lie."""
        for block in self.blocks:
            if block.kind == kind:
                yield block
            yield from block.all(kind)


def _one(found: str | list[str]) -> str:
    return found if isinstance(found, str) else ",".join(found)


def decoded(data: bytes | str) -> str:
    """Unfolded before it is decoded: writers may fold within a character. Raises ValueError."""
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return FOLD.sub(b"", data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text: {error.reason} at byte {error.start}") from None


def read_blocks(data: bytes | str) -> Block:
    """Everything in it, under a nameless block. Raises ValueError in one sentence."""
    stack = [Block("")]
    for raw in Contentlines.from_ical(decoded(data)):
        word, _, kind = raw.partition(":")
        kind = kind.strip().upper()
        if word.strip().upper() == "BEGIN":
            stack[-1].blocks.append(Block(kind))
            stack.append(stack[-1].blocks[-1])
        elif word.strip().upper() == "END":
            if stack.pop().kind != kind or not stack:
                raise ValueError(f"END:{kind} closes nothing that was begun")
        else:
            stack[-1].raw.append(str(raw))
    if len(stack) > 1:
        raise ValueError(f"BEGIN:{stack[-1].kind} is never closed")
    return stack[0]


def written(lines: list[str]) -> str:
    """Lines as a text, folded as RFC 5545 wants it."""
    return "".join(f"{Contentline(line).to_ical().decode()}\r\n" for line in lines)
