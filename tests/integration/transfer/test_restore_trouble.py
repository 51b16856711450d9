"""A restore that meets damage, a full disk, somebody else's files, or its own end."""

import hashlib
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.transfer.restored_trees import API, LARGE, WEB, add_large_file, refs_of, restored, web
from integration.transfer.saved_archives import (
    Team,
    digest_of,
    make_repository,
    pointer_text,
)
from matou.fs import DiskFull
from matou.transfer.restore.command import STAGING
from matou.transfer.restore.report import Layout, RestoreReport

__all__ = ["web"]


def test_a_repository_of_which_nothing_was_saved_is_reported_not_made(team: Team, web: Path, tmp_path: Path) -> None:
    team.save({WEB: web, API: None})

    plain = restored(team, tmp_path / "plain")
    script = restored(team, tmp_path / "script", layout=Layout.CODING_SCRIPT)

    assert plain.not_saved == (f"{API}.git",)
    assert not (tmp_path / "plain" / f"{API}.git").exists()
    assert script.not_saved == ("project/api",)
    assert [path.name for path in (tmp_path / "script" / "project" / "api").iterdir()] == ["DepotInfo.txt"]
    assert restored(team, tmp_path / "script", layout=Layout.CODING_SCRIPT).not_saved == script.not_saved


@pytest.mark.parametrize("damage", ["flip", "no pack", "no folder", "snapshot"])
def test_a_damaged_repository_is_refused_and_the_others_are_made(
    team: Team, web: Path, tmp_path: Path, damage: str
) -> None:
    api = make_repository(tmp_path / "api", commits=8)
    team.save({WEB: web, API: api})
    harm(team, damage)

    report = restored(team, tmp_path / "out")

    assert report.restored == (f"{WEB}.git",)
    assert [(problem.path, problem.is_damage) for problem in report.problems] == [(f"{API}.git", True)]
    assert report.has_damage
    assert not (tmp_path / "out" / f"{API}.git").exists()


def harm(team: Team, damage: str) -> None:
    pack = next((team.git_dir(API) / "objects" / "pack").glob("*.pack"))
    if damage == "flip":
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 4
        pack.chmod(0o644)
        pack.write_bytes(content)
    elif damage == "snapshot":
        team.blob(team.lines[API].snapshot or "").unlink()
    elif damage == "no folder":
        shutil.rmtree(team.git_dir(API))
    else:
        pack.unlink()


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_repository_whose_lfs_object_is_damaged_is_made_without_it_and_says_so(
    team: Team, web: Path, tmp_path: Path, damage: str
) -> None:
    add_large_file(web.parent)
    team.lfs[WEB] = {digest_of(LARGE): LARGE}
    team.save({WEB: web})
    blob = team.blob(digest_of(LARGE))
    blob.unlink()
    for content in [b"changed"] * (damage == "changed"):
        blob.write_bytes(content)

    reports = [restored(team, tmp_path / "out", worktree=True) for _ in range(2)]

    assert [report.has_damage for report in reports] == [True, True]
    assert digest_of(LARGE) in str(reports[0].problems[0])
    assert (tmp_path / "out" / WEB / "large.bin").read_text() == pointer_text(LARGE)


def test_an_lfs_object_that_the_source_has_lost_is_no_damage(team: Team, web: Path, tmp_path: Path) -> None:
    add_large_file(web.parent)
    team.lfs[WEB] = {digest_of(LARGE): None}
    team.save({WEB: web})

    report = restored(team, tmp_path / "out", worktree=True)

    assert report.restored == (WEB,)
    assert not report.has_damage
    assert ["stands as a pointer" in str(problem) for problem in report.problems] == [True]


@pytest.mark.parametrize("layout", list(Layout))
def test_a_second_restore_finds_everything_there(team: Team, web: Path, tmp_path: Path, layout: Layout) -> None:
    team.save({WEB: web})
    first = restored(team, tmp_path / "out", layout=layout)

    second = restored(team, tmp_path / "out", layout=layout)

    assert second == RestoreReport((), first.restored, (), ())


@pytest.mark.parametrize("worktree", [False, True])
def test_what_somebody_else_put_there_is_left_as_it_is(team: Team, web: Path, tmp_path: Path, worktree: bool) -> None:
    api = make_repository(tmp_path / "api")
    team.save({WEB: web, API: api})
    place = tmp_path / "out" / (WEB if worktree else f"{WEB}.git")
    place.mkdir(parents=True)
    (place / "thesis.tex").write_text("mine")

    report = restored(team, tmp_path / "out", worktree=worktree)

    assert [str(problem.cause) for problem in report.problems] == [f"{place} holds something else"]
    assert not report.has_damage
    assert len(report.restored) == 1
    assert [path.name for path in place.iterdir()] == ["thesis.tex"]


def test_a_link_in_the_way_is_not_followed(team: Team, web: Path, tmp_path: Path) -> None:
    team.save({WEB: web})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "team").symlink_to(tmp_path / "elsewhere")

    report = restored(team, tmp_path / "out")

    assert ["is no folder" in str(problem) for problem in report.problems] == [True]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.fixture
def files_of_one_megabyte() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_a_restore_by_name_and_leaves_nothing_half_made(
    team: Team, web: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    team.lfs[WEB] = {digest_of(b"x" * 2_000_000): b"x" * 2_000_000}
    team.save({WEB: web})
    request.getfixturevalue("files_of_one_megabyte")

    with pytest.raises(DiskFull, match="bytes are free") as full:
        restored(team, tmp_path / "out")

    assert f"writing {tmp_path / 'out' / WEB}.git" in str(full.value)
    assert STAGING not in str(full.value)

    assert [path.name for path in (tmp_path / "out").iterdir()] == [STAGING]
    assert [path.name for path in (tmp_path / "out" / STAGING).iterdir()] == ["lock"]


RESTORE_AND_DIE = """
import os, pathlib, sys
from datetime import datetime, UTC
from matou.archive.layout import Archive
from matou.fs import DiskFull
from matou.transfer.restore.command import restore

def die_at(path, done, expected):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), 9)

restore(Archive.open(pathlib.Path(sys.argv[1])), to=pathlib.Path(sys.argv[2]), now=datetime.now(UTC), progress=die_at)
"""


@pytest.mark.parametrize("done", [1, 3])
def test_a_restore_that_was_killed_goes_on(team: Team, web: Path, tmp_path: Path, done: int) -> None:
    paths = [f"team/project/r{number}" for number in range(5)]
    team.save(dict.fromkeys(paths, web))
    out = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", RESTORE_AND_DIE, team.archive.root, out, str(done)], check=False)
    for path in paths:
        half_made = hashlib.sha256(f"{path}.git".encode()).hexdigest()[:16]
        (out / STAGING / half_made / "objects").mkdir(parents=True)

    report = restored(team, out)

    assert killed.returncode == -9
    assert (len(report.restored), len(report.already_there), report.problems) == (5 - done, done, ())
    assert [refs_of(out / f"{path}.git") for path in paths] == [refs_of(web)] * 5
    assert not (out / STAGING).exists()
