"""What a commit holds and what it changed, single branches and tags, and depots that move to another project."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from matou.db.memberships import Role
from matou.git.operations import differences
from matou.server.dialects.coding import contents
from support.coding_api import Api, Team
from support.deciding import add_member

SCHEMAS: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[3] / "data" / "coding" / "schemas.json").read_text(encoding="utf-8")
)
KINDS = {"integer": int, "string": str, "boolean": bool, "object": dict, "array": list}


def faults(schema: Mapping[str, Any], value: object, place: str) -> Iterator[str]:
    """What an answer lacks of the vendor's schema, or has of another type."""
    if type(value) is not KINDS[schema["type"]]:
        yield f"{place} is {value!r}"
    elif isinstance(value, list):
        for each in value:
            yield from faults(schema["items"], each, f"{place}[]")
    elif isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            yield from faults(below, value[name], f"{place}.{name}") if name in value else [f"{place}.{name}"]


ASKED: dict[str, dict[str, object]] = {
    "DescribeGitBranch": {"BranchName": "main"},
    "DescribeGitCommitDiff": {"Sha": "main"},
    "DescribeGitCommitInfo": {"Sha": "main"},
    "DescribeGitFiles": {"Ref": "main"},
    "DescribeGitTag": {"TagName": "v1"},
    "DescribeGitTree": {"Ref": "main", "IsRecursive": True},
}


@pytest.fixture
def tagged(team: Team) -> Team:
    team.git("tag", "-a", "-m", "one", "v1", "main")
    return team


@pytest.mark.parametrize("action", sorted(SCHEMAS))
def test_an_answer_is_as_the_vendors_schema_has_it(tagged: Team, api: Api, action: str) -> None:
    transfer = {"TargetProjectId": tagged.team.id}
    answer = api(action, DepotId=tagged.depot.id, **ASKED.get(action, transfer)).response

    assert list(faults(SCHEMAS[action], answer, action)) == []


@pytest.mark.parametrize("action", sorted(ASKED))
def test_guests_and_strangers_are_told_nothing_of_the_code(tagged: Team, action: str) -> None:
    requests_seen = {"DepotPath": "boats/ferry", **ASKED[action]}

    assert tagged.api("gu")(action, **requests_seen).error == "UnauthorizedOperation"
    assert tagged.api("xiao")(action, **requests_seen).error == "ResourceNotFound"
    assert "Error" not in tagged.api("dora")(action, **requests_seen).response


def test_files_have_the_commit_that_changed_them(team: Team, api: Api) -> None:
    root = api("DescribeGitFiles", DepotId=team.depot.id, Ref="main").response["Items"]
    inner = api("DescribeGitFiles", DepotId=team.depot.id, Path="/src/").response["Items"]

    first, second = (team.git("rev-parse", name).strip() for name in ("main~1", "main"))
    assert root == [
        {"Mode": "file", "Name": "README.md", "Path": "README.md", "Sha": first},
        {"Mode": "tree", "Name": "src", "Path": "src", "Sha": second},
    ]
    assert inner == [{"Mode": "file", "Name": "main.c", "Path": "src/main.c", "Sha": second}]


def test_a_tree_is_what_git_lists(team: Team, api: Api) -> None:
    rows = api("DescribeGitTree", DepotId=team.depot.id, Ref="main", IsRecursive=True).response["Trees"]
    below = api("DescribeGitTree", DepotId=team.depot.id, Path="src").response["Trees"]

    listed = [f"{row['Mode']} {row['Type']} {row['Sha']}\t{row['Path']}" for row in rows]
    assert listed == team.git("ls-tree", "-r", "-t", "main").splitlines()
    assert [row["Path"] for row in below] == ["src/main.c"]


@pytest.mark.parametrize("action", ["DescribeGitFiles", "DescribeGitTree"])
def test_a_folder_that_is_not_there_and_a_path_that_leads_out_are_refused(team: Team, api: Api, action: str) -> None:
    for path, error in (
        ("nothing", "ResourceNotFound"),
        ("README.md", "ResourceNotFound"),
        ("../x", "InvalidParameterValue"),
    ):
        assert api(action, DepotId=team.depot.id, Ref="main", Path=path).error == error
    assert api(action, DepotId=team.depot.id, Ref="nothing").error == "ResourceNotFound"


