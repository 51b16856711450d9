"""One run after another over a source that changes: what is saved, what is proven, and what is never lost."""

from pathlib import Path

import pytest

from matou.archive.layout import Archive
from support.scripted_source import (
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    open_archive,
    outcomes,
    refs_of,
    snapshot_of,
)


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    return ScriptedSource(tmp_path / "source")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


def test_a_first_run_saves_every_ref_of_every_repository(source: ScriptedSource, archive: Archive) -> None:
    shop = source.project("shop")
    for name in ("api", "web"):
        git_dir = source.repository(name, shop)
        commit(git_dir, "refs/heads/main", {"README.md": f"{name}\n"})
        commit(git_dir, "refs/merge/1/head", {"change.txt": "wanted\n"})
        git(git_dir, "tag", "-a", "-m", "one", "v1", "main")

    report = back_up(source, archive)

    assert report.everything_is_saved
    assert outcomes(archive, 1) == {"100": "saved", "101": "saved"}
    assert refs_of(archive.root / "repositories/team/shop/api.git") == refs_of(source.git_dir("100"))
    assert snapshot_of(archive, "101", run=1) == refs_of(source.git_dir("101"))
    assert_sound(archive)
