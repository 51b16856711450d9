"""What lies between two commits, file by file: git's own text is the oracle, and nobody makes it endless."""

import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from matou.git.odb.objects import Commit, TreePath, find_commit, open_repository
from matou.git.operations import differences
from matou.git.operations.differences import (
    DifferenceTooLarge,
    FileDifference,
    difference_between,
    parent_of,
    write_difference,
    write_mail,
)
from matou.git.operations.history import ChangeKind, merge_base
from matou.git.process.run import Limits
from matou.model.names import ObjectId, object_id
from support.git_repositories import git, init_bare, store_object

LONG = b"".join(b"line %d\n" % number for number in range(40))
BEFORE = {
    "renamed from": ("100644", LONG),
    "binary": ("100644", b"\0one"),
    "became a link": ("100644", b"text\n"),
    "mode": ("100644", b"#!/bin/sh\n"),
    "gone": ("100644", b"gone\n"),
    "same": ("100644", b"same\n"),
    "src/[a].py": ("100644", b"a\n"),
    ":(top)x": ("100644", b"x\n"),
}
AFTER = {
    "renamed to": ("100644", LONG + b"last\n"),
    "binary": ("100644", b"\0two"),
    "became a link": ("120000", b"mode"),
    "mode": ("100755", b"#!/bin/sh\n"),
    "same": ("100644", b"same\n"),
    "empty": ("100644", b""),
    "no newline": ("100644", b"diff --git a/x b/x\n@@ -1 +1 @@"),
    "late nul": ("100644", b"a" * 9000 + b"\n\0nul\n"),
    "tab\tnew\nline": ("100644", b"q\n"),
    "\udcb2\udce2.txt": ("100644", "名\n".encode("gbk")),
    "码头.txt": ("100644", "码头\n".encode()),
    "src/[a].py": ("100644", b"b\n"),
    ":(top)x": ("100644", b"y\n"),
}


def tree_of(git_dir: Path, files: dict[str, tuple[str, bytes]]) -> str:
    rows = b"".join(
        b"%b %b\t%b\0"
        % (mode.encode(), store_object(git_dir, "blob", content).encode(), name.encode("utf-8", "surrogateescape"))
        for name, (mode, content) in files.items()
    )
    index = git_dir / "index.of-test"
    index.unlink(missing_ok=True)
    git(git_dir, "update-index", "-z", "--index-info", input=rows, GIT_INDEX_FILE=str(index))
    return git(git_dir, "write-tree", GIT_INDEX_FILE=str(index))


def commit_of(git_dir: Path, files: dict[str, tuple[str, bytes]], *parents: str, message: str = "m") -> ObjectId:
    before = [word for parent in parents for word in ("-p", parent)]
    return object_id(git(git_dir, "commit-tree", "-m", message, *before, tree_of(git_dir, files)))


def find(git_dir: Path, name: ObjectId) -> Commit:
    return find_commit(open_repository(git_dir), name)


