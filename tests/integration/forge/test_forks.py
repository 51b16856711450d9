"""Forks: all that their maker could read, nothing that they could not, and a life of their own."""

import hashlib
import io
import subprocess
from pathlib import Path

import pytest

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Identity, NotAllowed
from matou.forge.accounts.users import NameTaken
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.repositories.forks import AlreadyForked, WiderThanParent
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id, repository_facts
from matou.git.operations.local_fetch import copy_reachable
from matou.git.repository import create_bare
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.model.refs import RefListing
from support.deciding import (
    add_member,
    create_repository,
    delete_repository,
    exists,
    fork_repository,
    parent_of,
    receive,
    ref_listing,
    rename_repository,
    require_not_wider,
    set_visibility,
)
from support.deciding import remove_namespace_member as remove_member
from support.listed_rows import repositories_in

ANNAS, BERTAS = NamespacePath(("anna",)), NamespacePath(("berta",))


def git(*arguments: str | Path, cwd: Path, check: bool = True) -> str:
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=check, capture_output=True, text=True)
    return done.stdout.strip()


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.fixture
def secret() -> dict[str, str]:
    return {}


@pytest.fixture
def parent(forge: Forge, project: Namespace, anna: User, tmp_path: Path, secret: dict[str, str]) -> Repository:
    """Public, with history, a tag, a kept ref, and a commit that was force-pushed away, all in one pack."""
    made = create_repository(
        forge, RepositoryPath(project.path, "ship"), visibility=Visibility.PUBLIC, description="a ship", creator=anna
    )
    work, bare = tmp_path / "work", forge.git_dir(made)
    git("init", "--quiet", "-b", "main", work, cwd=tmp_path)
    for number in range(3):
        (work / "file").write_text(f"{number}\n" * 100)
        git("add", ".", cwd=work)
        git("commit", "--quiet", "-m", str(number), cwd=work)
    git("tag", "-a", "v1", "-m", "one", cwd=work)
    git("push", "--quiet", bare, "main", "v1", cwd=work)
    for name in ("overwritten", "kept"):
        (work / "password").write_text(name)
        git("add", ".", cwd=work)
        git("commit", "--quiet", "-m", name, cwd=work)
        secret[name] = git("rev-parse", "HEAD:password", cwd=work)
        git("push", "--quiet", "--force", bare, "HEAD:main", cwd=work)
        git("update-ref", "refs/matou/kept/000001/heads/main", "HEAD", cwd=bare)
        git("reset", "--quiet", "--hard", "v1", cwd=work)
        git("push", "--quiet", "--force", bare, "HEAD:main", cwd=work)
    git("repack", "-adk", "--quiet", cwd=bare)
    return made


def all_objects(folder: Path) -> set[str]:
    listing = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", cwd=folder)
    return set(listing.splitlines())


def test_a_fork_has_the_refs_and_the_objects_that_its_maker_could_read(
    forge: Forge, parent: Repository, berta: User
) -> None:
    fork = fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert (str(fork.path), fork.true_name, fork.description) == ("berta/ship", "ship", "a ship")
    assert (fork.visibility, fork.creator_id, fork.default_branch) == (Visibility.PUBLIC, berta.id, "main")
    assert ref_listing(forge, fork).refs == ref_listing(forge, parent).refs
    assert ref_listing(forge, fork).head == "refs/heads/main"
    assert parent_of(forge, fork) == parent
    git("fsck", "--strict", "--full", cwd=forge.git_dir(fork))
    assert check(forge) == ()
    assert list(forge.archive.staging.iterdir()) == []


def test_what_was_force_pushed_away_or_is_hidden_does_not_come_along(
    forge: Forge, parent: Repository, berta: User, secret: dict[str, str]
) -> None:
    assert set(secret.values()) <= all_objects(forge.git_dir(parent))

    fork = fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert not set(secret.values()) & all_objects(forge.git_dir(fork))
    reachable = git("rev-list", "--objects", "--all", "--no-object-names", cwd=forge.git_dir(fork)).splitlines()
    assert all_objects(forge.git_dir(fork)) == set(reachable)
    assert not (forge.git_dir(fork) / "objects/info/alternates").exists()


