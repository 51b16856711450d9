"""Keeps the tables of docs/reference/gitcode-v5.md equal to the code; run this file to write them anew."""

import re
from pathlib import Path

from matou.forge.access import REPOSITORY_POLICY, AccessLevel
from matou.model.platform import Visibility
from matou.server.api.errors import FailureKind
from matou.server.api.route import REST, Route
from matou.server.dialects.gitcode_v5.errors import FAILURES
from matou.server.dialects.gitcode_v5.table import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "gitcode-v5.md"
DOCUMENTED = range(1, 39)
"""The sections of GitCode's document."""

_BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z]+): written by tests/support/gitcode_reference\.py -->\n).*?(<!-- end -->)", re.DOTALL
)


def page_with_tables(text: str) -> str:
    """The page with each of its generated tables as the code has it now."""
    tables = {"documented": documented_table(), "beside": beside_table(), "failures": failure_table()}
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block['name']]}\n{block[3]}", text)


def documented_table() -> str:
    """All 38, those that are not there too."""
    rows = {row.section: row for row in reversed(ROUTES) if row.section is not None}
    head = ["| no. | route | state | who may | what we do where the document is silent |", "|---|---|---|---|---|"]
    lines = [
        f"| {number} | {_route(rows[number])} | there | {who_may(rows[number])} | {rows[number].choices or '–'} |"
        if number in rows
        else f"| {number} | – | **missing** | – | – |"
        for number in DOCUMENTED
    ]
    return "\n".join([*head, *lines])


def beside_table() -> str:
    first = {row.section: row for row in reversed(ROUTES)}
    rows = [row for row in ROUTES if row.section is None or row is not first[row.section]]
    head = ["| route | who may | what we do |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {_route(row)} | {who_may(row)} | {row.choices or '–'} |" for row in rows)])


def failure_table() -> str:
    head = ["| failure | when | status | `error_code` | `error_code_name` |", "|---|---|---|---|---|"]
    lines = [
        f"| {_words(kind)} | {kind.meaning} | {failure.status} | {failure.code} | `{failure.name}` |"
        for kind, failure in FAILURES.items()
    ]
    return "\n".join([*head, *lines])


def _route(row: Route) -> str:
    return f"`{row.method} {row.path.replace(REST, '')}`"


def who_may(row: Route) -> str:
    """The least standing for a private repository, and for a public one where that is another."""
    if row.action is None:
        return "with a token" if row.scopes else "anybody"
    rule = REPOSITORY_POLICY[row.action]
    private, public = (_level(rule.least(visibility)) for visibility in (Visibility.PRIVATE, Visibility.PUBLIC))
    return private if private == public else f"{private}; public: {public}"


def _level(level: AccessLevel) -> str:
    words = {AccessLevel.NOBODY: "anybody", AccessLevel.SIGNED_IN: "with a token"}
    return words.get(level, level.name.lower())


def _words(kind: FailureKind) -> str:
    return kind.name.lower().replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
