"""Keeps the tables of docs/reference/coding-dialect.md equal to the code; run this file to write them anew."""

import re
from pathlib import Path

from matou.server.api.errors import FailureKind
from matou.server.dialects.coding import ACTIONS
from matou.server.dialects.coding.context import CodingAction
from matou.server.dialects.coding.errors import FAILURES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coding-dialect.md"
_BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z]+): written by tests/support/coding_reference\.py -->\n).*?(<!-- end -->)", re.DOTALL
)


def page_with_tables(text: str) -> str:
    """The page with each of its generated tables as the code has it now."""
    tables = {"actions": action_table(), "codes": code_table()}
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block['name']]}\n{block[3]}", text)


def action_table() -> str:
    rows = [f"| {_names(action)} | {_scopes(action)} | {action.route.choices or '–'} |" for action in ACTIONS]
    return "\n".join(
        [
            "| action | the token's scope, one of | what we do where CODING is silent |",
            "|---|---|---|",
            *rows,
        ]
    )


def code_table() -> str:
    rows = [f"| {_words(kind)} | {kind.meaning} | `{row.code}` |" for kind, row in FAILURES.items()]
    return "\n".join(["| failure | when | `Error.Code` |", "|---|---|---|", *rows])


def _names(action: CodingAction) -> str:
    return ", ".join((action.name, *(f"{alias} (its name until 2022)" for alias in action.aliases)))


def _scopes(action: CodingAction) -> str:
    return ", ".join(f"`{scope}`" for scope in action.route.scopes)


def _words(kind: FailureKind) -> str:
    return kind.name.lower().replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
