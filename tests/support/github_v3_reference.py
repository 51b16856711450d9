"""Keeps the tables of docs/reference/github-v3.md equal to the code; run this file to write them anew."""

from pathlib import Path

from matou.server.dialects.github_v3 import ROUTES
from matou.server.dialects.github_v3.errors import FAILURES
from support.gitee_v5_reference import page_with_tables

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "github-v3.md"


def page_as_it_should_be() -> str:
    return page_with_tables(PAGE.read_text(encoding="utf-8"), ROUTES, FAILURES)


if __name__ == "__main__":
    PAGE.write_text(page_as_it_should_be(), encoding="utf-8")
