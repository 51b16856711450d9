"""A namespace that turns out to be there when it is made: ours, since an answer was lost, or somebody else's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from matou.credentials import Secret
from matou.errors import Conflict
from matou.http.session import Session
from matou.platforms.coding.target import CodingTarget
from matou.transfer.migrate.target_state import make_namespaces
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SYSTEM_CLOCK


@pytest.fixture
def target(recording_server: RecordingServer) -> Iterator[CodingTarget]:
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session:
        yield CodingTarget(session, f"{recording_server.url}/open-api", Secret("t" * 32), now=lambda: datetime.now(UTC))


def answering(**answers: dict[str, Any]) -> Any:
    def handler(request: SeenRequest) -> Reply:
        requests_seen = request.json()
        assert isinstance(requests_seen, dict)
        return json_reply({"Response": {"RequestId": "r", **answers[requests_seen["Action"]]}})

    return handler


TAKEN = {"Error": {"Code": "FailedOperation", "Message": "project name already exists"}}
NOT_THERE = {"Error": {"Code": "ResourceNotFound", "Message": "project does not exist"}}
NO_DEPOTS = {"DepotData": {"Depots": [], "Page": {"PageNumber": 1, "PageSize": 100, "TotalPage": 0, "TotalRow": 0}}}


def test_what_an_earlier_request_made_is_taken_as_made(recording_server: RecordingServer, target: CodingTarget) -> None:
    recording_server.handler = answering(
        CreateCodingProject=TAKEN,
        DescribeProjectByName={"Project": {"Id": 7, "Name": "harbour"}},
        DescribeProjectDepotInfoList=NO_DEPOTS,
    )

    make_namespaces(target, ["harbour"])

    assert len(recording_server.requests) == 3


def test_what_is_somebody_elses_ends_the_migration(recording_server: RecordingServer, target: CodingTarget) -> None:
    recording_server.handler = answering(CreateCodingProject=TAKEN, DescribeProjectByName=NOT_THERE)

    with pytest.raises(Conflict, match="already exists"):
        make_namespaces(target, ["harbour"])
