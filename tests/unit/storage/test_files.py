"""What a store in a folder does beyond the promise of every store: trouble of the disk, and leftovers."""

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.errors import MatouError
from matou.fs import DiskFull, WriteFailed, make_folders, syncfs, write_atomically
from matou.storage.files import FileStore

KILLED_WHILE_STAGING = """
import sys, pathlib
from matou.storage.files import FileStore
staged = FileStore(pathlib.Path(sys.argv[1]), staging=pathlib.Path(sys.argv[2])).stage()
staged.write(b"x" * 3_000_000)
print("staged", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "staging").mkdir()
    (tmp_path / "root").mkdir()
    return FileStore(tmp_path / "root", staging=tmp_path / "staging")


@pytest.fixture
def files_of_one_megabyte() -> Iterator[None]:
    """What a full disk is to the program, without one: the write fails in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("files_of_one_megabyte")
def test_a_file_that_finds_no_room_is_named_with_the_free_bytes_and_leaves_nothing(store: FileStore) -> None:
    with pytest.raises(DiskFull, match=r"/root: File too large; [0-9]+ bytes are free") as caught:
        store.put("a/b", [b"x" * 700_000] * 4)

    assert list(store.staging.iterdir()) == []
    assert not store.exists("a/b")
    assert type(caught.value).__mro__[:3] == (DiskFull, WriteFailed, MatouError)


@pytest.mark.skipif(os.geteuid() != 0 or not sys.platform.startswith("linux"), reason="needs to mount a small disk")
def test_a_full_disk_is_named_and_its_room_comes_back(tmp_path: Path) -> None:
    script = """
import pathlib, subprocess, sys
from matou.fs import DiskFull, free_bytes
from matou.storage.files import FileStore
disk = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
(disk / "staging").mkdir()
(disk / "root").mkdir()
store = FileStore(disk / "root", staging=disk / "staging")
store.put("old", [b"old"])
before = free_bytes(disk)
try:
    store.put("new", [b"x" * 1_000_000] * 8)
except DiskFull as error:
    print(error)
assert free_bytes(disk) == before, (before, free_bytes(disk))
assert list(store.iterate()) == ["old"]
"""
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "no space left on device" in done.stdout


def test_what_a_killed_writer_left_in_staging_is_cleared_and_a_living_one_keeps_its_file(store: FileStore) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_WHILE_STAGING, store.root, store.staging],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        cleared_while_it_lived = store.clear_staging()
        child.send_signal(signal.SIGKILL)

    assert cleared_while_it_lived == 0
    assert store.clear_staging() == 1
    assert list(store.staging.iterdir()) == []


def test_a_stored_file_cannot_be_written_by_mistake(store: FileStore) -> None:
    store.put("key", [b"data"])

    assert stat.S_IMODE(store.path("key").stat().st_mode) & 0o222 == 0


def test_a_file_written_atomically_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "small.json"

    write_atomically(path, b"one")
    write_atomically(path, b"two")

    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.json"]


@pytest.mark.usefixtures("files_of_one_megabyte")
def test_an_atomic_write_without_room_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    write_atomically(path, b"old")

    with pytest.raises(DiskFull):
        write_atomically(path, b"x" * 2_000_000)

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.json"]


def test_folders_are_made_below_what_is_there_and_being_there_is_no_fault(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b", below=tmp_path)
    make_folders(tmp_path / "a" / "b", below=tmp_path)

    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")

    with pytest.raises(WriteFailed, match="a: not a directory"):
        make_folders(tmp_path / "a" / "b", below=tmp_path)


def test_syncing_a_file_system_that_is_not_there_names_the_path(tmp_path: Path) -> None:
    syncfs(tmp_path)

    with pytest.raises(WriteFailed, match="nowhere"):
        syncfs(tmp_path / "nowhere")
