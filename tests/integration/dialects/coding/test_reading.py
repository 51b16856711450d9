"""What the reading actions answer: the team, its projects, its depots."""

import os

import pytest

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import create_organization
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.platforms.coding.errors import SCOPE_REFUSED
from support.coding_api import NOON, Api, Team
from support.deciding import (
    add_member,
    archive_repository,
    create_label,
    create_project,
    create_repository,
    rename_repository,
    set_icon,
    set_visibility,
)

NOON_IN_MILLISECONDS = int(NOON.timestamp()) * 1000
BASE = "https://code.example.org"


def test_the_current_user_is_the_tokens(team: Team, api: Api) -> None:
    user = api("DescribeCodingCurrentUser").response["User"]

    assert user == {
        "Id": team.people["chen"].id, "Status": 1, "Email": "chen@example.org", "GlobalKey": "chen", "Avatar": "",
        "Gravatar": "", "Name": "Chen", "NamePinYin": "", "Phone": "", "PhoneValidation": 0, "EmailValidation": 1,
        "PhoneRegionCode": "", "Region": "", "TeamId": team.team.id, "WeComId": "",
    }  # fmt: skip


def test_the_team_names_its_owner_without_an_address(team: Team, api: Api) -> None:
    data = api("DescribeTeam").response["Data"]

    assert (data["Id"], data["Name"], data["TeamHost"]) == (team.team.id, "港口", f"{BASE}/harbour")
    assert (data["TeamOwner"]["GlobalKey"], data["TeamOwner"]["Email"]) == ("chen", "")


def test_members_of_a_team_come_in_pages(team: Team, api: Api) -> None:
    add_member(team.forge, team.team, team.people["xiao"], Role.REPORTER)

    pages = [api("DescribeTeamMembers", PageNumber=n, PageSize=1).response["Data"] for n in (1, 2, 3)]

    assert [(page["PageNumber"], page["PageSize"], page["TotalCount"]) for page in pages] == [
        (1, 1, 2), (2, 1, 2), (3, 1, 2),
    ]  # fmt: skip
    rows = [[(m["GlobalKey"], m["Email"], m["Roles"][0]["RoleType"]) for m in page["TeamMembers"]] for page in pages]
    assert rows == [
        [("chen", "chen@example.org", "EnterpriseOwner")],
        [("xiao", "xiao@example.org", "EnterpriseMember")],
        [],
    ]


def test_members_are_told_to_members_only(team: Team) -> None:
    team.add_depot("open", visibility=Visibility.PUBLIC)
    stranger = team.api("xiao", host="harbour.example.org")

    assert stranger("DescribeTeam").response["Data"]["Id"] == team.team.id
    for answer in (stranger("DescribeTeamMembers"), stranger("DescribeProjectMembers", ProjectId=team.project.id)):
        assert (answer.error, answer.message) == ("UnauthorizedOperation", SCOPE_REFUSED)


def test_members_of_a_project_can_be_chosen_by_role(team: Team, api: Api) -> None:
    def members(**chosen: int) -> list[tuple[str, str]]:
        data = api("DescribeProjectMembers", ProjectId=team.project.id, **chosen).response["Data"]
        assert data["TotalCount"] == len(data["ProjectMembers"])
        return [(member["GlobalKey"], member["Roles"][0]["RoleType"]) for member in data["ProjectMembers"]]

    assert members() == [("chen", "ProjectAdmin"), ("dora", "ProjectMember"), ("gu", "ProjectGuest")]
    assert members(RoleId=Role.DEVELOPER) == [("dora", "ProjectMember")]


def test_a_project_is_told_in_full(team: Team, api: Api) -> None:
    [project] = api("DescribeCodingProjects").response["Data"]["ProjectList"]

    assert project == {
        "Id": team.project.id, "CreatedAt": NOON_IN_MILLISECONDS, "UpdatedAt": NOON_IN_MILLISECONDS, "Status": 1,
        "Type": 2, "MaxMember": 0, "Name": "boats", "DisplayName": "船 / 队", "Description": "all boats",
        "Icon": f"{BASE}/static/project_icon/default.svg", "TeamOwnerId": 0, "UserOwnerId": 0, "StartDate": 0,
        "EndDate": 0, "TeamId": team.team.id, "IsDemo": False, "Archived": False, "ProgramIds": [],
    }  # fmt: skip
    assert api("DescribeOneProject", ProjectId=team.project.id).response["Project"] == project
    assert api("DescribeProjectByName", ProjectName="BOATS").response["Project"] == project
    assert api("DescribeUserProjects", userId=str(team.people["chen"].id)).response["ProjectList"] == [project]


