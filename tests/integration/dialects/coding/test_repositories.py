"""What the actions about branches, tags, commits and files answer, and what they change."""

import hashlib
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.coding_api import NOON, Api, Team
from support.deciding import archive_repository

CANARY = Path(tempfile.gettempdir()) / "canary-of-hostile-names"
HOSTILE_NAMES = [
    f"--upload-pack=touch {CANARY}", f"--output={CANARY}", "-rf", "a..b", "@{u}", "main@{1}", "main~1", "main^",
    "a b", "a\nb", "a\u202eb", ":main", "main:README.md", "a//b", "/a", "a/", "a.lock", ".a", "a/.git", "@", "HEAD",
    "refs/heads/x", "0" * 40, "A" * 40, "f" * 64, "x" * 300, "a\\b", "a?b", "*", "[a]",
]  # fmt: skip


def names(api: Api, action: str = "DescribeGitBranches", **requests_seen: object) -> list[str]:
    rows = api(action, DepotPath="boats/ferry", PageSize=100, **requests_seen).response
    return [row.get("BranchName") or row["TagName"] for row in rows.get("Branches") or rows.get("GitTags") or []]


def test_branches_come_in_pages_the_default_first(team: Team, api: Api) -> None:
    tip = team.git("rev-parse", "main").strip()
    for name in ("zeta", "Alpha", "feature/one"):
        team.git("branch", name, "main")

    pages = [api("DescribeGitBranches", DepotId=team.depot.id, PageNumber=n, PageSize=3).response for n in (1, 2, 3)]

    rows = [[row["BranchName"] for row in page["Branches"]] for page in pages]
    assert rows == [["main", "Alpha", "feature/one"], ["zeta"], []]
    assert [page["TotalCount"] for page in pages] == [4, 4, 4]
    assert pages[0]["Branches"][0] == {
        "BranchName": "main", "DenyForcePush": False, "ForceSquash": False, "IsDefaultBranch": True,
        "IsProtected": False, "IsReadOnly": False, "LastCommitDate": 1_700_100_000_000, "Sha": tip,
        "SpecBranchType": "",
    }  # fmt: skip
    assert names(api, KeyWord="E") == ["feature/one", "zeta"]


def test_the_other_list_of_branches_says_the_same(team: Team, api: Api) -> None:
    team.git("branch", "dev", "main")

    every = api("DescribeGitBranches", DepotId=team.depot.id).response
    listed = api("DescribeGitBranchList", DepotPath="/harbour/boats/ferry", PageNumber="1", KeyWord="", PageSize="10")

    assert listed.response["GitBranchesData"] == {"Branches": every["Branches"], "TotalCount": 2}


def test_tags_say_their_message_and_their_commit(team: Team, api: Api) -> None:
    commit = team.git("rev-parse", "main~1").strip()
    team.git("tag", "-a", "-m", "版本一", "v1", "main~1")
    team.git("tag", "light", "main~1")

    [light, annotated] = api("DescribeGitTags", DepotId=team.depot.id).response["GitTags"]

    assert annotated == {
        "Commit": {
            "AuthorEmail": "fang@example.org", "AuthorName": "王芳", "CommitDate": 1_700_000_000_000,
            "CommitterEmail": "committer@example.org", "CommitterName": "Committer", "CreatedAt": 1_700_000_000_000,
            "Parents": [], "Sha": commit, "ShortMessage": "first\n",
        },
        "Message": "版本一\n",
        "TagName": "v1",
    }  # fmt: skip
    assert light == {**annotated, "Message": "", "TagName": "light"}


def test_a_tag_of_no_commit_is_listed_too(team: Team, api: Api) -> None:
    blob = team.git("hash-object", "-w", "--stdin", stdin=b"key").strip()
    team.git("tag", "key", blob)

    [tag] = api("DescribeGitTags", DepotId=team.depot.id).response["GitTags"]

    assert (tag["TagName"], tag["Commit"]["Sha"], tag["Commit"]["ShortMessage"]) == ("key", blob, "")


def test_tags_come_in_pages_by_a_parameter_of_another_name(team: Team, api: Api) -> None:
    for number in range(5):
        team.git("tag", f"v{number}", "main")

    pages = [api("DescribeGitTags", DepotId=team.depot.id, Page=n, PageSize=2).response["GitTags"] for n in (1, 3, 4)]

    assert [[tag["TagName"] for tag in page] for page in pages] == [["v0", "v1"], ["v4"], []]


