"""Which of the helpers that git names are ours."""

import pytest

from matou.cli.git_setup import without_ours

OURS = "!/usr/local/bin/matou auth git-credential"


@pytest.mark.parametrize(
    ("helpers", "left"),
    [
        ([], []),
        (["", OURS], []),
        (["", "!'/home/li ming/bin/matou' auth git-credential"], []),
        (["store", "", OURS], ["store"]),
        (["", "", OURS, "cache"], ["", "cache"]),
        (["", "cache", OURS], ["", "cache"]),
        (["", "!/usr/bin/gh auth git-credential"], ["", "!/usr/bin/gh auth git-credential"]),
        (["", "!matou auth git-credential --verbose"], ["", "!matou auth git-credential --verbose"]),
        (["matou auth git-credential"], ["matou auth git-credential"]),
    ],
)
def test_only_matou_and_the_empty_line_before_it_are_ours(helpers: list[str], left: list[str]) -> None:
    assert without_ours(helpers) == left
