"""A credential goes to the house that the user named, and to no other."""

import pytest

from matou.http.addresses import AddressRefused, trusted_address

FAMILIES = frozenset({"gitcode.com", "atomgit.com"})


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("https://gitcode.com/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://atomgit.com/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://git.gitcode.com/a/b.git", "https://api.atomgit.com/api/v5"),
        ("http://127.0.0.1:8585/a/b.git", "http://127.0.0.1:8585/api/v5"),
        ("https://code.example.org/a/b.git", "http://code.example.org:8080/api/v5"),
    ],
)
def test_an_address_of_the_house_is_given(address: str, home: str) -> None:
    assert trusted_address(address, home=home, relatives=FAMILIES) == address


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("https://gitcode.com/a/b.git", "https://code.example.org/api/v5"),
        ("https://atomgit.com.example.org/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://notgitcode.com/a/b.git", "https://api.gitcode.com/api/v5"),
        ("http://gitcode.com/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://gitcode.com:8443/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://li:secret@gitcode.com/a/b.git", "https://api.gitcode.com/api/v5"),
        ("https://gitcode.com/a/b.git?token=x", "https://api.gitcode.com/api/v5"),
        ("https://li.github.io/a/b.git", "https://wang.github.io/api/v5"),
        ("https://other.com.cn/a/b.git", "https://team.com.cn/api/v5"),
        ("https://other.kobe.jp/a/b.git", "https://team.chuo.kobe.jp/api/v5"),
        ("", "https://api.gitcode.com/api/v5"),
    ],
)
def test_an_address_elsewhere_is_refused(address: str, home: str) -> None:
    with pytest.raises(AddressRefused):
        trusted_address(address, home=home, relatives=FAMILIES)


def test_families_are_one_house_only_where_they_are_said_to_be() -> None:
    with pytest.raises(AddressRefused):
        trusted_address("https://atomgit.com/a/b.git", home="https://api.gitcode.com")
