"""What `matou show` tells of what was said around a repository: tables, one item, as of any run, without a database."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, ISSUE, PERSON, RELEASE
from support.archive_with_metadata import ArchiveWithMetadata
from support.metadata_items import asset, change, comment, commit_comment, issue, markdown, person, release
from support.program import Person

HOSTILE = "\x1b]0;owned\x07\x1b[2Jred\u202egnirts\nsecond line"


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    made = ArchiveWithMetadata(tmp_path / "archive")
    first = issue("7", "潮水表不对", comments=(comment("1", HOSTILE), comment("2", "第二条")))
    values = [(PERSON, person("17")), (ISSUE, first), (ISSUE, issue("12", "second")), (ISSUE, issue("I6D3AV", "third"))]
    more = [
        (CHANGE, change("3")),
        (RELEASE, release("v1.0", asset("app.zip"))),
        (COMMIT_COMMENT, commit_comment("401", HOSTILE)),
        (COMMIT_COMMENT, commit_comment("402", "没说是哪次提交", commit=None)),
    ]
    made.run({"harbour/api": [*values, *more], "harbour/web": []}, {})
    return made


def test_issues_are_a_table_newest_first_with_wide_characters_aligned(
    saved: ArchiveWithMetadata, person: Person
) -> None:
    ended = person.matou("show", saved.archive.root, "harbour/api", "--issues")

    head, *rows = ended.out.splitlines()
    assert [row.split()[0] for row in rows] == ["I6D3AV", "12", "7"]
    assert rows[-1].split() == ["7", "open", "潮水表不对", "张三", "2", "2026-01-01", "08:00:00"]
    from rich.cells import cell_len

    assert {cell_len(row[: row.index("张三")]) for row in rows} == {cell_len(head[: head.index("author")])}
    assert not (saved.archive.root / "matou.db").exists()


def test_one_issue_is_told_with_its_comments_and_none_of_them_moves_the_cursor(
    saved: ArchiveWithMetadata, person: Person
) -> None:
    ended = person.matou("show", saved.archive.root, "api", "--issue", "#7")

    assert "#7  潮水表不对  (open)" in ended.out
    assert "码头的潮水表不对。" in ended.out
    assert "    second line\n" in ended.out
    assert "第二条" in ended.out
    assert r"\x1b]0;owned\x07\x1b[2Jred\u202egnirts" in ended.out
    assert not set("\x1b\x07\u202e") & set(ended.out)


def test_a_change_request_is_told_with_what_was_said_on_its_lines(saved: ArchiveWithMetadata, person: Person) -> None:
    ended = person.matou("show", saved.archive.root, "harbour/api", "--change", "3")

    assert "!3  修正潮水表  (merged)" in ended.out
    assert "tide.py:3" in ended.out
    assert "这一行" in ended.out


def test_releases_and_their_files_are_told(saved: ArchiveWithMetadata, person: Person) -> None:
    table = person.matou("show", saved.archive.root, "harbour/api", "--releases")
    one = person.matou("show", saved.archive.root, "harbour/api", "--release", "v1.0")

    assert "v1.0" in table.out
    assert "app.zip  12 B" in one.out


def test_comments_on_commits_are_told_with_commit_and_line(saved: ArchiveWithMetadata, person: Person) -> None:
    told = person.matou("show", saved.archive.root, "harbour/api", "--commit-comments").out

    assert f"{'c' * 40}  tide.py:3\n\n--  张三" in told
    assert told.index("unknown commit") < told.index("没说是哪次提交") < told.index("c" * 40)
    assert not set("\x1b\x07\u202e") & set(told)


def test_for_programs_each_item_is_whole_on_a_line(saved: ArchiveWithMetadata, person: Person) -> None:
    ended = person.matou("show", saved.archive.root, "harbour/api", "--issues", "--json")

    items = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["number"] for one in items] == ["I6D3AV", "12", "7"]
    assert items[-1]["comments"][0]["text"]["body"] == HOSTILE
    assert items[-1]["extra"] == {"security_hole": False}


def test_an_older_run_is_told_as_it_was(saved: ArchiveWithMetadata, person: Person) -> None:
    saved.run({"harbour/api": [(ISSUE, replace(issue("7", "潮水表改好了"), state="closed", text=markdown("好了")))]})

    now = person.matou("show", saved.archive.root, "harbour/api", "--issue", "7")
    then = person.matou("show", saved.archive.root, "harbour/api", "--issue", "7", "--at", "1")

    assert "潮水表改好了  (closed)" in now.out
    assert "潮水表不对  (open)" in then.out
    person.matou("show", saved.archive.root, "harbour/api", "--issues", "--at", "9", code=2)


def test_issues_of_a_project_are_found_by_its_repositories(tmp_path: Path, person: Person) -> None:
    saved = ArchiveWithMetadata(tmp_path / "archive")
    saved.run({"harbour/shop/api": [(CHANGE, change("3"))]}, {"harbour/shop": [(ISSUE, issue("9", "需求"))]})

    assert "需求" in person.matou("show", saved.archive.root, "harbour/shop/api", "--issues").out
    assert "需求" in person.matou("show", saved.archive.root, "harbour/shop", "--issues").out
    assert "修正潮水表" in person.matou("show", saved.archive.root, "harbour/shop/api", "--changes").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("harbour/api", "--issue", "8"), "nothing of this kind is called '8' in harbour/api"),
        (("harbour/web", "--issues"), "nothing that was said around harbour/web is saved"),
        (("harbour/ap", "--issues"), "no repository matches"),
        (("harbour/api", "--issues", "--change", "3"), "only one of these at a time"),
        (("--issues",), "which repository is not said"),
    ],
)
def test_what_cannot_be_shown_is_told(
    saved: ArchiveWithMetadata, person: Person, words: tuple[str, ...], told: str
) -> None:
    ended = person.matou("show", saved.archive.root, *words, code=2)

    assert told in ended.err
    assert ended.out == ""


def test_json_on_a_terminal_holds_no_command_for_it(saved: ArchiveWithMetadata, person: Person) -> None:
    """U+009B begins a command as ESC and [ do; JSON does not escape it."""
    saved.run({"harbour/api": [(ISSUE, issue("8", "\x9b31m\u202e红\x9b"))]}, {})

    ended = person.matou("show", saved.archive.root, "harbour/api", "--issue", "8", "--json")

    assert ended.out.isascii()
    assert json.loads(ended.out)["title"] == "\x9b31m\u202e红\x9b"
