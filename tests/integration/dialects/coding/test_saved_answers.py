"""What was saved around the code of a CODING team, in CODING's own shapes, and to whom it is told."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from matou.forge.access import Scope
from matou.model.metadata import Issue, WorkflowStatus
from matou.platforms.coding.wire_requests import Request
from matou.platforms.coding.wire_requests_metadata import METADATA_ACTIONS
from matou.platforms.coding.wire_requests_served import SERVED_ACTIONS
from matou.server.dialects.coding import ACTIONS
from matou.server.dialects.coding.issue_rows import status_type
from matou.server.dialects.coding.saved import SavedRows
from support.coding_answers import answer, lacks
from support.coding_api import Api, Team
from support.coding_saved import SaidAtCoding, save_said
from support.coding_schemas import faults_of_answer
from support.deciding import create_label

BOATS = {"ProjectName": "boats"}


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


def test_what_an_issue_stands_beside(saved: Api, furnished: Team) -> None:
    def found(action: str, code: int, **more: Any) -> Any:
        return answer(saved, action, **BOATS, IssueCode=code, **more)

    blocked = found("DescribeBlockIssueList", 5)["Issues"]
    named = found("DescribeIssueReferenceResources", 5, ProjectId=furnished.project.id)["Data"]
    versions = found("DescribeIssueReleaseList", 5)["ReleaseList"]
    defects = answer(saved, "DescribeRequirementDefectRelation", **BOATS, RequirementCode=2)["Issues"]

    assert codes(blocked) == [6]
    assert codes(found("DescribeBlockedByIssueList", 6)["Issues"]) == codes(defects) == [5]
    assert codes(found("DescribeSubIssueList", 2)["SubIssueList"]) == [3]
    assert [(one["ResourceType"], one["ResourceName"], one["ProjectName"]) for one in named] == [
        ("Mission", "修码头", "piers"),
        ("Requirement", "手机买票", "boats"),
        ("Wiki", "首页", "boats"),
    ]
    assert named[1]["ResourceStatus"] == "处理中"
    assert [(one["Code"], one["ProjectId"]) for one in versions] == [(42, furnished.project.id)]
    assert found("DescribeIssueReleaseList", 6)["ReleaseList"] == []
    assert [lacks("IssueSimpleData", one) for one in [*blocked, *defects]] == [set(), set()]
    assert [lacks("ResourceReference", one) for one in named] == [set()] * 3
    assert lacks("OpenApiRelease", versions[0]) == set()


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


@pytest.mark.parametrize("may", [True, False])
def test_ways_to_reach_somebody_are_for_owners_under_every_name(*, may: bool) -> None:
    conversation: Any = SimpleNamespace(sees_personal_data=may, about=lambda: SimpleNamespace(platform="coding"))
    rows: SavedRows[Any] = SavedRows(cast("Any", None), conversation)
    told = {"Caller": {"EnterpriseEmail": "call@example.com", "MobilePhone": "+86 139", "Post": "夜班"}}

    assert rows.shown(told) == (told if may else {"Caller": {"Post": "夜班"}})


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("closed", None, "COMPLETED"),
        ("open", None, "TODO"),
        ("open", WorkflowStatus(name="测试中"), "TODO"),
        ("open", WorkflowStatus(name="开发中", group="doing"), "PROCESSING"),
        ("closed", WorkflowStatus(name="不做", group="rejected"), "COMPLETED"),
    ],
)
def test_an_issue_of_a_platform_without_statuses_is_closed_where_it_was(
    state: Any, status: WorkflowStatus | None, expected: str
) -> None:
    assert status_type(Issue(number="1", title="灯", state=state, status=status)) == expected


def merges(api: Api, depot: int, **parameters: Any) -> list[int]:
    data = answer(api, "DescribeDepotMergeRequests", DepotId=depot, **parameters)["Data"]
    assert data["TotalRow"] == len(data["List"])
    return [row["MergeId"] for row in data["List"]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"Status": "OPEN"}, [2]),
        ({"Status": "CLOSE"}, [3]),
        ({"Status": "accepted"}, [1]),
        ({"Status": "ALL", "KeyWord": "船头"}, [1]),
        ({"Labels": ["急"]}, [1]),
        ({"SourceBranches": ["topic-2"], "TargetBranches": ["main"]}, [2]),
        ({"CreatorGlobalKeys": ["gk3"]}, [3]),
        ({"ReviewerGlobalKeys": ["gk1"]}, [2]),
        ({"UpdatedAtStartDate": "2099-01-01"}, []),
    ],
)
def test_conditions_of_merge_requests(
    saved: Api, furnished: Team, parameters: dict[str, Any], expected: list[int]
) -> None:
    assert sorted(merges(saved, furnished.depot.id, **parameters)) == expected


def test_merge_requests_have_every_key_of_the_document_and_the_numbers_of_this_server(
    saved: Api, furnished: Team
) -> None:
    depot = furnished.depot
    page = answer(saved, "DescribeDepotMergeRequests", DepotPath="boats/ferry", PageSize=2, Sort="action_at")["Data"]
    one = answer(saved, "DescribeMergeRequest", DepotId=depot.id, MergeId=1)["MergeRequestInfo"]

    assert (page["TotalRow"], page["TotalPage"], len(page["List"])) == (3, 2, 2)
    assert [lacks("MergeRequestData", row) for row in page["List"]] == [set(), set()]
    assert lacks("MergeRequestInfo", one) == set()
    assert (one["DepotId"], one["ProjectId"], one["Status"]) == (depot.id, furnished.project.id, "ACCEPTED")
    assert [row["GlobalKey"] for row in reviewers(saved, depot.id, 2)] == ["gk1", "gk3"]


def reviewers(api: Api, depot: int, number: int) -> Any:
    return answer(api, "DescribeMergeRequestReviewers", DepotId=depot, MergeId=number)["Reviewers"]


def note_ids(response: Any) -> list[list[int]]:
    return [[note["Id"] for note in thread["Note"]] for thread in response["Notes"]]


def test_notes_come_thread_by_thread(saved: Api) -> None:
    def requests_seen(**more: Any) -> list[list[int]]:
        return note_ids(
            answer(
                saved,
                "DescribeAllMergeRequestNotes",
                DepotPath="harbour/boats/ferry",
                **{"PageNumber": 1, "PageSize": 10, **more},
            )
        )

    assert requests_seen() == [[707, 708], [709, 710]]
    assert requests_seen(PageNumber=2, PageSize=1) == [[709, 710]]
    assert requests_seen(ReporterIds=[3]) == [[708]]
    assert (
        requests_seen(MergeIds=[1])
        == requests_seen(MrStatuses=["ACCEPTED"])
        == requests_seen(CreatedAtStartDate="2025-03-16")
        == []
    )
    assert requests_seen(MrStatuses=["OPEN"], CreatedAtEndDate="2025-03-15") == [[707, 708], [709, 710]]
    of_one = answer(saved, "DescribeSingeMergeRequestNotes", DepotPath="boats/ferry", MergeId=2)
    assert note_ids(of_one) == requests_seen()
    note = of_one["Notes"][0]["Note"][1]
    assert (note["Path"], note["Index"], note["ParentId"]) == ("src/船头.c", 4, 707)
    assert lacks("MergeRequestNote", note) == set()


@pytest.mark.parametrize(
    "parameters",
    [
        {"Status": "DRAFT"},
        {"Sort": "title"},
        {"CreatorEmails": ["gk1@example.com"]},
        {"Labels": ["急", "甲板"]},
        {"CreatedAtStartDate": "yesterday"},
    ],
)
def test_what_is_not_known_of_merge_requests_is_refused(
    saved: Api, furnished: Team, parameters: dict[str, Any]
) -> None:
    assert saved("DescribeDepotMergeRequests", DepotId=furnished.depot.id, **parameters).error == (
        "InvalidParameterValue"
    )


def test_commits_of_a_merge_request_that_were_not_saved_are_not_found(saved: Api, furnished: Team) -> None:
    given = {"DepotId": furnished.depot.id, "MergeId": 2}

    assert saved("DescribeMergeReqCommits", **given).error == "ResourceNotFound"


def test_releases_and_what_is_attached_to_them(saved: Api, furnished: Team) -> None:
    def found(**more: Any) -> list[str]:
        page = answer(saved, "DescribeGitReleases", DepotId=furnished.depot.id, **more)["ReleasePageList"]
        assert page["TotalCount"] == 1 or page["Releases"] == []
        return [row["TagName"] for row in page["Releases"]]

    detail = answer(
        saved,
        "DescribeGitReleaseDetail",
        DepotId=furnished.depot.id,
        ReleaseId=8,
        TagName="v1.0/春",
        ShowResourceUrl=True,
    )["Release"]

    assert found() == found(TagName="V1") == found(Status=1) == found(FromDate="2025-03-21") == ["v1.0/春"]
    assert found(Status=2) == found(TagName="v2") == found(ToDate="2025-03-20") == found(PageNumber=2) == []
    assert lacks("Release", detail) == set()
    assert [one["AttachmentName"] for one in detail["ReleaseAttachment"]] == ["渡船 1.0.zip"]
    assert detail["DepotId"] == furnished.depot.id
    assert saved("DescribeGitReleases", DepotId=furnished.depot.id, Status=3).error == "InvalidParameterValue"
    assert saved("DescribeGitReleaseDetail", DepotId=furnished.depot.id, ReleaseId=9).error == "ResourceNotFound"


def test_what_a_project_plans_with(saved: Api) -> None:
    iterations = answer(saved, "DescribeIterationList", **BOATS)["Data"]
    versions = answer(saved, "DescribeReleaseList", **BOATS)["Data"]
    fields = answer(saved, "DescribeProjectIssueFieldList", **BOATS, IssueType="REQUIREMENT")["ProjectIssueFieldList"]

    assert (iterations["TotalRow"], [row["Code"] for row in iterations["List"]]) == (2, [9, 8])
    assert [lacks("Iteration", row) for row in iterations["List"]] == [set(), set()]
    open_ones = answer(saved, "DescribeIterationList", **BOATS, Status=["PROCESSING"], Limit=1)["Data"]
    assert [row["Name"] for row in open_ones["List"]] == ["春季"]
    assert [(row["Status"], lacks("OpenApiRelease", row)) for row in versions["List"]] == [("已发布", set())]
    assert [(row["IssueFieldId"], lacks("ProjectIssueField", row)) for row in fields] == [(29, set())]
    assert answer(saved, "DescribeProjectIssueFieldList", **BOATS, IssueType="EPIC")["ProjectIssueFieldList"] == []


def test_the_wiki_as_a_tree_and_version_by_version(saved: Api) -> None:
    [top] = answer(saved, "DescribeWikiList", **BOATS)["Data"]
    first, second, last = (
        answer(saved, "DescribeWiki", **BOATS, Iid=1, VersionId=version)["Data"] for version in (1, 2, 0)
    )

    assert (top["Title"], [row["Title"] for row in top["Children"]]) == ("首页", ["CON"])
    assert lacks("WikiListData", top) == lacks("WikiData", first) == set()
    assert (first["Content"], first["HistoriesCount"], second["CurrentVersion"]) == ("欢迎", 2, 2)
    assert last == {**second, "HistoryId": last["HistoryId"]}
    assert saved("DescribeWiki", **BOATS, Iid=1, VersionId=3).error == "ResourceNotFound"
    assert saved("DescribeWiki", **BOATS, Iid=9, VersionId=1).error == "ResourceNotFound"


def test_announcements_and_how_a_project_and_a_depot_were_set_up(saved: Api, furnished: Team) -> None:
    project, depot = {"ProjectId": furnished.project.id}, {"DepotId": furnished.depot.id}
    page = {"PageNumber": 1, "PageSize": 10}
    told = answer(saved, "DescribeProjectAnnouncements", **BOATS, **page)
    hooks = answer(saved, "DescribeServiceHooks", **project, **page, TargetType="PROJECT")["Data"]
    rights = answer(saved, "DescribeProjectMemberPrincipals", **project, **page)["Data"]
    [rule] = answer(saved, "DescribeBranchProtections", **depot)["BranchProtections"]
    members = answer(saved, "DescribeBranchProtectionMembers", **depot, BranchProtectionId=5)["Members"]
    tags = answer(saved, "DescribeGitProtectedTags", **depot)["GitTags"]

    assert [lacks("ProjectAnnouncementProjectAnnouncement", row) for row in told["List"]] == [set()] * told[
        "TotalCount"
    ]
    assert [(row["Name"], row["ActionProperties"]) for row in hooks["ServiceHook"]] == [("通知群", "[withheld]")]
    assert [lacks("ServiceHook", row) for row in hooks["ServiceHook"]] == [set()]
    assert ("DEPARTMENT", "甲板部") in [(row["PrincipalType"], row["PrincipalName"]) for row in rights["Principals"]]
    assert (rule["Rule"], rule["DenyForcePush"], lacks("BranchProtection", rule)) == ("main", True, set())
    assert members == [{"GlobalKey": "gk1", "Name": "陈船长", "AllowPush": True}]
    assert [row["TagName"] for row in tags] == ["v1.0/春"]
    assert answer(saved, "DescribeServiceHooks", **project, **page, TargetType="PROGRAM")["Data"]["TotalCount"] == 0


def test_settings_and_webhooks_are_for_those_who_may_see_them(furnished: Team) -> None:
    project = {"ProjectId": furnished.project.id, "PageNumber": 1, "PageSize": 10, "TargetType": "PROJECT"}
    dora, gu = furnished.api("dora"), furnished.api("gu")

    assert dora("DescribeServiceHooks", **project).error == "UnauthorizedOperation"
    assert answer(dora, "DescribeGitProtectedTags", DepotId=furnished.depot.id)["GitTags"]
    assert gu("DescribeGitProtectedTags", DepotId=furnished.depot.id).error == "UnauthorizedOperation"
    assert gu("DescribeDepotMergeRequests", DepotId=furnished.depot.id).error == "UnauthorizedOperation"
    assert gu("DescribeWikiList", **BOATS).error == "UnauthorizedOperation"


@pytest.mark.parametrize("request_of", [*METADATA_ACTIONS.values(), *SERVED_ACTIONS.values()])
def test_a_team_of_which_nothing_was_saved_has_empty_lists(team: Team, request_of: type[Request]) -> None:
    """Or what is asked for is not found."""
    action = request_of.__name__
    if action not in {one.name for one in ACTIONS}:
        return
    project, depot = team.project, team.depot
    given = {
        "ProjectName": project.name,
        "ProjectId": project.id,
        "DepotId": depot.id,
        "DepotPath": "boats/ferry",
        "IssueType": "ALL",
        "PageNumber": 1,
        "PageSize": 10,
        "IssueCode": 1,
        "TargetType": "PROJECT",
        "Iid": 1,
        "VersionId": 1,
        "MergeId": 1,
        "ReleaseId": 1,
        "BranchProtectionId": 1,
        "RequirementCode": 1,
        "FileId": 1,
        "IterationCode": 1,
        "ActionType": "UPDATE",
        "Target": "STATUS",
    }
    if action == "DescribeIssueStatusChangeLogList":
        given["IssueCode"] = [1]
    if action == "DescribeProjectIssueStatusList":
        given["IssueType"] = "DEFECT"

    response = team.api()(action, **given).response

    assert response.get("Error", {}).get("Code", "ResourceNotFound") == "ResourceNotFound"
    assert "Error" in response or faults_of_answer(action, response) == []


def test_labels_that_were_saved_come_with_those_of_the_project(team: Team, said: SaidAtCoding) -> None:
    save_said(team.forge, team.project, said.project)
    create_label(team.forge, team.project, "急", "#000000")
    create_label(team.forge, team.project, "本地", "#00ff00")
    project = {"ProjectId": team.project.id}

    found = answer(team.api(), "DescribeAllProjectLabels", **project)["Labels"]
    of_guest = answer(team.api("gu"), "DescribeAllProjectLabels", **project)["Labels"]

    assert [(row["Name"], row["Color"]) for row in found] == [
        ("急", "#ff0000"),
        ("甲板", "#0052cc"),
        ("本地", "#00ff00"),
    ]
    assert {row["ProjectId"] for row in found} == {team.project.id}
    assert sorted(row["Name"] for row in of_guest) == ["急", "本地"]
