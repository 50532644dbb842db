from __future__ import annotations

from tests.journeys.conftest import make_house, own_redis

__all__ = ["make_house", "own_redis"]
