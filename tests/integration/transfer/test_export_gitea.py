"""What `matou export --format gitea` writes is what `gitea restore-repo` reads, and loses nothing on the way."""

from dataclasses import replace
from pathlib import Path

import pytest

from matou.git.refs.listing import fault_of_ref_name
from matou.model.metadata import (
    AttachedFile,
    ChangeHead,
    DiffPosition,
    Issue,
    MetadataValue,
    Milestone,
    Reaction,
    Review,
    Reviewer,
    ReviewThread,
)
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, MILESTONE, PERSON, RELEASE, MetadataKind
from matou.transfer.export.command import ExportOptions, ExportReport, export
from support.archive_with_metadata import ArchiveWithMetadata
from support.commits import commit_in
from support.git_repositories import assert_sound, git, init_bare, refs_of
from support.gitea_dump import GiteaDump
from support.metadata_items import BEGAN, asset, change, comment, issue, label, markdown, person, release

TEXT = "见 #I6D3AV、!3，不是 `!3`。\n\n~~~\n#I6D3AV\n~~~\nyes: no\x85\u2028: - [x"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    made = init_bare(tmp_path / "code.git")
    commit_stream_of = {"main": b"1\n", "tide": b"1\n2\n3\n", "fork": b"9\n"}
    for at, (branch, content) in enumerate(commit_stream_of.items()):
        if branch != "main":
            git(made, "branch", branch, "main~" if branch == "fork" else "main")
        commit_in(made, {"tide.py": content}, branch, at=100 + at, branch=branch)
        if branch == "main":
            commit_in(made, {"other.py": b"1\n"}, "more", at=109, branch=branch)
    # What a fork proposed: no branch has it.
    git(made, "update-ref", "refs/matou/change/4/head", "refs/heads/fork")
    git(made, "update-ref", "-d", "refs/heads/fork")
    return made


@pytest.fixture
def saved(tmp_path: Path, code: Path) -> ArchiveWithMetadata:
    made = ArchiveWithMetadata(tmp_path / "archive")
    refs = names_in(code)
    made.add_code("harbour/api", code)
    sha256 = made.archive.blobs.put_bytes(b"a zip file!!")
    file = AttachedFile(url="https://gitee.com/uploads/tide.png", sha256=sha256, size=12, name="tide.png")
    first = replace(
        issue("I6D3AV", "潮水表", comments=(comment("1", "同意 #I7AAAA"),)),
        text=markdown(TEXT),
        files=(file,),
        milestone="1",
        reactions=(Reaction(name="+1", by=("17", "17", "anna")),),
    )
    second = replace(
        issue("I7AAAA", "no"), state="closed", closed_at=BEGAN, confidential=True, locked=True, updated_at=None
    )
    tip, head = refs["refs/heads/main"], refs["refs/heads/tide"]
    position = DiffPosition(commit=head, path="tide.py", side="new", line=3, as_given={})
    on_line = ReviewThread(id="1", position=position, comments=(comment("9", "这一行"), comment("10", "!4")))
    old = ReviewThread(id="2", position=replace(position, side="old", line=1), comments=(comment("11", "旧的"),))
    loose = ReviewThread(id="3", path="tide.py", comments=(comment("12", "整个文件"),))
    proposed = replace(
        change("3"),
        state="open",
        draft=True,
        head=ChangeHead(branch="tide", commit=head),
        threads=(on_line, old, loose),
        reviews=(Review(id="1", by="17", state="changes_requested", text=markdown("再改改")),),
        reviewers=(
            Reviewer(by="18", role="reviewer", state="approved"),
            Reviewer(by="17", role="tester", state="rejected"),
        ),
    )
    forked = replace(
        change("4"),
        state="open",
        head=ChangeHead(repository="anna/api", branch="fork", commit=refs["refs/matou/change/4/head"]),
        threads=(),
    )
    lost = replace(change("5"), head=ChangeHead(branch="gone", commit="d" * 40), merge_commit=tip)
    values: list[tuple[MetadataKind, MetadataValue]] = [
        (ISSUE, first),
        (ISSUE, second),
        (CHANGE, proposed),
        (CHANGE, forked),
        (CHANGE, lost),
    ]
    values += [(PERSON, person("17", "张三")), (PERSON, person("18", "Li")), (LABEL, label())]
    values += [(MILESTONE, Milestone(number="1", title="第一版", state="open", due="2026-03-01", kind="milestone"))]
    values += [(RELEASE, release("v1.0/beta", asset("../app.zip", sha256=sha256), asset("lost.zip")))]
    made.run({"harbour/api": values}, {"harbour": [(ISSUE, issue("1", "项目的需求"))]})
    return made


