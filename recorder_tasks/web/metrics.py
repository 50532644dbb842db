"""/metrics: the whole namespace for Prometheus, whichever web process is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from recorder_tasks.flow.scrape import Buckets, Family
from recorder_tasks.store import Counter, Histogram
from recorder_tasks.web.asking import Door, Parts
from recorder_tasks.web.problems import UNAUTHENTICATED, problem

router = APIRouter()
PATH = "/metrics"
WANTED = "Authorization: a bearer token of scope read, operate or admin is needed here"


class Gathered(Collector):
    """What one scrape has found, as the client library renders it."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return (_rendered(family) for family in self._families)

    def describe(self) -> Iterator[Metric]:
        return iter(())


@router.get(PATH)
def metrics(request: Request, parts: Parts, door: Door) -> Response:
    """Answers while Redis is away too: ``recorder_up 0`` is what an alert needs then."""
    if door.by_authorization(request.headers.get("authorization")) is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="recorder"'}
        return problem(UNAUTHENTICATED, WANTED, PATH, headers=challenge)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Gathered(parts.desk.measures()))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type, headers={"Cache-Control": "no-store"})


def _rendered(family: Family) -> Metric:
    metric, labels = family.metric, list(family.metric.labels)
    if isinstance(metric, Histogram):
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=labels)
        for values, taken in family.samples.items():
            assert isinstance(taken, Buckets)
            within = [(_bound(bound), count) for bound, count in taken.within]
            histogram.add_metric(list(values), within, taken.sum)
        return histogram
    counts = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
    shown = counts(metric.name, metric.help, labels=labels)
    for values, number in family.samples.items():
        assert not isinstance(number, Buckets)
        shown.add_metric(list(values), number)
    return shown


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else repr(bound)
