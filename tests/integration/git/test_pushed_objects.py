"""What would come in: by git's own walk, without what is behind a ref already."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matou.git.odb.pushed_objects import LARGEST_COMMIT_BYTES, PushedObjects
from matou.git.odb.quarantine import ObjectKind, Quarantine
from matou.git.process.run import GitFailed
from matou.model.names import ObjectId
from support.git_repositories import commit_file, git, make_repository, store_object, tip_of

MAIN = "refs/heads/main"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "a:b" / "repository.git", commits=3)


def test_only_what_no_ref_reaches_is_new(repository: Path) -> None:
    old = tip_of(repository, MAIN)
    new = commit_file(repository, "main", "folder/a file", b"content\n")
    git(repository, "update-ref", MAIN, old)
    objects = PushedObjects(repository, None)

    assert [commit.id for commit in objects.commits([new, old])] == [new]
    assert [(file.path, file.size_bytes) for file in objects.files([new, old])] == [("folder/a file", 8)]
    assert not [*objects.commits([old]), *objects.files([old]), *objects.commits([])]


def test_objects_in_a_quarantine_are_seen_beside_the_others(repository: Path) -> None:
    with Quarantine(repository) as quarantine:
        blob = quarantine.write_object(ObjectKind.BLOB, b"12345")
        tree = quarantine.write_object(ObjectKind.TREE, b"100644 five\0" + bytes.fromhex(blob))
        text = (
            f"tree {tree}\nparent {tip_of(repository, MAIN)}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n"
        )
        commit = quarantine.write_object(ObjectKind.COMMIT, text.encode())
        objects = PushedObjects(repository, quarantine.folder)

        assert [(one.id, one.content) for one in objects.commits([commit])] == [(commit, text.encode())]
        (file,) = objects.files([commit])
        assert (file.id, file.size_bytes, file.path) == (blob, 5, "five")
        assert objects.commit_with(file, [commit]) == commit
        assert objects.is_ancestor(tip_of(repository, MAIN), commit)
        assert not objects.is_ancestor(commit, tip_of(repository, MAIN))


def test_a_blob_a_tree_and_a_tag_have_no_commits_and_may_have_files(repository: Path) -> None:
    blob = store_object(repository, "blob", os.urandom(100))
    tree = ObjectId(git(repository, "mktree", input=f"100644 blob {blob}\tname\n".encode()))
    objects = PushedObjects(repository, None)

    assert [file.path for file in objects.files([blob])] == [""]
    assert [file.path for file in objects.files([tree])] == ["name"]
    assert list(objects.commits([blob, tree])) == []
    assert objects.commit_with(next(objects.files([blob])), [blob]) is None


@pytest.mark.parametrize("ask", [PushedObjects.commits, PushedObjects.files])
def test_a_missing_object_is_never_taken_for_nothing_new(
    repository: Path, ask: Callable[[PushedObjects, list[ObjectId]], Iterator[object]]
) -> None:
    objects = PushedObjects(repository, None)

    with pytest.raises(GitFailed):
        list(ask(objects, [ObjectId("1" * 40)]))


def test_a_broken_history_is_a_failure(repository: Path) -> None:
    text = f"tree {'2' * 40}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n".encode()
    broken = store_object(repository, "commit", text)

    with pytest.raises(GitFailed):
        list(PushedObjects(repository, None).files([broken]))


def test_a_commit_that_is_too_long_is_listed_without_its_text(repository: Path) -> None:
    tree = git(repository, "rev-parse", "main^{tree}")
    head = f"tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n".encode()
    long = store_object(repository, "commit", head + b"m" * LARGEST_COMMIT_BYTES)
    above = store_object(repository, "commit", head.replace(b"author", f"parent {long}\nauthor".encode()) + b"m\n")

    found = {commit.id: commit.content for commit in PushedObjects(repository, None).commits([above])}

    assert found[long] is None
    assert found[above] is not None


def test_a_listing_may_be_left_early(repository: Path) -> None:
    git(repository, "update-ref", "-d", MAIN, tip := tip_of(repository, MAIN))

    assert next(PushedObjects(repository, None).commits([tip])).id == tip


def test_a_name_with_a_line_end_is_one_file(repository: Path) -> None:
    blob = store_object(repository, "blob", b"x")
    tree = store_object(repository, "tree", b"100644 a\nb\0" + bytes.fromhex(blob))

    (file,) = PushedObjects(repository, None).files([tree])

    assert (file.id, file.path) == (blob, "a")


def test_objects_of_a_repository_that_is_gone_are_a_failure(repository: Path) -> None:
    tip = tip_of(repository, MAIN)
    shutil.rmtree(repository)

    with pytest.raises(GitFailed):
        list(PushedObjects(repository, None).commits([tip]))
