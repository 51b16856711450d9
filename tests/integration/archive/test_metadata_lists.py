"""Lists for people: they follow from the items alone, in the language that was asked for."""

from pathlib import Path

import pytest

from matou.archive.metadata import differing_paths, open_metadata
from matou.archive.metadata.lists import LONGEST_LIST
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, PERSON
from support.git_repositories import git
from support.metadata_items import change, comment, issue, label, person, writer


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "harbour" / "api.git"


def test_the_lists_name_what_there_is(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(PERSON, person("17", "张三"))
        metadata.put(LABEL, label())
        metadata.put(ISSUE, issue("9", comments=(comment("1"),)))
        metadata.put(ISSUE, issue("10", "a|b <script> [x](y)\nz"))
        metadata.put(CHANGE, change("12"))
        metadata.commit()

    assert git(git_dir, "show", "main:issues.md").splitlines()[2:] == [
        "| number | title | state | by | last changed | comments |",
        "|---|---|---|---|---|---|",
        r"| [10](issues/0000/10.json) | a\|b \<script\> \[x\](y) z | open | 张三 | 2026-01-01 |  |",
        "| [9](issues/0000/9.json) | 潮水表 | open | 张三 | 2026-01-01 | 1 |",
    ]
    assert "| [12](changes/0000/12.json) | 修正潮水表 | merged |" in git(git_dir, "show", "main:changes.md")
    assert "| issue | [issues](issues/) | 2 |  |" in git(git_dir, "show", "main:README.md")


def test_the_lists_are_in_chinese_where_that_was_asked_for_and_stay_so(git_dir: Path) -> None:
    for run, language in ((1, "zh"), (2, None)):
        with writer(git_dir, run, language=language) as metadata:
            metadata.put(ISSUE, issue("9", str(run)))
            metadata.commit()

    assert git(git_dir, "show", "main:issues.md").startswith("# 事项")
    assert "由码头（Matou）保存" in git(git_dir, "show", "main:README.md")


def test_another_language_alone_is_a_change(git_dir: Path) -> None:
    for run, language in ((1, "zh"), (2, "en"), (3, "en")):
        with writer(git_dir, run, language=language) as metadata:
            metadata.put(ISSUE, issue("9"))
            metadata.commit()

    assert git(git_dir, "rev-list", "--count", "main") == "2"
    assert git(git_dir, "show", "main:issues.md").startswith("# Issues")


def test_a_person_who_is_called_otherwise_now_is_so_in_every_row(git_dir: Path) -> None:
    for run, name in ((1, "张三"), (2, "张三丰")):
        with writer(git_dir, run) as metadata:
            metadata.put(PERSON, person("17", name))
            metadata.put(ISSUE, issue(str(run)))
            metadata.commit()

    assert git(git_dir, "show", "main:issues.md").count("| 张三丰 |") == 2


def test_a_list_has_no_more_rows_than_a_forge_shows(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        for number in range(1, LONGEST_LIST + 151):
            metadata.put(ISSUE, issue(str(number)))
        metadata.commit()

    lines = git(git_dir, "show", "main:issues.md").splitlines()
    assert len([line for line in lines if line.startswith("| [")]) == LONGEST_LIST
    assert "The 1000 latest of 1150" in lines[2]
    assert lines[-1].startswith("| [151](issues/0001/151.json)")


def test_what_is_gone_is_said_to_be(git_dir: Path) -> None:
    for run, listed in ((1, {"1", "2"}), (2, {"1"})):
        with writer(git_dir, run) as metadata:
            for number in ("1", "2"):
                if run == 1:
                    metadata.put(ISSUE, issue(number))
            metadata.mark_gone(ISSUE, listed)
            metadata.commit()

    assert "| [2](issues/0000/2.json) | 潮水表 | gone in run 2 |" in git(git_dir, "show", "main:issues.md")
    assert "| issue | [issues](issues/) | 2 | 1 |" in git(git_dir, "show", "main:README.md")


def test_trees_are_compared_file_by_file(tmp_path: Path) -> None:
    for name, title in (("a", "x"), ("b", "x"), ("c", "y")):
        with writer(tmp_path / name / "api.git") as metadata:
            metadata.put(ISSUE, issue("1"))
            metadata.put(ISSUE, issue("2", title))
            metadata.commit()
    first, same, other = (open_metadata(tmp_path / name / "api.git") for name in ("a", "b", "c"))

    assert differing_paths(first, same) == ()
    assert differing_paths(first, other) == ("issues.md", "issues/0000/2.json")