def test_a_fork_outlives_its_parent(forge: Forge, parent: Repository, berta: User) -> None:
    fork = fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    delete_repository(forge, parent)

    assert parent_of(forge, fork) is None
    assert find_repository(forge, fork.path) == fork
    git("fsck", "--strict", "--full", cwd=forge.git_dir(fork))


def test_a_fork_has_another_name_and_place_if_asked(
    forge: Forge, parent: Repository, anna: User, team: Namespace
) -> None:
    fork = fork_repository(
        forge, identity_of(anna), parent, namespace=team.path, path="steamer", name="The steamer 轮船"
    )

    assert (str(fork.path), fork.true_name) == ("team/steamer", "The steamer 轮船")


def test_an_empty_repository_can_be_forked(forge: Forge, repository: Repository, anna: User) -> None:
    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)

    assert (ref_listing(forge, fork).refs, fork.default_branch) == ({}, "main")


def test_a_private_repository_is_there_only_for_who_may_read_it(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), repository, namespace=BERTAS)

    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)

    assert fork.visibility is Visibility.PRIVATE


def test_nobody_forks_into_what_is_not_theirs(
    forge: Forge, parent: Repository, berta: User, anna: User, team: Namespace
) -> None:
    with pytest.raises(NotAllowed):
        fork_repository(forge, identity_of(berta), parent, namespace=team.path)
    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), parent, namespace=ANNAS)
    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), parent, namespace=NamespacePath(("nowhere",)))

    assert repositories_in(forge, None)[1] == 1


def test_there_is_one_fork_a_namespace(forge: Forge, parent: Repository, berta: User) -> None:
    fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    with pytest.raises(AlreadyForked):
        fork_repository(forge, identity_of(berta), parent, namespace=BERTAS, path="another")


@pytest.mark.parametrize("name", ["..", "x.git", "CON", "a/b", "n" * 300, "a\uff0fb", "a\u2215b", "a\u202eb"])
def test_a_hostile_path_makes_nothing(forge: Forge, parent: Repository, berta: User, name: str) -> None:
    with pytest.raises(InvalidName):
        fork_repository(forge, identity_of(berta), parent, namespace=BERTAS, path=name)

    assert repositories_in(forge, None)[1] == 1
    assert check(forge) == ()


def test_a_name_that_is_taken_makes_nothing(forge: Forge, parent: Repository, anna: User) -> None:
    with pytest.raises(NameTaken):
        fork_repository(forge, identity_of(anna), parent, namespace=parent.path.namespace)

    assert repositories_in(forge, None)[1] == 1
    assert list(forge.archive.staging.iterdir()) == []


def test_a_fork_is_never_seen_by_more_people_than_its_parent(forge: Forge, repository: Repository, anna: User) -> None:
    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)

    for wider in (Visibility.INTERNAL, Visibility.PUBLIC):
        with pytest.raises(WiderThanParent):
            require_not_wider(forge, fork, wider)
    require_not_wider(forge, fork, Visibility.PRIVATE)
    set_visibility(forge, repository, Visibility.INTERNAL)
    require_not_wider(forge, fork, Visibility.INTERNAL)
    delete_repository(forge, repository)
    require_not_wider(forge, fork, Visibility.PUBLIC)


