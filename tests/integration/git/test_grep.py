"""What is looked for in files is a text: no pattern, no option, no command; and looking for it ends."""

from datetime import timedelta
from pathlib import Path

import pytest

from matou.git.operations.grep import LONGEST_LINE, MOST_OF_A_FILE, FoundLines, grep
from support.git_repositories import commit_stream, fast_import, init_bare, tip_of

FILES = {
    "a.py": b"def Ferry():\n    return '.*'\n",
    "b/中.txt": "渡口\n-e\n--and\n".encode(),
    "binary": b"ferry\0ferry\n",
    "long.js": b"x" * 200_000 + b" ferry\n" + b"after ferry\n",
    "many.txt": b"quay\n" * 50,
}


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    made = init_bare(tmp_path / "a.git")
    fast_import(made, commit_stream("main", FILES, "Add files", is_root=True))
    return made


def found(git_dir: Path, text: str, *, most: int = 100) -> FoundLines:
    return grep(git_dir, tip_of(git_dir, "refs/heads/main"), text, most=most, wall=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("ferry", [(b"a.py", 1), (b"long.js", 1), (b"long.js", 2)]),
        ("Ferry", [(b"a.py", 1)]),
        (".*", [(b"a.py", 2)]),
        ("-e", [("b/中.txt".encode(), 2)]),
        ("--and", [("b/中.txt".encode(), 3)]),
        ("渡口", [("b/中.txt".encode(), 1)]),
        ("nothing of the sort", []),
    ],
)
def test_a_text_is_found_where_it_stands(git_dir: Path, text: str, places: list[tuple[bytes, int]]) -> None:
    lines = found(git_dir, text)

    assert [(line.path, line.number) for line in lines.lines] == places
    assert lines.is_whole
    assert all(len(line.line) <= LONGEST_LINE for line in lines.lines)


def test_of_a_file_with_many_lines_the_first_are_told(git_dir: Path) -> None:
    assert [line.number for line in found(git_dir, "quay").lines] == list(range(1, MOST_OF_A_FILE + 1))


def test_what_finds_too_much_says_so(git_dir: Path) -> None:
    assert found(git_dir, "ferry", most=3).is_whole
    cut = found(git_dir, "ferry", most=2)

    assert (len(cut.lines), cut.is_whole) == (2, False)
