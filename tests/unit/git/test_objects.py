"""Reading commits, trees and files: what git itself says is the oracle."""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.errors import Damaged, NotFound
from matou.git.odb import large_objects, objects
from matou.git.odb.objects import InvalidTreePath, MissingObject, MissingPath, TooLargeToRead, TreePath
from matou.git.operations import commit_walk
from matou.git.operations.commit_walk import CommitFilter, commits
from matou.model.names import ObjectId, object_id

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin:/usr/local/bin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "C",
    "GIT_COMMITTER_EMAIL": "c@example.org",
}


def git(git_dir: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", "--git-dir", str(git_dir), *arguments]
    return (
        subprocess.run(command, input=stdin, capture_output=True, check=True, env=ENVIRONMENT).stdout.decode().strip()
    )


def write(git_dir: Path, kind: str, content: bytes) -> ObjectId:
    return object_id(git(git_dir, "hash-object", "-w", "--literally", "--stdin", "-t", kind, stdin=content))


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    path = tmp_path / "repository.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True, env=ENVIRONMENT)
    return path


def fast_import(git_dir: Path, lines: Iterable[str]) -> None:
    git(git_dir, "fast-import", "--quiet", stdin="".join(f"{line}\n" for line in lines).encode())


def commit_lines(mark: int, *, parents: tuple[int, ...], file: str, at: int) -> list[str]:
    """One commit of a fast-import stream that writes one file."""
    first, *others = [f":{parent}" for parent in parents] or [""]
    return [
        "commit refs/heads/main",
        f"mark :{mark}",
        f"committer C <c@example.org> {at} +0800",
        f"data {len(f'change {mark}')}",
        f"change {mark}",
        *([f"from {first}"] if first else []),
        *(f"merge {other}" for other in others),
        f"M 100644 inline {file}",
        f"data {len(str(mark))}",
        str(mark),
    ]


@pytest.fixture
def branchy(git_dir: Path) -> Path:
    """120 commits with merges every seventh, over nine files in three folders; two share each second."""
    stream: list[str] = []
    for mark in range(1, 121):
        parents = () if mark == 1 else (mark - 1, mark - 5) if mark > 6 and mark % 7 == 0 else (mark - 1,)
        stream += commit_lines(mark, parents=parents, file=f"d{mark % 3}/f{mark % 9}", at=1_600_000_000 + mark // 2)
    fast_import(git_dir, stream)
    return git_dir


def main_of(git_dir: Path) -> ObjectId:
    return object_id(git(git_dir, "rev-parse", "refs/heads/main"))


@pytest.mark.parametrize("path", [None, "d1", "d1/f4", "d2/f8", "d9", "d1/f4/below-a-file"])
def test_a_history_is_that_of_git_rev_list(branchy: Path, path: str | None) -> None:
    only = CommitFilter(path=None if path is None else TreePath.parse(path))

    found = commits(objects.open_repository(branchy), main_of(branchy), only=only, limit=1_000)

    assert [commit.id for commit in found] == git(branchy, "rev-list", "main", "--", *([path] if path else [])).split()


def test_pages_of_a_history_join_to_the_whole(branchy: Path) -> None:
    repository, start = objects.open_repository(branchy), main_of(branchy)

    pages = [commits(repository, start, offset=offset, limit=50) for offset in (0, 50, 100, 150)]

    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert [commit.id for page in pages for commit in page] == git(branchy, "rev-list", "main").split()


@pytest.mark.parametrize(
    ("only", "arguments"),
    [
        (CommitFilter(keyword="CHANGE 11"), ["--grep=change 11"]),
        (CommitFilter(since=datetime.fromtimestamp(1_600_000_030, UTC)), ["--since=1600000030"]),
        (CommitFilter(until=datetime.fromtimestamp(1_600_000_030, UTC)), ["--until=1600000030"]),
    ],
)
def test_keyword_and_dates_choose_as_git_does(branchy: Path, only: CommitFilter, arguments: list[str]) -> None:
    found = commits(objects.open_repository(branchy), main_of(branchy), only=only, limit=1_000)

    expected = git(branchy, "rev-list", *arguments, "main").split()
    assert 0 < len(expected) < 120
    assert [commit.id for commit in found] == expected


def test_a_history_beyond_the_limit_is_refused_and_not_cut(branchy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_walk, "MOST_COMMITS_EXAMINED", 100)
    repository = objects.open_repository(branchy)

    with pytest.raises(TooLargeToRead, match="100"):
        commits(repository, main_of(branchy), only=CommitFilter(keyword="nowhere"), limit=1)

    assert len(commits(repository, main_of(branchy), limit=50)) == 50


def test_a_commit_says_what_git_says(branchy: Path) -> None:
    commit = objects.find_commit(objects.open_repository(branchy), main_of(branchy))

    expected = git(branchy, "log", "-1", "--format=%H|%T|%P|%an|%ae|%at|%cn|%ce|%ct|%s", "main").split("|")
    assert [
        commit.id,
        commit.tree,
        " ".join(commit.parents),
        commit.author.name,
        commit.author.email,
        str(int(commit.author.at.timestamp())),
        commit.committer.name,
        commit.committer.email,
        str(int(commit.committer.at.timestamp())),
        commit.subject,
    ] == expected


EMPTY_TREE = b""


@pytest.mark.parametrize(
    ("author", "name", "email", "seconds"),
    [
        (b"A B <a@b.c> 1600000000 +0800", "A B", "a@b.c", 1_600_000_000),
        (b"A <a@b.c>1600000000 +0800", "A", "a@b.c", 1_600_000_000),
        (b"A <a@b.c> 1600000000 +51800", "A", "a@b.c", 1_600_000_000),
        (b"A <a@b.c>", "A", "a@b.c", 0),
        (b"A <a@b.c> -5 +0000", "A", "a@b.c", 0),
        (b"A <a@b.c> 9999999999999999999 +0000", "A", "a@b.c", 253_402_300_799),
        (b"no address at all", "no address at all", "", 0),
        ("王".encode() + b"\xff <> 7 +0000", "王\ufffd", "", 7),
    ],
)
def test_an_odd_signature_is_read_as_far_as_it_goes(
    git_dir: Path, author: bytes, name: str, email: str, seconds: int
) -> None:
    tree = write(git_dir, "tree", EMPTY_TREE)
    text = b"tree %s\nauthor %s\ncommitter %s\n\nm\n" % (tree.encode(), author, author)

    signature = objects.find_commit(objects.open_repository(git_dir), write(git_dir, "commit", text)).committer

    assert (signature.name, signature.email, int(signature.at.timestamp())) == (name, email, seconds)


@pytest.mark.parametrize(
    ("encoding", "raw", "message"),
    [
        (b"GB18030", "修正".encode("gb18030"), "修正"),
        (b"gbk", "修正".encode("gbk"), "修正"),
        (b"no-such-encoding", "修正".encode(), "修正"),
        (b"punycode", b"abc-def", "abc-def"),
        (b"base64", b"abc", "abc"),
        (b"nul\0byte", b"abc", "abc"),
    ],
)
def test_a_message_is_decoded_by_its_own_encoding_if_that_is_harmless(
    git_dir: Path, encoding: bytes, raw: bytes, message: str
) -> None:
    tree = write(git_dir, "tree", EMPTY_TREE).encode()
    text = b"tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\nencoding %s\n\n%s" % (tree, encoding, raw)

    assert objects.find_commit(objects.open_repository(git_dir), write(git_dir, "commit", text)).message == message


def test_a_commit_is_found_through_tags_of_tags(branchy: Path) -> None:
    git(branchy, "tag", "-a", "-m", "one", "one", "main")
    git(branchy, "tag", "-a", "-m", "two", "two", "one")
    two = object_id(git(branchy, "rev-parse", "refs/tags/two"))
    repository = objects.open_repository(branchy)

    tag = objects.find_tag(repository, two)

    assert objects.find_commit(repository, two).id == main_of(branchy)
    assert tag is not None
    assert (tag.message, tag.target) == ("two\n", git(branchy, "rev-parse", "refs/tags/one"))
    assert tag.tagger is not None
    assert tag.tagger.name == "C"
    assert objects.find_tag(repository, main_of(branchy)) is None


def test_what_is_no_commit_is_not_found(git_dir: Path) -> None:
    repository = objects.open_repository(git_dir)
    blob = write(git_dir, "blob", b"x")
    tag = write(git_dir, "tag", b"object %s\ntype blob\ntag t\n\n" % blob.encode())

    for name in (blob, tag, object_id("a" * 40), object_id("a" * 64)):
        with pytest.raises(NotFound):
            objects.find_commit(repository, name)


def test_a_hole_in_a_history_is_damage(git_dir: Path) -> None:
    tree = write(git_dir, "tree", EMPTY_TREE)
    signature = b"A <a@b.c> 1600000000 +0800"
    text = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n\n" % (tree.encode(), b"b" * 40, signature, signature)
    start = write(git_dir, "commit", text)

    with pytest.raises(Damaged, match="b" * 40):
        commits(objects.open_repository(git_dir), start, limit=10)


@pytest.mark.parametrize(
    "text", [b"author A <a> 1 +0000\n\nno tree", b"tree zz\n\n", b"tree %s\nparent x\n\n" % (b"a" * 40)]
)
def test_a_commit_that_is_none_is_damage(git_dir: Path, text: bytes) -> None:
    broken = write(git_dir, "commit", text)

    with pytest.raises(Damaged):
        objects.find_commit(objects.open_repository(git_dir), broken)


def test_a_file_is_read_and_a_folder_is_not(branchy: Path) -> None:
    repository = objects.open_repository(branchy)
    commit = objects.find_commit(repository, main_of(branchy))

    assert objects.read_file(repository, commit, TreePath.parse("d0/f3"), largest_bytes=10) == b"120"
    for path in ("d0", "d0/f33", "d0/f3/x", "x"):
        with pytest.raises(MissingPath):
            objects.read_file(repository, commit, TreePath.parse(path), largest_bytes=10)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(branchy: Path) -> None:
    repository = objects.open_repository(branchy)
    commit = objects.find_commit(repository, main_of(branchy))

    with pytest.raises(TooLargeToRead):
        objects.read_file(repository, commit, TreePath.parse("d0/f3"), largest_bytes=2)


def test_a_symbolic_link_gives_its_own_text(git_dir: Path) -> None:
    fast_import(
        git_dir,
        [*commit_lines(1, parents=(), file="plain", at=1), "M 120000 inline link", "data 11", "/etc/passwd"],
    )
    repository = objects.open_repository(git_dir)
    commit = objects.find_commit(repository, main_of(git_dir))

    assert objects.find_entry(repository, commit, TreePath.parse("link")).kind is objects.EntryKind.SYMLINK
    assert objects.read_file(repository, commit, TreePath.parse("link"), largest_bytes=100) == b"/etc/passwd"


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "a//b", "a/", ".", "..", "../a", "a/../b", ".git", ".git/config", "a/.GIT/hooks/x",
        ".git.", ".git ", "git~1/config", ".g\u200cit/config", ".git::$INDEX_ALLOCATION/x", "a\0b", "\ud800",
        "x/" * 2100 + "x",
    ],
)  # fmt: skip
def test_a_path_that_means_something_else_somewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidTreePath):
        TreePath.parse(path)


