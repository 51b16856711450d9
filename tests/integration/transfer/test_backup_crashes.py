"""A run that is killed, interrupted, or out of room at any moment leaves a valid archive, and the next goes on."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.lock import ArchiveBusy
from support import backup_child
from support.scripted_source import (
    ScriptedConnections,
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    mirror,
    open_archive,
    outcomes,
    refs_of,
    repository_lines,
    snapshot_of,
)

SEEDS = range(8)
SOAK_SEEDS = range(8, 150)
EVERY_SO_MANY = 6


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    """Five repositories, some of size, one with LFS, one empty."""
    source = ScriptedSource(tmp_path / "source")
    shop = source.project("shop", icon_url="https://i.example/1.png")
    chance = random.Random(7)
    for name, size in (("small", 100), ("middle", 300_000), ("big", 3_000_000)):
        git_dir = source.repository(name, shop)
        commit(git_dir, "refs/heads/main", {"README.md": name, "random.bin": chance.randbytes(size)})
        commit(git_dir, "refs/heads/feature", {"feature.txt": name})
    source.repository("empty", shop)
    lfs = source.repository("lfs", shop)
    commit(lfs, "refs/heads/main", {"big.bin": source.keep_lfs(chance.randbytes(100_000))})
    source.save()
    return source


def change(source: ScriptedSource) -> dict[str, str]:
    """A force-push, a deletion, a push with LFS, a new repository; gives the tips that are dropped, by repository."""
    small, middle, lfs = source.git_dir("100"), source.git_dir("101"), source.git_dir("104")
    dropped = {"100": refs_of(small)["refs/heads/main"], "101": refs_of(middle)["refs/heads/feature"]}
    git(small, "update-ref", "-d", "refs/heads/main")
    commit(small, "refs/heads/main", {"README.md": "rewritten"}, message="rewritten")
    git(middle, "update-ref", "-d", "refs/heads/feature")
    commit(lfs, "refs/heads/main", {"more.bin": source.keep_lfs(b"more")})
    commit(source.repository("new", source.projects[0]), "refs/heads/main", {"a": "a"})
    source.save()
    return dropped


def assert_all_is_saved(source: ScriptedSource, archive: Archive) -> None:
    newest = max(run for run in archive.run_numbers() if archive.manifest(run).exists())
    assert set(outcomes(archive, newest).values()) <= {"saved", "unchanged", "empty"}
    for depot in source.depots:
        assert snapshot_of(archive, depot.id, run=newest) == refs_of(source.git_dir(depot.id))
    for oid, content in source.lfs_objects.items():
        assert archive.blobs.read(oid) == content
    assert_sound(archive)


def assert_is_kept(archive: Archive, dropped: dict[str, str]) -> None:
    for id_, tip in dropped.items():
        named = refs_of(mirror(archive, id_, run=max(archive.run_numbers())))
        assert [name for name, oid in named.items() if oid == tip and name.startswith("refs/matou/kept/")]


def check_a_first_run_that_is_killed(source: ScriptedSource, archive: Archive, seed: int) -> None:
    backup_child.kill_within(source.folder, archive.root, random.Random(seed).uniform(0.0, 0.4))

    back_up(source, archive)

    assert_all_is_saved(source, archive)


def check_a_later_run_that_is_killed(source: ScriptedSource, archive: Archive, seed: int) -> None:
    back_up(source, archive)
    dropped = change(source)
    backup_child.kill_within(source.folder, archive.root, random.Random(seed).uniform(0.0, 0.25))

    back_up(source, archive)

    assert_all_is_saved(source, archive)
    assert_is_kept(archive, dropped)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_first_run_that_is_killed_at_any_moment_can_be_finished(
    source: ScriptedSource, archive: Archive, seed: int
) -> None:
    check_a_first_run_that_is_killed(source, archive, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_later_run_that_is_killed_at_any_moment_can_be_finished(
    source: ScriptedSource, archive: Archive, seed: int
) -> None:
    check_a_later_run_that_is_killed(source, archive, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_many_first_runs_that_are_killed_can_be_finished(source: ScriptedSource, archive: Archive, seed: int) -> None:
    check_a_first_run_that_is_killed(source, archive, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_many_later_runs_that_are_killed_can_be_finished(source: ScriptedSource, archive: Archive, seed: int) -> None:
    check_a_later_run_that_is_killed(source, archive, seed)


@pytest.mark.parametrize(
    "first_call", [1, *(pytest.param(call, marks=pytest.mark.soak) for call in range(2, EVERY_SO_MANY + 1))]
)
def test_a_run_that_dies_at_a_call_that_changes_a_name_can_be_finished(tmp_path: Path, first_call: int) -> None:
    """F-02: each rename, fsync, mkdir and unlink of ours, in a run with a force-push, LFS and a new repository."""
    source = ScriptedSource(tmp_path / "source")
    shop = source.project("shop")
    commit(source.repository("api", shop), "refs/heads/main", {"a": "one", "b": source.keep_lfs(b"one")})
    source.save()
    before = open_archive(tmp_path / "before")
    back_up(source, before)
    old_tip = refs_of(source.git_dir("100"))["refs/heads/main"]
    git(source.git_dir("100"), "update-ref", "-d", "refs/heads/main")
    commit(source.git_dir("100"), "refs/heads/main", {"b": source.keep_lfs(b"two")})
    commit(source.repository("new", shop), "refs/heads/main", {"a": "new"})
    source.save()
    shutil.copytree(before.root, tmp_path / "counted")
    assert backup_child.run(source.folder, tmp_path / "counted", count_into=tmp_path / "count") == 0

    for call in range(first_call, int((tmp_path / "count").read_text()) + 1, EVERY_SO_MANY):
        root = tmp_path / f"archive-{call}"
        shutil.copytree(before.root, root)
        archive = Archive.open(root)
        assert backup_child.run(source.folder, root, die_at=call) == -signal.SIGKILL
        assert snapshot_of(archive, "100", run=1)
        back_up(source, archive)
        assert_all_is_saved(source, archive)
        assert_is_kept(archive, {"100": old_tip})
        shutil.rmtree(root)


def test_what_a_run_kept_before_it_died_is_named_by_the_next(source: ScriptedSource, archive: Archive) -> None:
    back_up(source, archive)
    tip = refs_of(source.git_dir("100"))["refs/heads/main"]
    git(source.git_dir("100"), "update-ref", "-d", "refs/heads/main")
    commit(source.git_dir("100"), "refs/heads/main", {"big.bin": source.keep_lfs(b"came with it")})
    connections = ScriptedConnections.to(source)

    def die_when_the_refs_of_the_first_are_there(url: str, body: bytes) -> None:
        deadline = time.monotonic() + 20
        while url.endswith("/101.git") and time.monotonic() < deadline:
            if b"kept/000002" in (mirror(archive, "100", run=1) / "packed-refs").read_bytes():
                message = "a bug of ours"
                raise RuntimeError(message)

    connections.transport.before = die_when_the_refs_of_the_first_are_there
    with pytest.raises(RuntimeError, match="a bug of ours"):
        back_up(source, archive, connections=connections)
    back_up(source, archive)

    line = repository_lines(archive, 3)["100"]
    assert not archive.manifest(2).exists()
    assert (line.outcome, line.kept) == ("saved", ("refs/matou/kept/000002/heads/main",))
    assert refs_of(mirror(archive, "100", run=3))[line.kept[0]] == tip
    assert line.lfs is not None
    assert line.lfs.objects == 1
    assert_all_is_saved(source, archive)


def test_lfs_is_found_in_what_a_dead_run_fetched_and_never_looked_through(
    source: ScriptedSource, archive: Archive
) -> None:
    back_up(source, archive)
    git_dir, saved = source.git_dir("100"), mirror(archive, "100", run=1)
    fetched = commit(git_dir, "refs/heads/main", {"big.bin": source.keep_lfs(b"in the pack of the dead run")})
    pack = subprocess.run(
        ["git", "-C", git_dir, "pack-objects", "--revs", "--stdout", "-q"],
        input=f"{fetched}\n".encode(),
        capture_output=True,
        check=True,
    ).stdout
    subprocess.run(["git", "-C", saved, "index-pack", "--stdin"], input=pack, capture_output=True, check=True)
    archive.begin_run()
    commit(git_dir, "refs/heads/feature", {"big.bin": source.keep_lfs(b"in a new pack")})
    back_up(source, archive)

    lfs = repository_lines(archive, 3)["100"].lfs
    assert lfs is not None
    assert lfs.objects == 2
    assert_all_is_saved(source, archive)


def test_an_interrupt_ends_the_run_quickly_and_leaves_no_child(source: ScriptedSource, archive: Archive) -> None:
    began = backup_child.CONTEXT.Event()
    process = backup_child.start(source.folder, archive.root, began=began)
    assert began.wait(30)
    assert process.is_alive()
    assert process.pid is not None
    started = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    process.join(10)

    assert process.exitcode == 130
    assert time.monotonic() - started < 3
    assert not archive.manifest(1).exists()
    commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in commands.splitlines() if str(archive.root) in line] == []
    back_up(source, archive)
    assert_all_is_saved(source, archive)


def test_a_repository_that_is_too_large_for_a_limit_fails_alone(source: ScriptedSource, archive: Archive) -> None:
    assert backup_child.run(source.folder, archive.root, largest_file=1_000_000) == 0

    assert outcomes(archive, 1)["102"] == "failed"
    assert {id_ for id_, outcome in outcomes(archive, 1).items() if outcome == "saved"} == {"100", "101", "104"}
    assert_sound(archive)
    back_up(source, archive)
    assert_all_is_saved(source, archive)


DISK_FULL = """
import subprocess, sys
from pathlib import Path
from support.scripted_source import ScriptedSource, back_up, open_archive
from matou.fs import DiskFull, free_bytes

