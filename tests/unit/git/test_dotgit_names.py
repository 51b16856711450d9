"""Which names mean more to git than to others: what we say is what git itself says."""

import subprocess
from pathlib import Path

import pytest

from matou.git.operations.tree_edit import is_dot_git, is_read_by_git
from support.git_repositories import ENVIRONMENT, init_bare, store_object

DOT_GIT = [
    ".git",
    ".GIT",
    ".gIt",
    "git~1",
    "GIT~1",
    ".git.",
    ".git ",
    ".git. . ",
    ".git::$INDEX_ALLOCATION",
    ".git:x",
    "git~1.",
    ".g\u200cit",
    ".git\u200d",
    "\ufeff.git",
    ".G\u202eIt",
    ".\u206fgit",
    "a\\.git",
    "a\\git~1 \\b",
    ".git\\config",
]
NOT_DOT_GIT = [".gi", "git", ".github", "git~2", ".git~1", "git~10", ".git-x", "x.git", ".gitx", ".g\u00adit", "a\\b"]
MODULES = [
    ".gitmodules",
    ".GITMODULES",
    ".gitmodules ",
    ".gitmodules.:x",
    ".gitmod\u200cules",
    "gitmod~1",
    "GITMOD~4",
    "gi7eba~1",
    "gi7eb~10",
    "gi~12345",
    "~1000000",
]
NOT_MODULES = [".gitmodule", "gitmodules", "gitmod~5", "gi7eba~0", "gi7eba~12", "~100000", "gi7ebb~1", ".gitmodulesx"]
ATTRIBUTES = [".gitattributes", ".GitAttributes. ", "gitatt~1", "gi7d29~9", ".gitattribute\u200es"]


def fsck_says(tmp_path: Path, name: str, blob: bytes) -> str:
    """What git's own check finds in a tree that has this one name."""
    git_dir = init_bare(tmp_path / "one.git")
    blob_id = store_object(git_dir, "blob", blob)
    tree = store_object(git_dir, "tree", b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob_id))
    words = ["git", f"--git-dir={git_dir}", "fsck", "--strict", tree]
    return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, encoding="utf-8").stderr


@pytest.mark.parametrize("name", DOT_GIT)
def test_what_git_takes_for_its_own_folder_we_do_too(tmp_path: Path, name: str) -> None:
    assert is_dot_git(name)
    assert "hasDotgit" in fsck_says(tmp_path, name, b"")


@pytest.mark.parametrize("name", NOT_DOT_GIT)
def test_what_git_takes_for_any_name_we_do_too(tmp_path: Path, name: str) -> None:
    assert not is_dot_git(name)
    assert "hasDotgit" not in fsck_says(tmp_path, name, b"")


@pytest.mark.parametrize("name", MODULES)
def test_what_git_reads_as_modules_is_known(tmp_path: Path, name: str) -> None:
    assert is_read_by_git(name)
    assert "gitmodulesUrl" in fsck_says(tmp_path, name, b'[submodule "x"]\n\turl = -u./x\n\tpath = x\n')


@pytest.mark.parametrize("name", NOT_MODULES)
def test_what_git_does_not_read_as_modules_is_none(tmp_path: Path, name: str) -> None:
    assert not is_read_by_git(name)
    assert "gitmodules" not in fsck_says(tmp_path, name, b'[submodule "x"]\n\turl = -u./x\n\tpath = x\n')


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_what_git_reads_as_attributes_is_known(tmp_path: Path, name: str) -> None:
    assert is_read_by_git(name)
    assert "gitattributesLineLength" in fsck_says(tmp_path, name, b"*.c " + b"x" * 3000 + b"\n")
