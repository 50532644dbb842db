"""What every part of the settings is: frozen, and without members that nobody knows."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
