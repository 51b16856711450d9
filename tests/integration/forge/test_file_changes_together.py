"""Many who write files to one repository at once, by API and by push, lose nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from matou.db.engine import Database
from matou.errors import MatouError
from matou.forge.content.file_changes import (
    CommitResult,
    FileChanged,
)
from matou.forge.forge import Forge
from matou.forge.repositories import write_lock
from support.deciding import ref_listing
from support.file_editor import FileEditor, assert_strictly_sound
from support.git_repositories import commit_file


def together(writes: list[Callable[[], CommitResult]]) -> tuple[list[CommitResult], list[MatouError]]:
    """What came of writing at once."""

    def outcome(write: Callable[[], CommitResult]) -> CommitResult | MatouError:
        try:
            return write()
        except MatouError as error:
            return error

    with ThreadPoolExecutor(len(writes)) as pool:
        found = list(pool.map(outcome, writes))
    return [one for one in found if isinstance(one, CommitResult)], [
        one for one in found if isinstance(one, MatouError)
    ]


def test_of_twenty_who_write_different_files_at_once_none_is_lost(editor: FileEditor) -> None:
    editor.create("README.md")

    written, failed = together([partial(editor.create, f"folder/{number}") for number in range(20)])

    assert failed == []
    assert set(editor.files()) == {"README.md", *(f"folder/{number}" for number in range(20))}
    assert editor.git("rev-list", "--count", "--first-parent", "main") == "21"
    assert editor.git("rev-list", "--min-parents=2", "main") == ""
    assert {one.commit.id for one in written} < set(editor.git("rev-list", "main").split())
    assert_strictly_sound(editor.git_dir)


def test_of_twenty_who_change_the_same_version_of_a_file_at_once_one_wins(editor: FileEditor) -> None:
    blob = editor.create("README.md").blob

    written, failed = together(
        [partial(editor.update, "README.md", b"%d\n" % number, str(blob)) for number in range(20)]
    )

    assert [type(error) for error in failed] == [FileChanged] * 19
    assert [one.blob for one in written] == [editor.blob("README.md")]
    assert editor.git("rev-list", "--count", "main") == "2"
    assert_strictly_sound(editor.git_dir)


def test_of_twenty_who_begin_an_empty_repository_at_once_none_is_lost(editor: FileEditor) -> None:
    written, failed = together([partial(editor.create, str(number)) for number in range(20)])

    assert (len(written), failed, len(editor.files())) == (20, [], 20)
    assert editor.git("rev-list", "--count", "main") == "20"
    assert_strictly_sound(editor.git_dir)


def test_writers_who_do_not_wait_for_one_another_lose_nothing(
    editor: FileEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two processes do not: nothing but git's own locks stands between them."""
    monkeypatch.setattr(write_lock, "_lock_of", lambda *_: write_lock._Lock())
    editor.create("README.md")

    written, failed = together([partial(editor.create, f"{number}") for number in range(6)])

    assert (len(written), failed, len(editor.files())) == (6, [], 7)
    assert editor.git("rev-list", "--count", "main") == "7"
    assert_strictly_sound(editor.git_dir)


class PushedTo:
    """A clock that is late: whenever somebody reads it, others push first. For as long as there are names left."""

    def __init__(self, editor: FileEditor, *names: str) -> None:
        self._desk = editor
        self._names = list(names)

    def __call__(self) -> datetime:
        if self._names:
            commit_file(self._desk.git_dir, "main", self._names.pop(), b"pushed\n")
        return self._desk.forge.now()


def test_a_push_between_reading_and_writing_is_not_lost(editor: FileEditor) -> None:
    editor.create("README.md")
    slow = replace(editor, forge=Forge(editor.forge.database, editor.forge.archive, PushedTo(editor, "one", "two")))

    slow.create("written")

    assert set(editor.files()) == {"README.md", "one", "two", "written"}
    assert_strictly_sound(editor.git_dir)


def test_a_push_of_the_same_file_between_reading_and_writing_wins(editor: FileEditor) -> None:
    seen = editor.create("README.md").blob
    slow = replace(editor, forge=Forge(editor.forge.database, editor.forge.archive, PushedTo(editor, "README.md")))

    with pytest.raises(FileChanged):
        slow.update("README.md", b"mine\n", seen)

    assert editor.git("cat-file", "blob", "main:README.md") == "pushed"
    assert_strictly_sound(editor.git_dir)


def test_what_another_process_wrote_is_seen_at_once(editor: FileEditor, database: Database) -> None:
    editor.create("README.md")
    ref_listing(editor.forge, editor.repository)
    commit_file(editor.git_dir, "main", "pushed", b"")

    assert editor.create("mine").commit.parents == (editor.git("rev-parse", "main~1"),)
