"""`restore` brings metadata beside the code: as a bare repository, or as files that people read."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from matou.git.repository import packs
from matou.model.metadata.kinds import ISSUE
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import RestoreReport
from support.git_repositories import assert_sound, git
from support.metadata_items import BEGAN, comment, issue, picture
from support.saved_metadata import PICTURE, PROJECT, SavedMetadata

DIGEST = hashlib.sha256(PICTURE).hexdigest()
PLACE = f"metadata/{PROJECT}.git"
FILE = f"attachments/{DIGEST[:2]}/{DIGEST}/tide.png"


@pytest.fixture
def saved(tmp_path: Path) -> SavedMetadata:
    saved = SavedMetadata.create(tmp_path / "archive")
    saved.archive.blobs.put_bytes(PICTURE)
    files = (picture(sha256=DIGEST, size=len(PICTURE)),)
    saved.run(lambda writer: writer.put(ISSUE, issue("7", comments=(comment("5", files=files),))))
    saved.run(lambda writer: writer.put(ISSUE, issue("7", "changed", comments=(comment("5", files=files),))))
    return saved


def give_back(saved: SavedMetadata, to: Path, *, at: int | None = None, worktree: bool = False) -> RestoreReport:
    return restore(saved.archive, to=to, at=at, worktree=worktree, now=BEGAN)


def test_metadata_comes_as_a_bare_repository_with_its_history(saved: SavedMetadata, tmp_path: Path) -> None:
    report = give_back(saved, tmp_path / "to")

    made = tmp_path / "to" / PLACE
    assert (report.restored, report.problems) == ((PLACE,), ())
    assert_sound(made)
    assert git(made, "rev-list", "main") == git(saved.git_dir, "rev-list", "main")
    assert (made / "lfs" / "objects" / DIGEST[:2] / DIGEST[2:4] / DIGEST).read_bytes() == PICTURE


def test_metadata_comes_as_files_with_its_pictures(saved: SavedMetadata, tmp_path: Path) -> None:
    report = give_back(saved, tmp_path / "to", worktree=True)

    made = tmp_path / "to" / f"metadata/{PROJECT}"
    assert report.problems == ()
    assert json.loads((made / "issues/0000/7.json").read_text())["title"] == "changed"
    assert (made / FILE).read_bytes() == PICTURE


def test_metadata_comes_as_it_was_at_a_run(saved: SavedMetadata, tmp_path: Path) -> None:
    give_back(saved, tmp_path / "to", at=1)

    assert json.loads(git(tmp_path / "to" / PLACE, "show", "main:issues/0000/7.json"))["title"] == "潮水表"
    assert git(tmp_path / "to" / PLACE, "rev-list", "--count", "main") == "1"


def test_what_is_there_already_is_left_alone(saved: SavedMetadata, tmp_path: Path) -> None:
    give_back(saved, tmp_path / "to")

    again = give_back(saved, tmp_path / "to")

    assert (again.restored, again.already_there, again.problems) == ((), (PLACE,), ())


def test_damaged_metadata_is_named_and_not_made(saved: SavedMetadata, tmp_path: Path) -> None:
    for pack in packs(saved.git_dir):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-30] + b"\0" * 30)

    report = give_back(saved, tmp_path / "to")

    assert report.has_damage
    assert report.failed == (PLACE,)
    assert not (tmp_path / "to" / PLACE).exists()


def test_a_picture_that_is_lost_is_told_and_the_rest_comes(saved: SavedMetadata, tmp_path: Path) -> None:
    shutil.rmtree(saved.archive.root / "blobs" / "objects" / DIGEST[:2])

    report = give_back(saved, tmp_path / "to")

    assert report.restored == (PLACE,)
    assert [DIGEST in str(problem.cause) for problem in report.problems] == [True]
