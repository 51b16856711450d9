"""What `--include` and `--exclude` mean."""

import pytest

from matou.i18n import format_error
from matou.transfer.common.filters import NothingMatches, RepositoryFilter, require_matches


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        ([], [], True),
        (["api"], [], True),
        (["shop/api"], [], True),
        (["shop/*"], [], True),
        (["team/*"], [], True),
        (["*/api"], [], True),
        (["ap?"], [], True),
        (["hop/api"], [], False),
        (["API"], [], False),
        (["web"], [], False),
        (["web", "api"], [], True),
        ([], ["api"], False),
        ([], ["web"], True),
        (["shop/*"], ["api"], False),
        (["shop/*"], ["web"], True),
        (["shop"], [], True),
        (["shop/"], [], True),
        (["sh*"], [], True),
        (["team/shop"], [], True),
        ([], ["shop"], False),
        (["ho"], [], False),
        (["team"], [], True),
        (["t*m"], [], False),
    ],
)
def test_a_pattern_is_held_against_each_part_of_the_path(include: list[str], exclude: list[str], wanted: bool) -> None:
    assert RepositoryFilter(include, exclude).wants("team/shop/api") is wanted


PATHS = ["team/shop/api", "team/shop/web", "team/website/pages"]


@pytest.mark.parametrize("patterns", [["api"], ["website"], ["shop/*", "pages"], ["team"], []])
def test_patterns_that_match_something_are_let_pass(patterns: list[str]) -> None:
    require_matches(patterns, PATHS)


@pytest.mark.parametrize(
    ("patterns", "named", "meant"),
    [
        (["API"], "'API'", "'api'"),
        (["websit"], "'websit'", "'website'"),
        (["shop/*", "shopp/*"], "'shopp/*'", "'shop'"),
        (["team/shop/wep"], "'team/shop/wep'", "'team/shop/web'"),
        (["qqqq"], "'qqqq'", "'team/shop/api'"),
    ],
)
def test_a_pattern_that_matches_nothing_is_named_with_what_it_may_have_meant(
    patterns: list[str], named: str, meant: str
) -> None:
    with pytest.raises(NothingMatches) as caught:
        require_matches(patterns, PATHS)

    assert named in str(caught.value)
    assert "'shop/*'" not in str(caught.value)
    assert meant in format_error(caught.value)


def test_where_there_is_nothing_at_all_that_is_said() -> None:
    with pytest.raises(NothingMatches) as caught:
        require_matches(["api"], [])

    assert "no repository at all" in format_error(caught.value)
