"""A sentence with numbered holes: whether a finished sentence is one of it, and what stands in the holes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

TOKEN = re.compile(r"\{(\d+)\}|\{\{|\}\}")


@dataclass(frozen=True)
class Template:
    """``msgid`` is written with ``{0}``; a brace that is meant is doubled."""

    msgid: str

    @cached_property
    def parts(self) -> tuple[list[str], list[int]]:
        """The texts, and the holes between them: one less."""
        texts, holes, last = [""], [], 0
        for token in TOKEN.finditer(self.msgid):
            texts[-1] += self.msgid[last : token.start()]
            last = token.end()
            if token[1] is None:
                texts[-1] += token[0][0]
            else:
                holes.append(int(token[1]))
                texts.append("")
        texts[-1] += self.msgid[last:]
        return texts, holes

    @cached_property
    def weight(self) -> int:
        """How much of a sentence it says by itself."""
        return sum(len(text) for text in self.parts[0])

    def values(self, sentence: str) -> dict[int, str] | None:
        """What stands in the holes; None if the sentence is none of this template.

        In one pass, the earliest place of each text: where there is a way, that is one, and a hostile text
        costs no more than others. Of holes that touch the first has it all: the others are often empty.
        """
        texts, holes = self.parts
        first, last = texts[0], texts[-1]
        if not holes:
            return {} if sentence == first else None
        end = len(sentence) - len(last)
        if not sentence.startswith(first) or not sentence.endswith(last) or end < len(first):
            return None
        values, at, open_hole = dict.fromkeys(holes, ""), len(first), holes[0]
        for text, hole in zip(texts[1:-1], holes[1:], strict=True):
            if text:
                place = sentence.find(text, at, end)
                if place < 0:
                    return None
                values[open_hole] = sentence[at:place]
                at, open_hole = place + len(text), hole
        values[open_hole] = sentence[at:end]
        return values

    def filled(self, values: Mapping[int, str]) -> str:
        texts, holes = self.parts
        return texts[0] + "".join(values[hole] + text for hole, text in zip(holes, texts[1:], strict=True))
