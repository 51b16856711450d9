"""Uploaded files: kept whole, read through their own repository alone, and nothing of what is refused stays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from matou.archive.layout import Archive
from matou.db.engine import Database
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import MatouError
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.users import create_user
from matou.forge.content.uploads import (
    LARGEST_UPLOAD_BYTES,
    EmptyUpload,
    NoSuchUpload,
    UnwantedType,
    UploadTooLarge,
    path_of,
)
from matou.forge.forge import Forge
from matou.fs import DiskFull
from matou.model.events import EventKind
from matou.model.names import RepositoryPath
from support.clocks import Clock
from support.deciding import activity, create_repository, delete_repository, open_upload, receive_upload
from support.private_mounts import mount_memory, private_mounts, resize_memory

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


def test_what_was_uploaded_can_be_read_under_its_own_id(forge: Forge, repository: Repository, anna: User) -> None:
    upload = receive_upload(forge, repository, anna, "../图.png", PICTURE)

    found = open_upload(forge, repository, upload.id, "图.png")

    assert (found.upload, found.path.read_bytes()) == (upload, PICTURE)
    assert (found.type.media_type, found.type.is_picture) == ("image/png", True)
    assert path_of(upload) == f"uploads/{upload.id}/图.png"
    (event, *_), _ = activity(forge, Identity(anna, ALL_SCOPES), repository, limit=1)
    assert (event.kind, event.details) == (EventKind.UPLOADED, {"path": path_of(upload), "size": len(PICTURE)})


def test_the_same_file_twice_is_two_uploads_of_one_blob(forge: Forge, repository: Repository, anna: User) -> None:
    first, second = (receive_upload(forge, repository, anna, "a.txt", b"text") for _ in range(2))

    assert (first.id != second.id, first.blob == second.blob) == (True, True)


def test_uploads_at_once_are_all_there(forge: Forge, repository: Repository, anna: User) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = [threads.submit(receive_upload, forge, repository, anna, "a.txt", b"text") for _ in range(16)]

    assert len({open_upload(forge, repository, one.result().id, "a.txt").upload.id for one in done}) == 16


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", EmptyUpload),
        (b"x" * (LARGEST_UPLOAD_BYTES + 1), UploadTooLarge),
        (b"\x7fELF\x02\x01\x01" + bytes(9), UnwantedType),
    ],
    ids=["empty", "too large", "a program"],
)
def test_nothing_stays_of_what_is_refused(
    forge: Forge, repository: Repository, anna: User, content: bytes, refusal: type[MatouError]
) -> None:
    with pytest.raises(refusal):
        receive_upload(forge, repository, anna, "a.txt", content)

    assert list(forge.archive.blobs.iterate()) == []


def test_the_largest_file_is_taken(forge: Forge, repository: Repository, anna: User) -> None:
    upload = receive_upload(forge, repository, anna, "a.txt", b"x" * LARGEST_UPLOAD_BYTES)

    assert open_upload(forge, repository, upload.id, "a.txt").path.stat().st_size == LARGEST_UPLOAD_BYTES


def test_an_upload_of_another_repository_is_not_there(
    forge: Forge, repository: Repository, other: Repository, anna: User
) -> None:
    upload = receive_upload(forge, repository, anna, "a.txt", b"text")
    receive_upload(forge, other, anna, "a.txt", b"text")

    with pytest.raises(NoSuchUpload):
        open_upload(forge, other, upload.id, "a.txt")


def test_another_id_or_name_is_not_there(forge: Forge, repository: Repository, anna: User) -> None:
    upload = receive_upload(forge, repository, anna, "a.txt", b"text")

    for identifier, name in ((uuid4(), "a.txt"), (upload.id, "b.txt"), (UUID(int=0), "")):
        with pytest.raises(NoSuchUpload):
            open_upload(forge, repository, identifier, name)


def test_the_uploads_of_a_deleted_repository_are_gone(
    forge: Forge, repository: Repository, project: Namespace, anna: User
) -> None:
    upload = receive_upload(forge, repository, anna, "a.txt", b"text")

    delete_repository(forge, repository)
    again = create_repository(forge, RepositoryPath(project.path, "ship"), creator=anna)

    for gone in (repository, again):
        with pytest.raises(NoSuchUpload):
            open_upload(forge, gone, upload.id, "a.txt")


def test_a_file_that_does_not_fit_on_the_disk_leaves_nothing(
    sqlite_database: Database, clock: Clock, tmp_path: Path
) -> None:
    with private_mounts():
        disk = mount_memory(tmp_path / "disk", mebibytes=8)
        archive = Archive.create(disk / "archive", now=clock.now, identifier=UUID(int=1))
        forge = Forge(sqlite_database, archive, clock)
        anna = create_user(forge, "anna")
        repository = create_repository(forge, RepositoryPath.parse("anna/ship"), creator=anna)
        large = b"x" * LARGEST_UPLOAD_BYTES

        with pytest.raises(DiskFull):
            receive_upload(forge, repository, anna, "a.txt", large)

        assert (list(archive.blobs.iterate()), list(archive.staging.iterdir())) == ([], [])
        told, _ = activity(forge, Identity(anna, ALL_SCOPES), repository, kinds=(EventKind.UPLOADED,), limit=1)
        assert told == ()
        resize_memory(disk, mebibytes=64)
        upload = receive_upload(forge, repository, anna, "a.txt", large)
        assert open_upload(forge, repository, upload.id, "a.txt").path.read_bytes() == large
