"""Several refs changed together or not at all: by real git, against whoever else changes them."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.errors import Conflict
from matou.git.lock_files import RepositoryBusy
from matou.git.odb.quarantine import ObjectKind, Quarantine
from matou.git.refs.locks import RefLock
from matou.git.refs.transaction import RefChanged, RefTaken, RefTransaction, UnusableTarget, remove_abandoned_locks
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from support.git_repositories import ENVIRONMENT, git, refs_of, tip_of

MAIN = RefName("refs/heads/main")


def change(name: str, old: ObjectId | None, new: ObjectId | None) -> RefChange:
    return RefChange(RefName(f"refs/heads/{name}"), old, new)


def locks(git_dir: Path) -> list[Path]:
    return list(git_dir.rglob("*.lock"))


def test_refs_change_together_when_it_is_said_and_not_before(bare: Path) -> None:
    tip, older = tip_of(bare, "main"), tip_of(bare, "main~1")
    git(bare, "branch", "going", "main")
    before = refs_of(bare)
    changes = [change("main", tip, older), change("new/branch", None, tip), change("going", tip, None)]

    with RefTransaction(bare, changes) as transaction:
        assert refs_of(bare) == before
        transaction.commit()

    after = refs_of(bare)
    assert (after[MAIN], after[RefName("refs/heads/new/branch")]) == (older, tip)
    assert RefName("refs/heads/going") not in after
    assert locks(bare) == []


def test_what_is_not_committed_changes_nothing(bare: Path) -> None:
    before = refs_of(bare)

    with RefTransaction(bare, [change("new", None, tip_of(bare, "main"))]):
        pass

    assert (refs_of(bare), locks(bare)) == (before, [])


def test_an_error_within_changes_nothing(bare: Path) -> None:
    before = refs_of(bare)

    with pytest.raises(ZeroDivisionError), RefTransaction(bare, [change("main", tip_of(bare, "main"), None)]):
        raise ZeroDivisionError

    assert (refs_of(bare), locks(bare)) == (before, [])


@pytest.mark.parametrize(
    ("name", "old", "new", "error"),
    [
        ("main", None, "main~1", RefTaken),
        ("main/below", None, "main", RefTaken),
        ("folder", None, "main", RefTaken),
        ("main", "main~1", "main~2", RefChanged),
        ("main", "main~1", None, RefChanged),
        ("missing", "main", "main~1", RefChanged),
        ("missing", "main", None, RefChanged),
    ],
)
def test_a_ref_that_is_not_what_was_seen_changes_none(
    bare: Path, name: str, old: str | None, new: str | None, error: type[Conflict]
) -> None:
    git(bare, "branch", "folder/within", "main")
    seen = [None if word is None else tip_of(bare, word) for word in (old, new)]
    before = refs_of(bare)
    changes = [change("other", None, tip_of(bare, "main")), change(name, *seen)]

    with pytest.raises(error), RefTransaction(bare, changes):
        pytest.fail("it was entered")

    assert (refs_of(bare), locks(bare)) == (before, [])


def test_packed_refs_are_compared_like_loose_ones(bare: Path) -> None:
    tip, older = tip_of(bare, "main"), tip_of(bare, "main~1")
    git(bare, "pack-refs", "--all")

    with pytest.raises(RefChanged), RefTransaction(bare, [change("main", older, tip)]):
        pass
    with RefTransaction(bare, [change("main", tip, None)]) as transaction:
        transaction.commit()

    assert MAIN not in refs_of(bare)


def test_a_lock_of_somebody_elses_is_waited_for_and_then_told(bare: Path) -> None:
    (bare / "refs/heads/main.lock").touch()

    with (
        pytest.raises(RepositoryBusy),
        RefTransaction(bare, [change("main", tip_of(bare, "main"), tip_of(bare, "main~1"))]),
    ):
        pass

    assert locks(bare) == [bare / "refs/heads/main.lock"]


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"])
def test_a_lock_of_a_git_that_was_killed_is_taken_away_after_an_hour(bare: Path, name: str) -> None:
    changes = [change("main", tip_of(bare, "main"), tip_of(bare, "main~1"))]
    now = datetime.now(UTC)
    (bare / name).touch()

    remove_abandoned_locks(bare, changes, now=now + timedelta(minutes=59))
    assert locks(bare) == [bare / name]
    remove_abandoned_locks(bare, changes, now=now + timedelta(minutes=61))
    assert locks(bare) == []

    with RefTransaction(bare, changes) as transaction:
        transaction.commit()


@pytest.mark.parametrize("ref", ["{outside}", "../other", "refs/heads/../../../other"])
def test_a_name_that_is_no_refs_takes_no_file_away(bare: Path, ref: str) -> None:
    outside = bare.parent / "other.lock"
    outside.touch()
    named = RefName(ref.format(outside=outside.with_suffix("")))

    remove_abandoned_locks(bare, [RefChange(named, None, tip_of(bare, "main"))], now=datetime.now(UTC) + timedelta(2))

    assert outside.exists()


def test_a_packed_ref_that_no_file_system_takes_is_no_error_of_ours(bare: Path) -> None:
    """A copy of a mirror may have some."""
    remove_abandoned_locks(
        bare, [RefChange(RefName("refs/heads/" + "a" * 3000), tip_of(bare, "main"), None)], now=datetime.now(UTC)
    )


def test_an_object_in_a_quarantine_can_be_named_before_it_is_kept(bare: Path) -> None:
    tip = tip_of(bare, "main")
    text = git(bare, "cat-file", "commit", "main").encode() + b"\n"

    with Quarantine(bare) as quarantine:
        commit = quarantine.write_object(ObjectKind.COMMIT, text.replace(b"\n\n", b"\n\nagain ", 1))
        with RefTransaction(bare, [change("main", tip, commit)], quarantine=quarantine.folder) as transaction:
            quarantine.keep()
            transaction.commit()

    assert tip_of(bare, "main") == commit
    git(bare, "fsck", "--full", "--strict")


@pytest.mark.parametrize("kind", ["missing", "blob"])
def test_a_branch_names_a_commit_that_is_there(bare: Path, kind: str) -> None:
    new = ObjectId("1" * 40) if kind == "missing" else ObjectId(git(bare, "hash-object", "-w", "--stdin", input=b"x"))
    before = refs_of(bare)

    with pytest.raises(UnusableTarget), RefTransaction(bare, [change("new", None, new)]) as transaction:
        transaction.commit()

    assert (refs_of(bare), locks(bare)) == (before, [])


@pytest.mark.parametrize("count", [1, 100])
def test_a_deleted_ref_is_not_packed_by_a_git_that_comes_in_between(
    bare: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Its file was still there, and packed-refs not locked any more: the ref came back a moment later."""
    tip, remove_ref, is_first = tip_of(bare, "main"), RefLock.remove_ref, iter((True,))
    going = branches(count, None, tip)
    for made in going:
        git(bare, "update-ref", made.ref, tip)
    git(bare, "pack-refs", "--all", "--no-prune")

    def pack_first(lock: RefLock) -> None:
        words = ["git", f"--git-dir={bare}", "-c", "core.packedRefsTimeout=0", "-c", "core.filesRefLockTimeout=0"]
        if next(is_first, False):
            subprocess.run([*words, "pack-refs", "--all"], env=ENVIRONMENT, capture_output=True)
        remove_ref(lock)

    monkeypatch.setattr(RefLock, "remove_ref", pack_first)
    with RefTransaction(bare, branches(count, tip, None)) as transaction:
        transaction.commit()

    assert {change.ref for change in going}.isdisjoint(refs_of(bare))
    assert locks(bare) == []