def test_what_lies_in_a_team_without_a_project_is_in_one_of_its_name(team: Team, api: Api) -> None:
    depot = team.add_depot("lonely", project=team.team)

    assert api("DescribeProjectByName", ProjectName="Harbour").response["Project"]["Id"] == team.team.id
    for path in ("harbour/lonely", "/harbour/harbour/lonely"):
        assert api("DescribeGitDepot", DepotPath=path).response["Depot"]["Id"] == depot.id
        assert api("DescribeDepotMergeRequests", DepotPath=path).response["Data"]["TotalRow"] == 0
    assert api("DescribeWikiList", ProjectName="harbour").response["Data"] == []
    assert api("DescribeProjectByName", ProjectName="lonely").error == "ResourceNotFound"

    project = team.add_project("harbour")
    other = team.add_depot("lonely", project=project)
    assert api("DescribeProjectByName", ProjectName="harbour").response["Project"]["Id"] == project.id
    assert api("DescribeGitDepot", DepotPath="/harbour/harbour/lonely").response["Depot"]["Id"] == other.id


def test_projects_come_in_pages_that_join_to_the_whole(team: Team, api: Api) -> None:
    for number in range(12):
        team.add_project(f"p{number:02}")

    def page(**asked: object) -> tuple[int, int, int, list[str]]:
        data = api("DescribeCodingProjects", **asked).response["Data"]
        names = [project["Name"] for project in data["ProjectList"]]
        return data["PageNumber"], data["PageSize"], data["TotalCount"], names

    everything = ["boats", *(f"p{number:02}" for number in range(12))]
    assert page() == (1, 10, 13, everything[:10])
    assert page(PageNumber="2", PageSize="") == (2, 10, 13, everything[10:])
    assert page(PageNumber=3, PageSize=5) == (3, 5, 13, everything[10:])
    assert page(PageNumber=4, PageSize=5) == (4, 5, 13, [])
    assert page(PageNumber=2**31, PageSize=3000) == (2**31, 3000, 13, [])
    assert page(PageNumber=0, PageSize=0) == (1, 10, 13, everything[:10])
    assert page(PageSize=3000)[3] == everything
    assert page(ProjectName="P1")[3] == ["p10", "p11"]
    assert page(ProjectName="_")[3] == []


@pytest.mark.parametrize("asked", [{"PageNumber": -1}, {"PageSize": -1}, {"PageSize": 3001}, {"PageNumber": 2**40}])
@pytest.mark.parametrize("action", ["DescribeCodingProjects", "DescribeMyDepots", "DescribeTeamMembers"])
def test_a_page_outside_its_bounds_is_refused_and_not_cut(api: Api, action: str, asked: dict[str, int]) -> None:
    assert api(action, **asked).error == "InvalidParameterValue"


def test_only_what_one_may_see_is_listed(team: Team) -> None:
    team.add_depot("secret", project=team.add_project("other"))
    dora, xiao = team.api("dora"), team.api("xiao", host="harbour.example.org")

    assert [p["Name"] for p in dora("DescribeCodingProjects").response["Data"]["ProjectList"]] == ["boats"]
    assert dora("DescribeMyDepots").response["Payload"]["Page"]["TotalRow"] == 1
    assert dora("DescribeProjectByName", ProjectName="other").error == "ResourceNotFound"
    assert xiao("DescribeCodingProjects").response["Data"]["ProjectList"] == []
    assert xiao("DescribeMyDepots").response["Payload"]["Depots"] == []


def test_projects_of_a_user_need_the_user(team: Team, api: Api) -> None:
    for absent in ({}, {"UserId": 0}, {"UserId": 999}):
        answer = api("DescribeUserProjects", **absent)
        assert (answer.error, answer.message) == ("ResourceNotFound", "团队成员不存在")


