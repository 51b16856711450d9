"""Which addresses of ssh that a platform names are its own: no key is shown to another host."""

import pytest

from matou.platforms.base.ssh_addresses import trusted_ssh_address

HOME = "https://api.forge.example/v3"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("git@forge.example:docks/ship.git", "git@forge.example:docks/ship.git"),
        ("ssh://git@ssh.forge.example:2222/docks/ship.git", "ssh://git@ssh.forge.example:2222/docks/ship.git"),
        ("git@api.forge.example:docks/ship.git", "git@api.forge.example:docks/ship.git"),
        ("git@evil.example:docks/ship.git", ""),
        ("git@forge.example.evil.example:docks/ship.git", ""),
        ("git@notforge.example:docks/ship.git", ""),
        ("https://forge.example/docks/ship.git", ""),
        ("ssh://-oProxyCommand=id/docks/ship.git", ""),
        ("-oProxyCommand=id@forge.example:docks/ship.git", ""),
        ("git@forge.example:-oProxyCommand=id", ""),
        ("ext::sh -c id", ""),
        ("git@forge.example:a\nb.git", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_an_address_is_taken_if_its_host_belongs_to_the_platform(text: object, taken: str) -> None:
    assert trusted_ssh_address(text, home=HOME) == taken
