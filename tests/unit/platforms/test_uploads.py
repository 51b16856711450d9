"""Where a file's bytes and the token go that a platform says is to be sent somewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.errors import Damaged, MatouError, TryLater
from matou.http.addresses import AddressRefused
from matou.http.responses import RedirectRefused
from matou.http.session import Session
from matou.model.metadata_targets import NewFile
from matou.platforms.base.uploads import send_file
from support.recording_server import RecordingServer, Reply
from support.steered_clock import SYSTEM_CLOCK

TOKEN = "s3cr3tT0ken0123456789"
AUTHORIZATION = Secret(f"Bearer {TOKEN}")
BYTES = b"\x89PNG" + bytes(range(256)) * 4


@pytest.fixture
def storage() -> Iterator[RecordingServer]:
    server = RecordingServer()
    server.replies = [Reply(body=b"stored")]
    yield server
    server.close()


@pytest.fixture
def session(recording_server: RecordingServer, storage: RecordingServer) -> Iterator[Session]:
    with Session(named=[recording_server.url, storage.url], clock=SYSTEM_CLOCK) as session:
        yield session


@pytest.fixture
def file(tmp_path: Path) -> NewFile:
    path = tmp_path / "quay.png"
    path.write_bytes(BYTES)
    return NewFile(name="quay.png", path=path, size_bytes=len(BYTES), type="image/png")


def test_a_storage_is_sent_the_bytes_and_its_own_headers_and_no_token(
    recording_server: RecordingServer, storage: RecordingServer, session: Session, file: NewFile
) -> None:
    signed = {"x-cos-signature": "signed", "content-type": "image/x-png", "Host": "other", "Content-Length": "7"}

    answer = send_file(
        session, f"{storage.url}/a?sign=1", file, home=recording_server.url, headers=signed, authorization=AUTHORIZATION
    )

    [request] = storage.requests
    assert (answer.body, request.method, request.target, request.body) == (b"stored", "PUT", "/a?sign=1", BYTES)
    assert request.headers["x-cos-signature"] == "signed"
    assert request.headers["content-type"] == "image/x-png"
    assert request.headers["content-length"] == str(len(BYTES))
    assert request.headers["host"] != "other"
    assert not request.has_authorization


def test_the_api_itself_is_sent_the_token(recording_server: RecordingServer, session: Session, file: NewFile) -> None:
    recording_server.replies = [Reply(201)]

    send_file(
        session,
        f"{recording_server.url}/a",
        file,
        home=recording_server.url,
        method="POST",
        authorization=AUTHORIZATION,
    )

    [request] = recording_server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert (request.method, request.headers["content-type"]) == ("POST", "image/png")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://storage.example/a", {}),
        ("ftp://storage.example/a", {}),
        ("https://storage.example@elsewhere.example/a", {}),
        (f"https://storage.example/a?token={TOKEN}", {}),
        ("https://storage.example/a", {"x-token": TOKEN}),
        ("https://storage.example/a", {"x-two": "one\r\nX-Other: two"}),
        ("not an address", {}),
    ],
)
def test_nothing_is_sent_to_an_address_that_would_give_something_up(
    session: Session, file: NewFile, url: str, headers: dict[str, str]
) -> None:
    with pytest.raises(AddressRefused) as refusal:
        send_file(session, url, file, home="https://api.example", headers=headers, authorization=AUTHORIZATION)

    assert TOKEN not in str(refusal.value)


def test_no_storage_within_our_own_network_is_sent_anything(
    recording_server: RecordingServer, storage: RecordingServer, file: NewFile
) -> None:
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session, pytest.raises(MatouError):
        send_file(session, f"{storage.url}/a", file, home=recording_server.url)

    assert storage.requests == []


def test_no_redirect_is_followed(
    recording_server: RecordingServer, storage: RecordingServer, session: Session, file: NewFile
) -> None:
    storage.replies = [Reply(307, headers={"Location": f"{storage.url}/b"})]

    with pytest.raises(RedirectRefused):
        send_file(session, f"{storage.url}/a", file, home=recording_server.url)

    assert len(storage.requests) == 1


@pytest.mark.parametrize("reply", [Reply(503), Reply(429, headers={"Retry-After": "1"}), Reply(raw=[b""])])
def test_what_did_not_get_through_is_not_sent_again(
    recording_server: RecordingServer, storage: RecordingServer, session: Session, file: NewFile, reply: Reply
) -> None:
    storage.replies = [reply]

    with pytest.raises(TryLater):
        send_file(session, f"{storage.url}/a", file, home=recording_server.url)

    assert len(storage.requests) == 1


def test_a_file_that_became_shorter_never_arrives_whole(
    recording_server: RecordingServer, storage: RecordingServer, session: Session, file: NewFile
) -> None:
    file.path.write_bytes(BYTES[:100])

    with pytest.raises((Damaged, TryLater)):
        send_file(session, f"{storage.url}/a", file, home=recording_server.url)

    assert storage.requests == []
