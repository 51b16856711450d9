"""LFS objects: readable through a repository only for who sent all of their bytes to it."""

import hashlib
import io

import pytest

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.forge import Forge
from matou.forge.push.lfs import InvalidOid, NoSuchObject, WrongObject
from support.deciding import create_repository, delete_repository, exists, open_object, receive, size

BYTES = b"a large file\n" * 1000
OID = hashlib.sha256(BYTES).hexdigest()


def test_what_was_received_can_be_read(forge: Forge, repository: Repository) -> None:
    receive(forge, repository, OID, len(BYTES), io.BytesIO(BYTES))

    path, length = open_object(forge, repository, OID)

    assert (path.read_bytes(), length) == (BYTES, len(BYTES))
    assert (exists(forge, repository, OID), size(forge, repository, OID)) == (True, len(BYTES))


def test_an_object_of_another_repository_is_not_there(forge: Forge, repository: Repository, other: Repository) -> None:
    receive(forge, repository, OID, len(BYTES), io.BytesIO(BYTES))

    assert not exists(forge, other, OID)
    with pytest.raises(NoSuchObject):
        open_object(forge, other, OID)


@pytest.mark.parametrize("sent", [b"", BYTES[:-1], BYTES + b"x", b"x" * len(BYTES)])
def test_whoever_knows_only_the_name_of_an_object_gets_no_link_to_it(
    forge: Forge, repository: Repository, other: Repository, sent: bytes
) -> None:
    receive(forge, repository, OID, len(BYTES), io.BytesIO(BYTES))

    with pytest.raises(WrongObject):
        receive(forge, other, OID, len(BYTES), io.BytesIO(sent))

    assert not exists(forge, other, OID)
    assert open_object(forge, repository, OID)[0].read_bytes() == BYTES


def test_an_object_is_sent_again_to_be_linked_again(forge: Forge, repository: Repository, other: Repository) -> None:
    for target in (repository, other, other):
        receive(forge, target, OID, len(BYTES), io.BytesIO(BYTES))

    assert open_object(forge, other, OID) == open_object(forge, repository, OID)


@pytest.mark.parametrize("announced", [0, len(BYTES) - 1, len(BYTES) + 1, -1])
def test_a_size_that_is_not_so_stores_nothing(forge: Forge, repository: Repository, announced: int) -> None:
    with pytest.raises(WrongObject):
        receive(forge, repository, OID, announced, io.BytesIO(BYTES))

    assert list(forge.archive.blobs.iterate()) == []
    assert list(forge.archive.staging.iterdir()) == []


@pytest.mark.parametrize("oid", ["../../x", OID.upper(), OID[:63], OID + "0", "", "g" * 64, OID + "\n", "/" * 64])
def test_what_is_no_object_id_touches_nothing(forge: Forge, repository: Repository, oid: str) -> None:
    with pytest.raises(InvalidOid):
        receive(forge, repository, oid, len(BYTES), io.BytesIO(BYTES))
    with pytest.raises(InvalidOid):
        open_object(forge, repository, oid)

    assert list(forge.archive.blobs.iterate()) == []


def test_an_empty_object_is_one(forge: Forge, repository: Repository) -> None:
    oid = hashlib.sha256(b"").hexdigest()

    receive(forge, repository, oid, 0, io.BytesIO(b""))

    assert open_object(forge, repository, oid)[1] == 0


def test_a_blob_that_was_cut_off_on_disk_is_not_served(forge: Forge, repository: Repository) -> None:
    receive(forge, repository, OID, len(BYTES), io.BytesIO(BYTES))
    path, _ = open_object(forge, repository, OID)
    path.chmod(0o600)
    path.write_bytes(BYTES[:10])

    with pytest.raises(WrongObject):
        open_object(forge, repository, OID)


def test_links_go_with_their_repository(forge: Forge, repository: Repository, anna: User) -> None:
    receive(forge, repository, OID, len(BYTES), io.BytesIO(BYTES))
    delete_repository(forge, repository)

    created = create_repository(forge, repository.path, creator=anna)

    assert not exists(forge, created, OID)
