"""A writer of refs killed at every call that changes something on disk: whoever comes next goes on at once.

The writer is a process of its own that kills itself right before its n-th such call, which no handler can soften.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from matou.git.lock_files import publish_file
from matou.git.refs.listing import read_refs
from matou.git.refs.transaction import RefTransaction
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from support.git_repositories import git, refs_of, tip_of

_CHANGES_SOMETHING = frozenset({"os.link", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "fcntl.flock"})


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Do it in another process, which dies right before its n-th change; False where it makes fewer."""
    child = os.fork()
    if child == 0:
        calls = count(1)

        def strike(event: str, words: tuple[object, ...]) -> None:
            is_creation = event == "open" and isinstance(words[2], int) and bool(words[2] & os.O_CREAT)
            if (is_creation or event in _CHANGES_SOMETHING) and next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(strike)
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def remains(git_dir: Path) -> list[Path]:
    return [path for path in git_dir.rglob("*") if path.name.endswith(".lock") or path.name.startswith("tmp")]


def changes_of(name: str, old: ObjectId | None, new: ObjectId | None, *, number: int) -> list[RefChange]:
    names = [name] if number == 1 else [f"{name}/{one}" for one in range(number)]
    return [RefChange(RefName(f"refs/heads/{one}"), old, new) for one in names]


def commit(git_dir: Path, changes: list[RefChange]) -> None:
    with RefTransaction(git_dir, changes) as transaction:
        transaction.commit()


def set_to(git_dir: Path, changes: list[RefChange], new: ObjectId | None) -> None:
    """Whatever the refs are now."""
    refs = read_refs(git_dir).refs
    wanted = [RefChange(change.ref, refs.get(change.ref), new) for change in changes]
    commit(git_dir, [change for change in wanted if change.old != change.new])


@pytest.mark.parametrize(("number", "step"), [(1, 1), (3, 2), (70, 23)])
@pytest.mark.parametrize("kind", ["make", "move", "delete"])
def test_whoever_comes_next_goes_on_at_once(bare: Path, kind: str, number: int, step: int) -> None:
    """After a kill, a push of the same kind was refused until the lock was an hour old."""
    tip, older = tip_of(bare, "main"), tip_of(bare, "main~1")
    old, new = {"make": (None, tip), "move": (older, tip), "delete": (older, None)}[kind]
    changes = changes_of("topic", old, new, number=number)
    before, at = refs_of(bare), 1 - step
    while killed_at((at := at + step), lambda: commit(bare, changes)):
        set_to(bare, changes, new)
        expected = {change.ref: new for change in changes if new is not None}
        assert refs_of(bare) == {**before, **expected}
        assert remains(bare) == []
        set_to(bare, changes, old)
        git(bare, "pack-refs", "--all", *(["--no-prune"] if at % 2 else []))

    assert at > 5
    git(bare, "fsck", "--full", "--strict")


def test_whoever_is_killed_while_it_cleans_up_after_another_leaves_that_to_the_next(bare: Path) -> None:
    tip, at = tip_of(bare, "main"), 0
    changes = changes_of("topic", None, tip, number=3)
    while killed_at(8, lambda: commit(bare, changes)) and killed_at((at := at + 1), lambda: commit(bare, changes)):
        set_to(bare, changes, tip)
        assert remains(bare) == []
        set_to(bare, changes, None)

    assert at > 15


@pytest.mark.parametrize("name", ["HEAD", "packed-refs", "config"])
def test_a_file_of_a_repository_can_be_replaced_again_at_once(bare: Path, name: str) -> None:
    git(bare, "pack-refs", "--all")
    content, at = (bare / name).read_bytes(), 0
    while killed_at((at := at + 1), lambda: publish_file(bare / name, content)):
        publish_file(bare / name, content)
        assert (bare / name).read_bytes() == content
        assert remains(bare) == []

    assert at > 2


def test_a_name_below_one_that_a_dead_writer_was_about_to_make_is_free(bare: Path) -> None:
    """The dead one's lock was taken for a branch that stands in the folder `topic`."""
    tip, at = tip_of(bare, "main"), 0
    below, above = (changes_of(name, None, tip, number=1) for name in ("topic/below", "topic"))
    while killed_at((at := at + 1), lambda: commit(bare, below)):
        set_to(bare, below, None)
        commit(bare, above)
        set_to(bare, above, None)


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "packed-refs.lock"])
def test_a_lock_that_is_not_the_dead_ones_is_left(bare: Path, name: str) -> None:
    tip, at = tip_of(bare, "main"), 0
    change = changes_of("topic", None, tip, number=1)
    (bare / name).touch()
    while killed_at((at := at + 1), lambda: commit(bare, change)):
        set_to(bare, change, tip)
        git(bare, "-c", "core.packedRefsTimeout=0", "update-ref", "refs/heads/other", tip)
        assert remains(bare) == [bare / name]
        commit(bare, changes_of("third", None, tip, number=1))
        for made in ("topic", "third"):
            (bare / "refs/heads" / made).unlink()


def test_the_locks_of_a_writer_that_lives_are_left(bare: Path) -> None:
    tip = tip_of(bare, "main")
    mine, others = changes_of("mine", None, tip, number=1), changes_of("others", None, tip, number=1)

    with RefTransaction(bare, mine) as transaction:
        assert killed_at(8, lambda: commit(bare, others))
        commit(bare, others)
        assert (bare / "refs/heads/mine.lock").exists()
        transaction.commit()

    assert (refs_of(bare)[RefName("refs/heads/mine")], remains(bare)) == (tip, [])


def test_refs_change_where_the_file_system_has_no_links(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    tip = tip_of(bare, "main")

    for old, new in ((None, tip), (tip, tip_of(bare, "main~1")), (tip_of(bare, "main~1"), None)):
        commit(bare, changes_of("topic", old, new, number=1))
        assert remains(bare) == []
