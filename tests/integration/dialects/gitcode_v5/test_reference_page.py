"""docs/reference/gitcode-v5.md says what the code does, and the code has what GitCode's document has."""

from matou.server.dialects.gitcode_v5.table import ROUTES
from support.gitcode_reference import DOCUMENTED, PAGE, page_with_tables


def test_the_page_has_the_tables_that_the_code_has() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(text) == text, "run tests/support/gitcode_reference.py"


def test_every_section_of_the_document_has_its_route() -> None:
    assert {row.section for row in ROUTES if row.section is not None} == set(DOCUMENTED)


def test_no_two_routes_are_the_same() -> None:
    places = [(row.method, row.path) for row in ROUTES]

    assert sorted(set(places)) == sorted(places)
