"""Which commit changed each entry of a folder last, asked again and again while a history grows: git is the oracle."""

import random
from datetime import timedelta

import pytest

from matou.archive.cache import cache_folder
from matou.db.engine import Database
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import Authorized, MayReadCode, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.content import last_changes
from matou.forge.content.last_changes import LastChangesCache, browse_changed_entries
from matou.forge.forge import Forge
from matou.git.odb.objects import TreePath
from matou.git.operations import last_changes as walking
from matou.model.names import RepositoryPath
from support.commits import commit_in, git_in
from support.deciding import create_repository

FOREVER = timedelta(minutes=1)
NAMES = ("a.txt", "b.txt", "docs/x", "docs/y", "src/deep/z", "src/w")


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """One will do: nothing of this is in it."""
    return sqlite_database


@pytest.fixture
def repository(forge: Forge, anna: User) -> Repository:
    create_organization(forge, "team", owner=anna)
    return create_repository(forge, RepositoryPath.parse("team/ship"), creator=anna)


def right(repository: Repository) -> Authorized[Repository, MayReadCode]:
    return granted_to_operator(MayReadCode, repository)


def found(forge: Forge, repository: Repository, folder: str = "", *, revision: str = "main") -> dict[str, str | None]:
    path = TreePath.parse(folder) if folder else None
    entries = browse_changed_entries(forge, right(repository), revision, path, patience=FOREVER)
    assert entries.is_whole
    return {each.entry.path.decode(): each.commit for each in entries.entries}


def said_by_git(forge: Forge, repository: Repository, folder: str = "", *, revision: str = "main") -> dict[str, str]:
    git_dir = forge.git_dir(repository)
    prefix = f"{folder}/" if folder else ""
    names = git_in(git_dir, "ls-tree", "--name-only", revision, *([prefix] if prefix else [])).split()
    return {name: git_in(git_dir, "log", "-1", "--format=%H", revision, "--", name).strip() for name in names}


def merge(forge: Forge, repository: Repository, into: str, other: str, at: int) -> None:
    git_dir = forge.git_dir(repository)
    tree = git_in(git_dir, "merge-tree", "--write-tree", into, other).strip()
    date = ["-c", f"user.name=at{at}", "commit-tree", "-p", into, "-p", other, "-m", "merge", tree]
    git_in(git_dir, "update-ref", f"refs/heads/{into}", git_in(git_dir, *date).strip())


@pytest.mark.parametrize("seed", range(4))
def test_a_growing_history_is_told_as_git_tells_it(forge: Forge, repository: Repository, seed: int) -> None:
    chosen, at = random.Random(seed), 1_700_000_000
    git_dir = forge.git_dir(repository)
    commit_in(git_dir, dict.fromkeys(NAMES, b"0\n"), "begin", at=at)
    git_in(git_dir, "branch", "topic", "main")
    for number in range(1, 25):
        branch, files = chosen.choice((("main", NAMES[:4]), ("topic", NAMES[4:])))
        commit_in(git_dir, {chosen.choice(files): b"%d\n" % number}, f"{number}", at=at + number, branch=branch)
        if number % 6 == 0:
            merge(forge, repository, "main", "topic", at + number)
        if number % 3 == 0:
            assert found(forge, repository) == said_by_git(forge, repository)
            assert found(forge, repository, "src") == said_by_git(forge, repository, "src")


def test_a_branch_that_was_overwritten_is_looked_through_anew(forge: Forge, repository: Repository) -> None:
    git_dir, at = forge.git_dir(repository), 1_700_000_000
    commit_in(git_dir, {"a": b"1\n", "b": b"1\n"}, "first", at=at)
    commit_in(git_dir, {"a": b"2\n"}, "second", at=at + 1)
    found(forge, repository)
    git_in(git_dir, "update-ref", "refs/heads/main", "main~1")
    commit_in(git_dir, {"b": b"2\n"}, "another second", at=at + 2)

    assert found(forge, repository) == said_by_git(forge, repository)


def test_what_is_new_is_looked_at_and_nothing_before_it(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir, at = forge.git_dir(repository), 1_700_000_000
    commit_in(git_dir, dict.fromkeys(NAMES, b"1\n"), "first", at=at)
    before = found(forge, repository)
    commit = commit_in(git_dir, {"docs/x": b"2\n", "new": b"1\n"}, "second", at=at + 1)
    requests_seen: list[list[bytes]] = []
    real = walking.last_changes

    def counting(*arguments: object, **more: object) -> object:
        names, known = arguments[3], more["found"]
        assert isinstance(names, list)
        assert isinstance(known, dict)
        requests_seen.append([name for name in names if name not in known])
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(last_changes, "last_changes", counting)

    assert found(forge, repository) == before | {"docs": commit, "new": commit}
    assert requests_seen == [[]]


def test_what_took_long_is_known_to_the_next_server(
    forge: Forge, this_process: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_changes, "KEPT_FROM", timedelta(0))
    commit_in(forge.git_dir(repository), {"a": b"1\n", "dir/b": b"1\n"}, "first", at=1_700_000_000)
    before = found(forge, repository), found(forge, repository, "dir")
    assert len(list(cache_folder(forge.archive, repository.id).glob("last-changes-*"))) == 2

    def never(*_arguments: object, **_more: object) -> object:
        raise AssertionError("it was looked for again")

    monkeypatch.setattr(last_changes, "last_changes", never)

    assert (found(this_process, repository), found(this_process, repository, "dir")) == before


def test_nobody_waits_for_longer_than_they_want_to(forge: Forge, repository: Repository) -> None:
    commit_in(forge.git_dir(repository), {"a": b"1\n"}, "first", at=1_700_000_000)

    entries = browse_changed_entries(forge, right(repository), "main", None, patience=timedelta(0))

    assert [each.entry.path for each in entries.entries] == [b"a"]
    assert entries.is_whole or entries.entries[0].commit is None
    assert found(forge, repository) == said_by_git(forge, repository)
    assert forge.memory(LastChangesCache).snapshots((repository.id, b""))
