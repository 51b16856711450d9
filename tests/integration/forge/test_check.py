"""Where the database and the disk disagree is found and named."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.maintenance.check import Finding, FindingKind, check
from matou.git.repository import create_bare
from support.clocks import Clock


@pytest.fixture
def git_dir(forge: Forge, repository: Repository) -> Path:
    return forge.git_dir(repository)


def test_what_agrees_is_not_mentioned(forge: Forge, repository: Repository) -> None:
    assert check(forge) == ()


def test_an_archive_without_repositories_agrees(forge: Forge) -> None:
    assert check(forge) == ()


def test_a_folder_without_a_row_is_found(forge: Forge, git_dir: Path) -> None:
    """What a crash between the folder and the row leaves."""
    create_bare(git_dir.with_name("lost.git"))

    assert check(forge) == (Finding(FindingKind.FOLDER_WITHOUT_ROW, "repositories/team/harbour/lost.git"),)


def test_a_row_without_a_folder_is_found(forge: Forge, git_dir: Path) -> None:
    shutil.rmtree(git_dir)

    assert check(forge) == (Finding(FindingKind.ROW_WITHOUT_FOLDER, "team/harbour/ship"),)


def test_a_head_that_names_no_branch_is_found_where_there_are_branches(forge: Forge, git_dir: Path) -> None:
    (git_dir / "refs/heads/other").write_text("a" * 40 + "\n")

    assert check(forge) == (Finding(FindingKind.HEAD_TO_NOWHERE, "repositories/team/harbour/ship.git"),)


@pytest.mark.parametrize("damage", [b"", b"nonsense\n", b"\0" * 41])
def test_a_head_that_does_not_read_is_found(forge: Forge, git_dir: Path, damage: bytes) -> None:
    (git_dir / "HEAD").write_bytes(damage)

    assert [finding.kind for finding in check(forge)] == [FindingKind.DAMAGED_REFS]


def test_an_old_lock_is_found_and_a_new_one_is_somebodys(forge: Forge, git_dir: Path, clock: Clock) -> None:
    lock = git_dir / "refs/heads/main.lock"
    lock.touch()
    os.utime(lock, (clock.now.timestamp(), clock.now.timestamp()))
    new = check(forge)

    clock.advance(timedelta(hours=2))

    assert new == ()
    assert check(forge) == (Finding(FindingKind.LEFTOVER, "repositories/team/harbour/ship.git/refs/heads/main.lock"),)


def test_a_link_in_the_archive_is_not_followed(forge: Forge, git_dir: Path, tmp_path: Path) -> None:
    create_bare(tmp_path / "elsewhere" / "x.git")
    (git_dir.parent / "link").symlink_to(tmp_path / "elsewhere")

    assert check(forge) == ()
