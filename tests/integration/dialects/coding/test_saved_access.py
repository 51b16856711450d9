"""Every action that tells of what was saved × who asks, against a table that was written by hand."""

from typing import Any, Final

import pytest

from matou.platforms.coding.wire_requests_metadata import METADATA_ACTIONS
from matou.platforms.coding.wire_requests_served import SERVED_ACTIONS
from matou.server.dialects.coding import ACTIONS
from support.coding_api import Api, Team

# Columns: owner, developer, guest, stranger.
# y: is told. n: may not, and is told so. A dot: looks as if it were not there. -: an empty list, of what is not theirs.
CELLS: Final = """
DescribeIssueListWithPage            y y n .
DescribeIssueList                    y y n .
DescribeIssue                        y y n .
DescribeIssueCommentList             y y n .
DescribeIssueStatusChangeLogList     y y n .
DescribeIssueFileUrl                 y y n .
DescribeBlockIssueList               y y n .
DescribeBlockedByIssueList           y y n .
DescribeRequirementDefectRelation    y y n .
DescribeIssueReferenceResources      y y n .
DescribeIssueReleaseList             y y n .
DescribeSubIssueList                 y y n .
DescribeIssueLogList                 y y n .
DescribeProjectIssueTypeList         y y n .
DescribeProjectIssueStatusList       y y n .
DescribeAllProjectsIssueWorkLogList  y y n .
DescribeIterationList                y y n .
DescribeIteration                    y y n .
DescribeReleaseList                  y y n .
DescribeProjectIssueFieldList        y y n .
DescribeDepotMergeRequests           y y n .
DescribeProjectMergeRequests         y y - .
DescribeMergeRequest                 y y n .
DescribeMergeReqCommits              . . n .
DescribeMergeRequestReviewers        y y n .
DescribeAllMergeRequestNotes         y y n .
DescribeSingeMergeRequestNotes       y y n .
DescribeGitReleaseDetail             y y n .
DescribeWikiList                     y y n .
DescribeWiki                         y y n .
DescribeProjectAnnouncements         y y n .
DescribeBranchProtections            y y n .
DescribeBranchProtectionMembers      y y n .
DescribeGitProtectedTags             y y n .
DescribeServiceHooks                 y n n .
DescribeProjectMemberPrincipals      y y n .
"""
PEOPLE: Final = ("chen", "dora", "gu", "xiao")
CODES: Final = {"y": None, "-": None, "n": "UnauthorizedOperation", ".": "ResourceNotFound"}
TABLE: Final = {line.split()[0]: line.split()[1:] for line in CELLS.strip().splitlines()}


@pytest.fixture(scope="module")
def apis(furnished: Team) -> dict[str, Api]:
    return {name: furnished.api(name, host="harbour.example.org") for name in PEOPLE}


def test_every_action_about_what_was_saved_has_a_row() -> None:
    served = {action.name for action in ACTIONS}

    assert set(TABLE) == served & (METADATA_ACTIONS.keys() | SERVED_ACTIONS.keys())


@pytest.mark.parametrize("action", TABLE)
def test_who_may_be_told(furnished: Team, apis: dict[str, Api], action: str) -> None:
    given = parameters(furnished, action)
    answers = [apis[name](action, **given).response for name in PEOPLE]

    assert [one.get("Error", {}).get("Code") for one in answers] == [CODES[cell] for cell in TABLE[action]]
    assert "陈船长" not in str(answers[2:])


def parameters(team: Team, action: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "ProjectName": "boats",
        "ProjectId": team.project.id,
        "DepotId": team.depot.id,
        "DepotPath": "boats/ferry",
        "IssueType": "ALL" if "List" in action and "Status" not in action else "DEFECT",
        "PageNumber": 1,
        "PageSize": 10,
        "IssueCode": [5] if action == "DescribeIssueStatusChangeLogList" else 5,
        "FileId": 0,
        "RequirementCode": 2,
        "IterationCode": 8,
        "ActionType": "UPDATE",
        "Target": "STATUS",
        "TargetType": "PROJECT",
        "Iid": 1,
        "VersionId": 1,
        "MergeId": 2,
        "ReleaseId": 8,
        "BranchProtectionId": 5,
    }
    return given