@pytest.mark.parametrize(
    "path", ["a", "a/b", "文档/说明.md", ".gitignore", "-rf", "a b", ".github/x", "--upload-pack=x", "a\nb", "\udcb2"]
)
def test_an_ordinary_path_is_taken(path: str) -> None:
    assert str(TreePath.parse(path)) == path


def test_a_bomb_of_trees_costs_no_more_than_the_path(git_dir: Path) -> None:
    """Catalogue B-27: ten folders in each of ten levels are 10^10 files in a repository of 12 objects."""
    entry = write(git_dir, "blob", b"boom")
    mode, tree = b"100644", entry
    for _ in range(10):
        rows = b"".join(b"%s f%d\0%s" % (mode, i, bytes.fromhex(tree)) for i in range(10))
        tree, mode = write(git_dir, "tree", rows), b"40000"
    signature = b"A <a@b.c> 1600000000 +0800"
    text = b"tree %s\nauthor %s\ncommitter %s\n\n" % (tree.encode(), signature, signature)
    start = write(git_dir, "commit", text)
    repository = objects.open_repository(git_dir)

    began = time.monotonic()
    content = objects.read_file(
        repository, objects.find_commit(repository, start), TreePath.parse("/".join(["f9"] * 10)), largest_bytes=9
    )
    history = commits(repository, start, only=CommitFilter(path=TreePath.parse("f3/f3")), limit=9)

    assert content == b"boom"
    assert len(history) == 1
    assert time.monotonic() - began < 1


