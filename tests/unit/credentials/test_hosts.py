"""Which platform stands behind what somebody types."""

import pytest

from matou.cli.hosts import UnknownPlatform, credential_for_git, host_of
from matou.credentials import GitCredential, Secret
from matou.credentials.logins import Login
from matou.credentials.names import SecretKind
from matou.remote.addresses import UnsafeAddress


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


@pytest.mark.parametrize("typed", ["https://li:secret@git.example", "ftp://git.example", "a b", "", "https://"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UnsafeAddress) as caught:
        host_of(typed)

    assert "secret" not in str(caught.value)


def test_a_platform_that_nobody_knows_is_named() -> None:
    with pytest.raises(UnknownPlatform, match="sourceforge"):
        host_of("git.example", "sourceforge")


@pytest.mark.parametrize(
    ("url", "in_clear"),
    [("http://git.example", True), ("https://git.example", False), ("http://127.0.0.1:1", False)],
)
def test_a_way_in_clear_is_known_as_such(url: str, in_clear: bool) -> None:
    assert host_of(url).is_in_clear is in_clear


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
