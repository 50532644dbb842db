"""OpenTelemetry spans of our steps, where its packages are installed; else nothing, at no cost.

Which are kept, and where they go, the process's own tracer provider says: ours are made with the API only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

Attributes = Mapping[str, object]


class Span(Protocol):
    """What is known of a span later on than at its beginning."""

    def tell(self, **attributes: object) -> None:
        """More attributes, by their names without ``recorder.``; None: not known."""

    def failed(self, why: str) -> None:
        """What it stands for did not come to what it should."""


class _Silent:
    def tell(self, **attributes: object) -> None: ...

    def failed(self, why: str) -> None: ...


class _Told:
    def __init__(self, span: Any) -> None:
        self._span = span

    def tell(self, **attributes: object) -> None:
        self._span.set_attributes(_named(attributes))

    def failed(self, why: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_status(Status(StatusCode.ERROR, why))


SILENT = _Silent()


@contextmanager
def span(name: str, *, client: bool = False, **attributes: object) -> Iterator[Span]:
    """A span around what happens within, a child of the current one. ``client``: a call to elsewhere."""
    if not installed():
        yield SILENT
        return
    from opentelemetry import trace

    kind = trace.SpanKind.CLIENT if client else trace.SpanKind.INTERNAL
    tracer = trace.get_tracer("recorder_tasks")
    with tracer.start_as_current_span(name, kind=kind, attributes=_named(attributes)) as begun:
        yield _Told(begun)


def _named(attributes: Attributes) -> dict[str, Any]:
    known = {name: value for name, value in attributes.items() if value is not None}
    return {
        f"recorder.{name}" if "__" not in name else name.replace("__", "."): _plain(value)
        for name, value in known.items()
    }


def _plain(value: object) -> bool | int | float | str:
    """As OpenTelemetry takes it; an enum of strings by its value."""
    if isinstance(value, str):
        return str.__str__(value)
    return value if isinstance(value, bool | int | float) else str(value)


@cache
def installed() -> bool:
    """Whether there is an OpenTelemetry to speak to."""
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.trace") is not None
