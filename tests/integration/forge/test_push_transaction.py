"""What is decided and moved when all objects of a push are here, without a client."""

import errno
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.forge import Forge
from matou.forge.push import push_transaction, pushes
from matou.forge.push.push_transaction import PushTransaction
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.odb.pushed_objects import PushedObjects
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefChange
from matou.model.repository_settings import PushRules
from support.deciding import apply_push, change_settings, create_repository, delete_branch, judge
from support.git_repositories import git, git_bytes, make_repository, refs_of, tip_of

MAIN, TOPIC = RefName("refs/heads/main"), RefName("refs/heads/topic")


@pytest.fixture
def repository(forge: Forge, anna: User, tmp_path: Path) -> Repository:
    team = create_organization(forge, "team", owner=anna)
    made = create_repository(forge, RepositoryPath(team.path, "ship"), creator=anna)
    origin = make_repository(tmp_path / "made.git")
    git(forge.git_dir(made), "fetch", "--quiet", origin, "refs/heads/*:refs/heads/*")
    return made


@pytest.fixture
def pack(forge: Forge, repository: Repository) -> Iterator[IncomingPack]:
    with IncomingPack(forge.git_dir(repository)) as incoming:
        yield incoming


def landed(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, *changes: RefChange
) -> PushTransaction:
    transaction = PushTransaction(changes)
    apply_push(forge, Identity(anna, ALL_SCOPES), repository, transaction, pack, is_shallow=False)
    return transaction


