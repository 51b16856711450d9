"""What the pages for those who work on Matou name is there: every file and folder, and every name of the program."""

import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "matou"
PAGES = [
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "glossary.md",
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
FILE = re.compile(r"(?<![\w./:-])(?:[\w.<>-]+/)*[\w.<>{},*-]+\.(?:py|md|toml|po|yml)\b")
FOLDER = re.compile(r"(?<![\w./:>-])(?:[\w.<>-]+/)+(?![\w.<>{*-])")
OURS = {path.name for folder in (ROOT, SOURCES) for path in folder.iterdir() if path.is_dir()}
BUILT = {"dist/"}
"""What a command makes: no checkout has it."""

NAME = re.compile(r"(?<![\w.…-])[A-Za-z_]\w*(?:_|[a-z][A-Z])\w*|(?<![\w.…-])\w+(?=\()")
"""In code, what is spelled as Python spells its names, or is called; dotted names by their last part."""

OF_OTHERS = {"PYTHON_KEYRING_BACKEND", "PoolManager", "TotalRow"}
"""Names of libraries' and platforms' that a page tells of and the program does not spell so."""

MOST_LINES_OF_THE_ARCHITECTURE = 120


def is_there(name: str, *, page: Path) -> bool:
    """`<name>` stands for any; the file of a test may be called by its last name."""
    places = (ROOT, SOURCES, ROOT / "docs", page.parent, *([ROOT / "tests"] if name.startswith("test_") else ()))
    pattern = re.sub(r"<[^>]*>", "*", name.rstrip("/"))
    deep = f"**/{pattern}" if name.startswith("test_") or name.endswith(".po") else pattern
    return any(any(place.glob(deep)) for place in places)


def without_braces(name: str) -> list[str]:
    """`a_{b,c}` are `a_b` and `a_c`."""
    found = re.search(r"\{([^}]*)\}", name)
    return [name.replace(found[0], one) for one in found[1].split(",")] if found else [name]


def named(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    folders = (name for name in FOLDER.findall(text) if page.parent == ROOT or name.split("/")[0] in OURS)
    files = (name for name in FILE.findall(text) if not name.startswith(("changes/", ".")))
    return set(chain.from_iterable(map(without_braces, chain(files, folders))))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_path_that_a_page_names_is_there(page: Path) -> None:
    assert {name for name in named(page) - BUILT if not is_there(name, page=page)} == set()


def test_paths_are_found_in_the_pages() -> None:
    names = set().union(*map(named, PAGES))

    assert {"fs.py", "forge/push/push_transaction.py", "archive/manifest/reader.py", "server/web/tables.py"} <= names
    assert not is_there("forge/pushes.py", page=PAGES[0])
    assert not is_there("platforms/<name>/fields.py", page=PAGES[0])


def names_in_code(page: Path) -> set[str]:
    pieces = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    return {name for piece in pieces for name in NAME.findall(FILE.sub("", piece).replace(".", " "))}


@cache
def words_of_the_program(*more: Path) -> set[str]:
    files = chain.from_iterable(folder.rglob("*.py") for folder in (SOURCES, *more))
    return {word for file in files for word in (*re.findall(r"\w+", file.read_text(encoding="utf-8")), *file.parts)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_name_that_a_page_gives_in_code_is_in_the_program(page: Path) -> None:
    """A page that tells of a function or class that was renamed sends its reader on a search."""
    words = words_of_the_program(ROOT / "tests") if page.parent == ROOT else words_of_the_program()

    assert names_in_code(page) - OF_OTHERS - {word.removesuffix(".py") for word in words} == set()


def test_names_are_found_in_the_pages() -> None:
    names = set().union(*map(names_in_code, PAGES))

    assert {"may_log_in", "UncountedEmptyList", "MATOU_STRICT_PUSHES", "authorize_again"} <= names


def test_the_architecture_is_one_page() -> None:
    assert len(PAGES[0].read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_THE_ARCHITECTURE
