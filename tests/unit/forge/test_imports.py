"""Which addresses a repository may be brought in from."""

import pytest

from matou.forge.repositories.imports import ImportRefused, require_remote_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/team/ship.git",
        "http://127.0.0.1:8585/team/ship.git",
        "https://[2001:db8::1]:8443/x",
        "https://example.com/%E7%A0%81%E5%A4%B4/x.git",
        "https://example.com",
    ],
)
def test_a_plain_web_address_is_read_as_it_is(url: str) -> None:
    assert require_remote_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/matou-canary",
        "file:///etc",
        "/srv/x.git",
        "../other.git",
        "C:\\x",
        "ssh://-oProxyCommand=touch/x",
        "git@-host:x",
        "git://example.com/x.git",
        "https://user:password@example.com/x.git",
        "https://token@example.com/x.git",
        "http://a b/x.git",
        "http:///x.git",
        "http://",
        "https://example.com:99999/x.git",
        "https://example.com/x.git\n",
        "https://example.com/%0a\x1b[2J",
        "https://例子.测试/x.git",
        "--upload-pack=touch /tmp/matou-canary",
        "",
        pytest.param("https://example.com/" + "x" * 2000, id="long"),
    ],
)
def test_anything_else_is_refused_without_showing_a_secret(url: str) -> None:
    """Catalogue B-11, B-12, B-13, B-19."""
    with pytest.raises(ImportRefused) as raised:
        require_remote_url(url)

    assert "password" not in str(raised.value)
    assert "token@" not in str(raised.value)
