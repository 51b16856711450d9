"""Spans of requests, git children and jobs for OpenTelemetry, where the operator's variables ask for them.

What they are called and what stands in them are words of our own, and no path, query, header, name or text of anybody.
Nothing of OpenTelemetry is imported as long as nobody asks for it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from starlette.types import Scope

from matou import __version__
from matou.errors import Invalid
from matou.git.process.child_counts import ChildCounts
from matou.jobs.queue import RunningJob, Tasks
from matou.server.streaming import header
from matou.server.trusted_proxies import FROM_PROXY
from matou.server.watch.request_counts import METHODS, OTHER
from matou.server.watch.requests import RequestFacts

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SENT_WITHIN_MILLISECONDS: Final = 2000
"""At the end: a collector that is away keeps no server from ending."""

_FAULT: Final = 500


class TracingNotInstalled(Invalid):
    """It is asked for, and the libraries are not there."""


def is_wanted(environment: Mapping[str, str]) -> bool:
    """By OpenTelemetry's own variables: a collector or an exporter is named, and nothing says that it is off."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    return exporter == "otlp" or any(environment.get(name, "").strip() for name in ENDPOINTS)


def require_libraries(environment: Mapping[str, str]) -> None:
    """Raises TracingNotInstalled, before anything serves."""
    if not is_wanted(environment):
        return
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError as error:
        raise TracingNotInstalled(
            "OpenTelemetry is asked for by OTEL_ variables, and is not installed",
            advice="install it with: pip install 'matou[otel]', or set OTEL_SDK_DISABLED=true",
        ) from error


class Tracing:
    """Of one process: it has a thread that sends, and is made behind the fork of a worker."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        named = {} if "service.name" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "") else {"service.name": "matou"}
        if name := environment.get("OTEL_SERVICE_NAME", "").strip():
            named = {"service.name": name}
        resource = Resource.create({**named, "service.version": __version__})
        self._provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("matou", __version__)
        # A collector that is away is one line each time, and not the trace of a library.
        logging.getLogger("opentelemetry").addFilter(_without_traceback)

    def close(self) -> None:
        self._provider.force_flush(SENT_WITHIN_MILLISECONDS)
        self._provider.shutdown()

    @contextmanager
    def request(self, scope: Scope, request: RequestFacts) -> Iterator[Callable[[int | None], None]]:
        """What is given is told the status of the answer; None where the client went before there was one."""
        from opentelemetry.trace import SpanKind

        method = scope["method"] if scope["method"] in METHODS else OTHER
        with self._tracer.start_as_current_span(
            method,
            context=_parent_of(scope),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield lambda status: _finish(span, method, request, status)

    @contextmanager
    def job(self, task: str) -> Iterator[None]:
        from opentelemetry.trace import StatusCode

        with self._tracer.start_as_current_span(
            f"job {task}",
            attributes={"matou.job.task": task},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException:
                span.set_status(StatusCode.ERROR)
                raise

    def child(self, kind: str) -> Callable[[int], None]:
        """A git child that begins now; what is given is told its exit status."""
        span = self._tracer.start_span(
            f"git {kind}", attributes={"process.executable.name": "git", "matou.git.kind": kind}
        )

        def end(status: int) -> None:
            if span.is_recording():
                span.set_attribute("process.exit.code", status)
                span.end()

        return end

    def traced(self, tasks: Tasks) -> Tasks:
        return {name: self._traced_task(name, task) for name, task in tasks.items()}

    def _traced_task(self, name: str, task: Callable[[RunningJob], None]) -> Callable[[RunningJob], None]:
        def perform(running: RunningJob) -> None:
            with self.job(name), TracedChildCounts(self).in_force():
                task(running)

        return perform


class TracedChildCounts(ChildCounts):
    """Each child that is counted is a span too, below that of the request that started it."""

    def __init__(self, tracing: Tracing) -> None:
        super().__init__()
        self._tracing = tracing

    def begin(self, kind: str) -> Callable[[int], None]:
        counted, traced = super().begin(kind), self._tracing.child(kind)

        def end(status: int) -> None:
            counted(status)
            traced(status)

        return end


@contextmanager
def tracing_of(environment: Mapping[str, str]) -> Iterator[Tracing | None]:
    """None where nobody asks for it."""
    if not is_wanted(environment):
        yield None
        return
    tracing = Tracing(environment)
    try:
        yield tracing
    finally:
        tracing.close()


def _parent_of(scope: Scope) -> "Context":
    """The trace that a trusted proxy goes on with. A client's counts for nothing, as its request id: it could put
    its requests into somebody else's trace, or have all of them kept."""
    from opentelemetry.context import Context as NewContext
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    given = header(scope["headers"], b"traceparent") if FROM_PROXY in scope else b""
    carrier = {"traceparent": given.decode("latin-1")}
    return TraceContextTextMapPropagator().extract(carrier, context=NewContext())


def _finish(span: "Span", method: str, request: RequestFacts, status: int | None) -> None:
    from opentelemetry.trace import StatusCode

    route = request.route or OTHER
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "matou.request.id": request.id})
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if status is None or status >= _FAULT:
        span.set_status(StatusCode.ERROR)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True
