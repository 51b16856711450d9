"""Names: one thing has one name, and words that were retired stay retired (docs/glossary.md)."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "matou"
TESTS = ROOT / "tests"
MODULES = sorted(SOURCES.rglob("*.py"))

MOST_LINES_OF_A_TEST = 500


def classes() -> dict[str, set[str]]:
    """Where each public class stands."""
    found = defaultdict[str, set[str]](set)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].add(path.relative_to(SOURCES).as_posix())
    return found


def retired_words() -> set[str]:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = glossary.partition("## Retired words")[2]
    return {word for row in re.findall(r"^\| ([a-z, ]+) \|", rows, re.MULTILINE) for word in row.split(", ")} - {"word"}


def test_a_public_class_name_stands_in_one_module() -> None:
    twins = {name: sorted(modules) for name, modules in classes().items() if len(modules) > 1}

    assert twins == {}


def test_a_retired_word_is_in_no_name_of_a_class_or_module() -> None:
    retired = retired_words()
    words = {name: re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", name) for name in classes()}
    words |= {path.relative_to(SOURCES).as_posix(): re.split(r"[_/]", path.stem) for path in MODULES}
    using = {name for name, parts in words.items() if retired & {part.lower() for part in parts}}

    assert len(retired) > 10
    assert using == set(), "docs/glossary.md says which word stands in its place"


def test_a_file_of_tests_has_under_five_hundred_lines() -> None:
    long = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES_OF_A_TEST
    }

    assert long == set()
