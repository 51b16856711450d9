"""Files come from where the platform keeps them, and nobody else is told who asks."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.blobs import BlobStore
from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.metadata import FileRequest
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.transfer.backup.metadata.file_fetcher import FetchedFile, FileFetcher
from matou.transfer.backup.metadata.replay import RecordedFiles
from support.recording_server import RecordingServer, Reply
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400
TOKEN = "f00dfacecafe0123456789abcdef0123"
URL = "/attachments/1/图.png"


@pytest.fixture
def api() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


@pytest.fixture
def other() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


@pytest.fixture
def session(api: RecordingServer, other: RecordingServer) -> Iterator[Session]:
    patience = RetryPolicy(attempts=2, first_wait=timedelta(milliseconds=1))
    # The other host must be named as well: nothing else inside our network is asked.
    with Session(named=[api.url, other.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return Archive.open_or_create(tmp_path / "archive", now=NOW, identifier=UUID(int=7)).blobs


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def fetcher(session: Session, api: RecordingServer, blobs: BlobStore, records: list[Record]) -> FileFetcher:
    return FileFetcher(session, blobs, api.url, records.append, lambda: NOW)


def nothing(signed: str | None) -> FileRequest:
    return FileRequest(url="", hosts=frozenset())


def fetch(fetcher: FileFetcher, url: str, *, signed: str | None = None, **more: Any) -> FetchedFile:
    def request(given: str | None) -> FileRequest:
        return FileRequest(url=given or url, hosts=frozenset(), authorization=Secret(f"Bearer {TOKEN}"), **more)

    return fetcher.fetch(URL, "图.png", request, signed)


def test_a_file_becomes_a_blob_and_its_type_is_told_by_its_bytes(
    api: RecordingServer, fetcher: FileFetcher, blobs: BlobStore
) -> None:
    api.replies = [Reply(200, PNG, {"Content-Type": "text/plain"})]

    fetched = fetch(fetcher, f"{api.url}/x")

    assert fetched == FetchedFile(sha256=hashlib.sha256(PNG).hexdigest(), size=len(PNG), type="image/png")
    assert blobs.read(str(fetched.sha256)) == PNG
    assert api.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_foreign_host_is_told_nothing_of_the_credential(
    api: RecordingServer, other: RecordingServer, fetcher: FileFetcher
) -> None:
    api.replies = [Reply(302, b"", {"Location": f"{other.url}/bytes"})]
    other.replies = [Reply(200, PNG)]

    refused = fetch(fetcher, f"{api.url}/x")
    fetched = fetch_allowing(fetcher, f"{api.url}/x", "127.0.0.1")

    assert refused.missing is not None
    assert fetched.sha256 is not None
    assert [request.has_authorization for request in other.requests] == [False]


def fetch_allowing(fetcher: FileFetcher, url: str, *hosts: str) -> FetchedFile:
    def request(given: str | None) -> FileRequest:
        return FileRequest(url=url, hosts=frozenset(hosts), authorization=Secret(f"Bearer {TOKEN}"))

    return fetcher.fetch(URL, "图.png", request, None)


def test_a_third_redirect_is_one_too_many(api: RecordingServer, fetcher: FileFetcher) -> None:
    api.replies = [Reply(302, b"", {"Location": "/again"})]

    assert fetch(fetcher, f"{api.url}/x").missing is not None
    assert len(api.requests) == 3


def test_a_redirect_inward_is_not_followed(
    session: Session, api: RecordingServer, blobs: BlobStore, tmp_path: Path
) -> None:
    inner = RecordingServer()
    inner.replies = [Reply(200, b"the metadata of a cloud")]
    api.replies = [Reply(302, b"", {"Location": f"{inner.url}/latest/meta-data"})]
    fetcher = FileFetcher(session, blobs, api.url, lambda record: None, lambda: NOW)

    fetched = fetch_allowing(fetcher, f"{api.url}/x", "127.0.0.1")

    inner.close()
    assert fetched.missing is not None
    assert "not public" in fetched.missing
    assert inner.requests == []


def test_what_has_expired_is_asked_for_again_once(api: RecordingServer, fetcher: FileFetcher) -> None:
    api.replies = [Reply(403, b"Request has expired"), Reply(200, PNG)]

    fetched = fetch(fetcher, f"{api.url}/fresh", signed=f"{api.url}/signed?Expires=1&Signature=abc")

    assert fetched.sha256 is not None
    assert [request.path for request in api.requests] == ["/signed", "/fresh"]


def test_what_is_not_there_is_missing_and_says_why(api: RecordingServer, fetcher: FileFetcher) -> None:
    api.replies = [Reply(404, b"no such file")]

    fetched = fetch(fetcher, f"{api.url}/x?Signature=abc")

    assert fetched.missing is not None
    assert "404" in fetched.missing
    assert "abc" not in fetched.missing


def test_a_page_to_log_in_is_no_picture(api: RecordingServer, fetcher: FileFetcher) -> None:
    api.replies = [Reply(200, b"\n<!DOCTYPE html><html>log in</html>", {"Content-Type": "text/html; charset=utf-8"})]

    assert fetch(fetcher, f"{api.url}/x").missing == "a page for people came in its place"


def test_a_file_that_is_too_large_is_left_out_and_is_not_missing(api: RecordingServer, fetcher: FileFetcher) -> None:
    api.replies = [Reply(200, PNG)]
    fetcher.limit_bytes = len(PNG) - 1

    assert fetch(fetcher, f"{api.url}/x") == FetchedFile(size=len(PNG))

    api.replies = [Reply(200, PNG, chunked=True)]
    assert fetch(fetcher, f"{api.url}/x") == FetchedFile()

    api.replies = [Reply(200, PNG)]
    fetcher.limit_bytes = len(PNG)
    assert fetch(fetcher, f"{api.url}/x").sha256 is not None


def test_a_host_that_is_away_is_no_deletion_and_is_left_alone_after_a_while(
    api: RecordingServer, fetcher: FileFetcher
) -> None:
    api.replies = [Reply(503, b"later")]

    fetched = [fetch(fetcher, f"{api.url}/x") for _ in range(5)]

    assert all(one.fault is not None and one.missing is None for one in fetched)
    assert len(api.requests) == 3 * 2


def test_what_breaks_off_is_no_blob(api: RecordingServer, fetcher: FileFetcher, blobs: BlobStore) -> None:
    api.replies = [Reply(200, PNG, content_length=2 * len(PNG), ends=False)]

    fetched = fetch(fetcher, f"{api.url}/x")

    assert fetched.fault is not None
    assert not blobs.has(hashlib.sha256(PNG).hexdigest())


def test_the_receipts_say_again_what_became_of_each(
    api: RecordingServer, fetcher: FileFetcher, blobs: BlobStore, records: list[Record]
) -> None:
    api.replies = [Reply(200, PNG), Reply(404, b"no")]
    fetched = [fetch(fetcher, f"{api.url}/x?token=secret") for _ in range(2)]

    with RecordedAnswers(records) as answers:
        recorded = RecordedFiles(answers, blobs)
        again = [
            recorded.fetch(URL, "图.png", lambda given: FileRequest(url="", hosts=frozenset()), None) for _ in "12"
        ]

    assert again == fetched
    assert not any(b"secret" in record.body or "secret" in str(record.parameters) for record in records)


def test_what_is_no_address_is_missing_and_says_why(fetcher: FileFetcher) -> None:
    fetched = fetch(fetcher, "https://[x/图.png")

    assert fetched.missing is not None
    assert "cannot be read" in fetched.missing
