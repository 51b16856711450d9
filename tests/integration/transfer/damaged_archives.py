"""An archive that is backed up, and harmed."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import VerifyReport
from support.scripted_source import (
    ScriptedConnections,
    ScriptedSource,
    back_up,
    commit,
    git,
    mirror,
    open_archive,
    refs_of,
)

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


LARGE = b"a large file\n" * 100


API = "100"


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    """One repository, of which a branch is overwritten between the first run and the second."""
    source = ScriptedSource(tmp_path / "source")
    git_dir = source.repository("api", source.project("shop"))
    for number in range(5):
        content = random.Random(number).randbytes(3000).hex()
        commit(git_dir, "refs/heads/main", {f"file-{number}": content, "large.bin": source.keep_lfs(LARGE)})
    git(git_dir, "tag", "-a", "-m", "one", "v1", "main")
    return source


@pytest.fixture
def archive(source: ScriptedSource, tmp_path: Path) -> Archive:
    archive = open_archive(tmp_path / "archive")
    back_up(source, archive)
    return archive


def check(archive: Archive, *, repair: bool = False) -> VerifyReport:
    return verify(archive, everything=False, jobs=2, now=NOW, repair=repair)


def backed_up(source: ScriptedSource, archive: Archive) -> ScriptedConnections:
    connections = ScriptedConnections.to(source)
    back_up(source, archive, connections=connections)
    return connections


def overwrite(source: ScriptedSource, archive: Archive) -> str:
    """Put another history in the branch's place, save that, and give the tip that only the archive has by now."""
    git_dir = source.git_dir(API)
    commit(git_dir, "refs/heads/main", {"only-here": random.Random(9).randbytes(3000).hex()})
    back_up(source, archive)
    tip = refs_of(git_dir)["refs/heads/main"]
    git(git_dir, "update-ref", "refs/heads/main", "main~3")
    back_up(source, archive)
    return tip


def packs(archive: Archive) -> list[Path]:
    folder = mirror(archive, API, run=1) / "objects" / "pack"
    return sorted(folder.glob("*.pack"), key=lambda pack: pack.stat().st_size, reverse=True)


def change(path: Path, edit: Callable[[bytes], bytes]) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(edit(content))


def flip(path: Path, part: float) -> None:
    def flipped(content: bytes) -> bytes:
        at = int(len(content) * part)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    change(path, flipped)
