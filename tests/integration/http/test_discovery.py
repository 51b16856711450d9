"""Which platform stands behind a web address: known by its name, or asked politely, as nobody, without being led on."""

from collections.abc import Iterator

import pytest

from matou.cli.run.discovery import NoPlatformThere, discover
from matou.errors import MatouError
from matou.http.addresses import UnsafeAddress
from matou.platforms.registry import UnknownPlatform
from matou.settings import Settings
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

SETTINGS = Settings.from_environment({})
REFUSED = json_reply({"message": "401 Unauthorized"}, 401)
NOTHING = Reply(404, b"<html>nothing</html>", {"Content-Type": "text/html"})


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


def speaks(server: RecordingServer, answers: dict[str, Reply]) -> None:
    def answer(request: SeenRequest) -> Reply:
        return answers.get(request.path, NOTHING)

    server.handler = answer


@pytest.mark.parametrize(
    ("typed", "platform", "url"),
    [
        ("https://team.coding.net", "coding", "https://e.coding.net/open-api"),
        ("https://team.coding.net/p/shop", "coding", "https://e.coding.net/open-api"),
        ("gitee.com/ORG", "gitee", "https://gitee.com"),
        ("https://gitee.com/ORG/api/tree/main", "gitee", "https://gitee.com"),
        ("github", "github", "https://api.github.com"),
        ("https://codeberg.org/forgejo", "gitea", "https://codeberg.org/api/v1"),
        ("https://gitlab.com/group/sub", "gitlab", "https://gitlab.com/api/v4"),
    ],
)
def test_an_official_place_is_known_by_its_name_and_nobody_is_asked(typed: str, platform: str, url: str) -> None:
    found = discover(typed, None, SETTINGS)

    assert (found.platform, found.url) == (platform, url)


@pytest.mark.parametrize(
    ("path", "reply", "platform", "api"),
    [
        ("/-/api/v1/openapi.json", json_reply({"openapi": "3.1.0"}), "matou", ""),
        ("/api/v1/version", json_reply({"version": "1.22.0"}), "gitea", "/api/v1"),
        ("/api/v4/version", REFUSED, "gitlab", "/api/v4"),
        ("/api/v3/meta", json_reply({"verifiable_password_authentication": True}), "github", "/api/v3"),
        ("/api/v5/user", REFUSED, "gitee", ""),
    ],
)
def test_a_server_of_a_team_is_known_by_what_it_answers(
    server: RecordingServer, path: str, reply: Reply, platform: str, api: str
) -> None:
    speaks(server, {path: reply})

    found = discover(f"{server.url}/team/project", None, SETTINGS)

    assert (found.platform, found.url, found.git_origin) == (platform, f"{server.url}{api}", server.url)
    assert {request.method for request in server.requests} == {"GET"}
    assert not any(request.has_authorization for request in server.requests)
    assert len({request.path for request in server.requests}) == len(server.requests) <= 5


def test_a_server_that_leads_elsewhere_is_not_followed(server: RecordingServer) -> None:
    elsewhere = RecordingServer()
    elsewhere.replies = [json_reply({"version": "1.22.0"})]
    server.replies = [Reply(302, b"", {"Location": f"{elsewhere.url}/api/v1/version"})]

    with pytest.raises(NoPlatformThere):
        discover(server.url, None, SETTINGS)

    assert elsewhere.requests == []
    elsewhere.close()


@pytest.mark.parametrize(
    "reply",
    [
        NOTHING,
        Reply(200, b"not JSON"),
        json_reply(["version"]),
        json_reply({"version": "1"}, 500),
        Reply(200, b'{"version": ' + b" " * 2_000_000 + b'"1"}'),
        Reply(200, b"\xff\xfe"),
    ],
)
def test_what_is_no_answer_of_a_platform_is_none(server: RecordingServer, reply: Reply) -> None:
    server.replies = [reply]

    with pytest.raises(MatouError):
        discover(server.url, None, SETTINGS)


def test_a_person_may_name_the_platform_of_a_server_and_it_is_not_asked(server: RecordingServer) -> None:
    found = discover(f"{server.url}/team", "gitea", SETTINGS)

    assert (found.platform, found.url) == ("gitea", f"{server.url}/api/v1")
    assert server.requests == []


def test_what_cannot_be_read_and_what_is_no_address_is_refused() -> None:
    with pytest.raises(UnknownPlatform):
        discover("https://git.example.org", "nonesuch", SETTINGS)
    with pytest.raises(UnknownPlatform):
        discover("https://cnb.cool/team", None, SETTINGS)
    with pytest.raises(UnsafeAddress):
        discover("https://user:secret@gitee.com", None, SETTINGS)
