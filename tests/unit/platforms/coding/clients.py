"""A client of a CODING that answers as a test says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.coding.source import CodingClient
from support.coding_source import TOKEN, CodingSource
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)


SCOPE = "The current scope does not support access to this API"


Connect = Callable[..., CodingClient]


@pytest.fixture
def session(coding_source: CodingSource) -> Iterator[Session]:
    patience = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1))
    with Session(named=[coding_source.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def connect(coding_source: CodingSource, session: Session, records: list[Record]) -> Connect:
    def connect(token: str = TOKEN, path: str = "") -> CodingClient:
        return CodingClient(session, coding_source.url + path, Secret(token), record=records.append, now=lambda: NOW)

    return connect


@pytest.fixture
def client(connect: Connect) -> CodingClient:
    return connect()


def names(listed: Iterator[RemoteNamespace] | Iterator[RemoteRepository]) -> list[str]:
    return sorted(one.name for one in listed)


def fill(source: CodingSource, *, projects: int, depots: int) -> None:
    for number in range(projects):
        project = source.project(f"project-{number}")
        for ship in range(depots):
            source.depot(project, f"ship-{number}-{ship}")
