"""Sessions to the recording server, with a clock that a test steers."""

from collections.abc import Iterator

import pytest

from matou.http.lfs.client import LfsClient
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.lfs_server import CREDENTIAL, LfsServer
from support.recording_server import RecordingServer
from support.steered_clock import SteeredClock


@pytest.fixture
def time_() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.5) as session:
        yield session


@pytest.fixture
def lfs(recording_server: RecordingServer) -> LfsServer:
    server = LfsServer(recording_server, {})
    recording_server.handler = server.answer
    return server


@pytest.fixture
def lfs_session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=time_.clock, patience=RetryPolicy(attempts=3)) as session:
        yield session


@pytest.fixture
def client(lfs_session: Session, recording_server: RecordingServer) -> LfsClient:
    return LfsClient(lfs_session, f"{recording_server.url}/team/repo.git", credential=CREDENTIAL, downloads=3)
