"""Pages as HTML: the templates, how they write instants, spans and states."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_skeleton
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from recorder_tasks.web.viewer import Viewer
from recorder_tasks.web.words import gettext, ngettext, word

NONE = Markup("")
LOCALES = {"en": "en_GB", "zh-CN": "zh_CN"}
MINUTE, HOUR, DAY = 60, 3600, 86_400


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=PackageLoader("recorder_tasks.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(gettext(language), ngettext(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {"clock": _clock, "moment": _moment, "ago": _ago, "span": span, "short": short}
    made.filters |= {"day": _day, "mark": _mark}
    made.filters |= {"said": gettext(language), "word": word(language)}
    made.globals |= {"asset": asset}
    return made


def render(template: str, viewer: Viewer, **values: Any) -> str:
    """The template's text for that viewer."""
    return _environment(viewer.language).get_template(template).render(viewer=viewer, **values)


@cache
def asset(name: str) -> str:
    """Where a static file is; its address changes with what is in it, so that it can be kept for ever."""
    body = files("recorder_tasks.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(body).hexdigest()[:12]}"


@pass_context
def _clock(
    context: Context, at: datetime | None, *, seconds: bool = False, day: datetime | None = None
) -> Markup:
    """The viewer's clock time, with the date where that is not the day at hand; UTC on hover."""
    if at is None:
        return Markup("–")
    here = at.astimezone(context["viewer"].zone)
    today = (day or datetime.now(UTC)).astimezone(context["viewer"].zone)
    shown = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    if here.date() != today.date():
        when = _day(context, here) if here.year == today.year else f"{here:%Y-%m-%d}"
        shown = f"{when} {shown}"
    return _time(at, shown)


@pass_context
def _day(context: Context, at: date | datetime) -> str:
    """A weekday with its date, as the viewer's language writes it."""
    noon = datetime(at.year, at.month, at.day, 12)  # noqa: DTZ001  a day of the wall calendar
    return format_skeleton("MMMEd", noon, locale=LOCALES[context["viewer"].language])


@pass_context
def _mark(context: Context, at: datetime) -> str:
    """On an axis: the day where one begins, else the hour."""
    here = at.astimezone(context["viewer"].zone)
    return f"{here:%H:%M}" if here.hour else _day(context, here)


@pass_context
def _moment(context: Context, at: datetime | None) -> Markup:
    """Date and time to the second, in the viewer's zone; UTC on hover."""
    if at is None:
        return Markup("–")
    return _time(at, f"{at.astimezone(context['viewer'].zone):%Y-%m-%d %H:%M:%S}")


def _ago(at: datetime | None) -> Markup:
    """How long ago, counted on by the page's script."""
    if at is None:
        return Markup("–")
    since = max(0, int((datetime.now(UTC) - at).total_seconds()))
    return _time(at, span(since), attributes=Markup(" data-ago"))


def _time(at: datetime, shown: str, attributes: Markup = NONE) -> Markup:
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC"{}>{}</time>').format(
        f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S}", attributes, shown
    )


def span(seconds: float | timedelta) -> str:
    """``50 s``, ``12 min``, ``1 h 30 min``, ``3 d``."""
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < 2 * DAY:
        rest = whole % HOUR // MINUTE
        return f"{whole // HOUR} h {rest} min" if rest else f"{whole // HOUR} h"
    return f"{whole // DAY} d"


def short(text: str | None, length: int = 8) -> str:
    """The first few characters of an id; the whole is on hover where this is used."""
    return "–" if text is None else text if len(text) <= length + 1 else f"{text[:length]}…"