def test_a_tree_beyond_the_limit_is_refused(branchy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "LARGEST_TREE_BYTES", 20)
    repository = objects.open_repository(branchy)
    commit = objects.find_commit(repository, main_of(branchy))

    with pytest.raises(TooLargeToRead):
        objects.find_entry(repository, commit, TreePath.parse("d1"))


def test_a_folder_that_is_no_repository_is_damage(tmp_path: Path) -> None:
    with pytest.raises(objects.UnreadableRepository):
        objects.open_repository(tmp_path)


def test_no_configuration_but_the_repositorys_own_is_read(branchy: Path, tmp_path: Path) -> None:
    """In another process: libgit2 looks for the home folder once."""
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Somebody\n")
    program = (
        "import sys, pathlib, matou.git.odb.objects as objects;"
        "print('user.name' in objects.open_repository(pathlib.Path(sys.argv[1])).config)"
    )
    command = [sys.executable, "-c", program, str(branchy)]

    answer = subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=True)

    assert answer.stdout == "False\n"


def test_an_object_of_the_wrong_kind_is_not_found(branchy: Path) -> None:
    repository = objects.open_repository(branchy)
    tree = object_id(git(branchy, "rev-parse", "main^{tree}"))

    with pytest.raises(MissingObject, match="tree"):
        objects.find_commit(repository, tree)


