"""What is asked of an object does not take its bytes into this process."""

import subprocess
import sys
from pathlib import Path

import pytest

from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.pack_reuse import pack_of_everything
from matou.model.names import ObjectId
from support.git_repositories import git, make_repository

MEBIBYTE = 1024 * 1024
LENGTH_BYTES = 64 * MEBIBYTE

_PROGRAM = """
import sys
from pathlib import Path
from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.pack_reuse import pack_of_everything

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

git_dir, small, large = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
describe_objects(git_dir, {small}), pack_of_everything(git_dir, {small})
before = peak()
describe_objects(git_dir, {large}), pack_of_everything(git_dir, {large})
print(peak() - before)
"""


@pytest.fixture
def long(tmp_path: Path) -> tuple[Path, ObjectId, ObjectId, ObjectId]:
    """A repository in one pack, a tag of it, one that is long, and a tag of that one."""
    folder = make_repository(tmp_path / "long.git", commits=1)
    made: list[ObjectId] = []
    for target, kind, length in (("main", "commit", 10), ("main", "commit", LENGTH_BYTES), ("", "tag", 10)):
        named = git(folder, "rev-parse", target) if target else made[-1]
        text = f"object {named}\ntype {kind}\ntag v{len(made)}\ntagger A <a@example.com> 1 +0000\n\n".encode()
        made.append(
            ObjectId(
                git(
                    folder,
                    "-c",
                    "core.looseCompression=1",
                    "hash-object",
                    "-t",
                    "tag",
                    "-w",
                    "--stdin",
                    input=text + b"a" * length,
                )
            )
        )
        git(folder, "update-ref", f"refs/tags/v{len(made)}", made[-1])
    git(folder, "-c", "pack.compression=1", "repack", "-adq", "--window=0")
    small, large, of_it = made
    return folder, small, large, of_it


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak there")
def test_a_long_tag_costs_no_memory(long: tuple[Path, ObjectId, ObjectId, ObjectId]) -> None:
    """400 KB of a pack were 900 MB in the server, once for each push and each reading of the refs."""
    folder, small, large, of_it = long
    for requests_seen in (large, of_it):
        arguments = [sys.executable, "-c", _PROGRAM, str(folder), small, requests_seen]
        grown = int(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout) * 1024
        assert grown < LENGTH_BYTES / 2


def test_what_a_long_tag_stands_for_is_known(long: tuple[Path, ObjectId, ObjectId, ObjectId]) -> None:
    folder, small, large, of_it = long

    described = describe_objects(folder, {small, large, of_it})

    assert {stored.type for stored in described.values()} == {"tag"}
    assert {stored.peeled for stored in described.values()} == {git(folder, "rev-parse", "main")}
    assert pack_of_everything(folder, {large}) is None
