"""`/-/metrics` in Prometheus' form, for whoever may see how all backups stand."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from matou.archive.run_history import source_key
from matou.errors import MatouError
from matou.forge.access import authorize_metrics
from matou.model.jobs import JobState
from matou.server.authentication import identify, read_credential
from matou.server.authorization import answer_to
from matou.server.origin import client_address
from matou.server.state import ServerState
from matou.server.streaming import PLAIN_TEXT
from matou.server.watch.request_counts import SECONDS, Durations, RequestKind
from matou.server.watch.requests import note_route
from matou.server.watch.server_metrics import server_metrics
from matou.transfer.backup.status import ArchiveStatus, SourceStatus
from matou.transfer.backup.status_cache import StatusCache

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_SOURCE: Final = ("platform", "host", "account")
_NO_STORE: Final = {"cache-control": "no-store"}


def metrics_routes(state: ServerState) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        note_route("/-/metrics")
        try:
            content = await state.run_in_pool(_content_for, state, request, state.shared.requests.snapshot())
        except MatouError as error:
            failure = answer_to(request.headers.raw, error)
            response = Response(f"{failure.text}\n", failure.status, _NO_STORE)
            response.raw_headers.extend((PLAIN_TEXT, *failure.headers))
            return response
        return Response(content, headers={**_NO_STORE, "content-type": "text/plain; version=0.0.4; charset=utf-8"})

    return [Route("/-/metrics", show)]


def _content_for(state: ServerState, request: Request, counted: Mapping[RequestKind, Durations]) -> bytes:
    """Raises as `identify` and `authorize_metrics` do."""
    identity = identify(state.forge, read_credential(request.headers.raw), address=client_address(request.scope))
    authorize_metrics(state.forge, identity)
    status = state.forge.memory(StatusCache).status(state.forge.archive)
    return render_metrics(counted, status, state.forge.queue.counts(), server_metrics(state))


def render_metrics(
    counted: Mapping[RequestKind, Durations],
    status: ArchiveStatus,
    jobs: Mapping[JobState, int],
    of_server: Iterable["Metric"] = (),
) -> bytes:
    # Loaded with the first that asks: it takes as long as a tenth of the server's start.
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
    from prometheus_client.registry import Collector

    class Metrics(Collector):
        def collect(self) -> Iterable["Metric"]:
            yield _requests(counted)
            yield from _backups(status)
            yield _jobs(jobs)
            yield from of_server

    registry = CollectorRegistry()
    registry.register(Metrics())
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _requests(counted: Mapping[RequestKind, Durations]) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "matou_request_duration_seconds",
        "How long answers took, by route.",
        labels=("route", "method", "status"),
    )
    bounds = [*map(str, SECONDS), "+Inf"]
    for kind, durations in counted.items():
        buckets = list(zip(bounds, accumulate(durations.counts), strict=True))
        family.add_metric((kind.route, kind.method, kind.status), buckets, durations.sum_seconds)
    return family


def _backups(status: ArchiveStatus) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    gauges = (
        ("matou_backup_started_timestamp_seconds", "When the last run that ended began.", _started),
        ("matou_backup_finished_timestamp_seconds", "When the last run that ended did.", _finished),
        ("matou_backup_complete", "1 if it saved all, and nothing was found damaged since.", _is_complete),
        ("matou_backup_size_bytes", "What the repositories' folders take.", _size),
    )
    for name, meaning, value_of in gauges:
        family = GaugeMetricFamily(name, meaning, labels=_SOURCE)
        for one in status.sources:
            family.add_metric(_labels(one), value_of(one))
        yield family
    repositories = GaugeMetricFamily(
        "matou_backup_repositories", "By what the last run did about them.", labels=(*_SOURCE, "outcome")
    )
    for one in status.sources:
        for outcome, count in one.outcomes.items():
            repositories.add_metric((*_labels(one), outcome.value), count)
    yield repositories
    yield GaugeMetricFamily("matou_backup_running", "1 while something writes to the archive.", int(status.is_at_work))


def _jobs(counts: Mapping[JobState, int]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily("matou_jobs", "What is to be done while nobody waits, by state.", labels=("state",))
    for state in JobState:
        family.add_metric((state.value,), counts.get(state, 0))
    return family


def _labels(one: SourceStatus) -> tuple[str, str, str]:
    key = source_key(one.source)
    return key.platform, key.host, key.owner


def _started(one: SourceStatus) -> float:
    return _seconds(one.started_at)


def _finished(one: SourceStatus) -> float:
    return _seconds(one.finished_at)


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _is_complete(one: SourceStatus) -> float:
    return float(one.is_done and not one.damaged)


def _size(one: SourceStatus) -> float:
    return float(one.size_bytes)
