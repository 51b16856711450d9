"""`restore` gives back what was saved, as it was at any run, and nothing that is damaged."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from integration.transfer.restored_trees import API, LARGE, WEB, add_large_file, refs_of, restored, web
from integration.transfer.saved_archives import (
    CREATED_AT_MILLISECONDS,
    ICON,
    NOW,
    Team,
    commit_file,
    digest_of,
    git,
    make_repository,
    pointer_text,
)
from matou.archive.lock import ArchiveBusy, lock_archive
from matou.archive.run_history import NoSuchRun
from matou.git.refs.listing import read_refs
from matou.transfer.common.filters import NothingMatches
from matou.transfer.common.saved_repositories import RunState, runs, show
from matou.transfer.restore.command import STAGING, TargetInArchive
from matou.transfer.restore.report import Layout, RestoreReport
from matou.transfer.restore.worktree import pointed_at

__all__ = ["web"]


def tree_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder that is no git directory: its type and whether it may be executed, and its content."""
    return {path.relative_to(folder).as_posix(): file_of(path) for path in files_below(folder)}


def files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from files_below(path) if path.name != ".git" else ()
        else:
            yield path


def file_of(path: Path) -> tuple[int, bytes]:
    mode = path.lstat().st_mode
    content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return (stat.S_IFMT(mode) | mode & stat.S_IXUSR, content)


def make_full_worktree(folder: Path) -> None:
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("../../elsewhere")
    (folder / "码头").mkdir()
    (folder / "码头" / "说明.txt").write_text("中文\n")
    (folder / "back\\slash").write_text("x")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all sorts")


def test_a_plain_repository_has_the_refs_and_the_head_of_its_source(team: Team, web: Path, tmp_path: Path) -> None:
    git(web.parent, "checkout", "-q", "topic")
    git(web.parent, "notes", "add", "-m", "a note", "main")
    team.save({WEB: web})

    report = restored(team, tmp_path / "out")

    copy = tmp_path / "out" / f"{WEB}.git"
    assert report == RestoreReport((f"{WEB}.git",), (), (), ())
    assert refs_of(copy) == refs_of(web)
    assert git(copy, "symbolic-ref", "HEAD") == "refs/heads/topic"
    assert git(copy, "fsck", "--full", "--no-dangling") == ""
    assert git(copy, "config", "core.bare") == "true"
    assert not (tmp_path / "out" / STAGING).exists()


def test_the_refs_of_any_run_come_back_exactly(team: Team, web: Path, tmp_path: Path) -> None:
    at_first = refs_of(web)
    team.save({WEB: web})
    git(web.parent, "reset", "-q", "--hard", "HEAD~2")
    git(web.parent, "branch", "-q", "-D", "topic")
    git(web.parent, "tag", "-d", "v1")
    commit_file(web.parent, "file.txt", "force-pushed")
    team.save({WEB: web})

    restored(team, tmp_path / "first", at=1)
    restored(team, tmp_path / "second")

    assert refs_of(tmp_path / "first" / f"{WEB}.git") == at_first
    assert refs_of(tmp_path / "second" / f"{WEB}.git") == refs_of(web)
    assert git(tmp_path / "first" / f"{WEB}.git", "fsck", "--full", "--no-dangling") == ""


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_work_tree_has_the_files_of_its_head(team: Team, tmp_path: Path, object_format: str) -> None:
    source = make_repository(tmp_path / "source", object_format=object_format)
    make_full_worktree(source.parent)
    team.save({WEB: source})

    report = restored(team, tmp_path / "out", worktree=True)

    assert (report.restored, report.problems) == ((WEB,), ())
    assert tree_of(tmp_path / "out" / WEB) == tree_of(source.parent)
    assert git(tmp_path / "out" / WEB, "status", "--porcelain") == ""
    assert refs_of(tmp_path / "out" / WEB) == refs_of(source)


