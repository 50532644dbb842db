"""What people read of us and no sentence of the code holds: words, and what click and pydantic say."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from recorder_tasks.core.causes import Likelihood
from recorder_tasks.core.outcome import Mode, Upload
from recorder_tasks.core.session import End, Ending, State
from recorder_tasks.language.translator import COLON, JOINT

KINDS: tuple[type[Enum], ...] = (State, Ending, End, Likelihood, Upload, Mode)
FILLED_IN = (
    "ahead",
    "behind",
    "nothing",
    "cancel",
    "extend",
    "update",
    "communication",
    "unreadable",
    "stuck",
    "newer",
    "do:",
)
BETWEEN = (COLON, JOINT)
LABELS = ("settings: {0}", "{0} (got {1})")

CLICK = (
    "Usage: {0}",
    "Error: {0}",
    "Try '{0} {1}' for help.",
    "Invalid value: {0}",
    "Invalid value for {0}: {1}",
    "Missing argument {0}.",
    "Missing option {0}.",
    "Missing parameter: {0}",
    "Missing command.",
    "No such option {0}.",
    "No such option: {0}",
    "No such command {0}.",
    "{0} Did you mean {1}?",
    "{0} (Did you mean one of: {1}?)",
    "Got unexpected extra argument ({0})",
    "Got unexpected extra arguments ({0})",
    "Option {0} requires an argument.",
    "Option {0} requires {1} arguments.",
    "Option {0} does not take a value.",
    "{0} is not a valid {1}.",
    "{0} is not {1}.",
    "{0} is not one of {1}.",
    "{0} is not in the range {1}.",
    "File {0} does not exist.",
    "File {0} is a directory.",
    "Path {0} does not exist.",
)
PYDANTIC = (
    "Field required",
    "Extra inputs are not permitted",
    "Input should be {0}",
    "Input should be greater than {0}",
    "Input should be greater than or equal to {0}",
    "Input should be less than {0}",
    "Input should be less than or equal to {0}",
    "Input should be a valid string",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid boolean, unable to interpret input",
    "Input should be a valid dictionary",
    "Input should be a valid list",
    "String should have at least {0} character",
    "String should have at least {0} characters",
    "String should have at most {0} characters",
    "String should match pattern {0}",
)


NETWORK = ("Error {0} connecting to {1}. {2}", "Connection refused", "Timeout connecting to server")


def pydantic() -> Iterable[str]:
    """Also as they stand in the middle of a sentence."""
    for text in PYDANTIC:
        yield text
        yield text[0].lower() + text[1:]


def words() -> Iterable[str]:
    """Single words, which have the context ``word``."""
    return dict.fromkeys([*(str(member.value) for kind in KINDS for member in kind), *FILLED_IN])
