"""THE table from (verb, HTTP status, code) to what an answer means. No other module reads a status code.

Rows are tried from the top; the first that fits decides. None in a row stands for anything. The numbers are
facts 4.2-4.4 read as in 11.1.
"""

from __future__ import annotations

from collections.abc import Container
from enum import StrEnum
from typing import NamedTuple

from recorder_tasks.core.outcome import Kind, Step


class Shape(StrEnum):
    """What kind of body came: tells the gateway's 404 from the worker's, an answer from a stray page."""

    WHOLE = "whole"  # JSON with what this verb's success must name (3)
    PARTIAL = "partial"  # JSON without it
    GATEWAY = "gateway"  # JSON with a message and neither code nor ids (4.1)
    FOREIGN = "foreign"  # no JSON object: a proxy's page, or nothing


class Row(NamedTuple):
    verbs: Container[Step] | None
    statuses: Container[int] | None
    codes: Container[int | None] | None
    kind: Kind


ACQUIRE, START, QUERY, STOP = {Step.ACQUIRE}, {Step.START}, {Step.QUERY}, {Step.STOP}
OF_A_TASK = {Step.QUERY, Step.UPDATE, Step.UPDATE_LAYOUT, Step.STOP}
SUCCESS = range(200, 300)
SERVER_ERROR = range(500, 600)
# Mistakes of the request, by code: 2 and 8 its form, 109 and 110 its token, 400-405 the account, 1xxx ids.
MISTAKES = {2, 8, 109, 110, 400, 401, 405, 432, 433, 1001, 1003, 1013, 1028}

TABLE = (
    # codes that mean the same under any status
    Row(START, None, {7}, Kind.ALREADY_RUNNING),
    Row(START, {201}, None, Kind.ALREADY_RUNNING),
    Row(START, None, {53}, Kind.CONFLICT),
    Row(START, None, {432, 433, 1001, 1003}, Kind.RESOURCE_DEAD),
    Row(STOP, None, {49}, Kind.ALREADY_STOPPING),
    Row(STOP, None, {50}, Kind.UPLOAD_SLOW),
    Row(STOP, None, {435}, Kind.EMPTY),
    # the gateway, for every verb
    Row(None, {401, 403}, None, Kind.PERMANENT),
    Row(None, {429}, None, Kind.THROTTLED),
    # acquire: a repeat costs nothing, so what is not known is asked again
    Row(ACQUIRE, None, {406}, Kind.CAPACITY),
    Row(ACQUIRE, {400}, {62}, Kind.PERMANENT),
    Row(ACQUIRE, {206, 408}, None, Kind.TRANSIENT),
    Row(ACQUIRE, SERVER_ERROR, None, Kind.TRANSIENT),
    # start: only 502 says that nothing was begun
    Row(START, SERVER_ERROR, {502}, Kind.RESOURCE_DEAD),
    Row(START, None, {62, 65}, Kind.UNKNOWN),
    Row(START, SERVER_ERROR, None, Kind.UNKNOWN),
    Row(START, {404}, {404}, Kind.RESOURCE_DEAD),
    # query, update, updateLayout, stop
    Row(QUERY, None, {501}, Kind.EXITING),
    Row(OF_A_TASK, {404}, {404}, Kind.NOT_FOUND),
    Row(OF_A_TASK, None, {62, 65}, Kind.UNKNOWN),
    Row(OF_A_TASK, SERVER_ERROR, None, Kind.UNKNOWN),
    # what is left
    Row(None, {206, 408}, None, Kind.UNKNOWN),
    Row(None, SUCCESS, None, Kind.ACCEPTED),
    Row(None, {400}, MISTAKES, Kind.PERMANENT),
    Row(None, {400}, None, Kind.THROTTLED),  # load is reported so too, with no code to know it by (4.2)
)
NAMED_BY_THE_GATEWAY = "appid is invalid"  # a 400 without code that is a mistake all the same (4.2)


def verdict(
    verb: Step, http_status: int, code: int | None, shape: Shape = Shape.WHOLE, reason: str | None = None
) -> Kind:
    """What an answer means for the one who asked. Pure and total: every combination has a kind.

    ``reason`` matters in one place only, the gateway's refusal of an App ID, which carries no code.
    """
    if http_status == 404 and code is None and shape in (Shape.WHOLE, Shape.PARTIAL):
        code = 404  # a worker's body that has lost its code is still the worker's (4.1)
    if http_status == 400 and code is None and NAMED_BY_THE_GATEWAY in (reason or "").lower():
        return Kind.PERMANENT
    for row in TABLE:
        if _fits(row, verb, http_status, code):
            return _believed(row.kind, verb, shape)
    return Kind.PERMANENT


def ban_verdict(http_status: int, shape: Shape) -> Kind:
    """The same for a ban rule (facts 14), whose answers carry no code."""
    if http_status == 429:
        return Kind.THROTTLED
    if http_status in SUCCESS and shape is Shape.WHOLE:
        return Kind.ACCEPTED
    if http_status in SUCCESS or http_status in SERVER_ERROR or http_status == 408:
        return Kind.UNKNOWN
    return Kind.PERMANENT


def _fits(row: Row, verb: Step, http_status: int, code: int | None) -> bool:
    return (
        (row.verbs is None or verb in row.verbs)
        and (row.statuses is None or http_status in row.statuses)
        and (row.codes is None or code in row.codes)
    )


def _believed(kind: Kind, verb: Step, shape: Shape) -> Kind:
    """A success that does not name what it gave is none: ask again (acquire) or find out (the others)."""
    if kind is not Kind.ACCEPTED or shape is Shape.WHOLE:
        return kind
    return Kind.TRANSIENT if verb is Step.ACQUIRE else Kind.UNKNOWN
