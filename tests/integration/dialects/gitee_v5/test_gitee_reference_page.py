"""docs/reference/gitee-v5.md says what the code does."""

from matou.server.dialects.gitee_v5 import ROUTES
from support.gitee_v5_reference import PAGE, page_with_tables


def test_the_page_has_the_tables_that_the_code_has() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(text) == text, "run tests/support/gitee_v5_reference.py"


def test_no_two_routes_are_the_same() -> None:
    places = [(row.method, row.path) for row in ROUTES]

    assert sorted(set(places)) == sorted(places)