def test_an_empty_depot_has_nothing(team: Team, api: Api) -> None:
    empty = team.add_depot("empty").id

    assert api("DescribeGitBranches", DepotId=empty).response["Branches"] == []
    assert api("DescribeGitTags", DepotId=empty).response["GitTags"] == []
    assert api("DescribeGitCommitInfos", DepotId=empty, Ref="main").error == "ResourceNotFound"
    assert api("DescribeGitDepot", DepotId=empty).response["Depot"]["LastPushAt"] == 0


@pytest.mark.parametrize("action", ["DescribeGitCommitInfos", "DescribeGitCommits"])
@pytest.mark.parametrize("ref", ["main", "refs/heads/main", "HEAD", "v1"])
def test_commits_are_told_newest_first(team: Team, api: Api, action: str, ref: str) -> None:
    team.git("tag", "-a", "-m", "x", "v1", "main")
    newest, oldest = team.git("rev-list", "main").split()

    commits = api(action, DepotId=team.depot.id, Ref=ref).response["Commits"]

    assert commits[0] == {
        "AuthorEmail": "fang@example.org", "AuthorName": "王芳", "CommitDate": 1_700_100_000_000,
        "Committer": {"Email": "committer@example.org", "Name": "Committer"}, "CreatedAt": 1_700_100_000_000,
        "Parents": [oldest], "Sha": newest, "ShortMessage": "fix the main thing\n",
    }  # fmt: skip
    assert [commit["Sha"] for commit in commits] == [newest, oldest]
    assert api(action, DepotId=team.depot.id, Ref=newest.upper()).response["Commits"] == commits


# The two commits are of 2023-11-15 06:13:20 and 2023-11-16 10:00:00 in China.
@pytest.mark.parametrize(
    ("chosen", "subjects"),
    [
        ({"Path": "README.md"}, ["first"]),
        ({"Path": "/src/"}, None),
        ({"Path": "src"}, ["fix the main thing", "first"]),
        ({"Path": "nowhere"}, []),
        ({"KeyWord": "LONG story"}, ["fix the main thing"]),
        ({"StartDate": "2023-11-16"}, ["fix the main thing"]),
        ({"StartDate": "2023-11-16 10:00:00"}, ["fix the main thing"]),
        ({"StartDate": "2023-11-16 10:00:01"}, []),
        ({"EndDate": "2023-11-15"}, ["first"]),
        ({"EndDate": "2023-11-15 06:13:20"}, ["first"]),
        ({"EndDate": "2023-11-15 06:13:19"}, []),
        ({"StartDate": "", "EndDate": "", "Path": "", "KeyWord": ""}, ["fix the main thing", "first"]),
        ({"PageSize": 1}, ["fix the main thing"]),
        ({"PageNumber": 2, "PageSize": 1}, ["first"]),
        ({"PageNumber": 3, "PageSize": 1}, []),
        ({"StartDate": "yesterday"}, None),
        ({"StartDate": "2023-02-30"}, None),
        ({"EndDate": "9999-12-31"}, ["fix the main thing", "first"]),
        ({"StartDate": "0001-01-01"}, ["fix the main thing", "first"]),
    ],
)
def test_commits_can_be_chosen(team: Team, api: Api, chosen: Mapping[str, object], subjects: list[str] | None) -> None:
    answer = api("DescribeGitCommitInfos", DepotId=team.depot.id, Ref="main", **chosen)

    if subjects is None:
        assert answer.error == "InvalidParameterValue"
    else:
        assert [commit["ShortMessage"].strip() for commit in answer.response["Commits"]] == subjects


POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3\n" % hashlib.sha256(b"abc").hexdigest().encode()
)