def test_what_is_not_committed_leaves_no_packed_refs_behind(bare: Path) -> None:
    git(bare, "branch", "going", "main")
    git(bare, "pack-refs", "--all")
    before = refs_of(bare)

    with RefTransaction(bare, [change("going", tip_of(bare, "main"), None)]):
        assert refs_of(bare) == before

    assert (refs_of(bare), locks(bare)) == (before, [])


def branches(count: int, old: ObjectId | None, new: ObjectId | None) -> list[RefChange]:
    return [change(f"f{number % 5}/n{number}", old, new) for number in range(count)]


@pytest.mark.parametrize("count", [3, 100])
@pytest.mark.parametrize("packed", [False, True])
def test_few_and_many_refs_change_alike(bare: Path, count: int, packed: bool) -> None:
    tip, older = tip_of(bare, "main"), tip_of(bare, "main~1")
    before = refs_of(bare)

    for old, new in ((None, tip), (tip, older), (older, None)):
        with RefTransaction(bare, branches(count, old, new)) as transaction:
            transaction.commit()
        expected = {each.ref: new for each in branches(count, old, new) if new is not None}
        assert refs_of(bare) == {**before, **expected}
        if packed:
            git(bare, "pack-refs", "--all")

    assert locks(bare) == []
    git(bare, "fsck", "--full", "--strict")


