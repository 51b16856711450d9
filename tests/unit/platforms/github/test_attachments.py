"""What of the addresses in texts is a file that GitHub keeps, and how it is fetched."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import RemoteRepository, VersionControl, Visibility
from matou.platforms.github.api import GitHubApi
from matou.platforms.github.metadata_reader import GitHubReader, is_attachment
from support.recording_server import RecordingServer, Reply
from support.steered_clock import SYSTEM_CLOCK

SITE = "https://github.com"
TOKEN = Secret("ghp_0123456789")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        f"{SITE}/user-attachments/assets/1c9ad2ae-0000-4000-8000-000000000000",
        f"{SITE}/user-attachments/files/17/log.txt",
        f"{SITE}/harbour/crane/assets/898013/1c9ad2ae",
        f"{SITE}/harbour/crane/files/17/log.txt",
        "/user-attachments/assets/1c9ad2ae",
        "https://user-images.githubusercontent.com/898013/1-2.png",
    ],
)
def test_files_that_people_put_into_texts_are_attachments(address: str) -> None:
    assert is_attachment(address, SITE)


@pytest.mark.parametrize(
    "address",
    [
        f"{SITE}/harbour/crane/blob/main/assets/17/x.png",
        f"{SITE}/harbour/crane/issues/7",
        f"{SITE}/settings/tokens",
        "https://user-images.githubusercontent.com/",
        "https://evil.example/user-attachments/assets/1",
        "https://github.com.evil.example/user-attachments/assets/1",
    ],
)
def test_other_addresses_are_none(address: str) -> None:
    assert not is_attachment(address, SITE)


def test_a_picture_that_only_some_may_see_is_fetched_by_the_address_that_github_signs() -> None:
    """The token is told to the API alone, and the address that came is asked for without it."""
    signed = "https://private-user-images.githubusercontent.com/1.png?jwt=s1gned&amp;n=1"
    shown = f'<p dir="auto"><a href="x"><img alt="" src="{signed}" style="max-width: 100%"></a></p>'
    with running_github(shown) as (server, reader):
        request = reader.download("https://github.com/user-attachments/assets/1c9ad2ae", None)

    [rendering] = server.requests
    assert (rendering.method, rendering.path) == ("POST", "/api/v3/markdown")
    assert rendering.json() == {
        "text": "![](https://github.com/user-attachments/assets/1c9ad2ae)",
        "mode": "gfm",
        "context": "harbour/crane",
    }
    assert request.url == "https://private-user-images.githubusercontent.com/1.png?jwt=s1gned&n=1"
    assert request.authorization is None


def test_where_github_signs_nothing_the_address_itself_is_asked_for() -> None:
    with running_github("<p>nothing to show</p>") as (_, reader):
        request = reader.download("/user-attachments/assets/1c9ad2ae", None)

    assert request.url == "https://github.com/user-attachments/assets/1c9ad2ae"


def test_bytes_of_a_release_are_asked_of_the_api_and_no_other_address_is_told_the_token() -> None:
    with running_github("") as (server, reader):
        ours = reader.download("https://github.com/x", f"{server.url}/api/v3/repos/harbour/crane/releases/assets/7")
        other = reader.download("https://github.com/harbour/crane/files/17/log.txt", "https://evil.example/api/v3/x")

    assert ours.authorization is not None
    assert ours.headers["Accept"] == "application/octet-stream"
    assert other.authorization is None


@contextmanager
def running_github(shown: str) -> Iterator[tuple[RecordingServer, GitHubReader]]:
    server = RecordingServer()
    server.replies = [Reply(200, shown.encode(), {"Content-Type": "text/html; charset=utf-8"})]
    with closing(server), Session(named=[server.url], clock=SYSTEM_CLOCK) as session:
        api = GitHubApi(session, f"{server.url}/api/v3", TOKEN, now=lambda: NOW)
        yield server, GitHubReader(api, "harbour/crane", CRANE, lambda _: True)


CRANE = RemoteRepository(
    id="1",
    namespace_id="2",
    name="crane",
    description="",
    clone_url="https://github.com/harbour/crane.git",
    version_control=VersionControl.GIT,
    created_at=None,
    last_push_at=None,
    default_branch=None,
    visibility=Visibility.PRIVATE,
)