@pytest.mark.parametrize(
    ("content", "is_text", "is_lfs"),
    [
        ("中文\n".encode(), True, False),
        (b"", True, False),
        (b"\x89PNG\x00\xff", False, False),
        ("中文".encode("gb18030"), False, False),
        (b"a\0b", False, False),
        (POINTER, True, True),
        (POINTER + b"more\n", True, False),
    ],
)
def test_a_files_content_comes_as_text_or_as_base64(
    team: Team, api: Api, content: bytes, is_text: bool, is_lfs: bool
) -> None:
    commit = team.commit({"文档/file": content}, "add", at=1_700_200_000)

    found = api("DescribeGitFileContent", DepotId=team.depot.id, CommitSha=commit, Path="文档/file").response

    file = found["GitFileContent"]
    assert (file["IsText"], file["IsLfs"], file["IsLargeFileStorage"]) == (is_text, is_lfs, is_lfs)
    assert (file["Content"].encode() if is_text else b64decode(file["Content"])) == content


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nowhere", "ResourceNotFound"),
        ("src", "ResourceNotFound"),
        ("README.md/x", "ResourceNotFound"),
        ("--upload-pack=x", "ResourceNotFound"),
        ("../README.md", "InvalidParameterValue"),
        (".git/config", "InvalidParameterValue"),
        ("src/.GIT/hooks", "InvalidParameterValue"),
        ("src//main.c", "InvalidParameterValue"),
        ("%2e%2e/README.md", "ResourceNotFound"),
        ("a\nb", "ResourceNotFound"),
        ("/", "InvalidParameterValue"),
        ("", "MissingParameter"),
    ],
)
def test_a_path_that_is_no_files_is_refused(team: Team, api: Api, path: str, code: str) -> None:
    """Catalogue B-08, B-24 and B-51."""
    answer = api("DescribeGitFileContent", DepotId=team.depot.id, CommitSha="main", Path=path)

    assert answer.error == code


def test_a_file_that_is_too_large_is_refused(team: Team, api: Api) -> None:
    commit = team.commit({"big": b"x" * (8 * 1024 * 1024 + 1)}, "add", at=1_700_200_000)

    assert api("DescribeGitFileContent", DepotId=team.depot.id, CommitSha=commit, Path="big").error == (
        "UnsupportedOperation"
    )


def test_there_are_no_releases(team: Team, api: Api) -> None:
    requests_seen = {"PageNumber": 1, "PageSize": 100, "Status": "", "TagName": "", "FromDate": "", "ToDate": ""}

    answer = api("DescribeGitReleases", DepotId=team.depot.id, DepotPath="", ShowResourceUrl=True, **requests_seen)

    assert answer.response["ReleasePageList"] == {"Releases": [], "TotalCount": 0}


def test_a_guest_reads_no_code(team: Team) -> None:
    gu = team.api("gu")
    requests_seen = {"DepotId": team.depot.id, "Ref": "main", "CommitSha": "main", "Path": "README.md"}
    actions = [
        "DescribeGitBranches", "DescribeGitBranchList", "DescribeGitTags", "DescribeGitCommitInfos",
        "DescribeGitFileContent", "DescribeGitReleases",
    ]  # fmt: skip

    assert gu("DescribeGitDepot", DepotId=team.depot.id).response["Depot"]["Name"] == "ferry"
    assert {gu(action, **requests_seen).error for action in actions} == {"UnauthorizedOperation"}


def test_a_branch_is_made_and_deleted(team: Team, api: Api) -> None:
    oldest = team.git("rev-parse", "main~1").strip()
    requests_seen = {"DepotId": team.depot.id, "BranchName": "feature/一"}

    assert set(api("CreateGitBranch", StartPoint=oldest, **requests_seen).response) == {"RequestId"}
    assert team.git("rev-parse", "refs/heads/feature/一").strip() == oldest
    assert team.depot_now().last_push_at == NOON

    assert set(api("DeleteGitBranch", **requests_seen).response) == {"RequestId"}
    assert names(api) == ["main"]
    assert api("DeleteGitBranch", **requests_seen).error == "ResourceNotFound"


def test_a_tag_is_made_and_deleted(team: Team, api: Api) -> None:
    requests_seen = {"DepotId": team.depot.id, "TagName": "v1"}

    made = api("CreateGitTag", StartPoint="main", Message="the first\n\nand longer", **requests_seen).response["GitTag"]

    assert (made["TagName"], made["Message"]) == ("v1", "the first\n\nand longer\n")
    assert made["Commit"]["Sha"] == team.git("rev-parse", "main").strip()
    text = team.git("cat-file", "tag", "refs/tags/v1")
    assert f"tagger Chen <chen@example.org> {int(NOON.timestamp())} +0000" in text
    assert team.git("fsck", "--strict", "--no-dangling") == ""

    assert set(api("DeleteGitTag", **requests_seen).response) == {"RequestId"}
    assert names(api, "DescribeGitTags") == []


