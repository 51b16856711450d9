"""docs/reference/github-v3.md says what the code does."""

from matou.server.dialects.github_v3 import ROUTES
from support.github_v3_reference import PAGE, page_as_it_should_be


def test_the_page_has_the_tables_that_the_code_has() -> None:
    assert page_as_it_should_be() == PAGE.read_text(encoding="utf-8"), "run tests/support/github_v3_reference.py"


def test_no_two_routes_are_the_same() -> None:
    places = [(row.method, row.path) for row in ROUTES]

    assert sorted(set(places)) == sorted(places)
