"""The API against its own description: schemathesis sends what it allows and what it forbids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from recorder_tasks.flow.asking import session_id_of
from recorder_tasks.web.api import BASE, openapi
from recorder_tasks.web.application import create_app
from recorder_tasks.wiring import Wiring
from tests.flow.engine import some_settings
from tests.web.api.conftest import TOKENS, bearer
from tests.web.running import running

NAMESPACE = "fuzzed"
# A text may have the right form and mean nothing: an end before its start, a profile that nobody configured.
# No schema says that, so what fits the schema may still be answered with 422.
MEANS_NOTHING = ["2xx", "3xx", "404", "409", "422"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"max-examples": 12, "deterministic": True},
        "checks": {"positive_data_acceptance": {"expected-statuses": MEANS_NOTHING}},
    }
)


@pytest.fixture(scope="module")
def served(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a deployment with a recording and a schedule, so that not all is answered with 404."""
    base: Path = tmp_path_factory.mktemp("fuzzed")
    parts = Wiring(some_settings(NAMESPACE, base, redis_url=redis_url, web={"tokens": TOKENS}))
    start = datetime.now(UTC) + timedelta(hours=20)
    parts.desk.record("math", start=start, minutes=50, key="known")
    parts.timetable.add("math", timezone="Europe/Berlin", slots="daily 09:00-09:50")
    with running(create_app(parts)) as server:
        yield f"{server.url}{BASE}"
    parts.close()


schema = schemathesis.openapi.from_dict(openapi(), config=CONFIG)
KNOWN = {"session_id": session_id_of("known", NAMESPACE), "name": "math"}


@schema.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: Any) -> Any:
    """Half of the requests are about what there is."""
    return {
        name: KNOWN.get(name, value) if crc32(str(value).encode()) % 2 else value
        for name, value in (path_parameters or {}).items()
    }


@schema.parametrize()
def test_whatever_is_sent_is_answered_as_described(case: Case, served: str) -> None:
    if takes_its_time(case.query or {}):
        return
    case.call_and_validate(base_url=served, headers=bearer("admin"))


def takes_its_time(query: Mapping[str, Any]) -> bool:
    """A stream has no end, and waiting takes as long as it says: both have tests of their own."""
    wait = query.get("wait")
    return str(query.get("follow")).lower() in ("true", "1", "on", "yes") or (
        isinstance(wait, int | float) and 0 < wait <= 60
    )
