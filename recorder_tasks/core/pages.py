"""The web pages of a recipe, and how long the vendor keeps anything of ours at the most (2.3, 2.10, 5.1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_HOURS = 720  # of a page's recording, and of the control over any recorder


def pages(recipe: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parameters of a recipe's pages; what has another shape is passed over."""
    config = recipe.get("extensionServiceConfig")
    services = config.get("extensionServices") if isinstance(config, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and service.get("serviceName") == "web_recorder_service":
            page = service.setdefault("serviceParam", {})
            if isinstance(page, dict):
                yield page


def longest_hours(recipe: Mapping[str, Any], seconds: float) -> int:
    """maxRecordingHour: the recipe's own, else the whole hours that ``seconds`` take, at most 720."""
    said = [page.get("maxRecordingHour") for page in pages(recipe)]
    wanted = min(max(math.ceil(seconds / 3600), 1), LONGEST_HOURS)
    return min((hours for hours in said if isinstance(hours, int)), default=wanted)