def test_projects_of_another_are_those_that_they_joined(team: Team, api: Api) -> None:
    other = team.add_project("other")
    add_member(team.forge, other, team.people["gu"], Role.REPORTER)

    def projects(name: str) -> list[str]:
        rows = api("DescribeUserProjects", UserId=team.people[name].id).response["ProjectList"]
        return [row["Name"] for row in rows]

    assert (projects("dora"), projects("gu"), projects("chen")) == (["boats"], ["boats", "other"], ["boats", "other"])


def test_labels_are_the_projects(team: Team, api: Api) -> None:
    label = create_label(team.forge, team.project, "急", "#ff0000")

    assert api("DescribeAllProjectLabels", ProjectId=team.project.id).response["Labels"] == [
        {"Id": label.id, "ProjectId": team.project.id, "Name": "急", "Color": "#ff0000", "CreatorId": 0}
    ]


def test_a_depot_is_told_in_full(team: Team, api: Api) -> None:
    [depot] = api("DescribeProjectDepotInfoList", ProjectId=team.project.id).response["DepotData"]["Depots"]

    assert depot == {
        "Id": team.depot.id, "Name": "ferry", "HttpsUrl": f"{BASE}/harbour/boats/ferry.git",
        "ProjectId": team.project.id, "SshUrl": "", "WebUrl": f"{BASE}/harbour/boats/ferry", "VcsType": "git",
        "ProjectName": "boats", "Description": "goes there and back", "CreatedAt": NOON_IN_MILLISECONDS,
        "LastPushAt": 0, "GroupId": team.project.id, "GroupName": "boats", "GroupType": "PROJECT_GROUP",
        "DefaultBranch": "", "RepoType": "git", "IsShared": False,
    }  # fmt: skip
    assert api("DescribeGitDepot", DepotId=team.depot.id).response["Depot"] == {**depot, "DefaultBranch": "main"}
    assert api("DescribeTeamDepotInfoList").response["DepotData"]["Depots"] == [depot]
    assert api("DescribeMyDepots").response["Payload"]["Depots"] == [depot]


@pytest.mark.parametrize(
    "path",
    [
        "boats/ferry",
        "/boats/ferry",
        "harbour/boats/ferry",
        "/harbour/boats/ferry",
        "BOATS/Ferry",
        "Harbour/boats/ferry",
    ],
)
def test_a_depot_is_found_by_any_form_of_its_path(team: Team, api: Api, path: str) -> None:
    for number in ({}, {"DepotId": 0}, {"DepotId": ""}, {"DepotId": None}):
        assert api("DescribeGitDepot", DepotPath=path, **number).response["Depot"]["Id"] == team.depot.id


def test_an_id_goes_before_a_path(team: Team, api: Api) -> None:
    other = team.add_depot("other")

    answer = api("DescribeGitDepot", DepotId=str(other.id), DepotPath="boats/ferry")

    assert answer.response["Depot"]["Name"] == "other"


def test_a_depot_must_be_named(api: Api) -> None:
    for named in ({}, {"DepotId": 0, "DepotPath": ""}, {"DepotPath": "/"}):
        assert api("DescribeGitDepot", **named).error == "MissingParameter"


@pytest.mark.parametrize(
    "path",
    [
        "ferry", "a/../ferry", "../../etc/passwd", "boats//ferry", "boats/ferry.git", "boats/ferry/", "//boats/ferry",
        "boats/-rf", "boats/%66erry", "boats/ferry\u202e", "boats/" + "x" * 300, "boats/.git", "boats\\ferry/x",
    ],
)  # fmt: skip
def test_a_hostile_path_is_refused(api: Api, path: str) -> None:
    """Catalogue B-08 and B-51."""
    assert api("DescribeGitDepot", DepotPath=path).error == "InvalidParameterValue"


