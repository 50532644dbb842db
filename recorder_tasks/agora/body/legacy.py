"""Postponed transcoding and mixing, which the vendor has dropped from its pages (facts 2.11).

Sent only by requests that say ``legacy=True``.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from recorder_tasks.agora.body.common import Body


class AppsCollection(Body):
    combination_policy: Literal["default", "postpone_transcoding"]


class TransConfig(Body):
    trans_mode: Literal["postponeTranscoding", "audioMix"]


class Container(Body):
    format: Literal["mp4", "mp3", "m4a", "aac"]


class TranscodedAudio(Body):
    """The sound of the result; the vendor wants these numbers as text."""

    sample_rate: Literal["48000", "32000", "16000"] = "48000"
    bitrate: Literal["48000"] = "48000"
    channels: Literal["2", "1"] = "2"


class TranscodeOptions(Body):
    trans_config: TransConfig
    container: Container | None = None
    audio: TranscodedAudio | None = None

    @model_validator(mode="after")
    def _container_fits(self) -> Self:
        mode = self.trans_config.trans_mode
        form = self.container.format if self.container else None
        if mode == "postponeTranscoding" and form not in (None, "mp4"):
            raise ValueError(f"container.format {form} does not go with postponeTranscoding, which makes mp4")
        if mode == "audioMix" and form == "mp4":
            raise ValueError("container.format mp4 does not go with audioMix, which makes mp3, m4a or aac")
        return self
