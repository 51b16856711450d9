"""Clients of the platforms before a server that answers as a test says."""

from collections.abc import Iterator

import pytest

from matou import GitCode, Gitee
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.gitcode import PLATFORM as GITCODE
from support import gitcode_calls, gitee_calls
from support.recording_server import RecordingServer
from support.redirected_hosts import RedirectedHosts, redirected
from support.saved_gitcode import ServedBackup, serving_backup_of_gitcode
from support.steered_clock import SteeredClock


@pytest.fixture
def time_() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def gitee_session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.0) as session:
        yield session


@pytest.fixture
def gitee(
    recording_server: RecordingServer, gitee_session: Session, time_: SteeredClock, records: list[Record]
) -> Gitee:
    url = recording_server.url
    return Gitee(gitee_calls.TOKEN, url, session=gitee_session, now=time_.now, record=records.append)


@pytest.fixture
def gitcode_session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(
        named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.0, patience=GITCODE.retry
    ) as session:
        yield session


@pytest.fixture
def gitcode(recording_server: RecordingServer, gitcode_session: Session, time_: SteeredClock) -> GitCode:
    return GitCode(gitcode_calls.TOKEN, recording_server.url, session=gitcode_session, now=time_.now)


@pytest.fixture(scope="session")
def served_backup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBackup]:
    """One for all that read it: nothing of it can be changed."""
    with serving_backup_of_gitcode(tmp_path_factory.mktemp("saved")) as served:
        yield served


@pytest.fixture(scope="session")
def redirected_gitcode(
    served_backup: ServedBackup, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedirectedHosts]:
    """For clients that have GitCode's address built in."""
    known = ("api.gitcode.com", "api.atomgit.com", "atomgit.com")
    with redirected(tmp_path_factory.mktemp("hosts"), known, served_backup.url) as hosts:
        yield hosts