def test_what_is_missing_and_what_is_hidden_look_the_same(team: Team) -> None:
    """Catalogue A-02 and A-07: another team's ids, a hidden depot's, and ones that nothing has."""
    theirs = create_organization(team.forge, "theirs", owner=team.people["xiao"])
    project = create_project(team.forge, theirs, "boats", creator=team.people["xiao"])
    foreign = create_repository(team.forge, RepositoryPath(project.path, "x"), creator=team.people["xiao"])
    hidden = team.add_depot("hidden", project=team.add_project("other"))
    dora = team.api("dora")

    depots = [dora("DescribeGitDepot", DepotId=number) for number in (foreign.id, hidden.id, 999_999, -1, 2**63 - 1)]
    depots += [dora("DescribeGitDepot", DepotPath=path) for path in ("other/hidden", "other/none", "theirs/boats/x")]
    projects = [dora("DescribeOneProject", ProjectId=number).message for number in (project.id, hidden.namespace_id)]

    assert {(answer.error, answer.message) for answer in depots} == {("ResourceNotFound", "there is no such depot")}
    assert projects == [f"there is no project {project.id}", f"there is no project {hidden.namespace_id}"]


@pytest.mark.parametrize(
    "action",
    [
        "DescribeGitDepot", "DescribeGitBranches", "DescribeGitBranchList", "DescribeGitTags", "DescribeGitReleases",
        "DescribeGitCommitInfos", "DescribeGitFileContent", "ModifyDepotName", "ModifyDepotDescription",
        "ModifyDefaultBranch", "ModifyGitDepotArchive", "ModifyGitDepotUnarchive", "DeleteGitDepot", "CreateGitBranch",
        "CreateGitTag", "DeleteGitBranch", "DeleteGitTag",
    ],
)  # fmt: skip
def test_no_action_reaches_into_another_team(team: Team, action: str) -> None:
    """Catalogue A-07: even for one who owns both."""
    theirs = create_organization(team.forge, "theirs", owner=team.people["chen"])
    project = create_project(team.forge, theirs, "boats", creator=team.people["chen"])
    foreign = create_repository(team.forge, RepositoryPath(project.path, "x"), creator=team.people["chen"])
    team.commit({"a": b"a"}, "a", at=1, repository=foreign)
    before = team.refs(foreign)

    answer = team.api(host="harbour.example.org")(
        action, DepotId=foreign.id, Ref="main", CommitSha="main", Path="a", DepotName="y", BranchName="main",
        TagName="t", StartPoint="main", Message="m", Description="d",
    )  # fmt: skip

    assert answer.error == "ResourceNotFound"
    assert team.refs(foreign) == before


def test_depots_come_in_pages_with_true_totals(team: Team, api: Api) -> None:
    for number in range(11):
        team.add_depot(f"d{number:02}")

    def page(**asked: object) -> tuple[list[str], dict[str, int]]:
        data = api("DescribeProjectDepotInfoList", ProjectId=team.project.id, **asked).response["DepotData"]
        return [depot["Name"] for depot in data["Depots"]], data["Page"]

    names = [*(f"d{number:02}" for number in range(11)), "ferry"]
    assert page(PageNumber="1", PageSize="100") == (
        names,
        {"PageNumber": 1, "PageSize": 100, "TotalPage": 1, "TotalRow": 12},
    )
    assert page(PageNumber=3, PageSize=5) == (
        names[10:],
        {"PageNumber": 3, "PageSize": 5, "TotalPage": 3, "TotalRow": 12},
    )
    assert page(PageNumber=4, PageSize=5) == (
        [],
        {"PageNumber": 4, "PageSize": 5, "TotalPage": 3, "TotalRow": 12},
    )
    empty = api("DescribeProjectDepotInfoList", ProjectId=team.add_project("empty").id).response["DepotData"]
    assert empty == {"Depots": [], "Page": {"PageNumber": 1, "PageSize": 10, "TotalPage": 0, "TotalRow": 0}}


def test_the_teams_depots_can_be_chosen_by_project_and_name(team: Team, api: Api) -> None:
    cranes = team.add_project("cranes")
    team.add_depot("tower", project=cranes)
    team.add_depot("ferry-crane", project=cranes)

    def names(**asked: object) -> tuple[list[str], int]:
        data = api("DescribeTeamDepotInfoList", PageNumber=1, PageSize=3000, **asked).response["DepotData"]
        return [depot["Name"] for depot in data["Depots"]], data["Page"]["TotalRow"]

    assert names() == (["ferry", "ferry-crane", "tower"], 3)
    assert names(ProjectName="CRANE") == (["ferry-crane", "tower"], 2)
    assert names(DepotName="FERRY") == (["ferry", "ferry-crane"], 2)
    assert names(ProjectName="cranes", DepotName="ferry") == (["ferry-crane"], 1)
    assert names(ProjectName="nowhere") == ([], 0)


