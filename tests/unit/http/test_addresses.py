import pytest

from matou.errors import TryLater
from matou.http.addresses import Origin, UnsafeAddress, is_public, parse_address, require_public


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://e.coding.net/open-api", Origin("https", "e.coding.net", 443), "/open-api"),
        ("HTTPS://E.Coding.net:443", Origin("https", "e.coding.net", 443), "/"),
        ("http://127.0.0.1:8585/a?b=c%20d#e", Origin("http", "127.0.0.1", 8585), "/a?b=c%20d"),
        ("http://[::1]:80/", Origin("http", "[::1]", 80), "/"),
        ("http://[::1]/x", Origin("http", "[::1]", 80), "/x"),
        ("https://h/团队/仓库.git", Origin("https", "h", 443), "/%E5%9B%A2%E9%98%9F/%E4%BB%93%E5%BA%93.git"),
    ],
)
def test_an_address_is_an_origin_and_a_target(text: str, origin: Origin, target: str) -> None:
    address = parse_address(text)

    assert (address.origin, address.target) == (origin, target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/relative",
        "//host/path",
        "file:///etc/passwd",
        "ftp://h/",
        "ext::sh -c touch% /tmp/p",
        "ssh://-oProxyCommand=x/",
        "javascript:alert(1)",
        "https://user@h/",
        "https://user:password@h/",
        "https://h:x/",
        "https://h:99999/",
        "https://h:0/",
        "https:///path",
        "https://h /",
        "https://h/a b",
        "https://h/\r\nX: y",
        "https://h/\n",
        "https://h\x00/",
        "https://h/\x1b[2J",
        "https://h\\@evil/",
        "https://%65vil/",
        "https://[::1/",
        "https://-h/",
        "https://例え.テスト/",
    ],
)
def test_an_address_with_anything_hidden_in_it_is_refused(text: str) -> None:
    with pytest.raises(UnsafeAddress):
        parse_address(text)


def test_what_is_told_of_a_refused_address_has_no_password_in_it() -> None:
    with pytest.raises(UnsafeAddress) as caught:
        parse_address("https://coding:hunter2secret@h/?access_token=hunter3")

    assert "hunter" not in str(caught.value)


def test_the_text_of_an_address_leaves_its_query_out() -> None:
    assert str(parse_address("https://h:8443/a/b?X-Amz-Signature=secret")) == "https://h:8443/a/b?…"


@pytest.mark.parametrize(
    "number",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:a9fe:a9fe::1",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "3fff::1",
    ],
)
def test_what_leads_inward_is_not_public(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", ["1.1.1.1", "172.32.0.1", "223.5.5.5", "2400:3200::1", "2606:4700:4700::1111"])
def test_what_is_on_the_open_internet_is_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0177.0.0.1", "2130706433", "0x7f.1", "[::1]"])
def test_a_host_that_leads_inward_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises((UnsafeAddress, TryLater)):
        require_public(host, 80)
