"""Our answers have the keys and the JSON types of the vendor's own samples (tests/data/coding)."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from matou.platforms.coding.wire_requests import ACTIONS as REQUESTS
from matou.platforms.coding.wire_requests_metadata import METADATA_ACTIONS
from matou.platforms.coding.wire_requests_served import SERVED_ACTIONS
from matou.server.dialects.coding import ACTIONS
from support.coding_api import Api, Team
from support.deciding import create_label

SERVED = {action.name for action in ACTIONS} - set(METADATA_ACTIONS) - set(SERVED_ACTIONS)
"""What was saved around the code is held to the vendor's document by itself (test_saved_answers.py)."""
SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[3] / "data" / "coding").glob("[A-Z]*-*.response.json")
    if path.name.partition("-")[0] in SERVED
)
"""What is read of the samples of other actions is proven with the readers."""

Parameters = Callable[[Team], dict[str, object]]


def of_depot(**more: object) -> Parameters:
    return lambda team: {"DepotId": team.depot.id, **more}


def of_project(**more: object) -> Parameters:
    return lambda team: {"ProjectId": team.project.id, **more}


ASKED: dict[str, Parameters] = {
    "CreateCodingProject": of_project(Name="x", DisplayName="X", ProjectTemplate="DEV_OPS", Shared=1, Icon="coding"),
    "CreateGitBranch": of_depot(BranchName="x", StartPoint="main"),
    "CreateGitDepot": of_project(DepotName="x"),
    "CreateGitTag": of_depot(TagName="x", StartPoint="main", Message="m"),
    "DeleteGitBranch": of_depot(BranchName="dev"),
    "DeleteGitDepot": of_depot(),
    "DeleteGitTag": of_depot(TagName="v1"),
    "DescribeAllProjectLabels": of_project(),
    "DescribeCodingCurrentUser": of_depot(),
    "DescribeCodingProjects": of_depot(),
    "DescribeGitBranchList": of_depot(),
    "DescribeGitBranches": of_depot(),
    "DescribeGitBranch": of_depot(BranchName="dev"),
    "DescribeGitCommitDiff": of_depot(Sha="main"),
    "DescribeGitCommitInfo": of_depot(Sha="main"),
    "DescribeGitCommitInfos": of_depot(Ref="main"),
    "DescribeGitDepot": of_depot(),
    "DescribeGitFileContent": of_depot(CommitSha="main", Path="README.md"),
    "DescribeGitFiles": of_depot(Ref="main"),
    "DescribeGitReleases": of_depot(),
    "DescribeGitTag": of_depot(TagName="v1"),
    "DescribeGitTags": of_depot(),
    "DescribeGitTree": of_depot(Ref="main", IsRecursive=True),
    "DescribeMyDepots": of_depot(),
    "DescribeOneProject": of_project(),
    "DescribeProjectByName": of_depot(ProjectName="boats"),
    "DescribeProjectDepotInfoList": of_project(),
    "DescribeProjectMembers": of_project(),
    "DescribeTeam": of_depot(),
    "DescribeTeamDepotInfoList": of_depot(),
    "DescribeTeamMembers": of_depot(),
    "DescribeUserProjects": lambda team: {"UserId": team.people["chen"].id},
    "ModifyDefaultBranch": of_depot(BranchName="dev"),
    "ModifyDepotDescription": of_depot(Description="x"),
    "ModifyDepotName": of_depot(DepotName="renamed"),
    "ModifyGitDepotArchive": of_depot(),
    "ModifyGitDepotUnarchive": of_depot(),
    "ModifyGitTransfer": lambda team: {"DepotId": team.depot.id, "TargetProjectId": team.team.id},
}

OUTDATED = {
    "Payload.Depots[].CreateAt": "an older name of CreatedAt, which the vendor's schema has",
    "Payload.Depots[].LastPushAt": "a day in the sample, milliseconds in the schema",
    "Data.TeamMembers[].Roles[].RoleId": "a text in one sample, a number in the schema and the other samples",
    "ReleasePageList.Releases[]": "nothing was saved of this depot",
}


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """Every place of an answer, as `Data.Depots[].Id`, and the JSON types met there."""
    found = {path: {type(value).__name__}}
    for key, row in children(value):
        below = path + key if key == "[]" else f"{path}.{key}".lstrip(".")
        for place, kinds in shape(row, below).items():
            found.setdefault(place, set()).update(kinds)
    return found


def children(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    return (("[]", row) for row in value) if isinstance(value, list) else ()


@pytest.fixture
def furnished(team: Team) -> Team:
    return _furnish(team)


def _furnish(team: Team) -> Team:
    team.git("branch", "dev", "main")
    team.git("tag", "-a", "-m", "one", "v1", "main")
    create_label(team.forge, team.project, "label", "#C6C8CC")
    return team


def test_every_action_is_there_and_is_asked() -> None:
    assert set(REQUESTS) == set(ASKED) == SERVED


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.removesuffix(".response.json"))
def test_an_answer_has_what_the_vendors_sample_has(furnished: Team, api: Api, sample: Path) -> None:
    action = sample.name.partition("-")[0]
    wanted = shape(json.loads(sample.read_text(encoding="utf-8"))["Response"])
    if action == "DescribeGitCommitInfos":
        wanted.pop("Commits[].Parents[]", None)

    given = shape(api(action, **ASKED[action](furnished)).response)

    different = {
        place: (kinds, given.get(place))
        for place, kinds in wanted.items()
        if given.get(place) != kinds and not place.startswith(tuple(OUTDATED))
    }
    assert different == {}


@pytest.mark.parametrize("action", sorted(ASKED))
def test_an_answer_holds_no_null(furnished: Team, api: Api, action: str) -> None:
    given = shape(api(action, **ASKED[action](furnished)).response)

    assert {place for place, kinds in given.items() if "NoneType" in kinds} == set()


def test_postgresql_gives_the_same_answers(furnished: Team, team_on_postgresql: Team) -> None:
    other = _furnish(team_on_postgresql)

    for action, requests_seen in ASKED.items():
        if action.startswith("Describe"):
            there, here = (team.api()(action, **requests_seen(team)).response for team in (other, furnished))
            assert {**there, "RequestId": ""} == {**here, "RequestId": ""}


def test_every_action_works_on_postgresql(team_on_postgresql: Team) -> None:
    team = _furnish(team_on_postgresql)
    api = team.api()

    answers = {
        action: api(action, **requests_seen(team)).response
        for action, requests_seen in ASKED.items()
        if action[:6] != "Delete"
    }

    assert {action: answer["Error"] for action, answer in answers.items() if "Error" in answer} == {}
