"""A run that is killed while it saves what lies around the code leaves what was saved; the next one ends complete."""

import shutil
import signal
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState
from matou.archive.metadata import MetadataTree, open_metadata
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.names import ObjectId, RepositoryPath
from matou.transfer.verify.command import verify
from support import backup_child
from support.scripted_metadata import ScriptedAccess, ScriptedForge
from support.scripted_source import CLOCK, ScriptedSource, back_up, commit, open_archive, repository_lines

API = RepositoryPath.parse("team/project/api")
EVERY_SO_MANY = 40
FIRST_CALLS = [1, *(pytest.param(call, marks=pytest.mark.soak) for call in range(2, EVERY_SO_MANY + 1))]


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("project")), "refs/heads/main", {"readme": "api"})
    source.save()
    return source


@pytest.fixture
def forge() -> ScriptedForge:
    forge = ScriptedForge()
    for number in (1, 2, 3):
        forge.issue(number)
        forge.comment(number, number)
    forge.change(9)
    forge.note(9, 1, thread="t")
    return forge


def state_of(archive: Archive) -> MetadataState:
    newest = max(run for run in archive.run_numbers() if archive.manifest(run).exists())
    state = repository_lines(archive, newest)["100"].metadata
    assert state is not None
    return state


def saved_in(archive: Archive) -> MetadataTree:
    commit_ = state_of(archive).commit
    assert commit_ is not None
    return open_metadata(archive.metadata(API), commit=ObjectId(commit_))


def assert_is_whole(archive: Archive) -> None:
    assert verify(archive, everything=True, jobs=2, now=CLOCK).problems == ()


def assert_no_checkpoint_is_ahead(archive: Archive) -> None:
    """What the newest manifest says of the lists was saved by then."""
    state, tree = state_of(archive), saved_in(archive)
    for kind in (ISSUE, CHANGE):
        moments = [moment for item in tree.items(kind) if (moment := getattr(item, "updated_at", None)) is not None]
        assert state.kinds[kind.name].since == max(moments)


def assert_all_is_saved(archive: Archive, forge: ScriptedForge) -> None:
    tree = saved_in(archive)
    items = {getattr(item, "number", ""): item for item in tree.items(ISSUE)}
    assert items.keys() == forge.issues.keys()
    found = {comment.id for item in items.values() for comment in getattr(item, "comments", ())}
    assert found == forge.comments.keys()
    assert {getattr(item, "number", "") for item in tree.items(CHANGE)} == forge.changes.keys()


@pytest.mark.parametrize("first_call", FIRST_CALLS)
@pytest.mark.parametrize("has_run_before", [False, True])
def test_a_run_that_is_killed_at_a_call_that_changes_a_name_can_be_finished(
    source: ScriptedSource, forge: ScriptedForge, tmp_path: Path, has_run_before: bool, first_call: int
) -> None:
    """Each rename, fsync, mkdir and unlink of ours, with a draft kept after each item."""
    before = open_archive(tmp_path / "before")
    if has_run_before:
        back_up(source, before, access=ScriptedAccess({"100": forge}))
        forge.issue(4)
        forge.comment(70, 1, "spaeter")
        forge.change(10)
        forge.issue(2, "anders")
    forge.save(tmp_path / "forge.json")
    how = {"forge": tmp_path / "forge.json"}
    shutil.copytree(before.root, tmp_path / "counted")
    assert backup_child.run(source.folder, tmp_path / "counted", count_into=tmp_path / "count", **how) == 0
    calls = int((tmp_path / "count").read_text())
    assert calls > EVERY_SO_MANY

    for call in range(first_call, calls + 1, EVERY_SO_MANY):
        root = tmp_path / f"archive-{call}"
        shutil.copytree(before.root, root)
        archive = Archive.open(root)
        assert backup_child.run(source.folder, root, die_at=call, **how) == -signal.SIGKILL
        if has_run_before:
            assert_is_whole(archive)
            assert_no_checkpoint_is_ahead(archive)

        assert back_up(source, archive, access=ScriptedAccess({"100": forge})).everything_is_saved

        assert_all_is_saved(archive, forge)
        assert_no_checkpoint_is_ahead(archive)
        assert_is_whole(archive)
        assert not any(archive.staging.iterdir())
        shutil.rmtree(root)
