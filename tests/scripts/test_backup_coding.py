"""A team at CODING is saved with all that lies around its code, changed there, and saved again, by commands alone."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.coding_metadata import milliseconds
from support.coding_source import REFUSED, TOKEN, CodingSource, running_coding_source
from support.coding_story import PNG, WEBHOOK_KEY, comment, note, tell_story
from support.commits import commit_in
from support.program import Ended, Person

# What a run asks that finds nothing changed: of the account, of a project, and of a depot.
UNCHANGED = {
    "DescribeCodingCurrentUser": 1,
    "DescribeTeam": 1,
    "DescribeCodingProjects": 1,
    "DescribeTeamDepotInfoList": 1,
    "DescribeAllProjectLabels": 2,
    "DescribeProjectMembers": 2,
    "DescribeIterationList": 1,
    "DescribeReleaseList": 1,
    "DescribeProjectIssueFieldList": 5,
    "DescribeProjectMemberPrincipals": 1,
    "DescribeIssueList": 1,
    "DescribeWikiList": 1,
    "DescribeProjectAnnouncements": 1,
    "DescribeServiceHooks": 1,
    "DescribeAllMergeRequestNotes": 1,
    "DescribeDepotMergeRequests": 1,
    "DescribeGitReleases": 1,
}


@pytest.fixture
def source(tmp_path: Path) -> Iterator[CodingSource]:
    with running_coding_source() as source:
        source.team_host = f"{source.origin}/harbour"
        tell_story(source)
        repository = tmp_path / "ferry.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
        commit_in(repository, {"README.md": "# 渡船\n".encode()}, "下水", at=1_700_000_000, branch="main")
        source.git["/harbour/boats/ferry.git"] = repository
        yield source


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def back_up(person: Person, source: CodingSource, archive: Path, *options: str, code: int = 0) -> dict[str, Any]:
    """Run it, and give its report; what was asked before counts no more."""
    source.requests_seen.clear()
    ended: Ended = person.matou(
        "backup",
        "coding",
        "--url",
        source.url,
        "--to",
        archive,
        "--json",
        *options,
        code=code,
        MATOU_CODING_TOKEN=TOKEN,
    )
    report: dict[str, Any] = json.loads(ended.out)
    return report


def calls(source: CodingSource) -> Counter[str]:
    return Counter(request.action for request in source.requests_seen)


def metadata(archive: Path, name: str, path: str, commit: str = "main") -> str:
    [repository] = (archive / "metadata").glob(f"**/{name}.git")
    command = ["git", "-C", str(repository), "show", f"{commit}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def item(archive: Path, name: str, path: str, commit: str = "main") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(metadata(archive, name, path, commit))
    return read


def commits(archive: Path, name: str) -> list[str]:
    [repository] = (archive / "metadata").glob(f"**/{name}.git")
    command = ["git", "-C", str(repository), "log", "--format=%s", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]


def test_all_that_a_team_said_is_saved(person: Person, source: CodingSource, archive: Path) -> None:
    report = back_up(person, source, archive)

    person.matou("verify", archive)
    counted = {kind: total["items"] for kind, total in report["metadata"].items() if total["items"]}
    assert counted["issue"] == 5
    assert counted["change"] == 3
    assert (counted["release"], counted["wiki"], counted["announcement"]) == (1, 2, 1)
    assert [unseen["what"] for unseen in report["unseen"]] != []
    defect = item(archive, "boats", "issues/0000/5.json")
    assert (defect["title"], defect["priority"]["name"], defect["labels"]) == ("靠岸时撞船", "紧急", ["急"])
    assert [comment["id"] for comment in defect["comments"]] == ["11", "12", "13"]
    change = item(archive, "ferry", "changes/0000/2.json")
    assert [len(thread["comments"]) for thread in change["threads"]] == [2]
    assert [comment["reply_to"] for comment in change["comments"] if "reply_to" in comment] == ["709"]
    people = item(archive, "boats", "people.json")
    assert (people["3"]["name"], people["3"]["state"]) == ("王水手", "left")
    page = metadata(archive, "boats", "wiki/1.md")
    assert "欢迎上船" in page


def test_what_the_platform_gives_to_no_program_is_named_by_the_report_by_status_and_by_show(
    person: Person, source: CodingSource, archive: Path
) -> None:
    report = back_up(person, source, archive)

    status, shown = person.matou("status", archive), person.matou("show", archive)

    drive, reason = "files in the file drive", "CODING's Open API neither lists nor gives what is in the file drive"
    assert report["unseen"] == [{"what": drive, "reason": reason}]
    assert drive in status.out
    assert f"given to no program: {reason}" in status.out
    assert shown.err == f"{drive}: given to no program: {reason}\n"
    assert drive not in shown.out


def test_pictures_and_files_are_kept_as_bytes_and_no_signature_with_them(
    person: Person, source: CodingSource, archive: Path
) -> None:
    back_up(person, source, archive)

    defect = item(archive, "boats", "issues/0000/5.json")
    files = {one["name"]: one for one in [*defect["files"], *defect["comments"][1]["files"]]}
    assert {"sha256" in one for one in files.values()} == {True}
    blobs = {path.read_bytes() for path in (archive / "blobs" / "objects").rglob("*") if path.is_file()}
    assert {PNG, PNG + b"1", PNG + b"2", PNG + b"3", "年度计划\n".encode()} <= blobs
    records = b"".join(
        subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
        for path in archive.glob("runs/*/records.jsonl.zst")
    )
    assert b"DescribeServiceHooks" in records
    assert WEBHOOK_KEY.encode() not in records
    assert b"sign=q" not in records
    assert source.fetched
    assert {authorization for path, authorization in source.fetched if path.startswith("/cos/")} == {None}


def test_a_second_run_asks_what_is_new_and_nothing_else(person: Person, source: CodingSource, archive: Path) -> None:
    back_up(person, source, archive)

    report = back_up(person, source, archive)

    assert {kind: total["changed"] for kind, total in report["metadata"].items() if total["changed"]} == {}
    assert calls(source) == UNCHANGED
    assert commits(archive, "boats") == ["run 1"]


def test_what_changed_comes_in_and_what_was_is_still_there(person: Person, source: CodingSource, archive: Path) -> None:
    back_up(person, source, archive)
    talk, depot = source.metadata.projects["boats"], source.metadata.depots[5000]
    talk.comments[6].append(comment(20, "红的好"))
    talk.issues[6] |= {"Name": "给船刷红漆", "UpdatedAt": milliseconds("2026-11-28 08:00")}
    line = {"CommitSha": "a" * 40, "Path": "src/船头.c", "Index": 4}
    depot.threads[0].append(note(720, 2, "改了", ParentId=707, CreatedAt=milliseconds("2026-11-28 09:00"), **line))

    report = back_up(person, source, archive)

    assert report["metadata"]["issue"]["changed"] == 1
    assert item(archive, "boats", "issues/0000/6.json")["title"] == "给船刷红漆"
    assert item(archive, "boats", "issues/0000/6.json", "main^")["title"] == "给船刷漆"
    [thread] = item(archive, "ferry", "changes/0000/2.json")["threads"]
    assert [comment["id"] for comment in thread["comments"]] == ["707", "708", "720"]
    asked = calls(source)
    assert (asked["DescribeIssue"], asked["DescribeIssueCommentList"]) == (1, 1)
    person.matou("verify", archive)


def test_a_sweep_finds_what_moved_no_time_and_what_is_gone(person: Person, source: CodingSource, archive: Path) -> None:
    talk = source.metadata.projects["boats"]
    talk.comments[6] = [comment(20, "红的好")]
    back_up(person, source, archive)
    talk.comments[5][0] |= {"RawContent": "看错了"}
    del talk.comments[5][2]
    del talk.issues[1]

    back_up(person, source, archive, "--sweep")

    defect = item(archive, "boats", "issues/0000/5.json")
    assert [(one["text"]["body"][:3], one.get("gone_in")) for one in defect["comments"]] == [
        ("看错了", None),
        ("@王水", None),
        ("<p>", 2),
    ]
    assert item(archive, "boats", "issues/0000/1.json")["gone_in"] == 2
    assert item(archive, "boats", "issues/0000/2.json").get("gone_in") is None
    assert [one.get("gone_in") for one in item(archive, "boats", "issues/0000/6.json")["comments"]] == [None]
    assert [one.get("gone_in") for one in item(archive, "ferry", "changes/0000/2.json")["comments"]] == [None, None]


def test_a_refusal_in_the_middle_is_told_and_deletes_nothing(
    person: Person, source: CodingSource, archive: Path
) -> None:
    back_up(person, source, archive)
    talk = source.metadata.projects["boats"]
    talk.issues[5] |= {"Name": "撞得更重", "UpdatedAt": milliseconds("2026-11-28 08:00")}
    source.always["DescribeIssueCommentList"] = REFUSED

    report = back_up(person, source, archive, code=3)

    assert report["metadata"]["issue"]["not_done"]
    defect = item(archive, "boats", "issues/0000/5.json")
    assert (defect["title"], len(defect["comments"])) == ("撞得更重", 3)
    assert [one for one in defect["comments"] if "gone_in" in one] == []
    source.always.clear()
    back_up(person, source, archive)


def test_what_the_platform_answered_gives_the_same_again(person: Person, source: CodingSource, archive: Path) -> None:
    back_up(person, source, archive)
    source.metadata.projects["boats"].issues[6] |= {"Name": "给船刷红漆", "UpdatedAt": milliseconds("2026-11-28 08:00")}
    back_up(person, source, archive)

    ended = person.matou("reindex", archive, "--metadata")

    assert ended.out.count("its metadata is the same as what the platform answered gives") == 2


def test_artifacts_and_test_cases_are_saved_when_somebody_asks_for_them(
    person: Person, source: CodingSource, archive: Path
) -> None:
    without = back_up(person, source, archive)
    report = back_up(person, source, archive, "--with", "artifacts,tests")
    again = back_up(person, source, archive, "--with", "artifacts,tests")

    assert {"artifact", "test-case"}.isdisjoint(kind for kind, total in without["metadata"].items() if total["items"])
    assert {kind: report["metadata"][kind]["items"] for kind in ("artifact", "test-case")} == {
        "artifact": 3,
        "test-case": 2,
    }
    assert {kind: total["changed"] for kind, total in again["metadata"].items() if total["changed"]} == {}
    artifact = item(archive, "boats", "artifacts/maven/com.harbour_船~7de4b74e/1.0.json")
    assert [("sha256" in file, file["name"]) for file in artifact["files"]] == [
        (True, "船-1.0.jar"),
        (True, "船-1.0.pom"),
    ]
    assert item(archive, "boats", "tests/0000/53.json")["files"][0]["sha256"]
    blobs = {path.read_bytes() for path in (archive / "blobs" / "objects").rglob("*") if path.is_file()}
    assert {b"PK jar", b"PK jar 1.1", b"<project/>", PNG + b"4"} <= blobs
    person.matou("verify", archive)
    rebuilt = person.matou("reindex", archive, "--metadata")
    assert rebuilt.out.count("its metadata is the same as what the platform answered gives") == 2