@pytest.fixture
def dump(saved: ArchiveWithMetadata, tmp_path: Path) -> GiteaDump:
    report = exported(saved, tmp_path / "out")
    assert (report.faults, report.missing_files) == ([], 1)
    return GiteaDump(tmp_path / "out/harbour/api")


def names_in(git_dir: Path) -> dict[str, str]:
    return {str(name): str(oid) for name, oid in refs_of(git_dir).items()}


def exported(saved: ArchiveWithMetadata, to: Path) -> ExportReport:
    return export(saved.archive, ExportOptions(to=to, format="gitea", language="en"), lambda _path, _done, _all: None)


def test_numbers_have_digits_alone_and_changes_begin_behind_the_issues(dump: GiteaDump) -> None:
    assert [(one.number, one.title) for one in dump.issues] == [(1, "潮水表"), (2, "no")]
    assert [one.number for one in dump.pulls] == [3, 4, 5]
    assert "number at the source: \\#I6D3AV" in dump.issues[0].content


def test_references_follow_the_numbers_but_not_in_code(dump: GiteaDump) -> None:
    assert dump.issues[0].content.startswith("见 #1、!3，不是 `!3`。\n\n~~~\n#I6D3AV\n~~~\nyes: no\x85\u2028: - [x")
    assert dump.comments(1)[0].content == "同意 #2"


def test_an_issue_has_all_that_gitea_has_a_place_for(dump: GiteaDump) -> None:
    first, second = dump.issues

    assert (first.poster_id, first.poster_name, first.state, first.milestone) == (17, "张三", "open", "第一版")
    assert [(one.name, one.color) for one in first.labels] == [(one.name, one.color) for one in dump.labels]
    assert [(one.user_id, one.content) for one in first.reactions] == [(17, "+1")]
    assert (second.state, second.closed, second.is_locked) == ("closed", BEGAN, True)
    assert dump.milestones[0].deadline is not None
    place = first.content.partition("(")[2].partition(")")[0].replace("\\", "")
    assert (dump.folder / place).read_bytes() == b"a zip file!!"


def test_an_issue_that_few_may_read_makes_the_repository_private(dump: GiteaDump) -> None:
    assert dump.repository["is_private"] == "true"
    assert (dump.repository["owner"], dump.repository["name"]) == ("harbour", "api")


def test_the_commits_of_changes_are_where_gitea_looks(dump: GiteaDump, code: Path) -> None:
    refs = names_in(dump.folder / "git")
    there = names_in(code)
    proposed, forked, lost = dump.pulls

    assert_sound(dump.folder / "git")
    assert refs["refs/pull/3/head"] == proposed.head.sha == there["refs/heads/tide"]
    assert refs["refs/pull/4/head"] == forked.head.sha == there["refs/matou/change/4/head"]
    assert proposed.head.ref == "tide"
    assert refs[f"refs/heads/{forked.head.ref}"] == forked.head.sha
    assert proposed.base.sha == git(code, "merge-base", "main", "tide").strip()
    assert (lost.merged, lost.state, lost.base.sha) == (True, "closed", "")
    # Where nothing says when, Gitea would have it closed in 1970, and by no commit.
    assert lost.merged_time == lost.closed == BEGAN
    assert not [name for name in refs if name.startswith(("refs/matou/", "refs/pull/5/"))]
    assert all((dump.folder / one.patch_url).is_file() for one in dump.pulls)


