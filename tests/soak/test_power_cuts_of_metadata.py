"""A metadata repository after a power cut: what was synced is there, and `main` never names what is not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.archive.metadata import main_commit, open_metadata
from matou.fs import sync_folder, syncfs
from matou.model.metadata.kinds import ISSUE
from support.git_repositories import assert_sound
from support.metadata_items import issue, writer
from support.power_cut import Disk, disk

pytestmark = pytest.mark.soak


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


def write(git_dir: Path, run: int) -> str:
    with writer(git_dir, run) as metadata:
        for number in range(1, 200):
            metadata.put(ISSUE, issue(str(number), f"run {run}"))
        made = metadata.commit()
    assert made is not None
    return made.commit


def after_a_cut(ours: Disk, copy: Path) -> Path:
    with ours.cut().started_again() as folder:
        shutil.copytree(folder / "api.git", copy)
    return copy


@pytest.mark.parametrize("runs", [1, 2, 24])
def test_what_a_manifest_would_name_is_there_after_a_power_cut(ours: Disk, tmp_path: Path, runs: int) -> None:
    git_dir = ours.folder / "api.git"
    commits = [write(git_dir, run) for run in range(1, runs + 1)]
    syncfs(ours.folder)

    copy = after_a_cut(ours, tmp_path / "copy")

    assert main_commit(copy) == commits[-1]
    assert_sound(copy)
    assert {getattr(one, "title", "") for one in open_metadata(copy).items(ISSUE)} == {f"run {runs}"}


def test_without_a_sync_it_is_one_state_or_the_other(ours: Disk, tmp_path: Path) -> None:
    git_dir = ours.folder / "api.git"
    commits = [write(git_dir, 1)]
    syncfs(ours.folder)
    sync_folder(ours.folder)
    for run in range(2, 8):
        commits.append(write(git_dir, run))

        copy = after_a_cut(ours, tmp_path / f"copy-{run}")

        assert main_commit(copy) in commits
        assert_sound(copy)
