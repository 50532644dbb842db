from __future__ import annotations

from tests.journeys.conftest import make_house

__all__ = ["make_house"]