def test_a_tag_without_a_message_is_a_light_one(team: Team, api: Api) -> None:
    made = api("CreateGitTag", DepotId=team.depot.id, TagName="v1", StartPoint="main", Message="")

    assert made.response["GitTag"]["Message"] == ""
    assert team.git("cat-file", "-t", "refs/tags/v1") == "commit\n"


def test_a_name_that_is_taken_is_a_conflict(team: Team, api: Api) -> None:
    team.git("branch", "dev", "main")
    team.git("tag", "dev", "main")
    before = team.refs()

    for name in ("dev", "dev/below", "main"):
        answer = api("CreateGitBranch", DepotId=team.depot.id, BranchName=name, StartPoint="main")
        assert answer.error == "ResourceInUse"
    assert api("CreateGitTag", DepotId=team.depot.id, TagName="dev", StartPoint="main").error == "ResourceInUse"
    assert team.refs() == before


def test_a_hostile_name_makes_nothing(team: Team, api: Api) -> None:
    """Catalogue B-08, and a branch named like an object id."""
    before = team.refs()
    depot = {"DepotId": team.depot.id}

    made = {
        name: (
            api("CreateGitBranch", BranchName=name, StartPoint="main", **depot).error,
            api("CreateGitTag", TagName=name, StartPoint="main", Message="m", **depot).error,
            api("DeleteGitBranch", BranchName=name, **depot).error,
            api("DeleteGitTag", TagName=name, **depot).error,
        )
        for name in HOSTILE_NAMES
    }

    expected = ("InvalidParameterValue", "InvalidParameterValue", "ResourceNotFound", "ResourceNotFound")
    assert made == dict.fromkeys(HOSTILE_NAMES, expected)
    assert team.refs() == before
    assert not CANARY.exists()


def test_a_hostile_revision_is_not_found(team: Team, api: Api) -> None:
    before = team.refs()
    depot = {"DepotId": team.depot.id}
    revisions = [*(name for name in HOSTILE_NAMES if name != "HEAD"), "main..main", "8c3f", "v9"]

    errors = {
        revision: {
            api("DescribeGitCommitInfos", Ref=revision, **depot).error,
            api("DescribeGitFileContent", CommitSha=revision, Path="README.md", **depot).error,
            api("CreateGitBranch", BranchName="new", StartPoint=revision, **depot).error,
            api("CreateGitTag", TagName="new", StartPoint=revision, Message="m", **depot).error,
        }
        for revision in revisions
    }

    assert errors == {revision: {"ResourceNotFound"} for revision in revisions}
    assert team.refs() == before
    assert not CANARY.exists()


def test_a_commit_id_may_be_cut_short(team: Team, api: Api) -> None:
    commit = team.commit({"file": b"old"}, "add", at=1_700_200_000)
    team.commit({"file": b"new"}, "change", at=1_700_300_000)
    depot = {"DepotId": team.depot.id}

    listed = api("DescribeGitCommitInfos", Ref=commit[:8], PageSize=1, **depot).response["Commits"]
    file = api("DescribeGitFileContent", CommitSha=commit[:8], Path="file", **depot).response["GitFileContent"]
    api("CreateGitBranch", BranchName="old", StartPoint=commit[:8], **depot)
    api("CreateGitTag", TagName="old", StartPoint=commit[:8], Message="m", **depot)

    assert [row["Sha"] for row in listed] == [commit]
    assert file["Content"] == "old"
    assert team.git("rev-parse", "refs/heads/old", "refs/tags/old^{commit}").split() == [commit, commit]


def test_nothing_starts_at_what_is_no_commit(team: Team, api: Api) -> None:
    blob = team.git("rev-parse", "main:README.md").strip()

    for start in (blob, "f" * 40):
        answer = api("CreateGitBranch", DepotId=team.depot.id, BranchName="new", StartPoint=start)
        assert answer.error == "ResourceNotFound"
    assert names(api) == ["main"]


