"""Every name becomes one that a target takes, the same each time; addresses of one repository are known as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.targets import PLAIN_RULES, TargetRules
from matou.platforms.matou.target import MATOU_RULES
from matou.transfer.migrate.submodules import SubmoduleLink, address_key, parse_gitmodules

rules = pytest.mark.parametrize("rules", [PLAIN_RULES, MATOU_RULES])


@rules
@given(name=st.text(max_size=200))
def test_any_name_becomes_one_that_the_target_takes(rules: TargetRules, name: str) -> None:
    fitted = rules.fitted(name)

    assert rules.fault_of(fitted) is None
    assert rules.fitted(fitted) == fitted
    assert rules.fault_of(rules.with_digest(fitted, name)) is None


@rules
def test_a_name_that_the_target_takes_stays(rules: TargetRules) -> None:
    assert [rules.fitted(name) for name in ("api", "API.v2", "_x-1")] == ["api", "API.v2", "_x-1"]


def test_names_of_other_scripts_do_not_become_one() -> None:
    assert len({PLAIN_RULES.fitted(name) for name in ("渡船", "码头", "船渡", "渡-船")}) == 4


def test_a_wiki_keeps_a_name_that_tells_what_it_is() -> None:
    assert PLAIN_RULES.fitted("api.wiki") == "api-wiki"


@pytest.mark.parametrize(
    "url",
    [
        "https://e.coding.net/team/shop/api.git",
        "https://somebody@e.coding.net/team/shop/api",
        "git@e.coding.net:team/shop/api.git",
        "ssh://git@E.CODING.NET/team/shop/api.git/",
        "e.coding.net:team/shop/api",
    ],
)
def test_addresses_of_one_repository_are_known_as_one(url: str) -> None:
    assert address_key(url) == "e.coding.net/team/shop/api"


def test_modules_are_read_whatever_stands_around_them() -> None:
    text = b'\xff\n; x = 1\n[submodule "a"]\n\turl = "x"\n  path=p\n[submodule "b"]\n\tpath = q\n[other]\nurl=\n=\n'

    assert SubmoduleLink("p", "x") in set(parse_gitmodules(text))
