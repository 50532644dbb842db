from __future__ import annotations

from tests.journeys.conftest import make_house, own_redis, school
from tests.store.conftest import make_session

__all__ = ["make_house", "make_session", "own_redis", "school"]
