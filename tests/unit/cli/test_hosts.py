"""Which platform stands behind what somebody types."""

import pytest

from matou.cli.hosts import credential_for_git, host_of
from matou.credentials import GitCredential, Secret
from matou.credentials.logins import Login
from matou.credentials.store import SecretKind
from matou.http.addresses import UnsafeAddress
from matou.platforms.registry import UnknownPlatform


@pytest.mark.parametrize(
    ("typed", "platform", "url", "git_origin"),
    [
        ("coding", "coding", "https://e.coding.net/open-api", "https://e.coding.net"),
        ("e.coding.net", "coding", "https://e.coding.net/open-api", "https://e.coding.net"),
        ("https://team.coding.net/", "coding", "https://e.coding.net/open-api", "https://e.coding.net"),
        ("gitcode", "gitcode", "https://api.gitcode.com", "https://gitcode.com"),
        ("https://gitcode.com/user", "gitcode", "https://api.gitcode.com", "https://gitcode.com"),
        ("gitee", "gitee", "https://gitee.com", "https://gitee.com"),
        ("GITEE.com", "gitee", "https://gitee.com", "https://gitee.com"),
        ("http://gitee.com/li", "gitee", "https://gitee.com", "https://gitee.com"),
        ("http://gitcode.com", "gitcode", "https://api.gitcode.com", "https://gitcode.com"),
        ("http://e.coding.net", "coding", "https://e.coding.net/open-api", "https://e.coding.net"),
        ("atomgit.com", "gitcode", "https://api.atomgit.com", "https://atomgit.com"),
        ("git.example", "matou", "https://git.example", "https://git.example"),
        ("http://127.0.0.1:8585/a/b", "matou", "http://127.0.0.1:8585", "http://127.0.0.1:8585"),
        ("notcoding.net", "matou", "https://notcoding.net", "https://notcoding.net"),
        ("gitee.com.example", "matou", "https://gitee.com.example", "https://gitee.com.example"),
    ],
)
def test_an_address_tells_its_platform(typed: str, platform: str, url: str, git_origin: str) -> None:
    host = host_of(typed)

    assert (host.platform, host.url, host.git_origin) == (platform, url, git_origin)


@pytest.mark.parametrize(
    ("platform", "url"),
    [("coding", "http://h:1/open-api"), ("gitcode", "http://h:1"), ("gitee", "http://h:1"), ("matou", "http://h:1")],
)
def test_another_server_may_be_asked_as_any_platform(platform: str, url: str) -> None:
    assert host_of("http://h:1", platform).url == url


@pytest.mark.parametrize(
    "typed",
    [
        "https://li:secret@git.example",
        "ftp://git.example",
        "a b",
        "",
        "https://",
        "https://git\u0435e.example",
        "https://git.example\\.evil.example",
        "https://git.example\r.evil.example",
        "https://git.example%2f.evil.example",
        "https://git.example:0",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UnsafeAddress) as caught:
        host_of(typed)

    assert "secret" not in str(caught.value)


def test_a_platform_that_nobody_knows_is_named() -> None:
    with pytest.raises(UnknownPlatform, match="sourceforge"):
        host_of("git.example", "sourceforge")


@pytest.mark.parametrize(
    ("url", "in_clear"),
    [
        ("http://git.example", True),
        ("https://git.example", False),
        ("http://127.0.0.1:1", False),
        ("http://localhost:1", False),
        ("http://[::1]:1", False),
        ("http://127.evil.example", True),
        ("http://127.0.0.1.evil.example", True),
        ("http://localhost.evil.example", True),
    ],
)
def test_a_way_in_clear_is_known_as_such(url: str, in_clear: bool) -> None:
    assert host_of(url).is_in_clear is in_clear


@pytest.mark.parametrize(
    ("typed", "platform", "repository"),
    [
        ("https://e.coding.net/team/web/shop.git", None, "https://e.coding.net/team/web/shop.git"),
        ("http://e.coding.net/team/web/shop.git", None, ""),
        ("https://team.coding.net/team/shop.git", None, ""),
        ("http://h:1/team/web/shop.git", "coding", "http://h:1/team/web/shop.git"),
        ("http://h:1/open-api", "coding", ""),
        ("coding", None, ""),
    ],
)
def test_a_repository_is_known_as_one_and_its_credential_goes_in_clear_to_no_platform(
    typed: str, platform: str | None, repository: str
) -> None:
    host = host_of(typed, platform)

    assert host.repository == repository
    assert host.url.endswith("/open-api")


@pytest.mark.parametrize(
    ("platform", "token", "told"),
    [
        ("matou", "f00d", GitCredential("li", Secret("f00d"))),
        ("coding", "f00d", GitCredential("coding", Secret("f00d"))),
        ("coding", "ptabc123:f00d", GitCredential("ptabc123", Secret("f00d"))),
    ],
)
def test_git_is_told_the_user_name_that_the_platform_wants(platform: str, token: str, told: GitCredential) -> None:
    login = Login("https://h", platform, "https://h", "li", "https://h", {})

    assert credential_for_git(login, SecretKind.TOKEN, Secret(token)) == told
