"""The table of what arrives where is that of the plan, and a test stands behind each cell."""

import pytest

from matou.model.fidelity import MigratedKind, MigrationMethod
from matou.platforms.registry import PLATFORMS
from support.carried_page import ELSEWHERE_TESTS, PAGES, SOURCE_TESTS, cells, exists, test_behind, written


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_what_the_records_say(language: str) -> None:
    page = PAGES[language].read_text(encoding="utf-8")

    assert page == written(page, language), "run: make messages"


def test_behind_each_word_on_a_source_there_is_a_test() -> None:
    supports = {name: one.metadata for name, one in PLATFORMS.items() if one.metadata is not None}

    assert {name for name in supports if not exists(SOURCE_TESTS.get(name, ""))} == set()
    assert {cell for cell, test in ELSEWHERE_TESTS.items() if not exists(test)} == set()
    by_option = {(name, kind.value) for name, support in supports.items() for kind in support.tells_by_option}
    assert by_option - set(ELSEWHERE_TESTS) == set()


def test_behind_each_cell_there_is_a_test() -> None:
    """Of a method that has none, the page says nothing."""
    named = {
        (platform, method, kind): test_behind(
            platform,
            method,
            kind,
            arrives=PLATFORMS[platform].methods[MigrationMethod(method)][MigratedKind(kind)].arrives,
        )
        for platform, method, kind in cells()
    }

    assert len(named) >= len(MigratedKind)
    assert {cell: test for cell, test in named.items() if not exists(test)} == {}