source, disk = ScriptedSource.load(Path(sys.argv[1])), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], check=True)
archive = open_archive(disk / "archive")
source.depots, all_depots = source.depots[:1], source.depots
back_up(source, archive)
source.depots = all_depots
free = free_bytes(disk)
try:
    back_up(source, archive)
except DiskFull as error:
    print(error)
assert abs(free_bytes(disk) - free) < 1_000_000, (free, free_bytes(disk))
assert not archive.manifest(2).exists()
subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
back_up(source, archive)
subprocess.run(["cp", "-a", str(disk / "archive"), sys.argv[3]], check=True)
"""


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs a small file system, thus root")
def test_a_full_disk_stops_the_run_with_the_archive_valid(
    tmp_path: Path, source: ScriptedSource, archive: Archive
) -> None:
    (tmp_path / "disk").mkdir()
    program = [sys.executable, "-c", DISK_FULL, source.folder, tmp_path / "disk", tmp_path / "copy"]
    done = subprocess.run(
        ["unshare", "--mount", *map(str, program)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert done.returncode == 0, done.stderr
    assert "bytes are free" in done.stdout
    assert str(tmp_path / "disk") in done.stdout
    copy = Archive.open(tmp_path / "copy")
    assert_all_is_saved(source, copy)


def test_a_limit_that_stops_a_blob_stops_the_run_with_the_archive_valid(
    source: ScriptedSource, archive: Archive
) -> None:
    assert backup_child.run(source.folder, archive.root, largest_file=50_000) == 1

    assert not archive.manifest(1).exists()
    back_up(source, archive)
    assert_all_is_saved(source, archive)


def test_of_two_backups_at_once_the_second_says_who_is_there(source: ScriptedSource, archive: Archive) -> None:
    connections = ScriptedConnections.to(source)
    refusals: list[ArchiveBusy] = []

    def start_another(url: str, body: bytes) -> None:
        if not refusals:
            with pytest.raises(ArchiveBusy, match=f"process {os.getpid()}") as refusal:
                back_up(source, archive)
            refusals.append(refusal.value)

    connections.transport.before = start_another
    back_up(source, archive, connections=connections)

    assert len(refusals) == 1
    assert_all_is_saved(source, archive)


def test_a_stale_lock_of_a_dead_run_is_cleared_away(source: ScriptedSource, archive: Archive) -> None:
    """F-04: git itself would refuse for ever."""
    back_up(source, archive)
    change(source)
    backup_child.kill_within(source.folder, archive.root, 0.0)
    (archive.root / "lock").write_bytes(b'{"host":"h","pid":1,"since":"2020-01-01T00:00:00Z"}\n')
    for name in ("packed-refs.lock", "HEAD.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_x"):
        (mirror(archive, "100", run=1) / name).write_bytes(b"")

    back_up(source, archive)

    assert_all_is_saved(source, archive)


def test_a_lock_that_somebody_holds_now_fails_that_repository_alone(source: ScriptedSource, archive: Archive) -> None:
    """F-06: the archive's last writer let go in good order, so a lock that is new belongs to somebody alive."""
    back_up(source, archive)
    change(source)
    lock = mirror(archive, "100", run=1) / "packed-refs.lock"
    lock.write_bytes(b"")
    back_up(source, archive)

    assert lock.exists()
    assert outcomes(archive, 2)["100"] == "failed"
    assert outcomes(archive, 2)["101"] == "saved"
    lock.unlink()
    back_up(source, archive)
    assert_all_is_saved(source, archive)


