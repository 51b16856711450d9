"""A second copy in a folder: the same archive, whenever it was cut off, whoever wrote to the source meanwhile."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from matou.archive.layout import Archive, NotAnArchive
from matou.archive.run_history import faults_of_chain, manifests, manifests_ever
from matou.db.snapshot import snapshot_sqlite
from matou.server.ssh.host_key import host_key_of
from matou.transfer.copy import command
from matou.transfer.copy.source_files import CopyUnit
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import Layout
from matou.transfer.room.forget import forget
from matou.transfer.room.policy import Policy
from support.copies import (
    NOW,
    CutOffError,
    Team,
    copied,
    copy_to_folder,
    cutting,
    files_below,
    problems_of,
)
from support.scripted_source import commit, git, refs_of


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.make(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def test_a_copy_is_an_archive_that_is_whole_and_can_be_restored(team: Team, root: Path, tmp_path: Path) -> None:
    copied(copy_to_folder(team.archive, root))

    assert problems_of(root) == []
    report = restore(
        Archive.open(root), to=tmp_path / "out", at=None, worktree=False, layout=Layout.PLAIN, include=(), exclude=(),
        jobs=1, now=NOW,
    )  # fmt: skip
    assert report.problems == ()
    for git_dir in team.mirrors():
        twin = root / git_dir.relative_to(team.archive.root)
        assert refs_of(twin) == refs_of(git_dir)
        git(twin, "fsck", "--full", "--strict")


def test_only_what_changed_is_written_and_what_went_goes_last(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    team.change("changed")
    team.back_up()
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")
    packs = {path.name for path in team.archive.root.rglob("*.pack")}

    report = copied(copy_to_folder(team.archive, root))

    assert report.number == 2
    assert {path.name for path in root.rglob("*.pack")} == packs
    assert report.kept > 0
    assert report.deleted > 0
    assert problems_of(root) == []
    again = copied(copy_to_folder(team.archive, root))
    assert (again.sent, again.deleted, again.is_current, again.number) == (0, 0, True, 2)


def test_a_repository_that_was_deleted_goes_and_leaves_no_folder(team: Team, root: Path) -> None:
    """One that people pushed to: no manifest names it."""
    hosted = team.archive.root / "repositories/li/boats.git"
    shutil.copytree(team.mirrors()[0], hosted)
    copied(copy_to_folder(team.archive, root))
    assert (root / hosted.relative_to(team.archive.root)).exists()
    shutil.rmtree(hosted)

    copied(copy_to_folder(team.archive, root))

    assert not (root / hosted.relative_to(team.archive.root)).exists()


@pytest.mark.parametrize("folder", ["repositories", "blobs/objects"])
def test_what_manifests_name_and_the_archive_has_lost_stays_in_the_copy(team: Team, root: Path, folder: str) -> None:
    copied(copy_to_folder(team.archive, root))
    shutil.rmtree(team.archive.root / folder)

    report = copy_to_folder(team.archive, root)

    assert {problem.path.partition("/")[0] for problem in report.failed} == {folder.partition("/")[0]}
    assert report.deleted == 0
    assert problems_of(root) == []


def test_what_a_pointer_or_a_run_names_stays_in_the_copy_when_the_archive_has_lost_it(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    oid = sha256(b"large content" * 100).hexdigest()
    team.archive.blob_file(oid).unlink()

    report = copy_to_folder(team.archive, root)

    assert [problem.path.rpartition("/")[2] for problem in report.failed] == [oid]
    assert report.deleted == 0
    assert problems_of(root) == []


def test_a_blob_that_nothing_names_goes_from_the_copy_with_the_archive(team: Team, root: Path) -> None:
    digest = team.archive.blobs.put_bytes(b"an upload that was never finished")
    copied(copy_to_folder(team.archive, root))
    team.archive.blob_file(digest).unlink()

    copied(copy_to_folder(team.archive, root))

    assert not Archive.open(root).blobs.has(digest)


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(team: Team, root: Path) -> None:
    planned = copied(copy_to_folder(team.archive, root, dry_run=True))

    assert not root.exists()
    done = copied(copy_to_folder(team.archive, root))
    assert (planned.sent, planned.sent_bytes) == (done.sent, done.sent_bytes)


def test_wherever_it_is_cut_off_no_manifest_lacks_anything_and_it_can_be_gone_on_with(
    team: Team, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(copy_to_folder(team.archive, root))
    team.change("changed")
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")
    with cutting(monkeypatch, 10_000) as cut, suppress(CutOffError):
        shutil.copytree(root, root.with_name("count"))
        copy_to_folder(team.archive, root.with_name("count"))
    writes = len(cut.written)

    for point in range(writes):
        begun = root.with_name(f"cut-{point}")
        shutil.copytree(root, begun)
        with cutting(monkeypatch, point), pytest.raises(CutOffError):
            copy_to_folder(team.archive, begun)
        assert problems_of(begun) == [], cut.written[point]
        copied(copy_to_folder(team.archive, begun))
        assert files_below(begun) == files_below(root.with_name("count"))
    assert writes > 8


def test_a_first_copy_that_was_cut_off_holds_no_manifest_without_its_objects(
    team: Team, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cutting(monkeypatch, 10_000) as cut:
        copy_to_folder(team.archive, root)

    for point in range(0, len(cut.written), 3):
        begun = root.with_name(f"cut-{point}")
        with cutting(monkeypatch, point), pytest.raises(CutOffError):
            copy_to_folder(team.archive, begun)
        with suppress(NotAnArchive):
            assert problems_of(begun) == [], cut.written[point]
        copied(copy_to_folder(team.archive, begun))
        assert files_below(begun) == files_below(root)


def test_what_a_cut_off_copy_left_half_written_is_not_trusted(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    team.change("changed")
    shutil.copytree(root, root.with_name("twin"))
    copied(copy_to_folder(team.archive, root.with_name("twin")))
    new = next(
        path
        for path in root.with_name("twin").rglob("*.pack")
        if not (root / path.relative_to(root.with_name("twin"))).exists()
    )
    left = root / new.relative_to(root.with_name("twin"))
    left.write_bytes(bytes(new.stat().st_size))

    copied(copy_to_folder(team.archive, root))

    assert left.read_bytes() == new.read_bytes()


def test_packs_that_are_packed_anew_while_they_are_copied_are_looked_for_again(
    team: Team, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.change("changed")
    files = command.files_of_unit
    repacked: list[str] = []

    def after_listing(unit: CopyUnit):  # type: ignore[no-untyped-def]
        for file in files(unit):
            if file.path.endswith(".pack") and not repacked:
                repacked.append(file.path)
                for git_dir in team.mirrors():
                    git(git_dir, "repack", "-a", "-d", "-q", "-F")
            yield file

    monkeypatch.setattr(command, "files_of_unit", after_listing)
    copied(copy_to_folder(team.archive, root))

    assert repacked
    assert problems_of(root) == []


def test_a_run_that_ends_while_it_is_copied_is_in_the_next_copy(
    team: Team, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = command.files_of_unit
    ended: list[CopyUnit] = []

    def with_a_run(unit: CopyUnit):  # type: ignore[no-untyped-def]
        if not ended:
            ended.append(unit)
            team.change("meanwhile")
        return files(unit)

    monkeypatch.setattr(command, "files_of_unit", with_a_run)
    copied(copy_to_folder(team.archive, root))

    assert not (root / "runs/000002/manifest.jsonl").exists()
    assert problems_of(root) == []
    copied(copy_to_folder(team.archive, root))
    assert (root / "runs/000002/manifest.jsonl").exists()
    assert problems_of(root) == []


def test_damage_of_the_source_does_not_reach_a_copy_that_is_sound(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    before = files_below(root)
    pack = next(team.archive.root.rglob("*.pack"))
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(content + b"longer")

    report = copy_to_folder(team.archive, root)

    assert [problem.path for problem in report.damaged] == [pack.relative_to(team.archive.root).as_posix()]
    assert files_below(root) == before


def test_what_is_damaged_at_the_source_is_copied_as_it_is_and_again_once_it_is_whole(team: Team, root: Path) -> None:
    blob = next((team.archive.root / "blobs/objects").rglob("?" * 64))
    content = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    report = copy_to_folder(team.archive, root)

    twin = root / blob.relative_to(team.archive.root)
    assert [problem.path for problem in report.damaged] == [blob.relative_to(team.archive.root).as_posix()]
    assert twin.read_bytes() == blob.read_bytes()
    blob.write_bytes(content)
    copied(copy_to_folder(team.archive, root))
    assert twin.read_bytes() == content
    assert problems_of(root) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_what_cannot_be_read_keeps_newer_runs_out(team: Team, root: Path) -> None:
    copied(copy_to_folder(team.archive, root))
    team.change("changed")
    pack = max(team.archive.root.rglob("*.pack"), key=lambda path: path.stat().st_mtime)
    pack.chmod(0)

    report = copy_to_folder(team.archive, root)

    assert report.failed
    assert not (root / "runs/000002/manifest.jsonl").exists()
    assert problems_of(root) == []


def test_the_database_is_copied_whole_while_others_write_to_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "matou.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES ('committed')")
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO t VALUES ('under way')")

        snapshot_sqlite(tmp_path / "matou.db", tmp_path / "snapshot.db")

        assert (tmp_path / "snapshot.db").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(f"file:{tmp_path}/snapshot.db?immutable=1", uri=True)) as snapshot:
        assert snapshot.execute("SELECT x FROM t").fetchall() == [("committed",)]
        assert snapshot.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_a_server_keeps_for_its_owner_alone_is_its_owners_in_a_copy(team: Team, root: Path) -> None:
    host_key_of(team.archive)

    copied(copy_to_folder(team.archive, root))

    assert (root / "server/ssh_host_ed25519_key").stat().st_mode & 0o777 == 0o600


def test_refs_of_their_own_files_are_copied_as_one_snapshot(team: Team, root: Path) -> None:
    git_dir = team.mirrors()[0]
    commit(git_dir, "refs/heads/loose", {"file": "content"})
    git(git_dir, "tag", "-a", "-m", "a tag", "v1", "refs/heads/loose")
    loose = [path for path in (git_dir / "refs").rglob("*") if path.is_file()]

    copied(copy_to_folder(team.archive, root))

    twin = root / git_dir.relative_to(team.archive.root)
    assert loose
    assert refs_of(twin) == refs_of(git_dir)
    assert [path for path in (twin / "refs").rglob("*") if path.is_file()] == []


def test_runs_that_were_forgotten_keep_their_manifests_in_a_copy(team: Team, root: Path) -> None:
    for text in ("second", "third"):
        team.change(text)
    forget(team.archive, Policy(last=1), now=NOW, is_dry=False)

    copied(copy_to_folder(team.archive, root))

    assert problems_of(root) == []
    assert list(faults_of_chain(Archive.open(root))) == []
    assert forgotten_runs(root) == forgotten_runs(team.archive.root) != set()


def forgotten_runs(root: Path) -> set[int]:
    archive = Archive.open(root)
    return {run for run, _ in manifests_ever(archive)} - {run for run, _ in manifests(archive)}
