"""Keeps the tables of docs/reference/coding-dialect.md equal to the code; run this file to write them anew."""

import re
from pathlib import Path

from matou.server.dialects.coding.context import Action
from matou.server.dialects.coding.envelope import CODE_OF_KIND
from matou.server.dialects.coding.table import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coding-dialect.md"
_BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z]+): written by tests/support/coding_reference\.py -->\n).*?(<!-- end -->)", re.DOTALL
)


def page_with_tables(text: str) -> str:
    """The page with each of its generated tables as the code has it now."""
    tables = {"actions": action_table(), "codes": code_table()}
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block['name']]}\n{block[3]}", text)


def action_table() -> str:
    rows = [
        f"| {_names(action)} | {action.state} | {_scopes(action)} | {action.choices or '–'} |" for action in ACTIONS
    ]
    return "\n".join(
        [
            "| action | state | the token's scope, one of | what we do where CODING is silent |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def code_table() -> str:
    rows = [f"| `{kind.__name__}` | {_first_sentence(kind)} | `{code}` |" for kind, code in CODE_OF_KIND]
    return "\n".join(["| failure | when | `Error.Code` |", "|---|---|---|", *rows])


def _names(action: Action) -> str:
    return ", ".join((action.name, *(f"{alias} (its name until 2022)" for alias in action.aliases)))


def _scopes(action: Action) -> str:
    return ", ".join(f"`{scope}`" for scope in action.scopes)


def _first_sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split()).rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
