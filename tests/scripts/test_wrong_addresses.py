"""What is said, at once, where something else stands at the address than what was meant."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.cli.hosts import OtherPlatform, api_address
from support.certificates import make_certificate
from support.encrypted_server import EncryptedServer
from support.program import Person
from support.recording_server import RecordingServer, Reply
from support.team import Team

PAGE = Reply(
    body=b"<!DOCTYPE html><html><head><title>Log in - Example</title></head></html>",
    headers={"Content-Type": "text/html; charset=utf-8"},
)
PLATFORMS = ("coding", "gitcode", "gitea", "gitee", "github", "gitlab")
EXAMPLES = {
    "coding": "https://e.coding.net/open-api",
    "gitcode": "https://api.gitcode.com",
    "gitea": "https://codeberg.org/api/v1",
    "gitee": "https://gitee.com",
    "github": "https://api.github.com",
    "gitlab": "https://gitlab.com/api/v4",
}


def backup(person: Person, platform: str, url: str, archive: Path, *, code: int) -> str:
    variable = f"MATOU_{platform.upper()}_TOKEN"
    ended = person.matou("backup", platform, "--url", url, "--to", archive, code=code, **{variable: "f" * 40})
    assert "asking again" not in ended.err
    assert "Traceback" not in ended.err
    return ended.err


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_web_page_in_place_of_the_api_is_told_by_its_title(
    person: Person, recording_server: RecordingServer, tmp_path: Path, platform: str, status: int
) -> None:
    recording_server.replies = [Reply(status, PAGE.body, PAGE.headers)]

    said = backup(person, platform, recording_server.url, tmp_path / "a", code=2)

    assert f"answered {status} with a web page: Log in - Example" in said
    assert "the address of the platform's API" in said
    assert not (tmp_path / "a" / "runs").exists() or not list((tmp_path / "a" / "runs").iterdir())


@pytest.mark.parametrize("status", [405, 501])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_address_of_another_api_is_told_with_one_that_would_do(
    person: Person, recording_server: RecordingServer, tmp_path: Path, platform: str, status: int
) -> None:
    recording_server.replies = [
        Reply(status, b'{"message": "method not allowed"}', {"Content-Type": "application/json"})
    ]

    said = backup(person, platform, f"{recording_server.url}/open-api", tmp_path / "a", code=2)

    assert f"{platform} at {recording_server.url}/open-api" in said.replace("of CODING at", "coding at")
    assert EXAMPLES[platform] in said


def test_a_question_that_is_not_taken_later_on_is_no_empty_list(
    person: Person, recording_server: RecordingServer, tmp_path: Path
) -> None:
    user = Reply(body=b'{"id": 1, "login": "li", "name": "Li"}', headers={"Content-Type": "application/json"})
    refusal = Reply(405, b'{"message": "method not allowed"}', {"Content-Type": "application/json"})
    for platform in ("gitcode", "gitee"):
        recording_server.replies = [user, refusal]
        goal = ("--url", recording_server.url, "--to", tmp_path / platform)

        ended = person.matou("backup", platform, *goal, code=3, **{f"MATOU_{platform.upper()}_TOKEN": "f" * 40})

        assert "405" in ended.err + ended.out


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[EncryptedServer]:
    """A server whose certificate nobody on this machine trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    server = EncryptedServer(make_certificate(tmp_path, "IP:127.0.0.1"))
    yield server
    server.close()


def test_a_server_whose_certificate_is_not_trusted_is_the_users_to_mend(
    team: Team, untrusted: EncryptedServer, tmp_path: Path
) -> None:
    commands: list[tuple[str, ...]] = [("login", untrusted.url, "--token-stdin")]
    place = ("--url", untrusted.url, "--to", str(tmp_path / "a"), "--token-stdin")
    commands.extend(("backup", platform, *place) for platform in PLATFORMS)
    team.person.matou("backup", "coding", "--url", team.api, "--to", tmp_path / "b", MATOU_CODING_TOKEN=team.token)
    goal = ("--to", "gitcode", "--url", untrusted.url, "--namespace", "x", "--token-stdin")
    commands.append(("migrate", str(tmp_path / "b"), *goal))
    for command in commands:
        ended = team.person.matou(*command, code=2, stdin="f" * 40)
        assert "certificate is not trusted" in ended.err
        assert "MATOU_CA_FILE" in ended.err
    root = tmp_path / "c"
    team.person.matou("user", "add", "chen", "--no-password", "--root", root)
    imported = team.person.matou("repo", "import", f"{untrusted.url}/a.git", "chen/a", "--root", root, code=2)
    assert "certificate" in imported.err
    assert "MATOU_CA_FILE" in imported.err
    assert not any(untrusted.received)