def long_commit(git_dir: Path, *, parents: int = 0, message_bytes: int = 0) -> ObjectId:
    tree = git(git_dir, "mktree")
    lines = [f"tree {tree}", *[f"parent {tree}"] * parents, "author A <a@b> 1700000000 +0800"]
    headers = "\n".join([*lines, "committer C <c@d> 1700000000 +0800", "", "Subject", "", ""]).encode()
    return write(git_dir, "commit", headers + b"m" * message_bytes)


def test_of_a_very_long_commit_the_end_of_the_message_is_missing(git_dir: Path) -> None:
    name = long_commit(git_dir, message_bytes=3 * 1024 * 1024)

    found = objects.find_commit(objects.open_repository(git_dir), name)

    assert (found.id, found.subject, found.author.name, found.committer.email) == (name, "Subject", "A", "c@d")
    assert 900_000 < len(found.message) <= objects.LARGEST_COMMIT_BYTES


def test_of_a_commit_with_too_many_parents_the_first_ones_are_read(git_dir: Path) -> None:
    name = long_commit(git_dir, parents=30_000)

    found = objects.find_commit(objects.open_repository(git_dir), name)

    assert (set(found.parents), len(found.parents)) == ({found.tree}, (objects.LARGEST_COMMIT_BYTES - 46) // 48)
    assert (found.author.name, found.message) == ("", "")


def test_a_very_long_tag_leads_to_its_commit(git_dir: Path) -> None:
    commit = long_commit(git_dir)
    tag = write(
        git_dir, "tag", f"object {commit}\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\n{'m' * 2_000_000}".encode()
    )

    assert objects.find_commit(objects.open_repository(git_dir), tag).id == commit


def test_a_commit_that_git_itself_cannot_read_is_listed_by_its_id(
    git_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = long_commit(git_dir, message_bytes=40 * 1024 * 1024)
    monkeypatch.setattr(large_objects, "LIMITS", replace(large_objects.LIMITS, memory_bytes=30 * 1024 * 1024))
    repository = objects.open_repository(git_dir)

    listed = objects.commit_to_list(repository, name)

    assert (listed.id, listed.message) == (name, "")
    with pytest.raises(TooLargeToRead):
        objects.find_commit(repository, name)
