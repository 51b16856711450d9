"""A blob's name is the digest of its bytes, whatever happens."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.blobs import (
    LONGEST_WAITING_BYTES,
    MOST_WAITING,
    WAITING_BYTES,
    BlobStore,
    DamagedBlob,
    UnexpectedDigest,
)
from matou.archive.layout import Archive
from matou.errors import Damaged, NotFound

DIGEST = hashlib.sha256(b"data").hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", now=datetime(2026, 1, 1, tzinfo=UTC), identifier=UUID(int=1))


@pytest.fixture
def blobs(archive: Archive) -> BlobStore:
    return archive.blobs


def test_a_blob_lies_where_git_lfs_would_have_it(archive: Archive, blobs: BlobStore) -> None:
    assert blobs.put_bytes(b"data") == blobs.put_stream([b"da", b"ta"]) == DIGEST
    assert (archive.root / "blobs" / "objects" / DIGEST[:2] / DIGEST[2:4] / DIGEST).read_bytes() == b"data"
    assert list(blobs.iterate()) == [DIGEST]
    assert blobs.read(DIGEST) == b"data"
    assert blobs.size(DIGEST) == 4


def test_bytes_that_are_not_what_was_promised_are_not_kept(archive: Archive, blobs: BlobStore) -> None:
    with pytest.raises(UnexpectedDigest, match=DIGEST):
        blobs.put_stream([b"other"], expected=DIGEST)

    assert list(blobs.iterate()) == []
    assert list(archive.staging.iterdir()) == []


def test_a_changed_blob_is_found_and_putting_it_again_heals_it(archive: Archive, blobs: BlobStore) -> None:
    blobs.put_bytes(b"data")
    path = archive.files.path(f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}")
    path.chmod(0o644)
    path.write_bytes(b"date")

    for read in (blobs.read, blobs.verify):
        with pytest.raises(DamagedBlob, match=DIGEST):
            read(DIGEST)
    blobs.put_stream([b"data"], expected=DIGEST)

    blobs.verify(DIGEST)


def test_a_blob_that_is_missing_is_not_found(blobs: BlobStore) -> None:
    for ask in (blobs.read, blobs.verify, blobs.open, blobs.size):
        with pytest.raises(NotFound, match=DIGEST):
            ask(DIGEST)


@pytest.mark.parametrize("digest", ["", "../../x", DIGEST.upper(), DIGEST[1:], DIGEST + "0", DIGEST + "\n"])
def test_what_is_no_digest_names_no_blob(blobs: BlobStore, digest: str) -> None:
    with pytest.raises(Damaged):
        blobs.has(digest)


def test_a_file_that_is_no_blob_is_passed_over_and_can_be_listed(archive: Archive, blobs: BlobStore) -> None:
    blobs.put_bytes(b"data")
    archive.files.put("stray", [b""])
    archive.files.put(f"00/00/{DIGEST}", [b""])

    assert list(blobs.iterate()) == [DIGEST]
    assert list(blobs.strangers()) == [f"00/00/{DIGEST}", "stray"]


def test_what_is_put_soon_is_there_after_a_flush(blobs: BlobStore) -> None:
    digests = [blobs.put_soon(b"%d" % number) for number in range(5)]
    assert not any(blobs.has(digest) for digest in digests)

    blobs.flush()

    assert [blobs.read(digest) for digest in digests] == [b"0", b"1", b"2", b"3", b"4"]


def test_what_waits_is_bounded_in_number_and_in_bytes(blobs: BlobStore) -> None:
    many = [blobs.put_soon(b"%d" % number) for number in range(MOST_WAITING)]
    assert all(blobs.has(digest) for digest in many)

    large = [blobs.put_soon(bytes([number]) * LONGEST_WAITING_BYTES) for number in range(40)]
    assert sum(blobs.has(digest) for digest in large) >= 40 - WAITING_BYTES // LONGEST_WAITING_BYTES

    assert blobs.has(blobs.put_soon(b"x" * (LONGEST_WAITING_BYTES + 1)))
