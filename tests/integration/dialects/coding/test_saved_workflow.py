"""How issues go, iterations, merge requests of a whole project, and members, as they were saved, in CODING's shapes."""

from typing import Any

from support.coding_answers import answer, lacks
from support.coding_api import Api, Team
from support.coding_saved import SaidAtCoding, save_said

BOATS = {"ProjectName": "boats"}


def test_types_and_statuses_are_those_that_issues_have(saved: Api) -> None:
    types = answer(saved, "DescribeProjectIssueTypeList", **BOATS)["IssueTypes"]
    statuses = answer(saved, "DescribeProjectIssueStatusList", **BOATS, IssueType="DEFECT")["ProjectIssueStatusList"]

    assert {(one["IssueType"], one["Name"], one["IsSystem"]) for one in types} == {
        ("EPIC", "史诗", True),
        ("REQUIREMENT", "需求", True),
        ("SUB_TASK", "子工作项", True),
        ("DEFECT", "缺陷", True),
        ("MISSION", "任务", True),
    }
    assert [(one["IssueStatusId"], one["IssueStatus"]["Name"], one["IssueStatus"]["Type"]) for one in statuses] == [
        (4, "未开始", "TODO"),
        (5, "处理中", "PROCESSING"),
        (6, "已完成", "COMPLETED"),
    ]
    assert {frozenset(lacks("IssueTypeDetailWithSplit", one)) for one in types} == {frozenset()}
    assert {frozenset(lacks("ProjectIssueStatus", one)) for one in statuses} == {frozenset()}
    given = {**BOATS, "IssueType": "WISH"}
    assert saved("DescribeProjectIssueStatusList", **given).error == "InvalidParameterValue"


def test_the_log_of_an_issue_has_what_is_known_of_it(saved: Api) -> None:
    def log(**given: Any) -> Any:
        return answer(saved, "DescribeIssueLogList", **BOATS, IssueCode=5, **given)["IssueLogList"]

    changes = log(ActionType="UPDATE", Target="STATUS")

    assert [one["TargetName"] for one in changes] == ["未开始", "处理中", "已完成"]
    assert changes[1]["Content"] == '{"from": "未开始", "to": "处理中"}'
    assert [one["Creator"] for one in log(ActionType="CREATE", Target="SELF")] == [1]
    assert log(ActionType="UPDATE", Target="ASSIGNEE") == []
    assert lacks("ApiIssueLogIssueLog", changes[0]) == set()
    given = {**BOATS, "IssueCode": 5, "ActionType": "THINK", "Target": "SELF"}
    assert saved("DescribeIssueLogList", **given).error == "InvalidParameterValue"


def test_an_iteration_is_told_by_its_number(saved: Api) -> None:
    found = answer(saved, "DescribeIteration", **BOATS, IterationCode=8)["Iteration"]

    assert (found["Name"], lacks("Iteration", found)) == ("春季", set())
    assert saved("DescribeIteration", **BOATS, IterationCode=42).error == "ResourceNotFound"


def test_merge_requests_of_a_project_are_those_of_its_depots(team: Team, said: SaidAtCoding) -> None:
    other = team.add_depot("tug")
    save_said(team.forge, team.depot, said.depot)
    save_said(team.forge, other, said.depot)

    def found(name: str = "chen", **given: Any) -> Any:
        return answer(team.api(name), "DescribeProjectMergeRequests", ProjectId=team.project.id, **given)["Data"]

    newest = found(PageSize=4)

    assert (newest["TotalRow"], newest["TotalPage"]) == (6, 2)
    assert [row["MergeId"] for row in newest["List"]] == [3, 3, 2, 2]
    assert {row["DepotId"] for row in newest["List"]} == {team.depot.id, other.id}
    assert [row["MergeId"] for row in found(PageNumber=2, PageSize=4)["List"]] == [1, 1]
    assert [row["MergeId"] for row in found(IsSortDirectionAsc=True, PageSize=1)["List"]] == [1]
    assert [row["MergeId"] for row in found(Status="open", Sort="action_at")["List"]] == [2, 2]
    assert found(CreatorGlobalKey="gk3", Label="急")["TotalRow"] == 0
    assert [row["MergeId"] for row in found(ReviewerGlobalKey="gk1", KeyWord="刷漆")["List"]] == [2, 2]
    assert {frozenset(lacks("MergeRequestData", row)) for row in newest["List"]} == {frozenset()}
    assert found("gu")["List"] == []
    refused = {"ProjectId": team.project.id}
    assert team.api()("DescribeProjectMergeRequests", **refused, Sort="merged_at").error == "InvalidParameterValue"
    assert team.api()("DescribeProjectMergeRequests", **refused, CreatorEmail="a@b").error == "InvalidParameterValue"
    assert team.api()("DescribeProjectMergeRequests", **refused, PageNumber=9999, PageSize=9).error == (
        "InvalidParameterValue"
    )


def test_members_that_were_saved_are_told_with_their_numbers_at_coding(team: Team, said: SaidAtCoding) -> None:
    save_said(team.forge, team.project, said.project)

    def found(name: str = "chen", **given: Any) -> list[tuple[int, str]]:
        numbers = {"ProjectId": team.project.id, "PageNumber": 1, "PageSize": 10}
        rows = answer(team.api(name), "DescribeProjectMembers", **numbers, **given)["Data"]["ProjectMembers"]
        assert [lacks("ProjectMemberUserData", row) - {"Phone"} for row in rows] == [set()] * len(rows)
        return [(row["Id"], row["Name"]) for row in rows]

    of_matou = {(user.id, user.display_name) for name, user in team.people.items() if name != "xiao"}
    here = {one for one in of_matou if one[0] not in (1, 2)}

    assert found()[:2] == [(1, "陈船长"), (2, "李领航")]
    assert set(found()[2:]) == here
    assert found(RoleId=1) == [(1, "陈船长"), (2, "李领航")]
    assert set(found("gu")) == of_matou
