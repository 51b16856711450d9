"""docs/reference/coding-dialect.md tells what the code does."""

from support.coding_reference import PAGE, page_with_tables


def test_the_page_has_the_tables_that_the_code_has() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(text) == text, "run `python tests/support/coding_reference.py`"
