"""Whatever is sent to an action that tells of what was saved, the answer is one of CODING's and no fault of ours."""

import gzip
import json
from typing import Any, Final

import msgspec
import pytest

from matou.platforms.coding.wire_requests_metadata import METADATA_ACTIONS
from matou.platforms.coding.wire_requests_served import SERVED_ACTIONS
from matou.server.dialects.coding import ACTIONS
from support.coding_api import Api, Team

REQUESTS: Final = {**METADATA_ACTIONS, **SERVED_ACTIONS}
NAMES: Final = sorted(REQUESTS.keys() & {action.name for action in ACTIONS})

NUMBERS: Final = (-1, 0, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1.5, 1e308, "1e5", "-1", "0x10", "１")
TEXTS: Final = ("", " ", "\0", "\ud800", "a" * 70_000, "'; --", "%", "_", '"', "..", "a/b/c/d", "港口", "\u202e", "{}")
SHAPES: Final[tuple[Any, ...]] = (
    None,
    True,
    [],
    {},
    [[]],
    [None],
    {"Key": []},
    [{"Key": 7}],
    [1, "x"],
    [2**64],
    [-1],
    ["a" * 300] * 50,
)
RANGES: Final = (
    *("2025-01-01_", "_", "2025-13-01_2025-01-01", "0000-01-01_9999-12-31", "9999-12-31 23:59:59_9999-12-31 23:59:59"),
    *("0001-01-01_0001-01-01", "2025-01-01_2024-01-01", "_".join(["2025-01-01"] * 50), "2025-01-01T00:00:00+99:99_x"),
)
CONDITIONS: Final = (
    *("UPDATED_AT", "CREATED_AT", "PRIORITY", "STATUS", "STATUS_TYPE", "ISSUE_TYPE", "KEYWORD", "CREATOR", "ASSIGNEE"),
    *("LABEL", "ITERATION", "PARENT", "MODULE", ""),
)


@pytest.fixture(scope="module")
def api(furnished: Team) -> Api:
    return furnished.api()


def good(team: Team, action: str) -> dict[str, Any]:
    """Parameters that are taken."""
    return {
        "ProjectName": "boats",
        "ProjectId": team.project.id,
        "DepotId": team.depot.id,
        "DepotPath": "boats/ferry",
        "IssueType": "DEFECT",
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


def faults(api: Api, action: str, given: dict[str, Any]) -> list[str]:
    response = api(action, **given).response
    code = response.get("Error", {}).get("Code")
    return [f"{action} {str(given)[:200]}"] if code in ("FailedOperation", "ResourceUnavailable") else []


EVERY: Final = [pytest.param(29, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
"""One of so many is tried: all of them take minutes."""


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("action", NAMES)
def test_no_odd_parameter_is_a_fault_of_ours(furnished: Team, api: Api, action: str, every: int) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(REQUESTS[action])]
    taken = {key: value for key, value in good(furnished, action).items() if key in names}
    odd = [{**taken, name: value} for name in names for value in (*NUMBERS, *TEXTS, *SHAPES)]

    assert [fault for given in odd[::every] for fault in faults(api, action, given)] == []


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("action", ["DescribeIssueList", "DescribeIssueListWithPage"])
def test_no_odd_condition_is_a_fault_of_ours(furnished: Team, api: Api, action: str, every: int) -> None:
    taken = {key: value for key, value in good(furnished, action).items() if key != "IssueCode"}
    values = (*RANGES, *TEXTS, "1,2,3", ",", str(2**64))
    conditions = [{"Key": key, "Value": value} for key in CONDITIONS for value in values]
    several = action == "DescribeIssueList"

    odd = [{**taken, "Conditions": [one, one] if several else one} for one in conditions]

    assert [fault for given in odd[:: max(1, every // 4)] for fault in faults(api, action, given)] == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b'{"ProjectName":' + b'{"a":' * 200 + b"1" + b"}" * 201,
        b'{"ProjectName":"boats","ProjectName":"planes","IssueCode":5}',
        b'{"IssueCode":' + b"9" * 5_000 + b',"ProjectName":"boats"}',
        b'{"IssueCode":1e999,"ProjectName":"boats"}',
        b'{"IssueCode":NaN,"ProjectName":"boats"}',
        b'{"ProjectName":"\xff\xfe","IssueCode":5}',
        b"\xef\xbb\xbf{}",
        b"null",
        b'"DescribeIssue"',
        gzip.compress(json.dumps({"ProjectName": "boats", "IssueCode": 5}).encode()),
        b'{"ProjectName":"' + b"a" * 2_000_000 + b'"}',
    ],
    ids=range(13),
)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_no_odd_body_is_a_fault_of_ours(api: Api, body: bytes, encoding: str) -> None:
    headers = {"authorization": f"token {api.token}", **({"content-encoding": encoding} if encoding else {})}

    answer = api.request(query={"Action": "DescribeIssue"}, body=body, headers=headers)

    assert answer.error in ("InvalidParameter", "MissingParameter", "InvalidParameterValue", "ResourceNotFound")