def test_refs_that_were_lost_from_the_archive_are_put_right_and_it_says_so(
    source: ScriptedSource, archive: Archive
) -> None:
    """F-18: git fsck finds nothing wrong with a repository whose refs are gone."""
    back_up(source, archive)
    (mirror(archive, "101", run=1) / "packed-refs").write_bytes(b"")
    back_up(source, archive)

    line = repository_lines(archive, 2)["101"]
    assert (line.outcome, line.reason) == (
        "saved",
        "what lay in the archive was not what was saved before; it was fetched again",
    )
    assert_all_is_saved(source, archive)


def test_a_mirror_that_was_lost_is_fetched_again_and_it_says_so(source: ScriptedSource, archive: Archive) -> None:
    back_up(source, archive)
    shutil.rmtree(mirror(archive, "101", run=1))
    back_up(source, archive)

    assert "fetched again" in (repository_lines(archive, 2)["101"].reason or "")
    assert_all_is_saved(source, archive)


@pytest.mark.parametrize("content", [b"", b"\0" * 24])
def test_a_head_that_a_power_cut_emptied_is_put_right(source: ScriptedSource, archive: Archive, content: bytes) -> None:
    back_up(source, archive)
    (mirror(archive, "101", run=1) / "HEAD").write_bytes(content)
    back_up(source, archive)

    assert (mirror(archive, "101", run=2) / "HEAD").read_bytes() == b"ref: refs/heads/main\n"
    assert_all_is_saved(source, archive)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"# pack-refs with: peeled fully-peeled sorted \n1234"])
def test_a_mirror_that_a_power_cut_met_before_any_manifest_named_it_is_made_anew(
    source: ScriptedSource, archive: Archive, content: bytes
) -> None:
    connections = ScriptedConnections.to(source)

    def die_when_the_first_is_there(url: str, body: bytes) -> None:
        deadline = time.monotonic() + 20
        while url.endswith("/101.git") and time.monotonic() < deadline:
            if list(archive.repositories.rglob("packed-refs")):
                message = "a bug of ours"
                raise RuntimeError(message)

    connections.transport.before = die_when_the_first_is_there
    with pytest.raises(RuntimeError, match="a bug of ours"):
        back_up(source, archive, connections=connections)
    for file in archive.repositories.rglob("packed-refs"):
        file.write_bytes(content)
    back_up(source, archive)

    assert_all_is_saved(source, archive)
