"""The sentences that the code can say, read off its syntax: msgids with numbered holes for their values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("recorder_tasks", "schedules")
SILENT = (
    "recorder_tasks/simulator",  # speaks as the vendor does
    "recorder_tasks/web",  # the API is English, and templates mark their words
    "recorder_tasks/language",
    "recorder_tasks/__init__.py",
    "recorder_tasks/agora/verdict.py",  # compares the vendor's words
    "recorder_tasks/flow/crash.py",  # for tests
    "recorder_tasks/flow/journal.py",  # SQL
    "recorder_tasks/flow/metric_names.py",  # for Prometheus
    "recorder_tasks/local/inprocess_vendor.py",
)
PAGES = ("recorder_tasks/web/pages", "recorder_tasks/web/viewer.py")
# What the commands print is English; of these files only errors, and what is named below, is translated.
PRINTING = ("recorder_tasks/cli", "recorder_tasks/local", "schedules/schema.py", "schedules/chart.py")
FINDING = (
    "group.py",
    "diagnose.py",
    "doctor.py",
    "checks.py",
    "deployment.py",
    "reach.py",
    "redis_state.py",
    "callback_state.py",
    "webhook_state.py",
)
LOGS = frozenset({"log", "logger", "logging"})
NO_SPEECH = frozenset(
    {"compile", "execute", "executescript", "Field", "option", "argument", "command", "group"}
)
REFUSING = frozenset({"fail", "UsageError", "BadParameter", "ClickException"})
WORDS = re.compile(r"[A-Za-z']{2,}[^A-Za-z]* [^A-Za-z]*[A-Za-z']{2,}|[A-Za-z']{4,} \{|\} [A-Za-z']{4,}")
NOT_SAID = frozenset(
    {
        "bold red",
        "appid is invalid",
        "module {0} has no attribute {1}",
        "Basic {0}",
        "Value error, {0}",
        "BUSY {0}",
        "HTTP {0}",
    }
)
RECORD = re.compile(r"(\w+=\{\d\}[ ]?){2,}")  # a line of a log
APART = re.compile(r"^\0?; |; \0?$")  # what is joined so is another sentence, translated by itself
HOLE = "{%d}"


def sentences(root: Path = ROOT) -> dict[str, list[str]]:
    """Each msgid with the files that say it, in order."""
    found: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name.startswith(SILENT) and not name.startswith(PAGES):
                continue
            for text in said(ast.parse(path.read_text("utf-8")), errors_only=_prints(name)):
                files = found.setdefault(text, [])
                if name not in files:
                    files.append(name)
    return found


def _prints(name: str) -> bool:
    return name.startswith(PRINTING) and not name.endswith(FINDING)


def said(tree: ast.AST, *, errors_only: bool) -> Iterator[str]:
    """The msgids of one module; ``errors_only``: of those in a raise or a refusal only."""
    yield from _walk(tree, not errors_only)


def _walk(node: ast.AST, speaks: bool) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name in NO_SPEECH or (isinstance(node.func, ast.Attribute) and _name(node.func.value) in LOGS):
            return
        speaks = speaks or name in REFUSING
    if isinstance(node, ast.FunctionDef) and node.name == "__repr__":
        return
    speaks = speaks or isinstance(node, ast.Raise)
    lines = msgids(node)
    if lines is not None:
        for text in lines if speaks else ():
            if WORDS.search(text) and text not in NOT_SAID and not RECORD.match(text):
                yield text
        children: list[ast.AST] = [
            each.value for each in ast.walk(node) if isinstance(each, ast.FormattedValue)
        ]
    else:
        children = [each for each in ast.iter_child_nodes(node) if not _is_docstring(node, each)]
    for child in children:
        yield from _walk(child, speaks)


def msgids(node: ast.AST) -> list[str] | None:
    """The lines of a text, each with its holes numbered; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parts = [_escaped(node.value)]
    elif isinstance(node, ast.JoinedStr):
        parts = [_escaped(one.value) if isinstance(one, ast.Constant) else "\0" for one in node.values]
    else:
        return None
    return [_numbered(line) for line in "".join(parts).split("\n")]


def _numbered(line: str) -> str:
    """An end that waits for more is a hole too."""
    text = APART.sub("", line)
    if re.match(r"[ ,;:]", text):
        text = "\0" + text
    if re.search(r"[ ]$", text):
        text += "\0"
    count = iter(range(text.count("\0")))
    return re.sub("\0", lambda _: HOLE % next(count), text)


def _escaped(value: object) -> str:
    return str(value).replace("{", "{{").replace("}", "}}")


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_docstring(parent: ast.AST, child: ast.AST) -> bool:
    """Any text that stands alone."""
    return isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
