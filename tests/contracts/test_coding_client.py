"""`from matou import Coding`: against a directed platform, and against our own server, which speaks its Open API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou import Coding
from matou.errors import Conflict, NotFound, UnknownShape
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding.wire_contents import BranchesResponse
from support.coding_api import Clock, Team, furnish
from support.coding_source import TOKEN, CodingSource, running_coding_source
from support.matou_server import running_server
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def coding_source() -> Iterator[CodingSource]:
    with running_coding_source() as source:
        yield source


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def coding(coding_source: CodingSource, records: list[Record]) -> Iterator[Coding]:
    with Session(named=[coding_source.url], clock=SYSTEM_CLOCK) as session:
        yield Coding(TOKEN, coding_source.url, session=session, now=lambda: NOW, record=records.append)


def test_lists_are_read_to_the_proof_of_their_end(coding_source: CodingSource, coding: Coding) -> None:
    project = coding_source.project("docks")
    for number in range(150):
        coding_source.depot(project, f"ship-{number}")

    assert [one.name for one in coding.projects()] == ["docks"]
    assert len(list(coding.repositories())) == 150
    assert len(list(coding.repositories(project["Id"]))) == 150


def test_whom_a_token_stands_for_is_told_and_each_answer_recorded(coding: Coding, records: list[Record]) -> None:
    assert coding.user().global_key == "captain"
    assert coding.team().id
    assert [record.request for record in records] == ["DescribeCodingCurrentUser", "DescribeTeam"]


def test_a_repository_is_found_by_its_number(coding_source: CodingSource, coding: Coding) -> None:
    depot = coding_source.depot(coding_source.project("docks"), "ship")

    assert coding.repository(depot["Id"]).name == "ship"


def test_a_token_that_is_not_good_is_refused(coding_source: CodingSource) -> None:
    with (
        Session(named=[coding_source.url], clock=SYSTEM_CLOCK) as session,
        pytest.raises(CredentialRefused),
    ):
        Coding("f" * 40, coding_source.url, session=session).user()


def test_a_list_that_holds_less_than_it_counts_is_given_and_then_an_error(
    coding_source: CodingSource, coding: Coding
) -> None:
    coding_source.depot(coding_source.project("docks"), "ship")
    coding_source.uncounted = 1
    given: list[str] = []

    with pytest.raises(UnknownShape):
        given.extend(depot.name for depot in coding.repositories())

    assert given == ["ship"]


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Coding]:
    """As somebody who may do everything in a team of our own server."""
    with running_server(tmp_path / "archive") as server:
        furnish(server.forge)
        token = Team.found(server.forge, Clock()).token()
        with Coding(token, f"{server.url}/open-api") as coding:
            yield coding


def test_projects_and_repositories_are_made_found_and_deleted(ours: Coding) -> None:
    project = ours.create_project("yard", description="new ships")

    made = ours.create_repository(project, "keel", description="of oak")

    assert ours.project("yard").id == project
    assert (ours.repository(made.id).name, ours.repository("yard/keel").id) == ("keel", made.id)
    assert [depot.name for depot in ours.repositories(project)] == ["keel"]
    assert made.id in [depot.id for depot in ours.repositories()]
    with pytest.raises(Conflict):
        ours.create_repository(project, "keel")
    ours.delete_repository(made.id)
    with pytest.raises(NotFound):
        ours.repository(made.id)


def test_members_labels_and_any_other_action(ours: Coding) -> None:
    project = next(ours.projects())
    depot = next(ours.repositories(project.id))

    assert ours.user().global_key in [member.global_key for member in ours.members(project.id)]
    assert ours.labels(project.id) == []
    assert isinstance(ours.call(requests.DescribeGitBranches(depot_id=depot.id), BranchesResponse), BranchesResponse)
