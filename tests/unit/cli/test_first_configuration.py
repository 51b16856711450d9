"""What `matou init` takes the address of a page for: a team, a project or a repository, or a server as a whole."""

import pytest

from matou.cli.run.discovery import discover
from matou.cli.run.first_configuration import patterns_of_page
from matou.settings import Settings


@pytest.mark.parametrize(
    ("address", "platform", "patterns"),
    [
        ("https://github.com/acme", None, ("acme/*",)),
        ("github.com/orgs/acme/repositories", None, ("acme/*",)),
        ("https://github.com/acme/shop/pull/7", None, ("acme/shop",)),
        ("https://github.com/acme/shop.git", None, ("acme/shop",)),
        ("https://github.com", None, ()),
        ("github", None, ()),
        ("https://gitlab.com/acme/web/shop/-/issues", None, ("acme/web/shop",)),
        ("https://gitlab.com/groups/acme/-/members", None, ("acme/*",)),
        ("https://gitlab.com/api/v4", None, ()),
        ("https://codeberg.org/acme/", None, ("acme/*",)),
        ("https://git.example.org/org/acme/members", "gitea", ("acme/*",)),
        ("https://gitee.com/organizations/acme/projects", None, ("acme/*",)),
        ("https://acme.coding.net/p/shop/d/web/git", None, ("shop/*",)),
        ("https://acme.coding.net/user/account", None, ()),
        ("https://e.coding.net/open-api", None, ()),
        ("https://matou.example.org/acme/web/-/issues", "matou", ("acme/web",)),
    ],
)
def test_a_page_s_address_names_what_it_shows(address: str, platform: str | None, patterns: tuple[str, ...]) -> None:
    assert patterns_of_page(address, discover(address, platform, Settings.of_process())) == patterns
