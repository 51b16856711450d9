"""The token goes to the Open API's own hosts and nowhere else, whatever the platform answers."""

import pytest

from matou.http.addresses import AddressRefused
from matou.platforms.coding.addresses import AccountHosts, team_key

CODING = AccountHosts("https://e.coding.net/open-api", "https://harbour.coding.net")
LOCAL = AccountHosts("http://127.0.0.1:8585/open-api", "http://127.0.0.1:8585/harbour")
INTRANET = AccountHosts("https://it.devops.example.com/open-api/", "https://harbour.devops.example.com")
COUNTRY = AccountHosts("https://example.com.cn/open-api", "")


@pytest.mark.parametrize(
    ("home", "address"),
    [
        (CODING, "https://e.coding.net/harbour/docks/ship.git"),
        (CODING, "https://E.CODING.NET/harbour/docks/ship.git"),
        (CODING, "https://harbour.coding.net/harbour/ship.git"),
        (CODING, "https://git.coding.net/harbour/docks/ship.git"),
        (LOCAL, "http://127.0.0.1:8585/harbour/docks/ship.git"),
        (LOCAL, "https://127.0.0.1/harbour/docks/ship.git"),
        (INTRANET, "https://git.devops.example.com/harbour/docks/ship.git"),
        (COUNTRY, "https://git.example.com.cn/harbour/docks/ship.git"),
    ],
)
def test_an_address_of_the_same_family_is_cloned_from(home: AccountHosts, address: str) -> None:
    assert home.clone_url(address).lower() == address.lower()


@pytest.mark.parametrize(
    ("home", "address"),
    [
        (CODING, ""),
        (CODING, "ship.git"),
        (CODING, "https://coding.net.evil.example/ship.git"),
        (CODING, "https://evilcoding.net/ship.git"),
        (CODING, "https://evil.example/?e.coding.net"),
        (CODING, "https://e.coding.net@evil.example/ship.git"),
        (CODING, "https://user:password@e.coding.net/ship.git"),
        (CODING, "http://e.coding.net/ship.git"),
        (CODING, "https://e.coding.net:2222/ship.git"),
        (CODING, "https://e.coding.net/ship.git?token=x"),
        (CODING, "https://e.coding.net/ship.git#x"),
        (CODING, "https://e.coding.net/ship.git\nHost: evil"),
        (CODING, "https://e.coding.net\\@evil.example/ship.git"),
        (CODING, "ssh://e.coding.net/ship.git"),
        (CODING, "file:///etc"),
        (CODING, "ext::sh -c id"),
        (CODING, "https://e.codıng.net/ship.git"),
        (LOCAL, "http://127.0.0.2:8585/ship.git"),
        (LOCAL, "http://0.1:8585/ship.git"),
        (LOCAL, "http://127.0.0.1:22/ship.git"),
        (INTRANET, "https://git.example.com/ship.git"),
        (COUNTRY, "https://other.com.cn/ship.git"),
    ],
)
def test_the_token_is_not_sent_anywhere_else(home: AccountHosts, address: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        home.clone_url(address)

    assert "password@" not in str(caught.value)


def test_a_path_in_chinese_is_written_in_ascii() -> None:
    assert CODING.clone_url("https://e.coding.net/港/码.git") == "https://e.coding.net/%E6%B8%AF/%E7%A0%81.git"


@pytest.mark.parametrize(
    ("icon", "address"),
    [
        ("https://cdn.example/a.png?x/!300x300", "https://cdn.example/a.png?x/!300x300"),
        ("/static/project_icon/scenery.svg", "https://harbour.coding.net/static/project_icon/scenery.svg"),
        ("//cdn.example/a.png", "https://cdn.example/a.png"),
        ("", None),
    ],
)
def test_an_icons_address_is_made_absolute_by_the_teams_host(icon: str, address: str | None) -> None:
    assert CODING.icon_url(icon) == address


@pytest.mark.parametrize(
    ("team_host", "key"),
    [
        ("https://harbour.coding.net", "harbour"),
        ("https://g-qgdi4333.coding.net/", "g-qgdi4333"),
        ("http://127.0.0.1:8585/harbour", "harbour"),
        ("http://e.coding.net/harbour/", "harbour"),
        ("http://127.0.0.1:8585/%E7%A0%81%E5%A4%B4", "码头"),
        ("https://e.coding.net", "The Harbour"),
        ("http://127.0.0.1:8585", "The Harbour"),
        ("http://localhost:8585", "The Harbour"),
        ("", "The Harbour"),
    ],
)
def test_the_teams_key_is_the_first_part_of_its_host_or_else_of_its_path(team_host: str, key: str) -> None:
    assert team_key(team_host, url="http://e.coding.net/open-api", name="The Harbour") == key
