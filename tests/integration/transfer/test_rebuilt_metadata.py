"""Metadata repositories are made again from what the platforms answered, run after run."""

import shutil
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.metadata import MetadataWriter
from matou.concurrency import Cancelled
from matou.transfer.backup.metadata.rebuild import Rebuilt
from matou.transfer.backup.metadata.selection import KindSelection
from support.scripted_metadata import ScriptedAccess, ScriptedForge, rebuild
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    project = source.project("project")
    for name in ("api", "web"):
        commit(source.repository(name, project), "refs/heads/main", {"readme": name})
    return source


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


def trees(archive: Archive) -> dict[str, str]:
    """Of each metadata repository by its path."""
    root = archive.root / "metadata"
    return {str(one.relative_to(root)): git(one, "rev-parse", "main^{tree}") for one in root.rglob("*.git")}


def test_metadata_repositories_are_made_again_from_the_records_byte_for_byte(
    source: ScriptedSource, archive: Archive
) -> None:
    forge = ScriptedForge()
    for number in range(1, 130):
        forge.issue(number)
        forge.comment(number, number)
    forge.change(1, head="e" * 40)
    forge.note(1, 1, thread="t")
    access = ScriptedAccess({"100": forge})
    back_up(source, archive, access=access)
    forge.comment(500, 3, "后来")
    back_up(source, archive, access=access)
    del forge.issues["5"]
    back_up(source, archive, access=access, metadata=KindSelection(sweep=True))

    assert rebuild(archive) == {"team/project/api": Rebuilt.SAME}

    before, folder = trees(archive), archive.root / "metadata"
    shutil.rmtree(folder)

    assert rebuild(archive) == {"team/project/api": Rebuilt.RESTORED}
    assert trees(archive) == before
    assert not any(archive.staging.iterdir())


def test_what_a_run_that_was_cut_off_had_read_is_in_it(source: ScriptedSource, archive: Archive) -> None:
    forge = ScriptedForge()
    for number in range(1, 250):
        forge.issue(number)
    access = ScriptedAccess({"100": forge})

    def give_up(name: str, count: int) -> None:
        if name == "GET /changes":
            raise Cancelled("given up")

    forge.before = give_up
    with pytest.raises(Cancelled):
        back_up(source, archive, access=access)
    forge.before = lambda name, count: None
    back_up(source, archive, access=access)

    assert rebuild(archive) == {"team/project/api": Rebuilt.SAME}


def test_what_a_run_was_answered_that_was_cut_off_before_it_saved_it_is_saved_by_the_next(
    source: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = ScriptedForge()
    forge.issue(1)
    access = ScriptedAccess({"100": forge})
    back_up(source, archive, access=access)
    forge.issues["1"] |= {"title": "新", "updated_at": forge.later()}
    with monkeypatch.context() as patch:
        patch.setattr(MetadataWriter, "commit", raise_cancelled)
        with pytest.raises(Cancelled):
            back_up(source, archive, access=access)
    back_up(source, archive, access=access)

    assert rebuild(archive) == {"team/project/api": Rebuilt.SAME}


def test_what_differs_from_what_the_platform_answered_is_told(source: ScriptedSource, archive: Archive) -> None:
    forge = ScriptedForge()
    forge.issue(1)
    access = ScriptedAccess({"100": forge})
    back_up(source, archive, access=access)
    forge.issue(2)
    back_up(source, archive, access=access)
    archive.manifest(2).unlink()

    assert rebuild(archive) == {"team/project/api": Rebuilt.DIFFERENT}


def raise_cancelled(_: MetadataWriter) -> None:
    raise Cancelled("cut off")


def test_what_is_lost_with_its_records_is_not_called_the_same(source: ScriptedSource, archive: Archive) -> None:
    forge = ScriptedForge()
    forge.issue(1)
    back_up(source, archive, access=ScriptedAccess({"100": forge}))
    shutil.rmtree(archive.root / "metadata")
    archive.records(1).unlink()

    assert rebuild(archive) == {"team/project/api": Rebuilt.MISSING}