def test_https_to_a_port_of_http_is_told_at_once(team: Team, tmp_path: Path) -> None:
    for platform in PLATFORMS:
        said = backup(team.person, platform, team.api.replace("http:", "https:"), tmp_path / "a", code=6)
        assert "does not speak https; try the address with http://" in said


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody listens for as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_closed_port_and_a_host_that_does_not_exist_are_told_at_once(
    person: Person, closed_port: int, tmp_path: Path
) -> None:
    refused = backup(person, "gitcode", f"http://127.0.0.1:{closed_port}", tmp_path / "a", code=6)
    unknown = backup(person, "gitcode", "nobody-has-this.invalid", tmp_path / "a", code=6)

    assert "the connection was refused" in refused
    assert "GET https://nobody-has-this.invalid/api/v5/user: the host's name is not found" in unknown
    assert "check the address" in refused
    assert "check the address" in unknown


@pytest.mark.parametrize(
    ("platform", "typed", "meant"),
    [
        ("coding", "https://acme.coding.net", "https://e.coding.net/open-api"),
        ("coding", "https://acme.coding.net/p/shop/d/web/git", "https://e.coding.net/open-api"),
        ("coding", "e.coding.net", "https://e.coding.net/open-api"),
        ("coding", "https://e.coding.net/open-api/", "https://e.coding.net/open-api"),
        ("coding", "https://code.acme.example/open-api", "https://code.acme.example/open-api"),
        ("coding", "code.acme.example", "https://code.acme.example/open-api"),
        ("gitea", "https://codeberg.org/acme/web", "https://codeberg.org/api/v1"),
        ("gitea", "git.acme.example/", "https://git.acme.example/api/v1"),
        ("gitea", "https://acme.example/git/api/v1", "https://acme.example/git/api/v1"),
        ("github", "https://github.com/acme", "https://api.github.com"),
        ("github", "git.acme.example", "https://git.acme.example/api/v3"),
        ("gitlab", "https://gitlab.com/acme/tools/web", "https://gitlab.com/api/v4"),
        ("gitlab", "git.acme.example", "https://git.acme.example/api/v4"),
        ("gitee", "https://gitee.com/acme", "https://gitee.com"),
        ("gitee", "gitee.com/acme/web", "https://gitee.com"),
        ("gitee", "https://gitee.com/api/v3", "https://gitee.com/api/v3"),
        ("gitee", "http://127.0.0.1:8585/api/v3", "http://127.0.0.1:8585/api/v3"),
        ("gitcode", "https://gitcode.com/acme/web", "https://api.gitcode.com"),
        ("gitcode", "gitcode.com", "https://api.gitcode.com"),
        ("gitcode", "https://api.gitcode.com/api/v5", "https://api.gitcode.com/api/v5"),
        ("gitcode", "https://atomgit.com/acme", "https://api.atomgit.com"),
        ("gitcode", "git.acme.example:8443", "https://git.acme.example:8443"),
        ("matou", "http://127.0.0.1:8585", "http://127.0.0.1:8585"),
    ],
)
def test_an_address_of_pages_leads_to_the_api(platform: str, typed: str, meant: str) -> None:
    assert api_address(typed, platform) == meant


@pytest.mark.parametrize(
    ("platform", "typed"), [("coding", "https://gitee.com"), ("gitee", "acme.coding.net"), ("gitcode", "gitee.com/x")]
)
def test_an_address_of_another_platform_is_not_asked(platform: str, typed: str) -> None:
    with pytest.raises(OtherPlatform):
        api_address(typed, platform)


def test_a_source_of_the_configuration_may_be_a_page_too(person: Person, tmp_path: Path) -> None:
    (tmp_path / "matou.toml").write_text(
        f'[[source]]\nplatform = "gitcode"\nurl = "gitee.com/acme"\nto = "{tmp_path / "a"}"\n'
    )

    ended = person.matou("backup", "--config", tmp_path / "matou.toml", code=2, MATOU_GITCODE_TOKEN="f" * 40)

    assert "is an address of gitee, not of gitcode" in ended.err


def test_a_page_in_the_middle_is_waited_out(person: Person, recording_server: RecordingServer, tmp_path: Path) -> None:
    """Whoever answered as an API before is being looked after, perhaps."""
    user = Reply(body=b'{"id": 1, "login": "li", "name": "Li"}', headers={"Content-Type": "application/json"})
    nothing = Reply(body=b"[]", headers={"Content-Type": "application/json", "total_count": "0", "total_page": "0"})
    recording_server.replies = [user, PAGE, nothing]
    goal = ("--url", recording_server.url, "--to", tmp_path / "a")

    ended = person.matou("backup", "gitcode", *goal, code=None, MATOU_GITCODE_TOKEN="f" * 40)

    assert "answered with a web page: Log in - Example; asking again in" in ended.err
