"""Rules and calendars as a timetable file that reads back to the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from schedules.rule import Rule

WIDTH = 110
LISTS = ("slots", "dates", "exceptions", "also")


def write(rules: Mapping[str, Rule] | Iterable[Rule], calendars: Mapping[str, tuple[str, ...]]) -> str:
    """YAML in canonical order: the most common timezone on top, of each rule only what is not default."""
    every = sorted(rules.values() if isinstance(rules, Mapping) else rules, key=lambda rule: rule.name)
    zones = Counter(rule.timezone for rule in every)
    zone = min(zones, key=lambda name: (-zones[name], name), default=None)
    document: dict[str, Any] = {"timezone": zone} if zone else {}
    if calendars:
        document["calendars"] = {name: list(days) for name, days in sorted(calendars.items())}
    document["schedules"] = {rule.name: _members(rule, zone) for rule in every}
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH
    )


def _members(rule: Rule, zone: str | None) -> dict[str, Any]:
    members = rule.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    if rule.timezone == zone:
        del members["timezone"]
    if rule.channel == rule.name:
        del members["channel"]
    return {name: _short(name, value) if name in LISTS else value for name, value in members.items()}


def _short(name: str, texts: list[str]) -> str | list[str]:
    """A list of one as the one, where reading makes it the same list again."""
    one = texts[0] if len(texts) == 1 else ""
    if one and one == one.strip() and ";" not in one:
        return one
    return texts if name == "exceptions" else _Lines(texts)


class _Lines(list[str]):
    """A list with a line for each entry."""


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; no aliases, which people do not expect in a file they edit.

    Dates need no quotes, because reading leaves them texts.
    """

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for letter, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    if not text.replace("\n", "").isprintable():
        style: str | None = '"'  # with escapes: PyYAML reads some of what it writes plain as line breaks
    else:
        style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _lines(dumper: yaml.SafeDumper, texts: _Lines) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", texts, flow_style=False)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Lines, _lines)
