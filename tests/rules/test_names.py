"""Names: one thing has one name, and words that were retired stay retired (docs/glossary.md)."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from support.source_trees import nodes_of

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "matou"
TESTS = ROOT / "tests"
MODULES = sorted(SOURCES.rglob("*.py"))

MOST_LINES_OF_A_TEST = 500


def classes() -> dict[str, set[str]]:
    """Where each public class stands."""
    found = defaultdict[str, set[str]](set)
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].add(path.relative_to(SOURCES).as_posix())
    return found


def retired_words(heading: str) -> set[str]:
    """Of the glossary's table below a heading."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = glossary.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {word for row in re.findall(r"^\| ([a-z, ]+) \|", rows, re.MULTILINE) for word in row.split(", ")} - {"word"}


def words_of(name: str) -> set[str]:
    """`PushRules_of` is push, rules and of."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def names_in(path: Path) -> set[str]:
    """Every name that is defined or used in a module: of classes, functions, parameters, attributes and variables."""
    found = set[str]()
    for node in nodes_of(path):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                found.add(name)
    return found


def test_a_public_class_name_stands_in_one_module() -> None:
    twins = {name: sorted(modules) for name, modules in classes().items() if len(modules) > 1}

    assert twins == {}


def test_a_retired_word_is_in_no_name_of_a_class_or_module() -> None:
    retired = retired_words("Retired words") | retired_words("Retired words of every name")
    names = {*classes(), *(path.relative_to(SOURCES).with_suffix("").as_posix() for path in MODULES)}
    using = {name for name in names if retired & words_of(name)}

    assert len(retired) > 10
    assert using == set(), "docs/glossary.md says which word stands in its place"


def test_some_words_are_in_no_name_at_all() -> None:
    """Of functions, parameters, attributes and variables too, and of what the tests share."""
    retired = retired_words("Retired words of every name")
    paths = [*MODULES, *sorted((TESTS / "support").rglob("*.py"))]
    using = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in paths
        for name in {*names_in(path), path.stem}
        if retired & words_of(name)
    }

    assert len(retired) > 10
    assert using == set(), "docs/glossary.md says which word stands in its place"


def test_no_file_of_tests_is_named_with_a_retired_word() -> None:
    retired = retired_words("Retired words") | retired_words("Retired words of every name")
    using = {path.stem for path in TESTS.rglob("*.py") if retired & words_of(path.stem)}

    assert using == set(), "name it after the module or the behaviour that it tests"


def test_a_file_of_tests_has_under_five_hundred_lines() -> None:
    long = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES_OF_A_TEST
    }

    assert long == set()
