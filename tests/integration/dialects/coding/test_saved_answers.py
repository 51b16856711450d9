"""What was saved around the code of a CODING team, in CODING's own shapes, and to whom it is told."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.forge.access import Scope
from matou.forge.forge import Forge
from support.coding_api import Api, Clock, Team
from support.coding_saved import SaidAtCoding, said_at_coding, save_said
from support.coding_schemas import blank, faults_of_answer

BOATS = {"ProjectName": "boats"}


@pytest.fixture(scope="module")
def said() -> SaidAtCoding:
    return said_at_coding()


@pytest.fixture(scope="module")
def furnished(prepared: Path, tmp_path_factory: pytest.TempPathFactory, said: SaidAtCoding) -> Iterator[Team]:
    """Nothing changes it."""
    archive = Archive.open(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("saved") / "archive")))
    with closing(open_database(archive.database)) as database:
        clock = Clock()
        team = Team.found(Forge(database, archive, clock.now), clock)
        save_said(team.forge, team.project, said.project)
        save_said(team.forge, team.depot, said.depot)
        yield team


@pytest.fixture(scope="module")
def saved(furnished: Team) -> Api:
    return furnished.api()


def answer(api: Api, action: str, **parameters: Any) -> Any:
    """After it was held to the vendor's document, of which no key may be missing."""
    response = api(action, **parameters).response
    assert "Error" not in response, response["Error"]
    assert faults_of_answer(action, response) == []
    return response


def lacks(name: str, row: Mapping[str, Any]) -> set[str]:
    return set(blank(name)) - set(row)


def codes(response: Any) -> list[int]:
    return [row["Code"] for row in response]


def listed(api: Api, **parameters: Any) -> list[int]:
    given = {"IssueType": "ALL", "PageNumber": 1, "PageSize": 100, "ShowSubIssues": True, "SortValue": "ASC"}
    return codes(answer(api, "DescribeIssueListWithPage", **BOATS, **{**given, **parameters})["Data"]["List"])


def test_a_list_of_issues_has_every_key_of_the_document_and_counts_all(saved: Api) -> None:
    page = answer(
        saved, "DescribeIssueListWithPage", **BOATS, IssueType="ALL", PageNumber=2, PageSize=2, ShowSubIssues=True
    )["Data"]

    assert (page["TotalCount"], page["TotalPage"], codes(page["List"])) == (5, 3, [3, 2])
    assert [lacks("IssueListData", row) for row in page["List"]] == [set(), set()]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [1, 2, 3, 5, 6]),
        ({"ShowSubIssues": False}, [1, 2, 5, 6]),
        ({"ExcludeSubTask": True}, [1, 2, 5, 6]),
        ({"IssueType": "DEFECT"}, [5]),
        ({"IssueType": "SUB_TASK"}, [3]),
        ({"SortValue": "DESC"}, [6, 5, 3, 2, 1]),
        ({"SortKey": "UPDATED_AT", "SortValue": "DESC"}, [5, 6, 3, 2, 1]),
        ({"Conditions": {"Key": "UPDATED_AT", "Value": "2025-03-09_2099-12-31"}}, [5]),
        ({"Conditions": {"Key": "UPDATED_AT", "Value": "2025-01-01_2025-03-09"}}, [1, 2, 3, 5, 6]),
        ({"Conditions": {"Key": "UPDATED_AT", "Value": "2025-01-01_2025-03-08"}}, [1, 2, 3, 6]),
        ({"Conditions": {"Key": "UPDATED_AT", "Value": "2025-03-09 18:00:00_2025-03-09 18:00:00"}}, [5]),
        ({"Conditions": {"Key": "CREATED_AT", "Value": "2025-03-04_2025-03-09"}}, []),
        ({"Conditions": {"Key": "PRIORITY", "Value": "1,3"}}, [1, 5]),
        ({"Conditions": {"Key": "STATUS", "Value": "5,6"}}, [2, 5]),
        ({"Conditions": {"Key": "STATUS_TYPE", "Value": "TODO"}}, [1, 3, 6]),
        ({"Conditions": {"Key": "ISSUE_TYPE", "Value": "EPIC,DEFECT"}}, [1, 5]),
        ({"IssueType": "EPIC", "Conditions": {"Key": "ISSUE_TYPE", "Value": "EPIC,DEFECT"}}, [1]),
        ({"Conditions": {"Key": "KEYWORD", "Value": "手机"}}, [2]),
        ({"Conditions": {"Key": "CREATOR", "Value": "3"}}, [3]),
        ({"Conditions": {"Key": "ASSIGNEE", "Value": "2"}}, [2, 6]),
        ({"Conditions": {"Key": "LABEL", "Value": "51"}}, [5]),
        ({"Conditions": {"Key": "ITERATION", "Value": "8"}}, [2]),
        ({"Conditions": {"Key": "PARENT", "Value": "2"}}, [3]),
    ],
)
def test_conditions_and_orders_of_issues(saved: Api, parameters: dict[str, Any], expected: list[int]) -> None:
    assert listed(saved, **parameters) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"IssueType": "WISH"},
        {"SortKey": "STORY_POINT"},
        {"SortValue": "UP"},
        {"PageSize": 501},
        {"Conditions": {"Key": "MODULE", "Value": "1"}},
        {"Conditions": {"Key": "ASSIGNEE", "ConstValue": "UNSPECIFIC"}},
        {"Conditions": {"Key": "ASSIGNEE", "Value": "1,2"}},
        {"Conditions": {"Key": "UPDATED_AT", "Value": "yesterday"}},
    ],
)
def test_what_the_index_does_not_know_is_refused_and_not_passed_over(saved: Api, parameters: dict[str, Any]) -> None:
    given = {**BOATS, "IssueType": "ALL", "PageNumber": 1, "PageSize": 10, **parameters}

    assert saved("DescribeIssueListWithPage", **given).error == "InvalidParameterValue"