@pytest.mark.parametrize("who", ["dora", "gu"])
def test_the_teams_depots_are_for_its_owners(team: Team, who: str) -> None:
    answer = team.api(who)("DescribeTeamDepotInfoList", PageNumber=1, PageSize=100)

    assert (answer.error, answer.message) == ("UnauthorizedOperation", SCOPE_REFUSED)


def test_a_depot_that_lies_in_no_project_is_not_lost(team: Team, api: Api) -> None:
    loose = create_repository(team.forge, RepositoryPath(team.team.path, "loose"), creator=team.people["chen"])

    depots = {d["Name"]: d for d in api("DescribeTeamDepotInfoList").response["DepotData"]["Depots"]}
    of_team = api("DescribeProjectDepotInfoList", ProjectId=team.team.id).response["DepotData"]["Depots"]

    assert depots["loose"]["ProjectId"] == team.team.id
    assert [depot["Id"] for depot in of_team] == [loose.id]
    assert api("DescribeOneProject", ProjectId=team.team.id).response["Project"]["Name"] == "harbour"


def test_a_depot_below_a_project_counts_as_the_projects(team: Team, api: Api) -> None:
    group = create_project(team.forge, team.project, "small", creator=team.people["chen"])
    deep = team.add_depot("dinghy", project=group)

    listed = api("DescribeProjectDepotInfoList", ProjectId=team.project.id).response["DepotData"]["Depots"]

    assert [(d["Name"], d["ProjectId"], d["ProjectName"]) for d in listed] == [
        ("ferry", team.project.id, "boats"),
        ("dinghy", team.project.id, "boats"),
    ]
    found = api("DescribeGitDepot", DepotPath="harbour/boats/small/dinghy").response["Depot"]
    assert (found["Id"], found["HttpsUrl"]) == (deep.id, f"{BASE}/harbour/boats/small/dinghy.git")


def test_a_depot_is_found_by_the_name_that_it_had(team: Team, api: Api) -> None:
    rename_repository(team.forge, team.depot, "steamer")

    assert api("DescribeGitDepot", DepotPath="boats/ferry").response["Depot"]["Name"] == "steamer"


def test_visibility_and_archiving_show(team: Team, api: Api) -> None:
    set_visibility(team.forge, team.depot, Visibility.PUBLIC)
    archive_repository(team.forge, team.depot)

    [depot] = api("DescribeMyDepots").response["Payload"]["Depots"]

    assert depot["IsShared"] is True


def test_urls_are_one_word_in_a_shell(team: Team, api: Api) -> None:
    project = create_project(team.forge, team.team, "船 队;$(id)&'`", creator=team.people["chen"])
    team.add_depot("a b", project=project)

    [depot] = api("DescribeProjectDepotInfoList", ProjectId=project.id).response["DepotData"]["Depots"]

    assert depot["Name"] == "a b"
    assert depot["HttpsUrl"].replace("%", "").replace("/", "").replace(":", "").replace(".", "").isalnum()


def test_an_icon_is_linked_absolutely(team: Team, api: Api) -> None:
    changed = set_icon(team.forge, team.project, b"\x89PNG\r\n\x1a\n...")

    [project] = api("DescribeCodingProjects").response["Data"]["ProjectList"]

    assert project["Icon"] == f"{BASE}/static/project_icon/{team.project.id}/{changed.icon}"


def test_a_default_branch_that_is_not_utf8_is_told_as_it_can_be_read(team: Team, api: Api) -> None:
    """It was FailedOperation: a fault of ours."""
    team.git("branch", "-m", "main", os.fsdecode("中文".encode("gbk")))

    assert api("DescribeGitDepot", DepotId=team.depot.id).response["Depot"]["DefaultBranch"] == "\ufffd" * 4