def test_kept_refs_are_neither_shown_nor_touched(team: Team, api: Api) -> None:
    team.git("update-ref", "refs/matou/kept/000001/heads/main", "main")
    before = team.refs()

    listed = names(api) + names(api, "DescribeGitTags")
    ref = "refs/matou/kept/000001/heads/main"
    answers = [
        api("DescribeGitCommitInfos", DepotId=team.depot.id, Ref=ref),
        api("DeleteGitBranch", DepotId=team.depot.id, BranchName="../matou/kept/000001/heads/main"),
    ]

    assert listed == ["main"]
    assert [answer.error for answer in answers] == ["ResourceNotFound"] * 2
    assert team.refs() == before


def test_the_default_branch_is_not_deleted(team: Team, api: Api) -> None:
    assert api("DeleteGitBranch", DepotId=team.depot.id, BranchName="main").error == "UnauthorizedOperation"
    assert names(api) == ["main"]


WRITES: dict[str, dict[str, str]] = {
    "CreateGitBranch": {"BranchName": "new", "StartPoint": "main"},
    "CreateGitTag": {"TagName": "new", "StartPoint": "main", "Message": "m"},
    "DeleteGitBranch": {"BranchName": "dev"},
    "DeleteGitTag": {"TagName": "v1"},
    "ModifyDepotName": {"DepotName": "new"},
    "ModifyDepotDescription": {"Description": "new"},
    "ModifyDefaultBranch": {"BranchName": "next"},
}


@pytest.mark.parametrize("state", ["archived", "backed up"])
def test_a_depot_that_is_read_only_refuses_every_write(team: Team, api: Api, state: str) -> None:
    team.git("branch", "dev", "main")
    team.git("tag", "v1", "main")
    if state == "archived":
        archive_repository(team.forge, team.depot)
    else:
        team.give_to_source(team.depot)
    before = team.refs()

    answers = {
        action: api(action, DepotId=team.depot.id, **requests_seen).error for action, requests_seen in WRITES.items()
    }

    assert set(answers.values()) == {"UnauthorizedOperation"}
    assert team.refs() == before
    assert names(api) == ["main", "dev"]


def test_what_a_backup_keeps_is_not_deleted(team: Team, api: Api) -> None:
    team.give_to_source(team.depot)

    assert api("DeleteGitDepot", DepotId=team.depot.id).error == "UnauthorizedOperation"
    assert names(api) == ["main"]


SETTINGS = {"ModifyDepotName", "ModifyDepotDescription", "ModifyDefaultBranch"}


@pytest.mark.parametrize(("who", "refused"), [("gu", set(WRITES)), ("dora", SETTINGS), ("chen", set())])
def test_each_write_is_for_those_whose_role_allows_it(team: Team, who: str, refused: set[str]) -> None:
    for branch in ("dev", "next"):
        team.git("branch", branch, "main")
    team.git("tag", "v1", "main")
    api = team.api(who)

    answers = {
        action: api(action, DepotId=team.depot.id, **requests_seen).response for action, requests_seen in WRITES.items()
    }

    assert {action for action, answer in answers.items() if "Error" in answer} == refused


def test_refs_whose_names_are_not_utf8_do_not_break_a_list(team: Team, api: Api) -> None:
    tip = team.git("rev-parse", "main").strip()
    with (team.forge.git_dir(team.depot) / "packed-refs").open("ab") as packed:
        packed.writelines(tip.encode() + b" refs/" + folder + b"/z\xff\n" for folder in (b"heads", b"tags"))

    assert names(api) == ["main", "z\ufffd"]
    assert names(api, "DescribeGitTags") == ["z\ufffd"]


@pytest.mark.parametrize("lost", ["HEAD", "objects", "packed-refs"])
def test_damage_is_not_told_in_detail(team: Team, api: Api, lost: str) -> None:
    folder = team.forge.git_dir(team.depot)
    team.git("pack-refs", "--all")
    (folder / lost).rename(folder / "lost")
    (folder / lost).write_bytes(b"nonsense")

    answer = api("DescribeGitCommitInfos", DepotId=team.depot.id, Ref="main")

    assert (answer.error, answer.message) == ("FailedOperation", "this server has a fault; its log says more")


def test_a_description_that_is_too_long_is_an_invalid_value_and_no_fault_of_ours(team: Team, api: Api) -> None:
    answer = api("CreateGitDepot", ProjectId=team.project.id, DepotName="long", Description="x" * 10_001)

    assert (answer.error, answer.message) == (
        "InvalidParameterValue",
        "a description has at most 10000 characters",
    )