def test_a_draft_is_one(dump: GiteaDump) -> None:
    assert dump.pulls[0].title == "WIP: 修正潮水表"
    assert dump.pulls[1].title == "修正潮水表"


def test_each_comment_on_a_line_stays_with_who_wrote_it(dump: GiteaDump) -> None:
    reviews = dump.reviews(3)

    decided = [(one.reviewer_name, one.state, one.content) for one in reviews if not one.comments]
    assert decided == [("张三", "CHANGES_REQUESTED", "再改改"), ("Li", "APPROVED", "")]
    lines = [(said.content, said.tree_path, said.line) for one in reviews for said in one.comments]
    assert lines == [("这一行", "tide.py", 3), ("!4", "tide.py", 3), ("旧的", "tide.py", -1)]
    assert [one.content for one in dump.comments(3)] == ["tide\\.py\n\n整个文件"]


def test_what_was_said_on_lines_that_are_lost_stays_as_comments(dump: GiteaDump) -> None:
    assert dump.reviews(5) == []
    assert [one.content for one in dump.comments(5)] == ["tide\\.py:3\n\n这一行"]


def test_a_release_has_the_files_whose_bytes_are_there(dump: GiteaDump) -> None:
    (release,) = dump.releases

    assert release.tag_name == "v1.0/beta"
    (file,) = release.assets
    assert (file.name, file.size) == ("../app.zip", 12)
    place = (dump.folder / file.download_url).resolve()
    assert place.is_relative_to(dump.folder.resolve())
    assert place.read_bytes() == b"a zip file!!"


def test_a_project_becomes_a_repository_without_code(dump: GiteaDump) -> None:
    project = GiteaDump(dump.folder.parent / "-")

    assert [one.title for one in project.issues] == ["项目的需求"]
    assert refs_of(project.folder / "git") == {}
    assert project.repository["is_private"] == "true"


def test_changes_move_behind_issues_of_the_same_numbers(tmp_path: Path) -> None:
    made = ArchiveWithMetadata(tmp_path / "archive")
    items = [Issue(number=number, title=number, state="open") for number in ("3", "12")]
    made.run({"harbour/api": [*((ISSUE, one) for one in items), (CHANGE, change("3")), (CHANGE, change("20"))]})
    exported(made, tmp_path / "out")

    dump = GiteaDump(tmp_path / "out/harbour/api")
    assert [one.number for one in dump.issues] == [3, 12]
    assert [one.number for one in dump.pulls] == [15, 32]
    assert dump.pulls[0].content == "- number at the source: \\!3"


def test_names_that_gitea_would_stumble_over_do_not_end_its_restore(tmp_path: Path, code: Path) -> None:
    """Tried with a Gitea: two tags that are none to git are one empty tag to it, which ends the restore."""
    made = ArchiveWithMetadata(tmp_path / "archive")
    made.add_code("harbour/api", code)
    head = ChangeHead(branch="\ud800", commit=names_in(code)["refs/heads/tide"])
    values: list[tuple[MetadataKind, MetadataValue]] = [
        *((RELEASE, release(tag)) for tag in ("v1", "a b", "..", "\ud800", "release-2")),
        (MILESTONE, Milestone(number="7", title="", state="open", kind="milestone")),
        (LABEL, label("\ud800")),
        *((CHANGE, replace(change(number), state="open", head=head)) for number in ("1", "2")),
        (CHANGE, replace(change("3"), state="open", head=replace(head, branch="x" * 300))),
    ]
    made.run({"harbour/api": values})

    assert exported(made, tmp_path / "out").faults == []

    dump = GiteaDump(tmp_path / "out/harbour/api")
    tags = [one.tag_name for one in dump.releases]
    assert len(set(tags)) == len(tags) == 5
    assert "v1" in tags
    assert all(fault_of_ref_name(f"refs/tags/{tag}") is None for tag in tags)
    assert any("tag: a b" in one.body for one in dump.releases)
    assert [one.title for one in dump.milestones] == ["7"]
    assert [one.head.ref for one in dump.pulls] == ["change-1/head", "change-2/head", "change-3/head"]
