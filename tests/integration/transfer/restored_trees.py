"""What a restore made, and what it is compared with."""

from pathlib import Path

import pytest

from integration.transfer.saved_archives import (
    NOW,
    Team,
    commit_file,
    git,
    make_repository,
    pointer_text,
)
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import RestoreReport

API = "team/project/api"


WEB = "team/project/web"


LARGE = b"a large file\n" * 100


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "web")


def restored(team: Team, to: Path, **options: object) -> RestoreReport:
    return restore(team.archive, to=to, now=NOW, jobs=2, **options)  # type: ignore[arg-type]


def refs_of(git_dir: Path) -> str:
    return git(git_dir, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)")


def add_large_file(folder: Path, name: str = "large.bin", data: bytes = LARGE) -> None:
    (folder / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    git(folder, "add", ".gitattributes")
    commit_file(folder, name, pointer_text(data))
