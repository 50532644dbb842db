"""update, layout: what people change while it records."""

from __future__ import annotations

from typing import Any

import click

from recorder_tasks.cli.options import AS_JSON, SESSION, Json, desk

LAYOUTS = {"floating": 0, "best-fit": 1, "vertical": 2, "custom": 3}  # mixedVideoLayout (facts 2.13)


@click.command(
    "update",
    epilog="""\b
Examples:
  recorder update ID '{"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}}'
  recorder update ID --subscribe-video 101 --subscribe-video 102
  recorder update ID --hold             a web page recording pauses; --no-hold goes on""",
)
@SESSION
@click.argument("body", type=Json(), required=False)
@click.option("--subscribe-audio", multiple=True, metavar="UID", help="Replace the audio subscriptions.")
@click.option("--subscribe-video", multiple=True, metavar="UID", help="Replace the video subscriptions.")
@click.option("--hold/--no-hold", default=None, help="Web mode: pause the recording, or go on.")
@AS_JSON
def update_command(
    session_id: str,
    body: dict[str, Any] | None,
    subscribe_audio: tuple[str, ...],
    subscribe_video: tuple[str, ...],
    hold: bool | None,
    as_json: bool,
) -> None:
    """Replace subscriptions, or a web page's hold and push address. What is left out is replaced too."""
    wanted = dict(body or {})
    subscribed: dict[str, Any] = {}
    if subscribe_audio:
        subscribed["audioUidList"] = {"subscribeAudioUids": list(subscribe_audio)}
    if subscribe_video:
        subscribed["videoUidList"] = {"subscribeVideoUids": list(subscribe_video)}
    if subscribed:
        wanted["streamSubscribe"] = subscribed
    if hold is not None:
        wanted["webRecordingConfig"] = {"onhold": hold}
    if not wanted:
        raise click.UsageError("nothing to change: give a JSON body, --subscribe-..., or --hold.")
    _answer(desk().update(session_id, wanted), as_json)


@click.command(
    "layout",
    epilog="""\b
Examples:
  recorder layout ID --kind best-fit
  recorder layout ID --kind vertical --max-resolution-uid 101
  recorder layout ID @layout.json       the vendor's own words, for custom layouts""",
)
@SESSION
@click.argument("body", type=Json(), required=False)
@click.option("--kind", type=click.Choice(list(LAYOUTS)), help="The vendor's mixedVideoLayout.")
@click.option("--max-resolution-uid", metavar="UID", help="Vertical layout: who is shown large.")
@click.option("--background", metavar="#RRGGBB", help="Background colour.")
@AS_JSON
def layout_command(
    session_id: str,
    body: dict[str, Any] | None,
    kind: str | None,
    max_resolution_uid: str | None,
    background: str | None,
    as_json: bool,
) -> None:
    """Replace the whole layout of a mixed recording: what is left out returns to its default."""
    wanted = dict(body or {})
    if kind is not None:
        wanted["mixedVideoLayout"] = LAYOUTS[kind]
    if max_resolution_uid is not None:
        wanted["maxResolutionUid"] = max_resolution_uid
    if background is not None:
        wanted["backgroundColor"] = background
    if not wanted:
        raise click.UsageError("nothing to change: give a JSON body, or --kind.")
    _answer(desk().update_layout(session_id, wanted), as_json)


def _answer(recording: Any, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json(recording)
    else:
        shown.console().print(shown.one_line(recording), soft_wrap=True)