def test_a_parent_that_is_closed_while_it_is_copied_closes_the_fork(
    forge: Forge, parent: Repository, berta: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_close(origin: Path, git_dir: Path, listing: RefListing) -> None:
        copy_reachable(origin, git_dir, listing)
        set_visibility(forge, parent, Visibility.INTERNAL)

    monkeypatch.setattr("matou.forge.repositories.forks.copy_reachable", copy_and_close)

    fork = fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert fork.visibility is Visibility.INTERNAL


def test_a_parent_that_is_deleted_while_it_is_copied_leaves_no_fork(
    forge: Forge, parent: Repository, berta: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_delete(origin: Path, git_dir: Path, listing: RefListing) -> None:
        copy_reachable(origin, git_dir, listing)
        delete_repository(forge, parent)

    monkeypatch.setattr("matou.forge.repositories.forks.copy_reachable", copy_and_delete)

    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert repositories_in(forge, None) == ((), 0)
    assert list(forge.archive.staging.iterdir()) == []


def test_a_parent_in_whose_place_another_repository_stands_when_all_is_copied_is_not_forked(
    forge: Forge, parent: Repository, anna: User, berta: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied may be the other one's, which its maker may not even see."""

    def take_its_place_and_copy(origin: Path, git_dir: Path, listing: RefListing) -> None:
        rename_repository(forge, parent, "away")
        create_repository(forge, parent.path, creator=anna)
        copy_reachable(origin, git_dir, RefListing({}))

    monkeypatch.setattr("matou.forge.repositories.forks.copy_reachable", take_its_place_and_copy)

    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert repositories_in(forge, None)[1] == 2


def test_whoever_is_no_longer_let_in_when_all_is_copied_has_no_fork(
    forge: Forge, repository: Repository, project: Namespace, berta: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_member(forge, project, berta, Role.REPORTER)

    def copy_and_leave(origin: Path, git_dir: Path, listing: RefListing) -> None:
        copy_reachable(origin, git_dir, listing)
        remove_member(forge, project, berta)

    monkeypatch.setattr("matou.forge.repositories.forks.copy_reachable", copy_and_leave)

    with pytest.raises(NotFound):
        fork_repository(forge, identity_of(berta), repository, namespace=BERTAS)

    assert repositories_in(forge, None)[1] == 1


def test_lfs_objects_that_the_fork_points_at_can_be_read_through_it(
    forge: Forge, parent: Repository, berta: User, tmp_path: Path
) -> None:
    oids = [hashlib.sha256(content).hexdigest() for content in (b"wanted", b"never mentioned")]
    for oid, content in zip(oids, (b"wanted", b"never mentioned"), strict=True):
        receive(forge, parent, oid, len(content), io.BytesIO(content))
    work = tmp_path / "work"
    (work / "large").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oids[0]}\nsize 6\n")
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "large", cwd=work)
    git("push", "--quiet", forge.git_dir(parent), "HEAD:main", cwd=work)

    fork = fork_repository(forge, identity_of(berta), parent, namespace=BERTAS)

    assert [exists(forge, fork, oid) for oid in oids] == [True, False]


def test_forks_are_told_and_parents_are_shown_to_those_who_may_see_them(
    forge: Forge, repository: Repository, anna: User, berta: User, team: Namespace
) -> None:
    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)
    both = (repository, fork)

    annas, bertas = (repository_facts(forge, identity_of(user), both) for user in (anna, berta))

    assert [annas[one.id].is_fork for one in both] == [bertas[one.id].is_fork for one in both] == [False, True]
    assert [annas[one.id].parent for one in both] == [None, find_repository_by_id(forge, repository.id)]
    assert [bertas[one.id].parent for one in both] == [None, None]


def test_a_fork_of_a_repository_whose_objects_are_named_by_sha256_works(
    forge: Forge, repository: Repository, anna: User, tmp_path: Path
) -> None:
    work = tmp_path / "new"
    create_bare(forge.git_dir(repository), object_format="sha256")
    git("init", "--quiet", "--object-format=sha256", "-b", "main", work, cwd=tmp_path)
    git("commit", "--quiet", "--allow-empty", "-m", "x", cwd=work)
    git("push", "--quiet", forge.git_dir(repository), "main", cwd=work)

    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)

    assert git("rev-parse", "main", cwd=forge.git_dir(fork)) == git("rev-parse", "HEAD", cwd=work)