def test_a_list_by_offset_has_sub_tasks_and_several_conditions(saved: Api) -> None:
    conditions = [{"Key": "STATUS_TYPE", "Value": "TODO"}, {"Key": "CREATED_AT", "Value": "2025-01-01_2099-01-01"}]
    requests_seen = {**BOATS, "IssueType": "ALL", "SortValue": "ASC", "Conditions": conditions}

    assert codes(answer(saved, "DescribeIssueList", **requests_seen)["IssueList"]) == [1, 3, 6]
    assert codes(answer(saved, "DescribeIssueList", **requests_seen, Offset=1, Limit=1)["IssueList"]) == [3]


def test_an_issue_has_every_key_of_the_document(saved: Api) -> None:
    issue = answer(saved, "DescribeIssue", **BOATS, IssueCode=2)["Issue"]

    assert lacks("IssueDetail", issue) <= {"Project"}
    assert lacks("IssueSimpleData", issue["Parent"]) == lacks("Epic", issue["Epic"]) == set()
    assert [one["Name"] for one in issue["Assignees"]] == ["李领航", "王水手"]
    assert (issue["Iteration"]["Name"], issue["StoryPoint"]) == ("春季", "2.0")


def test_what_was_said_on_an_issue_and_done_to_it(saved: Api) -> None:
    comments = answer(saved, "DescribeIssueCommentList", **BOATS, IssueCode=5, ShowFileId=True)["CommentList"]
    changes = answer(saved, "DescribeIssueStatusChangeLogList", **BOATS, IssueCode=[5, 6])["Logs"]["List"]
    logs = answer(saved, "DescribeAllProjectsIssueWorkLogList", **BOATS)["WorkLogs"]

    assert [lacks("IssueComment", one) for one in comments] == [set()] * 3
    assert [one["FileId"] for one in comments] == [[], [703], []]
    assert [one["StatusName"] for one in changes] == ["未开始", "处理中", "已完成"]
    assert [(one["IssueCode"], one["RecordHours"]) for one in logs] == [(5, 1.5)]
    assert answer(saved, "DescribeAllProjectsIssueWorkLogList")["WorkLogs"] == logs
    assert answer(saved, "DescribeAllProjectsIssueWorkLogList", UserId=1)["WorkLogs"] == []


def test_an_issue_that_is_not_there_is_not_found(saved: Api) -> None:
    assert saved("DescribeIssue", **BOATS, IssueCode=4).error == "ResourceNotFound"
    assert saved("DescribeIssueCommentList", **BOATS, IssueCode=4).error == "ResourceNotFound"
    assert saved("DescribeIssue", ProjectName="planes", IssueCode=1).error == "ResourceNotFound"


@pytest.mark.parametrize("name", ["gu", "xiao"])
def test_issues_are_for_those_who_may_read_what_was_said(furnished: Team, name: str) -> None:
    given = {**BOATS, "IssueCode": 5}

    assert furnished.api(name)("DescribeIssue", **given).error in ("ResourceNotFound", "UnauthorizedOperation")
    assert furnished.api(scopes=frozenset({Scope.REPOSITORY_READ}))("DescribeIssue", **given).error != ""


def test_addresses_of_people_are_for_owners(furnished: Team) -> None:
    shown = {
        name: answer(furnished.api(name), "DescribeIssue", **BOATS, IssueCode=2)["Issue"] for name in ("chen", "dora")
    }

    assert shown["chen"]["Creator"]["Email"] == "gk1@example.com"
    assert "@example.com" in str(shown["chen"]["CustomFields"])
    assert "@example.com" not in str(shown["dora"])
