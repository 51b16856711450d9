"""What `--include` and `--exclude` mean."""

import pytest

from matou.transfer.filters import Filter


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
    ],
)
def test_a_pattern_is_held_against_the_path_and_its_tails(include: list[str], exclude: list[str], wanted: bool) -> None:
    assert Filter(include, exclude).wants("team/shop/api") is wanted