def test_large_files_stand_in_the_work_tree_and_where_git_lfs_has_them(team: Team, web: Path, tmp_path: Path) -> None:
    add_large_file(web.parent, "folder/large.bin")
    (web.parent / "tool.bin").write_text(pointer_text(LARGE))
    (web.parent / "tool.bin").chmod(0o755)
    commit_file(web.parent, "pointer.txt", pointer_text(LARGE))
    git(web.parent, "add", "-A")
    git(web.parent, "commit", "-q", "-m", "a tool")
    team.lfs[WEB] = {digest_of(LARGE): LARGE}
    team.save({WEB: web})

    report = restored(team, tmp_path / "out", worktree=True)

    tree = tree_of(tmp_path / "out" / WEB)
    assert report.problems == ()
    assert tree["folder/large.bin"] == (stat.S_IFREG, LARGE)
    assert tree["tool.bin"] == (stat.S_IFREG | stat.S_IXUSR, LARGE)
    assert tree["pointer.txt"][1].decode() == pointer_text(LARGE)
    oid = digest_of(LARGE)
    assert (tmp_path / "out" / WEB / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid).read_bytes() == LARGE


def test_a_large_file_is_never_written_through_a_link(team: Team, web: Path, tmp_path: Path) -> None:
    add_large_file(web.parent)
    victim = tmp_path / "victim"
    victim.write_text(pointer_text(LARGE))
    (web.parent / "link.bin").symlink_to(victim)
    git(web.parent, "add", "-A")
    git(web.parent, "commit", "-q", "-m", "a link to elsewhere")
    team.lfs[WEB] = {digest_of(LARGE): LARGE}
    team.save({WEB: web})

    restored(team, tmp_path / "out", worktree=True)

    assert victim.read_text() == pointer_text(LARGE)
    assert (tmp_path / "out" / WEB / "link.bin").readlink() == victim


