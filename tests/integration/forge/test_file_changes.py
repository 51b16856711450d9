"""Files made, changed and deleted through an API: what git then has, what is refused, and who wins a race."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from matou.db.users import User
from matou.errors import MatouError
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity, NoSuchRepository, NotAllowed, ReadOnly
from matou.forge.content.branches import InvalidRefName, NoSuchRevision
from matou.forge.content.file_changes import (
    LARGEST_FILE_BYTES,
    CommitResult,
    FileChanged,
    FileTaken,
    FileTooLarge,
    NoSuchFile,
    UnsaidVersion,
)
from matou.forge.content.ref_updates import RepositoryMoved
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.git.odb.objects import InvalidTreePath
from matou.git.odb.quarantine import OtherObjectFormat
from matou.git.operations.tree_edit import (
    LONGEST_MESSAGE_BYTES,
    CommitIdent,
    InvalidMessage,
    InvalidPerson,
    PathBlocked,
    RefusedFile,
)
from matou.model.platform import Visibility
from support.deciding import archive_repository, create_file, delete_repository, rename_repository, set_visibility
from support.file_editor import NOTHING_YET, FileEditor, assert_strictly_sound, file_change
from support.git_repositories import git, git_bytes, init_bare


@contextmanager
def nothing_changed(editor: FileEditor) -> Iterator[None]:
    before = editor.everything()
    yield
    assert editor.everything() == before


def test_the_first_file_begins_an_empty_repository(editor: FileEditor) -> None:
    written = editor.create("docs/读我.md", "你好\n".encode(), message="begin\n\nwith words")

    assert written.branch == "main"
    assert editor.git("cat-file", "blob", "main:docs/读我.md") == "你好"
    assert editor.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert editor.git("log", "--format=%H %P|%an <%ae>|%cn <%ce>|%B", "main") == (
        f"{written.commit.id} |anna <anna@example.com>|anna <anna@example.com>|begin\n\nwith words"
    )
    assert find_repository_by_id(editor.forge, editor.repository.id).default_branch == "main"
    assert_strictly_sound(editor.git_dir)


def test_the_first_file_may_begin_a_branch_of_another_name(editor: FileEditor) -> None:
    editor.create("a", branch="trunk")

    assert editor.git("symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert find_repository_by_id(editor.forge, editor.repository.id).default_branch == "trunk"


def test_an_author_may_be_another_than_the_committer(editor: FileEditor) -> None:
    editor.create("a", author=CommitIdent(" 小刚 <>\n", "xg1@qq.com"))

    assert editor.git("log", "--format=%an <%ae>|%cn <%ce>") == "小刚 <xg1@qq.com>|anna <anna@example.com>"
    assert_strictly_sound(editor.git_dir)


@pytest.mark.parametrize("name", ["", " ", "<>", ".,;", "\n"])
def test_a_name_of_which_nothing_is_left_is_no_author(name: str) -> None:
    with pytest.raises(InvalidPerson):
        CommitIdent(name, "a@example.com")


@pytest.mark.parametrize(
    "path", ["a", "zz", "new/deep/er/file", "src/a", "src/zz", "src.a", "src0", "src-", "Src", "a b+c#%d", "文/件"]
)
def test_a_new_file_stands_beside_the_others(full: FileEditor, path: str) -> None:
    before = full.files()

    written = full.create(path, b"x")

    assert full.files() == {**before, path: f"100644 {written.blob}"}
    assert_strictly_sound(full.git_dir)


@pytest.mark.parametrize("path", ["README.md", "src", "src/run", "link", "module"])
def test_what_is_there_is_not_made_again(full: FileEditor, path: str) -> None:
    with nothing_changed(full), pytest.raises(FileTaken) as refusal:
        full.create(path)

    assert str(refusal.value) == f"The path cannot be created: {path} ,because {path} already exist."


@pytest.mark.parametrize(("path", "mode"), [("src/run", "100755"), ("README.md", "100644")])
def test_an_update_keeps_the_mode(full: FileEditor, path: str, mode: str) -> None:
    before = full.files()

    written = full.update(path, b"\0changed\xff", full.blob(path))

    assert full.files() == {**before, path: f"{mode} {written.blob}"}
    assert git_bytes(full.git_dir, "cat-file", "blob", f"main:{path}") == b"\0changed\xff"
    assert_strictly_sound(full.git_dir)


def test_an_update_of_another_version_is_refused_and_says_which_is_there(full: FileEditor) -> None:
    stale = full.blob("README.md")
    now = full.update("README.md", b"newer\n", stale).blob

    with nothing_changed(full), pytest.raises(FileChanged, match=str(now)):
        full.update("README.md", b"mine\n", stale)


def test_an_update_of_what_is_not_there_is_refused(full: FileEditor) -> None:
    with nothing_changed(full), pytest.raises(FileChanged, match="not there"):
        full.update("missing", b"", full.blob("README.md"))


def test_an_update_without_a_version_makes_what_is_missing_and_replaces_nothing(full: FileEditor) -> None:
    made = full.update("missing", b"x", None)

    assert full.blob("missing") == made.blob
    with nothing_changed(full), pytest.raises(UnsaidVersion, match=str(made.blob)):
        full.update("missing", b"y", None)


def test_deleting_a_file_takes_the_folders_that_it_empties(editor: FileEditor) -> None:
    editor.create("keep/this")
    blob = editor.create("keep/a/b/c").blob
    assert blob is not None

    editor.delete("keep/a/b/c", blob)

    assert list(editor.files()) == ["keep/this"]
    assert editor.git("ls-tree", "-r", "-t", "--name-only", "main").splitlines() == ["keep", "keep/this"]
    assert_strictly_sound(editor.git_dir)


def test_deleting_the_last_file_leaves_an_empty_tree_that_can_be_filled_again(editor: FileEditor) -> None:
    blob = editor.create("a/b").blob
    assert blob is not None

    deleted = editor.delete("a/b", blob)

    assert (deleted.commit.tree, deleted.blob) == (git(editor.git_dir, "mktree"), None)
    assert editor.files() == {}
    editor.create("c")
    assert list(editor.files()) == ["c"]
    assert_strictly_sound(editor.git_dir)


def test_a_symbolic_link_can_be_deleted_and_not_written_through(full: FileEditor) -> None:
    link = full.blob("link")
    with nothing_changed(full):
        for write in (partial(full.create, "link/passwd"), partial(full.update, "link/x", b"", link)):
            with pytest.raises(PathBlocked, match="symbolic link"):
                write()
        with pytest.raises(PathBlocked, match="symbolic link"):
            full.update("link", b"elsewhere", link)

    full.delete("link", link)

    assert "link" not in full.files()


@pytest.mark.parametrize("path", ["README.md/x", "src/run/a/b", "module/x"])
def test_a_file_or_a_submodule_is_no_folder(full: FileEditor, path: str) -> None:
    with nothing_changed(full), pytest.raises(PathBlocked):
        full.create(path)


@pytest.mark.parametrize(("path", "error"), [("src", PathBlocked), ("module", PathBlocked)])
def test_a_folder_or_a_submodule_is_not_replaced(full: FileEditor, path: str, error: type[MatouError]) -> None:
    seen = full.git("rev-parse", f"main:{path}")

    with nothing_changed(full), pytest.raises(error):
        full.update(path, b"", seen)


@pytest.mark.parametrize("path", ["src", "module", "missing", "missing/deeper"])
def test_what_is_no_file_is_not_deleted(full: FileEditor, path: str) -> None:
    with nothing_changed(full), pytest.raises(NoSuchFile):
        full.delete(path, NOTHING_YET)


def test_another_version_is_not_deleted(full: FileEditor) -> None:
    with nothing_changed(full), pytest.raises(FileChanged):
        full.delete("README.md", NOTHING_YET)


EVIL_PATHS = [
    ".git/config",
    ".GIT/hooks/x",
    "a/.git",
    "a/.Git./x",
    "git~1/config",
    "a/GIT~1 /x",
    ".git::$INDEX_ALLOCATION/config",
    ".g\u200cit/config",
    "a\\..\\.git\\x",
    "back\\slash",
    "..",
    "a/../b",
    ".",
    "/etc/passwd",
    "a//b",
    "a/",
    "line\nfeed",
    "nul\0",
    "x" * 256,
    "a/" * 2100 + "b",
    ".gitmodules/x",
    "a/.GITATTRIBUTES/x",
    "gitmod~1/x",
]


@pytest.mark.parametrize("path", EVIL_PATHS)
def test_a_path_that_git_or_a_file_system_would_mistake_is_refused(full: FileEditor, path: str) -> None:
    with nothing_changed(full), pytest.raises(InvalidTreePath):
        full.create(path)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".gitmodules", b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'),
        ("deep/.GITMODULES", b'[submodule "../../x"]\n\tpath = x\n\turl = https://example.com/x\n'),
        ("gitmod~1", b'[submodule "x"]\n\tpath = -x\n\turl = https://example.com/x\n'),
        (".gitmodules", b'[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n\tupdate = !touch /tmp/x\n'),
        (".gitattributes", b"*.c " + b"x" * 3000 + b"\n"),
    ],
)
def test_what_git_would_act_upon_is_judged_by_git(full: FileEditor, path: str, content: bytes) -> None:
    with nothing_changed(full), pytest.raises(RefusedFile, match=r"git refuses .*: git(modules|attributes)"):
        full.create(path, content)


def test_harmless_modules_are_taken(full: FileEditor) -> None:
    full.create(".gitmodules", b'[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n')
    full.create("a/.gitattributes", b"*.c diff=cpp\n")

    assert_strictly_sound(full.git_dir)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"branch": "missing"}, NoSuchRevision),
        ({"branch": "refs/heads/main"}, NoSuchRevision),
        ({"branch": "v1"}, NoSuchRevision),
        ({"branch": "main~0"}, NoSuchRevision),
        ({"branch": "--upload-pack=x"}, NoSuchRevision),
        ({"message": "nul\0"}, InvalidMessage),
        ({"message": "x" * LONGEST_MESSAGE_BYTES}, InvalidMessage),
        ({"message": "half \ud800"}, InvalidMessage),
    ],
)
def test_a_branch_or_message_that_cannot_be_is_refused(
    full: FileEditor, words: dict[str, object], error: type[MatouError]
) -> None:
    full.git("tag", "v1", "main")

    with nothing_changed(full), pytest.raises(error):
        full.create("x", b"", **words)


@pytest.mark.parametrize("branch", ["-x", "a..b", "refs/heads/x", "a" * 40, "HEAD", "x.lock"])
def test_the_first_branch_has_a_name_that_is_a_branchs(editor: FileEditor, branch: str) -> None:
    with nothing_changed(editor), pytest.raises(InvalidRefName):
        editor.create("x", branch=branch)


def test_a_file_that_is_too_large_is_refused_and_one_at_the_limit_is_not(editor: FileEditor) -> None:
    with nothing_changed(editor), pytest.raises(FileTooLarge):
        editor.create("large", b"x" * (LARGEST_FILE_BYTES + 1))

    assert editor.create("large", b"x" * LARGEST_FILE_BYTES).blob is not None


def test_who_may_not_push_may_not_write_files(full: FileEditor, berta: User) -> None:
    def write(identity: Identity) -> CommitResult:
        return create_file(full.forge, identity, full.repository, file_change("x"), b"")

    with nothing_changed(full):
        for nobody in (ANONYMOUS, Identity(berta, ALL_SCOPES)):
            with pytest.raises(NoSuchRepository):
                write(nobody)
        set_visibility(full.forge, full.repository, Visibility.PUBLIC)
        for reader in (ANONYMOUS, Identity(berta, ALL_SCOPES)):
            with pytest.raises(NotAllowed):
                create_file(
                    full.forge, reader, find_repository_by_id(full.forge, full.repository.id), file_change("x"), b""
                )


def test_an_archived_repository_takes_no_file_from_who_knew_it_before(full: FileEditor) -> None:
    archive_repository(full.forge, full.repository)

    with nothing_changed(full), pytest.raises(ReadOnly):
        full.create("x")


def test_a_repository_that_was_deleted_meanwhile_is_told_as_gone(full: FileEditor) -> None:
    delete_repository(full.forge, full.repository)

    with pytest.raises(NoSuchRepository):
        full.create("x")


def test_a_repository_that_was_renamed_meanwhile_is_told_as_moved_and_another_at_its_path_is_left_alone(
    full: FileEditor,
) -> None:
    renamed = rename_repository(full.forge, full.repository, "boat")

    with pytest.raises(RepositoryMoved):
        full.create("x")

    init_bare(full.git_dir)
    with nothing_changed(full), pytest.raises(RepositoryMoved):
        full.create("x")
    assert_strictly_sound(full.forge.git_dir(renamed))


def test_a_repository_of_another_object_format_says_so(editor: FileEditor, tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "sha256.git", object_format="sha256")
    (editor.git_dir / "config").write_bytes((git_dir / "config").read_bytes())

    with pytest.raises(OtherObjectFormat):
        editor.create("x")
