"""What the actions that make, change and delete projects and depots do."""

import pytest

from matou.platforms.coding.errors import SCOPE_REFUSED
from support.coding_api import Api, Team


def test_a_project_and_a_depot_are_made_and_can_be_used(team: Team, api: Api) -> None:
    made = api(
        "CreateCodingProject",
        Name="cranes",
        DisplayName="起重机",
        Description="up and down",
        Icon="/static/project_icon/scenery-version-2-13.svg",
        ProjectTemplate="CODE_HOST",
        Shared="0",
    ).response
    project = api("DescribeOneProject", ProjectId=made["ProjectId"]).response["Project"]
    depot_id = api("CreateGitDepot", ProjectId=str(project["Id"]), DepotName="tower", Description="高").response[
        "DepotId"
    ]
    depot = api("DescribeGitDepot", DepotId=depot_id).response["Depot"]

    assert set(made) == {"ProjectId", "RequestId"}
    assert (project["Name"], project["DisplayName"], project["Description"]) == ("cranes", "起重机", "up and down")
    assert (depot["Name"], depot["Description"], depot["ProjectName"], depot["IsShared"]) == (
        "tower", "高", "cranes", False,
    )  # fmt: skip
    assert depot["HttpsUrl"] == "https://code.example.org/harbour/cranes/tower.git"


@pytest.mark.parametrize(("shared", "is_shared"), [(True, True), ("true", True), (False, False), ("", False)])
def test_a_depot_is_public_where_it_is_said(team: Team, api: Api, shared: object, is_shared: bool) -> None:
    made = api("CreateGitDepot", ProjectId=team.project.id, DepotName="open", Shared=shared).response

    assert api("DescribeGitDepot", DepotId=made["DepotId"]).response["Depot"]["IsShared"] is is_shared


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "-rf", "x.git", "CON", "a\u202eb", "x" * 300, "a ", "--upload-pack=x", ".wiki", "a\nb"]
)
def test_a_name_that_could_be_no_folder_is_refused(team: Team, api: Api, name: str) -> None:
    created = [
        api("CreateGitDepot", ProjectId=team.project.id, DepotName=name),
        api("CreateCodingProject", Name=name, DisplayName="x", ProjectTemplate="CODE_HOST", Shared=0),
        api("ModifyDepotName", DepotId=team.depot.id, DepotName=name),
    ]

    assert {answer.error for answer in created} == {"InvalidParameterValue"}
    assert api("DescribeMyDepots").response["Payload"]["Page"]["TotalRow"] == 1
    assert api("DescribeCodingProjects").response["Data"]["TotalCount"] == 1


def test_a_name_that_is_taken_is_a_conflict(team: Team, api: Api) -> None:
    team.add_depot("other")

    answers = [
        api("CreateGitDepot", ProjectId=team.project.id, DepotName="Ferry"),
        api("CreateCodingProject", Name="BOATS", DisplayName="x", ProjectTemplate="CODE_HOST", Shared=0),
        api("ModifyDepotName", DepotId=team.depot.id, DepotName="other"),
    ]

    assert [answer.error for answer in answers] == ["ResourceInUse"] * 3


def test_a_depot_without_a_name_is_refused(team: Team, api: Api) -> None:
    answer = api("CreateGitDepot", ProjectId="1", DepotName="")

    assert (answer.error, answer.message) == ("MissingParameter", "the parameter DepotName is missing")


def test_a_depot_is_renamed_and_keeps_its_code(team: Team, api: Api) -> None:
    renamed = api("ModifyDepotName", DepotId=team.depot.id, DepotName="steamer").response["DepotInfo"]

    assert (renamed["Id"], renamed["Name"], renamed["DefaultBranch"]) == (team.depot.id, "steamer", "")
    assert renamed["HttpsUrl"].endswith("/harbour/boats/steamer.git")
    assert api("DescribeGitBranches", DepotPath="boats/steamer").response["TotalCount"] == 1


def test_a_description_is_changed_and_emptied(team: Team, api: Api) -> None:
    for text in ("新的\n第二行", ""):
        changed = api("ModifyDepotDescription", DepotId=team.depot.id, Description=text)
        assert set(changed.response) == {"RequestId"}
        assert api("DescribeGitDepot", DepotId=team.depot.id).response["Depot"]["Description"] == text


def test_the_default_branch_is_changed(team: Team, api: Api) -> None:
    team.git("branch", "dev", "main")

    assert set(api("ModifyDefaultBranch", DepotId=team.depot.id, BranchName="dev").response) == {"RequestId"}
    assert api("DescribeGitDepot", DepotId=team.depot.id).response["Depot"]["DefaultBranch"] == "dev"
    assert team.git("symbolic-ref", "HEAD") == "refs/heads/dev\n"
    assert api("DeleteGitBranch", DepotId=team.depot.id, BranchName="main").response
    assert api("ModifyDefaultBranch", DepotId=team.depot.id, BranchName="none").error == "ResourceNotFound"
    assert api("ModifyDefaultBranch", DepotId=team.depot.id, BranchName="../x").error == "InvalidParameterValue"


def test_archiving_closes_a_depot_and_can_be_undone(team: Team, api: Api) -> None:
    depot = str(team.depot.id)
    branch = {"DepotId": depot, "BranchName": "new", "StartPoint": "main"}

    assert set(api("ModifyGitDepotArchive", DepotId=depot).response) == {"RequestId"}
    assert api("CreateGitBranch", **branch).error == "UnauthorizedOperation"
    assert api("DescribeGitBranches", DepotId=depot).response["TotalCount"] == 1

    assert set(api("ModifyGitDepotUnarchive", DepotId=depot).response) == {"RequestId"}
    assert "Error" not in api("CreateGitBranch", **branch).response


def test_a_depot_is_deleted_for_good(team: Team, api: Api) -> None:
    folder = team.forge.git_dir(team.depot)

    assert set(api("DeleteGitDepot", DepotPath="boats/ferry").response) == {"RequestId"}
    assert not folder.exists()
    assert api("DescribeGitDepot", DepotId=team.depot.id).error == "ResourceNotFound"
    assert api("DeleteGitDepot", DepotId=team.depot.id).error == "ResourceNotFound"


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("CreateCodingProject", {"Name": "x", "DisplayName": "X", "ProjectTemplate": "CODE_HOST", "Shared": 0}),
        ("CreateGitDepot", {"DepotName": "x"}),
        ("ModifyGitDepotArchive", {}),
        ("ModifyGitDepotUnarchive", {}),
        ("DeleteGitDepot", {}),
    ],
)
def test_a_developer_changes_no_more_than_code(team: Team, action: str, asked: dict[str, object]) -> None:
    answer = team.api("dora")(action, ProjectId=team.project.id, DepotId=team.depot.id, **asked)

    assert answer.error == "UnauthorizedOperation"
    assert answer.message != SCOPE_REFUSED
    assert team.depot_now() == team.depot
