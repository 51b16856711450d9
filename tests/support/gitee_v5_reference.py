"""Keeps the tables of docs/reference/gitee-v5.md equal to the code; run this file to write them anew."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matou.server.api.errors import FailureKind
from matou.server.api.route import REST, Route
from matou.server.dialects.gitee_v5 import ROUTES
from matou.server.dialects.gitee_v5.errors import FAILURES
from support.gitcode_reference import who_may

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "gitee-v5.md"
_BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z]+): written by tests/support/\w+_reference\.py -->\n).*?(<!-- end -->)", re.DOTALL
)


def page_with_tables(text: str, rows: Sequence[Route] = ROUTES, failures: Mapping[FailureKind, Any] = FAILURES) -> str:
    """The page of a dialect with each of its generated tables as the code has it now."""
    tables = {"routes": route_table(rows), "failures": failure_table(failures)}
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block['name']]}\n{block[3]}", text)


def route_table(rows: Sequence[Route]) -> str:
    head = ["| route | who may | what we do |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {_route(row)} | {who_may(row)} | {row.choices or '–'} |" for row in rows)])


def failure_table(failures: Mapping[FailureKind, Any]) -> str:
    head = ["| failure | when | status |", "|---|---|---|"]
    lines = [
        f"| {kind.name.lower().replace('_', ' ')} | {kind.meaning} | {failure.status} |"
        for kind, failure in failures.items()
    ]
    return "\n".join([*head, *lines])


def _route(row: Route) -> str:
    return f"`{row.method} {row.path.replace(REST, '')}`"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