def says(git_dir: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", f"--git-dir={git_dir}", *arguments], capture_output=True, check=True).stdout


@pytest.fixture
def ship(tmp_path: Path) -> Path:
    return init_bare(tmp_path / "ship.git")


@pytest.fixture
def ends(ship: Path) -> tuple[ObjectId, ObjectId]:
    first = commit_of(ship, BEFORE)
    return first, commit_of(ship, AFTER, first)


def by_path(files: tuple[FileDifference, ...]) -> dict[bytes, FileDifference]:
    return {each.path: each for each in files}


def test_the_patches_are_what_git_says_file_by_file(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    found = difference_between(ship, *ends)

    assert found.is_whole
    assert b"".join(each.patch or b"" for each in found.files) == says(ship, "diff-tree", "-r", "-p", "-M", *ends)
    names = says(ship, "diff-tree", "-r", "-z", "-M", "--name-only", *ends).split(b"\0")[:-1]
    assert [each.path for each in found.files] == names


def test_each_file_is_told_with_its_kind_and_lines(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    found = by_path(difference_between(ship, *ends).files)

    renamed, link, late = found[b"renamed to"], found[b"became a link"], found[b"late nul"]
    assert (renamed.kind, renamed.old_path, renamed.additions) == (ChangeKind.RENAMED, b"renamed from", 1)
    assert (link.old_mode, link.new_mode, (link.patch or b"").count(b"diff --git ")) == ("100644", "120000", 2)
    assert (found[b"gone"].kind, found[b"empty"].kind) == (ChangeKind.REMOVED, ChangeKind.ADDED)
    assert (found[b"mode"].new_mode, found[b"mode"].hunks) == ("100755", b"")
    assert (found[b"binary"].additions, found[b"binary"].hunks) == (0, b"")
    assert late.hunks.endswith(b"+\0nul\n")
    assert found[b"no newline"].hunks == (
        b"@@ -0,0 +1,2 @@\n+diff --git a/x b/x\n+@@ -1 +1 @@\n\\ No newline at end of file\n"
    )
    assert found[b"\xb2\xe2.txt"].hunks == b"@@ -0,0 +1 @@\n+" + "名\n".encode("gbk")
    assert "码头.txt".encode() in found
    assert b"tab\tnew\nline" in found
    assert b"same" not in found


@pytest.mark.parametrize(
    ("path", "names"),
    [("src", [b"src/[a].py"]), ("src/[a].py", [b"src/[a].py"]), (":(top)x", [b":(top)x"]), ("src/a.py", [])],
)
def test_a_path_is_taken_as_it_is_written(
    ship: Path, ends: tuple[ObjectId, ObjectId], path: str, names: list[bytes]
) -> None:
    assert [each.path for each in difference_between(ship, *ends, path=TreePath.parse(path)).files] == names


def test_a_suffix_chooses_files_and_hides_nothing(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    found = difference_between(ship, *ends, suffix=".txt")

    assert ({each.path for each in found.files}, found.is_whole) == ({b"\xb2\xe2.txt", "码头.txt".encode()}, True)


def test_spaces_count_only_where_they_are_to(ship: Path) -> None:
    moved = b"".join(b"line %d\n" % number for number in range(30))
    before = {
        "spaces": ("100644", b"a b\n"),
        "more": ("100644", b"a\nb\n"),
        "mode": ("100644", b"x y\n"),
        "from": ("100644", moved),
        "z": ("100644", b"1\n"),
    }
    after = {
        "spaces": ("100644", b"a    b\n"),
        "more": ("100644", b"a \nc\n"),
        "mode": ("100755", b"x  y\n"),
        "to": ("100644", moved.replace(b"line 3\n", b"line  3\n")),
        "z": ("100644", b"2\n"),
    }
    first, only_spaces = commit_of(ship, before), commit_of(ship, before | {"spaces": after["spaces"]})
    second = commit_of(ship, after)

    found = difference_between(ship, first, second, ignores_whitespace=True)
    files = by_path(found.files)

    assert found.is_whole
    assert b"".join(each.patch or b"" for each in found.files) == says(
        ship, "diff-tree", "-r", "-p", "-M", "-w", first, second
    )
    assert (files[b"spaces"].patch, files[b"more"].additions) == (b"", 1)
    assert (files[b"z"].hunks, files[b"to"].old_path) == (b"@@ -1 +1 @@\n-1\n+2\n", b"from")
    alone = difference_between(ship, first, only_spaces, ignores_whitespace=True)
    assert ([each.patch for each in alone.files], alone.is_whole) == ([b""], True)


def test_nothing_between_a_commit_and_itself(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    found = difference_between(ship, ends[0], ends[0])

    assert (found.files, found.is_whole) == ((), True)


@pytest.mark.parametrize("limit", [1, 150, 700, 1500, 2500, 9000])
def test_what_was_not_read_is_told_and_no_patch_is_cut(
    ship: Path, ends: tuple[ObjectId, ObjectId], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    whole = {each.path: each.patch for each in difference_between(ship, *ends).files}
    monkeypatch.setattr(differences, "MOST_BYTES", limit)

    found = difference_between(ship, *ends)

    assert not found.is_whole
    assert all(each.patch in (None, whole[each.path]) for each in found.files)


def test_a_patch_that_is_too_long_is_left_out_and_the_others_stay(
    ship: Path, ends: tuple[ObjectId, ObjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "LARGEST_PATCH_BYTES", 5000)

    found = difference_between(ship, *ends)

    assert ([each.path for each in found.files if each.patch is None], found.is_whole) == ([b"late nul"], False)
    assert by_path(found.files)[b"late nul"].additions == 2


def test_all_patches_together_and_all_files_are_bounded(
    ship: Path, ends: tuple[ObjectId, ObjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "MOST_SHOWN_BYTES", 500)
    monkeypatch.setattr(differences, "MOST_FILES", 5)

    found = difference_between(ship, *ends)

    assert (len(found.files), found.is_whole) == (5, False)
    assert sum(len(each.patch or b"") for each in found.files) <= 500


def bomb_in(git_dir: Path, *, depth: int) -> ObjectId:
    """A commit with ten files in each of ten folders, in each of ten …"""
    blob = store_object(git_dir, "blob", b"boom")
    tree = store_object(git_dir, "tree", b"".join(b"100644 f%d\0%b" % (n, bytes.fromhex(blob)) for n in range(10)))
    for _ in range(depth):
        tree = store_object(git_dir, "tree", b"".join(b"40000 d%d\0%b" % (n, bytes.fromhex(tree)) for n in range(10)))
    return object_id(git(git_dir, "commit-tree", "-m", "bomb", tree))


def test_a_bomb_ends_at_the_limit(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, bomb = commit_of(ship, {}), bomb_in(ship, depth=4)
    monkeypatch.setattr(differences, "MOST_BYTES", 200_000)
    monkeypatch.setattr(differences, "LARGEST_TEXT_BYTES", 200_000)

    found = difference_between(ship, first, bomb)

    assert (len(found.files), found.is_whole) == (differences.MOST_FILES, False)
    with pytest.raises(DifferenceTooLarge):
        write_difference(ship, first, bomb, BytesIO())
    with pytest.raises(DifferenceTooLarge):
        write_mail(ship, bomb, BytesIO())


def test_what_takes_too_long_is_stopped(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, bomb = commit_of(ship, {}), bomb_in(ship, depth=12)
    limits = Limits(wall=timedelta(seconds=0.2))
    monkeypatch.setattr(differences, "CHANGES_LIMITS", limits)
    monkeypatch.setattr(differences, "HISTORY_LIMITS", limits)

    found = difference_between(ship, first, bomb)

    assert (found.files, found.is_whole) == ((), False)
    with pytest.raises(DifferenceTooLarge):
        write_difference(ship, first, bomb, BytesIO())
    with pytest.raises(DifferenceTooLarge):
        write_mail(ship, bomb, BytesIO())


def test_what_takes_too_much_memory_is_told_as_too_large(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, bomb = commit_of(ship, {}), bomb_in(ship, depth=12)
    monkeypatch.setattr(differences, "CHANGES_LIMITS", Limits(memory_bytes=96 * 1024 * 1024))
    monkeypatch.setattr(differences, "HISTORY_LIMITS", Limits(memory_bytes=96 * 1024 * 1024))

    found = difference_between(ship, first, bomb)

    assert (found.files, found.is_whole) == ((), False)
    with pytest.raises(DifferenceTooLarge):
        write_difference(ship, first, bomb, BytesIO())


def test_a_difference_as_text_is_what_git_says(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    first, second = ends
    for name in ends:
        written = BytesIO()
        write_difference(ship, parent_of(find(ship, name)), name, written)

        expected = ["diff-tree", "-r", "-p", "-M", "--root", "--no-commit-id", name]
        assert written.getvalue() == says(ship, *expected)
    assert parent_of(find(ship, second)) == first


@pytest.mark.parametrize("is_merge", [False, True])
def test_a_mail_is_applied_by_git_to_the_same_tree(ship: Path, tmp_path: Path, *, is_merge: bool) -> None:
    first = commit_of(ship, BEFORE)
    side = [commit_of(ship, {**BEFORE, "side": ("100644", b"side\n")}, first)] if is_merge else []
    name = commit_of(ship, AFTER, first, *side, message="Ändere 码头\n\n--- not a line\nFrom nobody")
    git(ship, "update-ref", "refs/heads/main", first)
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", "-b", "main", ship, work], check=True)
    mail = tmp_path / "mail"
    with mail.open("wb") as file:
        write_mail(ship, name, file)

    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", work, *who, "am", "-q", "--keep-cr", mail], check=True)

    applied = says(work / ".git", "rev-parse", "HEAD^{tree}").decode().strip()
    assert applied == git(ship, "rev-parse", f"{name}^{{tree}}")
    assert says(work / ".git", "log", "-1", "--format=%s").decode() == "Ändere 码头\n"


def test_the_author_of_a_mail_is_the_one_in_the_commit(ship: Path) -> None:
    mailmap = b"Other <other@example.org> <%b>\n" % git(ship, "log", "-1", "--format=%ae", commit_of(ship, {})).encode()
    name = commit_of(ship, {".mailmap": ("100644", mailmap)})
    git(ship, "update-ref", "refs/heads/main", name)
    written = BytesIO()

    write_mail(ship, name, written)

    assert b"From: Other" not in written.getvalue()


def test_the_common_ancestor_is_found_where_there_is_one(ship: Path, ends: tuple[ObjectId, ObjectId]) -> None:
    first, second = ends
    side, apart = commit_of(ship, {}, first, message="side"), commit_of(ship, {}, message="apart")

    assert merge_base(ship, second, side) == first
    assert merge_base(ship, second, apart) is None