@pytest.mark.parametrize("count", [0, 100])
@pytest.mark.parametrize(
    ("name", "old", "new", "error"),
    [
        ("main", None, "main~1", RefTaken),
        ("main/below", None, "main", RefTaken),
        ("folder", None, "main", RefTaken),
        ("main", "main~1", "main~2", RefChanged),
        ("missing", "main", None, RefChanged),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_each_that_can_change_changes_and_the_others_are_told(
    bare: Path, name: str, old: str | None, new: str | None, error: type[Conflict], count: int, packed: bool
) -> None:
    git(bare, "branch", "folder/within", "main")
    if packed:
        git(bare, "pack-refs", "--all")
    seen = [None if word is None else tip_of(bare, word) for word in (old, new)]
    before, good = (
        refs_of(bare),
        [*branches(count, None, tip_of(bare, "main")), change("z", None, tip_of(bare, "main"))],
    )

    with RefTransaction(bare, [change(name, *seen), *good], each=True) as transaction:
        assert [type(fault) for fault in transaction.faults.values()] == [error]
        transaction.commit()

    assert refs_of(bare) == {**before, **{each.ref: each.new for each in good}}
    assert locks(bare) == []


def test_two_new_refs_of_which_one_would_stand_in_the_other_are_not_both_made(bare: Path) -> None:
    tip = tip_of(bare, "main")

    with RefTransaction(bare, [change("a/b", None, tip), change("a", None, tip)], each=True) as transaction:
        transaction.commit()

    assert len({"refs/heads/a", "refs/heads/a/b"} & set(refs_of(bare))) == 1
    assert locks(bare) == []


def test_who_changes_many_and_who_changes_few_wait_for_one_another(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matou.git.refs.locks.PATIENCE_WITH_PACKED_REFS_SECONDS", 0.05)
    tip = tip_of(bare, "main")

    with RefTransaction(bare, branches(100, None, tip)), pytest.raises(RepositoryBusy):
        RefTransaction(bare, [change("other", None, tip)]).__enter__()
    with RefTransaction(bare, [change("other", None, tip)]), pytest.raises(RepositoryBusy):
        RefTransaction(bare, branches(100, None, tip)).__enter__()
    with RefTransaction(bare, [change("other", None, tip)]), RefTransaction(bare, [change("more", None, tip)]):
        pass

    assert locks(bare) == []


def test_a_symbolic_ref_is_not_what_anybody_saw(bare: Path) -> None:
    git(bare, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    tip, older = tip_of(bare, "main"), tip_of(bare, "main~1")

    with pytest.raises(RefChanged), RefTransaction(bare, [change("alias", tip, older)]):
        pass

    assert tip_of(bare, "main") == tip


def test_packed_refs_of_a_git_of_long_ago_say_afterwards_what_tags_stand_for(bare: Path) -> None:
    git(bare, "tag", "-a", "-m", "annotated", "old-tag", "main")
    git(bare, "pack-refs", "--all")
    packed = bare / "packed-refs"
    packed.write_bytes(b"".join(line for line in packed.read_bytes().splitlines(True) if line[:1] not in b"#^"))

    with RefTransaction(bare, branches(100, None, tip_of(bare, "main"))) as transaction:
        transaction.commit()

    assert git(bare, "show-ref", "--dereference", "old-tag").count("^{}") == 1
    assert packed.read_bytes().count(b"\n^") >= 1
