"""What CODING lists, and what is told of what it does not."""

from collections.abc import Iterator
from typing import Any, TypeVar

import pytest

from matou.errors import MatouError, Refused
from matou.model.platform import VersionControl
from matou.platforms.coding.source import CodingClient
from support.coding_source import NO_PROJECTS, REFUSED, Answer, CodingSource, failure
from unit.platforms.coding.clients import SCOPE, client, connect, fill, names, records, session

__all__ = ["client", "connect", "records", "session"]


T = TypeVar("T")


def until_it_broke(listed: Iterator[T]) -> list[T]:
    given: list[T] = []
    with pytest.raises(MatouError):
        given.extend(listed)
    return given


def test_without_the_teams_list_each_project_is_asked_and_that_is_said(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=101)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED

    assert len(list(client.repositories())) == 303
    assert [(unseen.what, SCOPE in unseen.reason) for unseen in client.unseen] == [
        ("repositories of projects that this account has not joined", True)
    ]


def test_without_the_teams_projects_those_that_were_joined_are_listed_and_that_is_said(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeCodingProjects"] = REFUSED

    assert len(list(client.namespaces())) == 3
    assert coding_source.requested("DescribeUserProjects") == [{"Action": "DescribeUserProjects", "UserId": 9}]
    assert [unseen.what for unseen in client.unseen] == ["projects that this account has not joined"]


def test_projects_that_were_joined_and_are_not_listed_are_found_by_ones_own_repositories(
    coding_source: CodingSource, client: CodingClient
) -> None:
    """DescribeUserProjects has no count: a short answer, or an empty one, looks like a whole one."""
    fill(coding_source, projects=3, depots=1)
    for action in ("DescribeCodingProjects", "DescribeTeamDepotInfoList"):
        coding_source.always[action] = REFUSED
    coding_source.always["DescribeUserProjects"] = NO_PROJECTS

    assert len(list(client.repositories())) == 3
    assert names(client.namespaces()) == ["project-0", "project-1", "project-2"]


def test_no_joined_project_and_no_list_of_ones_own_is_no_empty_account(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=1)
    for action in ("DescribeCodingProjects", "DescribeTeamDepotInfoList", "DescribeMyDepots"):
        coding_source.always[action] = REFUSED
    coding_source.always["DescribeUserProjects"] = NO_PROJECTS

    with pytest.raises(Refused):
        list(client.repositories())


def test_a_project_that_refuses_its_list_hides_no_other_and_is_named(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=1)
    coding_source.project("shut", Archived=True)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.fail("DescribeProjectDepotInfoList", REFUSED)

    assert names(client.repositories()) == ["ship-0-0", "ship-1-0"]
    assert "repositories of the project 'project-0'" in [unseen.what for unseen in client.unseen]


def test_an_archived_project_that_refuses_is_called_archived(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.project("shut", Archived=True)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.always["DescribeProjectDepotInfoList"] = failure("UnauthorizedOperation", "project is archived")

    assert names(client.repositories()) == []
    assert "repositories of the archived project 'shut'" in [unseen.what for unseen in client.unseen]


def test_where_no_project_may_be_listed_the_accounts_own_repositories_are(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=60)
    for action in ("DescribeCodingProjects", "DescribeUserProjects", "DescribeTeamDepotInfoList"):
        coding_source.always[action] = REFUSED

    assert len(list(client.repositories())) == 120
    assert names(client.namespaces()) == ["project-0", "project-1"]


def test_ones_own_repositories_may_come_without_a_count(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=1, depots=150)
    coding_source.counts_own_depots = False
    for action in ("DescribeTeamDepotInfoList", "DescribeProjectDepotInfoList"):
        coding_source.always[action] = REFUSED

    assert len(list(client.repositories())) == 150


def test_a_subversion_repository_needs_no_address_for_git(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.depot(coding_source.project("docks"), "ship", VcsType="svn", HttpsUrl="")

    assert [repository.clone_url for repository in client.repositories()] == [""]
    assert list(client.unseen) == []


def test_where_nothing_at_all_may_be_listed_that_is_an_error_and_no_empty_team(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=1)
    for action in (
        "DescribeCodingProjects",
        "DescribeUserProjects",
        "DescribeTeamDepotInfoList",
        "DescribeMyDepots",
    ):
        coding_source.always[action] = REFUSED

    with pytest.raises(Refused):
        list(client.namespaces())
    with pytest.raises(Refused):
        list(client.repositories())


def test_a_project_that_only_its_depot_shows_is_listed_too(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=2, depots=1)
    [hidden, _] = coding_source.projects.values()
    coding_source.hidden_projects.add(hidden["Id"])

    assert names(client.namespaces()) == ["project-0", "project-1"]
    assert names(client.repositories()) == ["ship-0-0", "ship-1-0"]


def test_a_project_that_only_its_depot_shows_and_that_may_not_be_seen_has_its_name(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=1)
    coding_source.hidden_projects.update(coding_source.projects)
    coding_source.always["DescribeOneProject"] = REFUSED

    [namespace] = client.namespaces()

    assert (namespace.id, namespace.name, namespace.created_at) == ("1000", "project-0", None)
    assert [unseen.what for unseen in client.unseen] == ["what is said of the project 'project-0'"]


def test_a_depot_that_moves_to_a_page_already_read_is_not_missed(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=150)

    def remove_the_first(times_asked: int) -> None:
        if times_asked == 2:
            coding_source.depots.pop(5000)

    coding_source.before["DescribeTeamDepotInfoList"] = remove_the_first

    listed = {repository.id for repository in client.repositories()}

    assert {str(id_) for id_ in coding_source.depots} <= listed


def test_a_project_that_comes_while_projects_are_listed_is_not_missed(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=150, depots=0)

    def add_in_front(times_asked: int) -> None:
        if times_asked == 2:
            coding_source.projects = {1: {**coding_source.projects[1000], "Id": 1}, **coding_source.projects}

    coding_source.before["DescribeCodingProjects"] = add_in_front

    assert len(list(client.namespaces())) == 151


def test_fewer_depots_than_are_counted_are_given_and_the_listing_is_broken(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=3)
    coding_source.uncounted = 1

    assert len(until_it_broke(client.repositories())) == 3
    assert len(list(client.namespaces())) == 1


def test_a_list_that_ends_in_trouble_gives_what_came_before(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=1, depots=150)
    coding_source.before["DescribeTeamDepotInfoList"] = lambda times: (
        coding_source.always.update(DescribeTeamDepotInfoList=Answer(503)) if times == 2 else None
    )

    assert len(until_it_broke(client.repositories())) == 100


def test_one_project_in_trouble_does_not_hide_the_others(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.fail("DescribeProjectDepotInfoList", *[Answer(500)] * 4)

    assert names(iter(until_it_broke(client.repositories()))) == ["ship-1-0", "ship-2-0"]


@pytest.mark.parametrize("values", [{"Id": "seven"}, {"Name": None}, {"ProjectId": {}}])
def test_one_odd_depot_does_not_hide_the_others_and_is_told(
    coding_source: CodingSource, client: CodingClient, values: dict[str, Any]
) -> None:
    fill(coding_source, projects=1, depots=2)
    coding_source.depots[5000] |= values

    assert names(iter(until_it_broke(client.repositories()))) == ["ship-0-1"]
    assert ["coding Depot." in unseen.reason for unseen in client.unseen] == [True]


@pytest.mark.parametrize(
    ("values", "is_noted"),
    [
        ({"CreatedAt": "yesterday"}, True),
        ({"LastPushAt": "2024/07/29"}, True),
        ({"Description": 7}, True),
        ({"IsShared": "perhaps"}, True),
        ({"VcsType": "fossil"}, True),
        ({"VcsType": "", "RepoType": ""}, True),
        ({"VcsType": "GIT"}, False),
    ],
)
def test_a_field_that_no_backup_needs_keeps_no_depot_from_being_listed(
    coding_source: CodingSource, client: CodingClient, values: dict[str, Any], is_noted: bool
) -> None:
    fill(coding_source, projects=1, depots=2)
    coding_source.depots[5000] |= values

    first, second = client.repositories()

    assert (first.name, second.name, first.version_control) == ("ship-0-0", "ship-0-1", VersionControl.GIT)
    assert (bool(first.left_out), bool(second.left_out)) == (is_noted, False)
    assert client.unseen == ()