@pytest.mark.parametrize("count", [1, 100])
def test_a_last_sync_that_fails_leaves_the_refs_as_they_were(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """The client was told that nothing was stored, and the branch had moved all the same."""
    git_dir = forge.git_dir(repository)
    tip, older = ObjectId(tip_of(git_dir, "main")), ObjectId(tip_of(git_dir, "main~1"))
    made = [RefChange(RefName(f"refs/tags/t{number}"), None, tip) for number in range(count)]
    before = refs_of(git_dir)

    def fail(path: Path) -> None:
        assert path == git_dir
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(pushes, "syncfs", fail)
    with pytest.raises(OSError, match="Input/output"):
        landed(forge, anna, repository, pack, RefChange(MAIN, tip, older), *made)

    assert refs_of(git_dir) == before
    assert list(git_dir.rglob("*.lock")) == []


def test_a_ref_that_cannot_be_put_back_since_somebody_moved_it_is_told_to_the_operator(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir, tag = forge.git_dir(repository), RefName("refs/tags/t")
    tip, older = ObjectId(tip_of(git_dir, "main")), ObjectId(tip_of(git_dir, "main~1"))

    def fail(_: Path) -> None:
        git(git_dir, "update-ref", tag, older)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(pushes, "syncfs", fail)
    with capture_logs() as logged, pytest.raises(OSError, match="Input/output"):
        landed(forge, anna, repository, pack, RefChange(tag, None, tip))

    told = next(line for line in logged if line["event"] == "refs_not_put_back")
    assert (told["repository"], told["refs"]) == ("team/ship", [tag])
    assert refs_of(git_dir)[tag] == older


def test_a_sync_before_the_refs_move_that_fails_moves_none(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir = forge.git_dir(repository)
    tip, before = ObjectId(tip_of(git_dir, "main")), refs_of(git_dir)

    def fail(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(push_transaction, "syncfs", fail)
    with pytest.raises(OSError, match="No space"):
        landed(forge, anna, repository, pack, RefChange(TOPIC, None, tip))

    assert refs_of(git_dir) == before


def test_only_what_the_rules_were_asked_about_moves(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is asked for, and whoever else refuses a part of it."""
    git_dir = forge.git_dir(repository)
    tip = ObjectId(tip_of(git_dir, "main"))
    requests_seen: list[RefChange] = []

    def note(_: Forge, __: object, changes: list[RefChange], *___: PushedObjects) -> bool:
        requests_seen.extend(changes)
        return True

    monkeypatch.setattr(push_transaction, "rules_apply", note)
    monkeypatch.setattr(push_transaction, "judge", note)
    before = refs_of(git_dir)
    transaction = landed(
        forge,
        anna,
        repository,
        pack,
        RefChange(TOPIC, None, tip),
        RefChange(RefName("refs/heads/../x"), None, tip),
        RefChange(RefName("refs/heads/gone"), tip, None),
        RefChange(RefName("refs/heads/missing"), None, ObjectId("1" * 40)),
    )

    moved = {ref for ref, oid in refs_of(git_dir).items() if before.get(ref) != oid}
    assert moved == {TOPIC} == {change.ref for change in requests_seen}
    assert set(transaction.refused) == {"refs/heads/../x", "refs/heads/gone", "refs/heads/missing"}


def test_what_cannot_be_judged_does_not_move(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir = forge.git_dir(repository)
    before = refs_of(git_dir)

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(push_transaction, "rules_apply", lambda *_: True)
    monkeypatch.setattr(push_transaction, "judge", break_down)
    with pytest.raises(ZeroDivisionError):
        landed(forge, anna, repository, pack, RefChange(TOPIC, None, ObjectId(tip_of(git_dir, "main"))))

    assert refs_of(git_dir) == before


def test_commits_are_not_lost_where_two_refs_go_at_the_same_time(
    forge: Forge, anna: User, repository: Repository, pack: IncomingPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push counted on a branch that was deleted by API before its own refs moved: both were let through."""
    git_dir, owner = forge.git_dir(repository), Identity(anna, ALL_SCOPES)
    change_settings(forge, owner, repository, PushRules, deny_force_push=True)
    for name in ("one", "two"):
        git(git_dir, "update-ref", f"refs/heads/{name}", tip_of(git_dir, "main"))
    git(git_dir, "update-ref", "refs/heads/main", tip_of(git_dir, "main~1"))
    tip = ObjectId(tip_of(git_dir, "one"))
    times = count()

    def judge_slowly(*everything: Any) -> None:
        judge(*everything)
        if not next(times):
            delete_branch(forge, owner, repository, "two")

    monkeypatch.setattr(push_transaction, "judge", judge_slowly)
    transaction = landed(forge, anna, repository, pack, RefChange(RefName("refs/heads/one"), tip, None))

    assert set(transaction.refused) == {"refs/heads/one"}
    assert "no other ref holds all of its commits" in " ".join(transaction.said)
    assert tip in refs_of(git_dir).values()


@pytest.mark.parametrize("torn", [(".pack",), (".pack", ".idx"), (".pack", ".idx", ".rev"), (".idx",)])
def test_what_a_power_cut_left_of_the_same_pack_does_not_stay(
    forge: Forge, anna: User, repository: Repository, tmp_path: Path, torn: tuple[str, ...]
) -> None:
    """A pack that had its name and not its bytes yet was taken for the one that came: refs named what was nowhere."""
    git_dir, source = forge.git_dir(repository), make_repository(tmp_path / "source.git", commits=2)
    tip = ObjectId(git(source, "commit-tree", "main^{tree}", "-m", "new"))
    requests_seen = f"{tip}\n".encode()
    content = git_bytes(source, "pack-objects", "--revs", "--stdout", "-q", input=requests_seen)
    with IncomingPack(git_dir) as incoming:
        name = git(git_dir, "index-pack", "--stdin", input=content, **incoming.environment).split()[-1]
        for ending in torn:
            (git_dir / f"objects/pack/pack-{name}{ending}").write_bytes(b"")
        transaction = landed(forge, anna, repository, incoming, RefChange(TOPIC, None, tip))

    assert transaction.refused == {}
    git(git_dir, "fsck", "--strict")
    assert git(git_dir, "rev-list", "--objects", "refs/heads/topic")
