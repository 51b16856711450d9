"""A folder is an archive, can become one, or is left alone."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.layout import Archive, FolderInUse, NewerFormat, NotAnArchive
from matou.errors import Damaged
from matou.model.names import RepositoryPath

NOW = datetime(2026, 11, 21, 8, 0, 0, 999, tzinfo=UTC)
IDENTIFIER = UUID("6b0a6f2e-6f0e-4f0e-8f0e-6f0e6f0e6f0e")


def create(root: Path) -> Archive:
    return Archive.create(root, now=NOW, identifier=IDENTIFIER)


def test_an_archive_says_what_it_is_in_both_languages(tmp_path: Path) -> None:
    archive = create(tmp_path / "new" / "archive")

    assert (archive.root / "archive.json").read_text() == (
        '{"format":2,"features":[],"id":"6b0a6f2e-6f0e-4f0e-8f0e-6f0e6f0e6f0e","created_at":"2026-11-21T08:00:00Z"}\n'
    )
    text = (archive.root / "MATOU.txt").read_text()
    assert "git clone" in text
    assert "取回一个仓库" in text
    assert Archive.open(archive.root) == archive


def test_paths_are_those_of_the_format_page(tmp_path: Path) -> None:
    archive = create(tmp_path)

    assert (
        archive.repository(RepositoryPath.parse("team/project/api")) == tmp_path / "repositories/team/project/api.git"
    )
    assert archive.manifest(7) == tmp_path / "runs/000007/manifest.jsonl"
    assert archive.records(7) == tmp_path / "runs/000007/records.jsonl.zst"
    assert sorted(os.listdir(tmp_path)) == ["MATOU.txt", "archive.json", "blobs", "repositories", "runs", "staging"]  # noqa: PTH208


def test_runs_are_numbered_one_after_another(tmp_path: Path) -> None:
    archive = create(tmp_path)
    (archive.runs / "notes").mkdir()

    assert [archive.begin_run() for _ in range(3)] == [1, 2, 3]
    (archive.runs / "1000041").mkdir()

    assert archive.begin_run() == 1_000_042
    assert list(archive.run_numbers()) == [1, 2, 3, 1_000_041, 1_000_042]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")

    with pytest.raises(FolderInUse, match=r"thesis\.tex"):
        create(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_archive_is_not_made_twice_and_opening_it_keeps_its_identity(tmp_path: Path) -> None:
    archive = create(tmp_path)

    with pytest.raises(FolderInUse, match=r"archive\.json"):
        create(tmp_path)

    assert Archive.open_or_create(tmp_path, now=NOW, identifier=UUID(int=5)) == archive


@pytest.mark.parametrize("missing", ["archive.json", "MATOU.txt archive.json", "blobs/objects archive.json"])
def test_a_creation_that_was_cut_off_is_finished(tmp_path: Path, missing: str) -> None:
    create(tmp_path)
    for name in missing.split():
        path = tmp_path / name
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / ".archive.json.x.partial").write_text("")

    assert Archive.open_or_create(tmp_path, now=NOW, identifier=IDENTIFIER).identity.id == IDENTIFIER


def test_an_archive_with_runs_that_lost_its_identity_is_not_made_anew(tmp_path: Path) -> None:
    create(tmp_path).begin_run()
    (tmp_path / "archive.json").unlink()

    with pytest.raises(FolderInUse, match="runs/000001"):
        Archive.open_or_create(tmp_path, now=NOW, identifier=IDENTIFIER)


def test_a_folder_without_an_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAnArchive, match="nowhere"):
        Archive.open(tmp_path / "nowhere")


def test_a_later_format_is_not_touched(tmp_path: Path) -> None:
    create(tmp_path)
    (tmp_path / "archive.json").write_text('{"format": 3, "more": []}')

    with pytest.raises(NewerFormat, match="format 3"):
        Archive.open(tmp_path)


def test_a_feature_that_is_not_known_is_not_touched(tmp_path: Path) -> None:
    created = json.loads((create(tmp_path).root / "archive.json").read_text())
    (tmp_path / "archive.json").write_text(json.dumps({**created, "features": ["tides"]}))

    with pytest.raises(NewerFormat, match="tides"):
        Archive.open(tmp_path)


def test_what_else_is_said_of_an_archive_of_this_format_is_no_damage_and_stays(tmp_path: Path) -> None:
    said = {**json.loads((create(tmp_path).root / "archive.json").read_text()), "motto": {"zh": "码头"}}
    (tmp_path / "archive.json").write_text(json.dumps(said))

    archive = Archive.open(tmp_path).in_our_format()

    assert json.loads((archive.root / "archive.json").read_text()) == said


def test_an_archive_of_format_1_becomes_one_of_this_format_and_stays_the_same(tmp_path: Path) -> None:
    said = json.loads((create(tmp_path).root / "archive.json").read_text())
    del said["features"]
    (tmp_path / "archive.json").write_text(json.dumps({**said, "format": 1}))
    before = Archive.open(tmp_path).identity

    after = Archive.open(tmp_path).in_our_format().identity

    assert (before.format, after.format) == (1, 2)
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert [path.name for path in tmp_path.glob(".*.partial")] == []


WITHOUT_FORMAT = '"id":"00000000-0000-0000-0000-000000000001","created_at":"2026-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "\0\0\0", '{"format":"1"}', '{"format":1}', '{"format":1,"id":"x"}'),
        *(f'{{"format":{number},{WITHOUT_FORMAT}' for number in (0, -1, -(10**400), "2.0", "true", "NaN")),
    ],
)
def test_an_identity_that_cannot_be_read_is_damage(tmp_path: Path, text: str) -> None:
    create(tmp_path)
    (tmp_path / "archive.json").write_text(text)

    with pytest.raises(Damaged, match=r"archive\.json"):
        Archive.open(tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_an_identity_that_is_no_file_is_damage(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Every command waited for whoever writes into a pipe, or filled the memory from a device."""
    create(tmp_path)
    (tmp_path / "archive.json").unlink()
    make(tmp_path / "archive.json")

    with pytest.raises(Damaged, match=r"archive\.json is no file"):
        Archive.open(tmp_path)


def test_an_archive_that_was_copied_without_its_empty_folders_works(tmp_path: Path) -> None:
    archive = create(tmp_path)
    for name in ("runs", "staging", "blobs/objects", "blobs", "repositories"):
        (tmp_path / name).rmdir()

    assert list(archive.run_numbers()) == []
    assert archive.files.clear_staging() == 0
    assert archive.begin_run() == 1
    assert archive.blobs.read(archive.blobs.put_bytes(b"data")) == b"data"


@pytest.mark.parametrize("digest", ["../../../../etc/passwd", "", "ab", "/etc/passwd", "ab" * 32 + "/x"])
def test_what_is_no_digest_names_no_file(tmp_path: Path, digest: str) -> None:
    archive = Archive.create(tmp_path / "archive", now=datetime(2026, 1, 1, tzinfo=UTC), identifier=UUID(int=7))

    with pytest.raises(Damaged):
        archive.blob_file(digest)
