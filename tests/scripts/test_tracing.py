"""Spans for OpenTelemetry, as a collector on this machine is sent them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from support.git_repositories import git, make_repository
from support.program import Person, served
from support.recording_server import RecordingServer, Reply
from support.team import make_person

pytest.importorskip("opentelemetry.proto", reason="OpenTelemetry is not installed (the extra `otel`)")

HTTP = urllib3.PoolManager(retries=False)
TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.fixture
def collector() -> Iterator[RecordingServer]:
    with closing(RecordingServer()) as server:
        server.replies.append(Reply(200))
        yield server


@pytest.fixture
def person(tmp_path: Path, collector: RecordingServer) -> Person:
    person = make_person(tmp_path / "home")
    person.environment.update({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"})
    return person


def spans(collector: RecordingServer) -> list[dict[str, object]]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found: list[dict[str, object]] = []
    for request in tuple(collector.requests):
        for of_resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
            of_service = {each.key: each.value.string_value for each in of_resource.resource.attributes}
            for span in (span for scope in of_resource.scope_spans for span in scope.spans):
                values = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
                ids = {"id": span.span_id.hex(), "parent": span.parent_span_id.hex(), "trace": span.trace_id.hex()}
                found.append({"name": span.name, "service": of_service["service.name"], **ids, **values})
    return found


def named(collector: RecordingServer, begin: str) -> Callable[[], list[dict[str, object]]]:
    return lambda: [span for span in spans(collector) if str(span["name"]).startswith(begin)]


def wait_for(look: Callable[[], list[dict[str, object]]]) -> list[dict[str, object]]:
    deadline = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_requests_and_what_git_does_for_them_are_spans_without_anything_of_anybody(
    person: Person, collector: RecordingServer, tmp_path: Path, workers: int
) -> None:
    root = tmp_path / "archive"
    person.matou("user", "add", "li", "--root", root, "--no-password")
    person.matou("org", "create", "harbour", "--owner", "li", "--root", root)
    token = person.matou("token", "create", "--user", "li", "--name", "t", "--root", root).out.strip()
    small = make_repository(tmp_path / "small.git")
    person.matou("repo", "import", small, "harbour/hidden", "--root", root)
    with served(person, root, workers=workers) as (_, url):
        git(
            small, "push", "--quiet", url.replace("//", f"//li:{token}@") + "/harbour/hidden.git", "main:refs/heads/new"
        )
        HTTP.request("GET", f"{url}/api/v5/repos/harbour/hidden?secret=1", headers={"PRIVATE-TOKEN": token, **SENT})
        clone = ("clone", "--quiet", "--bare", "--depth=1", url.replace("//", f"//li:{token}@") + "/harbour/hidden.git")
        git(None, *clone, tmp_path / "clone.git")
        (pushed,) = wait_for(named(collector, "POST git git-receive-pack"))
        fetched = wait_for(named(collector, "POST git git-upload-pack"))
        asked = wait_for(named(collector, "GET /api/v5/repos/"))[0]
        below = wait_for(
            lambda: [each for each in spans(collector) if each["parent"] in {span["id"] for span in fetched}]
        )

    assert pushed["http.response.status_code"] == 200
    assert asked["http.route"] == "/api/v5/repos/{owner}/{repo}"
    assert asked["service"] == "matou"
    assert asked["trace"] != TRACE
    assert {str(each["name"]).split()[0] for each in below} == {"git"}
    sent = b"".join(request.body for request in collector.requests)
    assert [text for text in (b"hidden", b"secret", b"127.0.0.1", token.encode()) if text in sent] == []


def test_the_trace_of_a_trusted_proxy_is_gone_on_with(
    person: Person, collector: RecordingServer, tmp_path: Path
) -> None:
    with served(person, tmp_path / "archive", "--trust-proxy", "127.0.0.1") as (_, url):
        HTTP.request("GET", f"{url}/-/health", headers=SENT)
        found = wait_for(lambda: [span for span in spans(collector) if span["trace"] == TRACE])

    assert [each["parent"] for each in found] == ["b7ad6b7169203331"]


def test_a_collector_that_is_away_keeps_nobody_waiting(person: Person, tmp_path: Path) -> None:
    person.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
    with served(person, tmp_path / "archive") as (process, url):
        status = HTTP.request("GET", f"{url}/-/health").status
        process.terminate()
        ended = process.wait(timeout=40)

    assert (status, ended) == (200, 0)
    assert "Traceback" not in (person.home / "serve.log").read_text()


def test_a_job_that_fails_is_a_span_that_says_nothing_of_why(collector: RecordingServer) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    code = (
        "import os, contextlib; from matou.server.watch.tracing import tracing_of\n"
        "with tracing_of(os.environ) as tracing, contextlib.suppress(ValueError), tracing.job('pack'):\n"
        "    raise ValueError('harbour/hidden')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | environment)

    [span] = wait_for(named(collector, "job pack"))
    assert span["matou.job.task"] == "pack"
    assert b"hidden" not in b"".join(request.body for request in collector.requests)


def test_without_its_variables_nothing_of_it_is_loaded() -> None:
    look = "import sys, matou.cli.run.serve; print([name for name in sys.modules if 'opentelemetry' in name])"

    assert subprocess.run([sys.executable, "-c", look], check=True, capture_output=True).stdout.strip() == b"[]"
