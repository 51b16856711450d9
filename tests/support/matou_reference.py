"""Keeps the tables of docs/reference/matou-api.md equal to the code; run this file to write them anew."""

from pathlib import Path

from matou.server.dialects.matou import ROUTES
from matou.server.dialects.matou.errors import FAILURES
from support.gitee_v5_reference import page_with_tables

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "matou-api.md"


def page_as_it_should_be() -> str:
    return page_with_tables(PAGE.read_text(encoding="utf-8"), ROUTES, FAILURES)


if __name__ == "__main__":
    PAGE.write_text(page_as_it_should_be(), encoding="utf-8")