def test_no_link_on_the_way_to_a_pointer_is_followed(tmp_path: Path) -> None:
    """As a file system that takes `A` for `a` would have it: git wrote a link where the index has a folder."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text(pointer_text(LARGE))
    (tmp_path / "worktree").mkdir()
    (tmp_path / "worktree" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "worktree" / "file").symlink_to(tmp_path / "elsewhere" / "file")

    assert pointed_at(tmp_path / "worktree", b"folder/file") is None
    assert pointed_at(tmp_path / "worktree", b"file") is None
    assert pointed_at(tmp_path / "elsewhere", b"file") == digest_of(LARGE)


@pytest.mark.parametrize("name", [".git/config", "..", "../outside", ".GIT/config", "git~1/config"])
def test_a_tree_with_a_hostile_path_writes_nothing_outside(team: Team, tmp_path: Path, name: str) -> None:
    source = make_repository(tmp_path / "source")
    blob = git(source, "hash-object", "-w", "--stdin", data=b"hostile")
    tree = blob
    kind = "100644 blob"
    for part in reversed(name.split("/")):
        tree = git(source, "mktree", "--missing", data=f"{kind} {tree}\t{part}\n".encode())
        kind = "040000 tree"
    commit = git(source, "commit-tree", "-m", "hostile", tree)
    git(source, "update-ref", "refs/heads/main", commit)
    team.save({WEB: source})

    report = restored(team, tmp_path / "out", worktree=True)

    assert not (tmp_path / "out" / "team" / "project" / "outside").exists()
    assert b"hostile" not in (tmp_path / "out" / WEB / ".git" / "config").read_bytes()
    assert [problem.path for problem in report.problems] == [WEB]
    assert refs_of(tmp_path / "out" / WEB) == refs_of(source)


@pytest.mark.parametrize("shape", ["empty", "tags only", "unborn head", "detached head"])
def test_unusual_repositories_come_back_as_they_were(team: Team, tmp_path: Path, shape: str) -> None:
    source = make_unusual(tmp_path / "source", shape)
    team.save({WEB: source})

    report = restored(team, tmp_path / "bare")
    with_files = restored(team, tmp_path / "files", worktree=True)

    copy = tmp_path / "bare" / f"{WEB}.git"
    assert (report.problems, with_files.problems) == ((), ())
    assert refs_of(copy) == refs_of(source)
    assert (copy / "HEAD").read_text() == (source / "HEAD").read_text()


def make_unusual(folder: Path, shape: str) -> Path:
    source = make_repository(folder)
    if shape == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
        git(folder, "init", "-q", "-b", "trunk")
    elif shape == "tags only":
        for branch in ("main", "topic"):
            git(source, "update-ref", "-d", f"refs/heads/{branch}")
    elif shape == "unborn head":
        git(source, "symbolic-ref", "HEAD", "refs/heads/not-yet")
    else:
        git(folder, "checkout", "-q", "--detach", "topic")
    return source


def the_script(project: Path, display_name: str, depots: dict[str, Path]) -> None:
    """What the script does once it has asked CODING: its own commands, with a folder in place of the URL."""
    project.mkdir(parents=True)
    (project / "ProjectInfo.txt").write_bytes(f"{display_name}\nabout project\n{CREATED_AT_MILLISECONDS}".encode())
    (project / "icon").write_bytes(ICON)
    for name, source in depots.items():
        depot = project / name
        depot.mkdir()
        (depot / "DepotInfo.txt").write_bytes(f"{name}\nabout {name}\n{CREATED_AT_MILLISECONDS}".encode())
        git(depot, "clone", "-q", "--mirror", str(source), ".git")
        git(depot, "config", "remote.origin.url", f"https://e.coding.net/team/project/{name}.git")
        git(depot, "config", "--bool", "core.bare", "false")
        subprocess.run(["git", "-C", depot, "reset", "-q", "--hard"], check=False, capture_output=True)


def test_the_layout_of_the_script_is_what_the_script_makes(team: Team, tmp_path: Path) -> None:
    sources = {name: make_repository(tmp_path / name) for name in ("api", "web")}
    make_full_worktree(tmp_path / "web")
    sources["empty"] = make_unusual(tmp_path / "empty", "empty")
    team.display_names["team/project"] = "示例 项目"
    team.save({f"team/project/{name}": source for name, source in sources.items()})
    the_script(tmp_path / "script" / "示例 项目", "示例 项目", sources)

    report = restored(team, tmp_path / "out", layout=Layout.CODING_SCRIPT)

    assert report.problems == ()
    assert tree_of(tmp_path / "out") == tree_of(tmp_path / "script")
    for name in sources:
        ours, theirs = (tmp_path / folder / "示例 项目" / name for folder in ("out", "script"))
        assert refs_of(ours) == refs_of(theirs)
        assert sorted(git(ours, "config", "--list").split()) == sorted(git(theirs, "config", "--list").split())
        assert (ours / ".git/HEAD").read_text() == (theirs / ".git/HEAD").read_text()
        assert git(ours, "status", "--porcelain") == git(theirs, "status", "--porcelain") == "?? DepotInfo.txt"


def test_hostile_and_equal_display_names_get_folders_of_their_own(team: Team, web: Path, tmp_path: Path) -> None:
    paths = [f"team/project{number}/icon" for number in range(5)]
    names = ["../../outside", "Same", "same", "支付（测试）", "Same"]
    team.display_names = {f"team/project{number}": name for number, name in enumerate(names)}
    team.save(dict.fromkeys(paths, web))

    report = restored(team, tmp_path / "out" / "target", layout=Layout.CODING_SCRIPT)

    folders = sorted(path.name for path in (tmp_path / "out" / "target").iterdir())
    assert report.problems == ()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["target"]
    assert len({folder.casefold() for folder in folders}) == 5
    assert {"Same", "支付（测试）"} <= set(folders)
    assert (tmp_path / "out" / "target" / "Same" / "icon").read_bytes() == ICON
    assert all(path.startswith("icon~") for path in (one.rpartition("/")[2] for one in report.restored))


def test_only_what_is_wanted_is_made(team: Team, web: Path, tmp_path: Path) -> None:
    team.save({WEB: web, API: web, "team/other/api": web})

    report = restored(team, tmp_path / "out", include=["api"], exclude=["other/*"])

    assert report.restored == (f"{API}.git",)


def test_a_projects_name_means_all_of_it_and_one_that_is_mistyped_is_an_error(
    team: Team, web: Path, tmp_path: Path
) -> None:
    team.save({WEB: web, API: web, "team/other/api": web})
    project = API.split("/")[1]

    report = restored(team, tmp_path / "out", include=[project])
    with pytest.raises(NothingMatches, match=f"'{project}x'"):
        restored(team, tmp_path / "none", include=[f"{project}x"])

    assert report.restored == tuple(sorted((f"{API}.git", f"{WEB}.git")))
    assert not (tmp_path / "none").exists()


def test_a_run_that_was_cut_off_or_never_was_cannot_be_restored(team: Team, web: Path, tmp_path: Path) -> None:
    team.save({WEB: web})
    interrupted = team.save({WEB: web}, publish=False)

    for run in (interrupted, 9):
        with pytest.raises(NoSuchRun, match=f"run {run}"):
            restored(team, tmp_path / "out", at=run)


def test_nothing_is_restored_into_the_archive(team: Team, web: Path) -> None:
    team.save({WEB: web})

    with pytest.raises(TargetInArchive):
        restored(team, team.archive.root / "out")


def test_two_restores_to_one_folder_do_not_meet(team: Team, web: Path, tmp_path: Path) -> None:
    team.save({WEB: web})
    staging = tmp_path / "out" / STAGING
    staging.mkdir(parents=True)

    with lock_archive(staging, now=NOW), pytest.raises(ArchiveBusy) as busy:
        restored(team, tmp_path / "out")

    assert STAGING not in str(busy.value)


def test_the_configuration_of_an_archive_from_elsewhere_is_not_taken_over(
    team: Team, web: Path, tmp_path: Path
) -> None:
    team.save({WEB: web})
    canary = tmp_path / "canary"
    hook = team.git_dir(WEB) / "hooks" / "post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    with (team.git_dir(WEB) / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = touch {canary}\n\thooksPath = {hook.parent}\n[alias]\n\tx = !touch\n")

    restored(team, tmp_path / "out", worktree=True)

    assert not canary.exists()
    assert "canary" not in (tmp_path / "out" / WEB / ".git" / "config").read_text()
    assert not (tmp_path / "out" / WEB / ".git" / "hooks").exists()


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/x", "-oProxyCommand=x", "file:///etc", "https://x/\n[core]\n\tfsmonitor = x"]
)
def test_a_url_that_is_more_than_a_url_does_not_reach_a_configuration(
    team: Team, web: Path, tmp_path: Path, url: str
) -> None:
    team.save({WEB: web}, publish=False)
    team.lines[WEB] = msgspec.structs.replace(team.lines[WEB], clone_url=url)
    team.save({})

    restored(team, tmp_path / "out")

    assert "remote" not in git(tmp_path / "out" / f"{WEB}.git", "config", "--list")


def test_show_gives_the_refs_as_they_were_at_a_run(team: Team, web: Path) -> None:
    before = read_refs(web)
    team.save({WEB: web, API: None})
    commit_file(web.parent, "file.txt", "later")
    team.save({WEB: web})

    (first, unsaved), (second, _) = show(team.archive, at=1).repositories, show(team.archive).repositories

    assert (first.line.path, unsaved.line.path) == (WEB, API)
    assert first.refs is not None
    assert second.refs is not None
    assert first.refs.refs == before.refs
    assert second.refs.refs == read_refs(web).refs
    assert unsaved.refs is None


def test_runs_lists_every_run_that_ever_began(team: Team, web: Path) -> None:
    team.save({WEB: web})
    team.save({WEB: web}, publish=False)
    team.save({WEB: web})
    team.archive.manifest(3).write_bytes(team.archive.manifest(3).read_bytes()[:-5])

    summaries = list(runs(team.archive))

    assert [(one.run, one.state) for one in summaries] == [
        (1, RunState.ENDED),
        (2, RunState.INTERRUPTED),
        (3, RunState.DAMAGED),
    ]
    assert summaries[0].end is not None
    assert summaries[2].fault is not None
