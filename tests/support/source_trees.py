"""Modules as Python reads them: each is parsed and walked once, however many rules look at it."""

import ast
from functools import cache
from pathlib import Path


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All of a module, as `ast.walk` gives them."""
    return tuple(ast.walk(tree_of(path)))