def test_a_tree_that_is_too_large_is_refused(team: Team, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_ENTRIES", 2)

    assert api("DescribeGitTree", DepotId=team.depot.id, IsRecursive=True).error == "UnsupportedOperation"
    assert len(api("DescribeGitTree", DepotId=team.depot.id).response["Trees"]) == 2


def test_a_commit_is_shown_by_an_id_that_is_cut_short_too(team: Team, api: Api) -> None:
    name = team.git("rev-parse", "main").strip()

    found = api("DescribeGitCommitInfo", DepotId=team.depot.id, Sha=name[:8]).response["GitCommit"]

    assert (found["Sha"], found["ShortMessage"], found["Committer"]["Name"]) == (
        name,
        "fix the main thing\n",
        "Committer",
    )


def test_a_difference_has_the_lines_of_both_sides(team: Team, api: Api) -> None:
    team.commit({"n": b"1\n2\n3\n4\n5\n"}, "five", at=1_700_200_000)
    team.commit({"n": b"1\n2\nx\ny\n4\n5\n"}, "six", at=1_700_300_000)

    (found,) = api("DescribeGitCommitDiff", DepotId=team.depot.id, Sha="main").response["Diffs"]

    lines = [(line["Index"], line["LeftNo"], line["RightNo"], line["Prefix"], line["Text"]) for line in found["Lines"]]
    assert lines == [
        (0, 0, 0, "", "@@ -1,5 +1,6 @@\n"),
        (1, 1, 1, " ", "1"),
        (2, 2, 2, " ", "2"),
        (3, 3, 3, "-", "3"),
        (4, 4, 3, "+", "x"),
        (5, 4, 4, "+", "y"),
        (6, 4, 5, " ", "4"),
        (7, 5, 6, " ", "5"),
    ]
    assert (found["Insertions"], found["Deletions"], found["ChangeType"], found["Path"]) == (2, 1, "modify", "n")
    assert found["Content"].strip() == team.git("diff-tree", "-p", "--no-commit-id", "main").strip()


def test_a_difference_of_one_path_and_of_the_first_commit(team: Team, api: Api) -> None:
    requests_seen = {"DepotId": team.depot.id, "Sha": team.git("rev-parse", "main~1").strip()}
    paths = [row["Path"] for row in api("DescribeGitCommitDiff", **requests_seen).response["Diffs"]]
    one = api("DescribeGitCommitDiff", **requests_seen, Path="/README.md").response["Diffs"]

    assert (paths, [row["Path"] for row in one]) == (["README.md", "src/main.c"], ["README.md"])
    assert (one[0]["ChangeType"], one[0]["OldMode"], one[0]["NewMode"]) == ("add", "000000", "100644")
    assert [line["Text"] for line in one[0]["Lines"]] == ["@@ -0,0 +1 @@\n", "# 渡船"]


@pytest.mark.parametrize(("where", "name"), [(differences, "LARGEST_PATCH_BYTES"), (contents, "MOST_LINES")])
def test_a_difference_that_an_answer_does_not_hold_is_refused(
    team: Team, api: Api, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    monkeypatch.setattr(where, name, 3)

    answer = api("DescribeGitCommitDiff", DepotId=team.depot.id, Sha="main")

    assert answer.error == "UnsupportedOperation"
    assert "Path asks for one file" in answer.message


def test_one_branch_has_its_last_commit(tagged: Team, api: Api) -> None:
    found = api("DescribeGitBranch", DepotId=tagged.depot.id, BranchName="main").response["GitBranch"]

    assert (found["IsDefaultBranch"], found["LastCommit"]["Sha"]) == (True, found["Sha"])
    for name in ("nothing", "refs/heads/main", "v1", "HEAD"):
        assert api("DescribeGitBranch", DepotId=tagged.depot.id, BranchName=name).error == "ResourceNotFound"


def test_one_tag_is_as_in_the_list(tagged: Team, api: Api) -> None:
    found = api("DescribeGitTag", DepotId=tagged.depot.id, TagName="v1").response["GitTag"]

    assert [found] == api("DescribeGitTags", DepotId=tagged.depot.id).response["GitTags"]
    for name in ("nothing", "refs/tags/v1", "main"):
        assert api("DescribeGitTag", DepotId=tagged.depot.id, TagName=name).error == "ResourceNotFound"


def test_a_depot_moves_to_another_project(team: Team, api: Api) -> None:
    quays = team.add_project("quays")

    answer = api("ModifyGitTransfer", DepotId=team.depot.id, TargetProjectId=quays.id).response

    assert answer["NewDepotPath"] == "/harbour/quays/ferry"
    assert api("DescribeGitDepot", DepotPath="quays/ferry").response["Depot"]["ProjectId"] == quays.id
    assert api("DescribeGitDepot", DepotPath="boats/ferry").response["Depot"]["Id"] == team.depot.id


def test_only_owners_move_a_depot_and_only_to_where_they_may_make_one(team: Team, api: Api) -> None:
    quays = team.add_project("quays")
    add_member(team.forge, team.project, team.people["gu"], Role.OWNER)
    requests_seen = {"DepotId": team.depot.id, "TargetProjectId": quays.id}

    assert team.api("dora")("ModifyGitTransfer", **requests_seen).error == "UnauthorizedOperation"
    assert team.api("gu")("ModifyGitTransfer", **requests_seen).error == "ResourceNotFound"
    add_member(team.forge, quays, team.people["gu"], Role.DEVELOPER)
    assert team.api("gu")("ModifyGitTransfer", **requests_seen).error == "UnauthorizedOperation"
    assert api("ModifyGitTransfer", DepotId=team.depot.id, TargetProjectId=2**40).error == "ResourceNotFound"
    assert team.depot_now().path == team.depot.path


def test_a_depot_moves_nowhere_where_its_name_is_taken_or_it_is_kept(team: Team, api: Api) -> None:
    quays = team.add_project("quays")
    team.add_depot("ferry", project=quays)
    requests_seen = {"DepotId": team.depot.id, "TargetProjectId": quays.id}

    assert api("ModifyGitTransfer", **requests_seen).error == "ResourceInUse"
    team.give_to_source(team.depot)
    assert api("ModifyGitTransfer", **requests_seen).error == "UnauthorizedOperation"
