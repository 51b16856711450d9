"""What `matou export --format gitlab` writes is a project export as GitLab makes them, and names nothing that lacks."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from matou.model.metadata import (
    AttachedFile,
    ChangeHead,
    DiffPosition,
    MemberGrant,
    MetadataValue,
    Milestone,
    ProtectionRule,
    Reaction,
    Review,
    Reviewer,
    ReviewThread,
    TimeEntry,
    TimelineEvent,
)
from matou.model.metadata.kinds import (
    CHANGE,
    COMMIT_COMMENT,
    ISSUE,
    LABEL,
    MEMBER,
    MILESTONE,
    PERSON,
    PROTECTION,
    RELEASE,
    MetadataKind,
)
from matou.transfer.export.command import ExportOptions, ExportReport, export
from support.archive_with_metadata import ArchiveWithMetadata
from support.commits import commit_in
from support.git_repositories import git, init_bare, refs_of
from support.gitlab_export import GitLabExport
from support.metadata_items import (
    BEGAN,
    asset,
    change,
    comment,
    commit_comment,
    issue,
    label,
    markdown,
    person,
    release,
)

PICTURE = b"\x89PNG a crane"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = init_bare(tmp_path_factory.mktemp("code") / "code.git")
    commit_in(made, {"tide.py": b"1\n", "old.py": b"x\n" * 40}, "first", at=100, branch="main")
    git(made, "branch", "tide", "main")
    commit_in(made, {"tide.py": b"1\n2\n3\n"}, "three", at=101, branch="tide")
    # What a fork proposed: no branch has it.
    git(made, "branch", "fork", "main")
    commit_in(made, {"new.py": b"1\n"}, "new", at=102, branch="fork")
    git(made, "update-ref", "refs/matou/change/4/head", "refs/heads/fork")
    git(made, "update-ref", "-d", "refs/heads/fork")
    return made


@pytest.fixture(scope="module")
def names(code: Path) -> dict[str, str]:
    return {str(name): str(oid) for name, oid in refs_of(code).items()}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, code: Path, names: dict[str, str]) -> ArchiveWithMetadata:
    made = ArchiveWithMetadata(tmp_path_factory.mktemp("saved") / "archive")
    made.add_code("harbour/api", code)
    sha256 = made.archive.blobs.put_bytes(PICTURE)
    made.run(
        {"harbour/api": [*_issues(sha256), *_changes(names), *_around(sha256)]},
        {"harbour": [(ISSUE, issue("1", "项目的需求")), (PERSON, person("17", "张三"))]},
    )
    return made


def _issues(sha256: str) -> list[tuple[MetadataKind, MetadataValue]]:
    file = AttachedFile(url="https://gitee.com/u/潮 水?.png", sha256=sha256, size=12, name="潮 水?.png")
    lost = AttachedFile(url="https://gitee.com/u/lost.pdf", name="lost.pdf", missing="404")
    root = comment("1", "同意 #I7AAAA")
    first = replace(
        issue("I6D3AV", "潮水表", comments=(root, replace(comment("2", "我也是"), reply_to="1"), comment("3", "另外"))),
        text=markdown("见 ![](https://gitee.com/u/潮 水?.png)、#I7AAAA、!3。\0\n"),
        files=(file, lost),
        milestone="1",
        assignees=("17", "18"),
        estimate=1.5,
        spent=(TimeEntry(by="17", at=BEGAN, hours=0.5, text="码头"),),
        due="2026-03-01",
        reactions=(Reaction(name="+1", by=("17", "18")),),
        events=(
            TimelineEvent(kind="closed", by="18", at=BEGAN + timedelta(hours=1), data={}),
            TimelineEvent(kind="status", at=BEGAN, data={"from": "未开始", "to": "处理中"}),
        ),
    )
    second = replace(issue("I7AAAA", "no, " * 100), state="closed", closed_at=BEGAN, confidential=True, labels=("a,b",))
    return [(ISSUE, first), (ISSUE, second)]


def _changes(names: dict[str, str]) -> list[tuple[MetadataKind, MetadataValue]]:
    head = names["refs/heads/tide"]
    position = DiffPosition(commit=head, path="tide.py", side="new", line=3, as_given={})
    on_line = ReviewThread(
        id="1", position=position, resolved=True, resolved_by="17", comments=(comment("9", "这一行"), comment("10"))
    )
    old = ReviewThread(id="2", position=replace(position, side="old", line=1), comments=(comment("11", "旧的"),))
    outside = ReviewThread(id="3", position=replace(position, line=999), comments=(comment("12", "不在差异里"),))
    proposed = replace(
        change("3"),
        state="open",
        draft=True,
        head=ChangeHead(branch="tide", commit=head),
        threads=(on_line, old, outside),
        reviews=(Review(id="1", by="17", state="changes_requested", text=markdown("再改改")),),
        reviewers=(
            Reviewer(by="18", role="reviewer", state="approved"),
            Reviewer(by="17", role="tester", state="rejected"),
        ),
    )
    forked = replace(
        change("4"),
        state="open",
        head=ChangeHead(repository="anna/api", branch="fork", commit=names["refs/matou/change/4/head"]),
        threads=(),
    )
    merged = replace(
        change("1"),
        head=ChangeHead(branch="gone", commit="d" * 40),
        merge_commit=names["refs/heads/main"],
        merged_at=BEGAN,
        merged_by="18",
        threads=(),
    )
    return [(CHANGE, proposed), (CHANGE, forked), (CHANGE, merged)]


def _around(sha256: str) -> list[tuple[MetadataKind, MetadataValue]]:
    made = release("v1.0/beta", asset("../app.zip", sha256=sha256), replace(asset("lost.zip"), sha256=None))
    return [
        (PERSON, person("17", "张三", email="zhang@example.com")),
        (PERSON, person("18", "Li *x*")),
        (PERSON, person("19", "走了", email="gone@example.com")),
        (MEMBER, MemberGrant(person="17", role="owner")),
        (MEMBER, MemberGrant(person="18", role="reporter")),
        (MEMBER, MemberGrant(person="19", role="owner", gone_in=1)),
        (LABEL, label()),
        (MILESTONE, Milestone(number="1", title="第一版", state="open", due="2026-03-01", kind="milestone")),
        (MILESTONE, Milestone(number="5", title="第一版", state="closed", kind="iteration")),
        (PROTECTION, ProtectionRule(pattern="main", target="branch", push=("maintainer",), force_push=False)),
        (PROTECTION, ProtectionRule(pattern="v*", target="tag")),
        (COMMIT_COMMENT, commit_comment("7")),
        (RELEASE, made),
        (RELEASE, replace(release("v2"), draft=True)),
    ]


def exported(saved: ArchiveWithMetadata, to: Path, **options: object) -> ExportReport:
    chosen = ExportOptions(to=to, format="gitlab", language="en", **options)  # type: ignore[arg-type]
    return export(saved.archive, chosen, lambda _path, _done, _all: None)


@pytest.fixture(scope="module")
def made(saved: ArchiveWithMetadata, tmp_path_factory: pytest.TempPathFactory) -> GitLabExport:
    folder = tmp_path_factory.mktemp("made")
    report = exported(saved, folder / "out")
    assert (report.faults, report.missing_files) == ([], 1)
    assert sorted(path.name for path in (folder / "out/harbour/api").iterdir()) == ["api.tar.gz", "numbers.csv"]
    return GitLabExport(folder / "out/harbour/api/api.tar.gz", folder / "unpacked")


def test_its_keys_and_types_are_those_of_exports_that_gitlab_writes(made: GitLabExport) -> None:
    assert "\n".join(made.strange_keys()) == ""


def test_it_names_nothing_that_is_not_there(made: GitLabExport) -> None:
    assert made.dangling() == []


def test_numbers_stay_and_letters_become_numbers_of_each_kind_apart(made: GitLabExport) -> None:
    assert [row["iid"] for row in made.rows("issues")] == [1, 2]
    assert [row["iid"] for row in made.rows("merge_requests")] == [1, 3, 4]
    assert "number at the source: I6D3AV" in made.row("issues", 1)["description"]


def test_a_text_names_its_files_and_other_items_as_they_are_there(made: GitLabExport) -> None:
    text = made.row("issues", 1)["description"]

    place = next(iter(made.uploads() - {one for one in made.uploads() if one.endswith(".zip")}))
    assert text.startswith("*Created by 张三*\n\n见 ![](/uploads/")
    assert "、#2、!3。\ufffd" in text
    assert place.endswith("/潮_水_.png")
    assert (made.folder / "uploads" / place).read_bytes() == PICTURE
    assert "lost\\.pdf" in text


def test_an_issue_has_what_gitlab_has_a_place_for(made: GitLabExport) -> None:
    first, second = made.rows("issues")

    assert (first["state"], first["due_date"], first["time_estimate"]) == ("opened", "2026-03-01", 5400)
    assert first["milestone"]["title"] == "第一版"
    assert [row["time_spent"] for row in first["timelogs"]] == [1800]
    assert (second["state"], second["closed_at"], second["confidential"]) == (
        "closed",
        "2026-01-01T08:00:00.000Z",
        True,
    )
    assert [one["label"]["title"] for one in second["label_links"]] == ["a;b"]
    assert len(second["title"]) == 255
    assert "title: no, no" in second["description"]


def test_only_members_whom_gitlab_can_find_are_said_to_have_to_do_something(made: GitLabExport) -> None:
    members = {row["user"]["public_email"]: row["access_level"] for row in made.rows("project_members")}
    zhang = next(row["user_id"] for row in made.rows("project_members") if row["user"]["public_email"])

    assert members == {"zhang@example.com": 40, None: 20}
    assert made.row("issues", 1)["issue_assignees"] == [{"user_id": zhang}]
    assert made.row("merge_requests", 3)["approvals"] == []
    assert "assigned to: 张三, Li \\*x\\*" in made.row("issues", 1)["description"]
    assert {row["name"] for row in made.rows("user_contributions")} >= {"张三", "Li *x*"}


def test_replies_are_one_discussion_and_what_was_done_is_told_by_the_system(made: GitLabExport) -> None:
    notes = {row["note"]: row for row in made.row("issues", 1)["notes"]}

    first, reply, alone = notes["同意 #2"], notes["我也是"], notes["另外"]
    assert first["discussion_id"] == reply["discussion_id"] != alone["discussion_id"]
    assert (first["type"], reply["type"], alone["type"]) == ("DiscussionNote", "DiscussionNote", None)
    assert notes["closed it"]["system"]
    assert notes["closed it"]["system_note_metadata"]["action"] == "closed"
    assert notes["changed the status 未开始 → 处理中"]["author"] == {"name": "somebody who is not named"}


def test_a_merge_request_has_its_commits_and_its_difference(made: GitLabExport, names: dict[str, str]) -> None:
    difference = made.row("merge_requests", 3)["merge_request_diff"]

    assert difference["head_commit_sha"] == names["refs/heads/tide"]
    assert difference["base_commit_sha"] == names["refs/heads/main"]
    assert [one["message"] for one in difference["merge_request_diff_commits"]] == ["three"]
    file = difference["merge_request_diff_files"][0]
    assert file["utf8_diff"] == "--- a/tide.py\n+++ b/tide.py\n@@ -1 +1,3 @@\n 1\n+2\n+3\n"
    assert (file["a_mode"], file["b_mode"], file["new_path"]) == ("100644", "100644", "tide.py")


def test_states_branches_and_who_merged(made: GitLabExport) -> None:
    merged, draft, forked = made.rows("merge_requests")

    assert (merged["state"], merged["metrics"]["merged_at"]) == ("merged", "2026-01-01T08:00:00.000Z")
    assert merged["metrics"]["merged_by_id"] == merged["merge_user_id"]
    assert "merge_request_diff" not in merged
    assert (draft["title"], draft["draft"], draft["source_branch"]) == ("Draft: 修正潮水表", True, "tide")
    assert forked["source_branch"] == "change-4/fork"


def test_a_thread_stands_on_its_line_or_tells_where_it_stood(made: GitLabExport) -> None:
    notes = {row["note"]: row for row in made.row("merge_requests", 3)["notes"]}

    line, old, outside = notes["这一行"], notes["旧的"], notes["tide\\.py:999\n\n不在差异里"]
    assert (line["position"]["old_line"], line["position"]["new_line"]) == (None, 3)
    assert line["line_code"].endswith("_2_3")
    assert line["note_diff_file"]["diff_export"] == "@@ -1 +1,3 @@\n 1\n+2\n+3\n"
    assert line["resolved_by_id"]
    assert (old["position"]["old_line"], old["position"]["new_line"], old["line_code"][-4:]) == (1, 1, "_1_1")
    assert (outside["type"], outside.get("position")) == ("DiscussionNote", None)


def test_decisions_are_told_and_what_was_written_with_them_is_a_comment(made: GitLabExport) -> None:
    notes = {row["note"]: row for row in made.row("merge_requests", 3)["notes"]}

    assert notes["approved it"]["system_note_metadata"]["action"] == "approved"
    assert notes["asked for changes"]["system"]
    assert not notes["再改改"]["system"]


def test_a_release_has_its_files_as_uploads_and_links_to_those_that_are_lost(made: GitLabExport) -> None:
    (row,) = made.rows("releases")

    assert (row["tag"], row["name"]) == ("v1.0/beta", "第一版 v1.0/beta")
    assert "[\\.\\./app\\.zip](/uploads/" in row["description"]
    assert [one["name"] for one in row["links"]] == ["lost.zip"]


def test_the_bundle_is_one_from_which_git_clones_with_the_commits_of_every_change(
    made: GitLabExport, tmp_path: Path, names: dict[str, str]
) -> None:
    git(None, "clone", "--quiet", "--mirror", str(made.folder / "project.bundle"), str(tmp_path / "there.git"))
    there = {str(name): str(oid) for name, oid in refs_of(tmp_path / "there.git").items()}

    git(tmp_path / "there.git", "fsck", "--strict")
    assert {name: there[name] for name in ("refs/heads/main", "refs/heads/tide")} == {
        name: names[name] for name in ("refs/heads/main", "refs/heads/tide")
    }
    assert there["refs/merge-requests/4/head"] == there["refs/heads/change-4/fork"] == names["refs/matou/change/4/head"]
    assert there["refs/merge-requests/3/head"] == names["refs/heads/tide"]
    assert not any(name.startswith("refs/matou/") for name in there)


def test_what_a_project_has_becomes_a_project_without_code(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    exported(saved, tmp_path / "out")

    found = GitLabExport(tmp_path / "out/harbour/-/harbour.tar.gz", tmp_path / "unpacked")
    assert [row["title"] for row in found.rows("issues")] == ["项目的需求"]
    assert not (found.folder / "project.bundle").exists()
    assert (found.strange_keys(), found.dangling()) == ([], [])
    assert json.loads(found.text("tree/project.json"))["visibility_level"] == 0


def test_the_same_archive_gives_the_same_bytes(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    for name in ("one", "other"):
        exported(saved, tmp_path / name, include=("harbour/api",))

    one, other = (tmp_path / name / "harbour/api/api.tar.gz" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
