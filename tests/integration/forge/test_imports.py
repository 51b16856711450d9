"""Bringing in a repository: all of its refs and LFS objects, from where it is allowed, whole or not at all."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.errors import MatouError
from matou.forge.access import NoSuchNamespace
from matou.forge.accounts.users import NameTaken
from matou.forge.forge import Forge
from matou.forge.repositories.imports import ImportRefused
from matou.git.process.run import GitFailed
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.deciding import exists, import_repository, open_object, ref_listing
from support.listed_rows import repositories_in


def git(*arguments: str | Path, cwd: Path) -> str:
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A work tree with branches, tags, notes, a ref of our own kind, and HEAD on an unusual branch."""
    folder = tmp_path / "origin"
    git("init", "--quiet", "-b", "trunk", folder, cwd=tmp_path)
    git("commit", "--quiet", "--allow-empty", "-m", "first", cwd=folder)
    git("branch", "feature/码头", cwd=folder)
    git("tag", "-a", "v1", "-m", "one", cwd=folder)
    git("notes", "add", "-m", "a note", cwd=folder)
    git("update-ref", "refs/matou/kept/000001/heads/x", "HEAD", cwd=folder)
    return folder


def refs_of(folder: Path) -> dict[str, str]:
    lines = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=folder).splitlines()
    return dict(line.split(" ", 1) for line in lines)


@pytest.fixture
def path(project: Namespace) -> RepositoryPath:
    return RepositoryPath(project.path, "ship")


def nothing_is_left(forge: Forge) -> bool:
    folders = [*forge.archive.repositories.rglob("HEAD"), *forge.archive.staging.iterdir()]
    return folders == [] and repositories_in(forge, None) == ((), 0)


def test_every_ref_comes_in_but_those_that_are_ours(
    forge: Forge, origin: Path, path: RepositoryPath, anna: User
) -> None:
    made = import_repository(forge, origin, path, visibility=Visibility.PUBLIC, creator=anna, local=True)

    expected = {name: oid for name, oid in refs_of(origin).items() if not name.startswith("refs/matou/")}
    assert refs_of(forge.git_dir(made)) == ref_listing(forge, made).refs == expected
    assert (made.default_branch, ref_listing(forge, made).head) == ("trunk", "refs/heads/trunk")
    assert (made.visibility, made.creator_id) == (Visibility.PUBLIC, anna.id)
    assert made.size_bytes > 0
    git("fsck", "--strict", "--full", cwd=forge.git_dir(made))


def test_a_default_branch_that_is_not_utf8_comes_in(
    forge: Forge, origin: Path, path: RepositoryPath, anna: User
) -> None:
    """Git takes the bytes of GBK, which no database does: it ended with a traceback, and nothing was there."""
    name = os.fsdecode("中文".encode("gbk"))
    git("branch", "-m", "trunk", name, cwd=origin)

    made = import_repository(forge, origin, path, visibility=Visibility.PUBLIC, creator=anna, local=True)

    assert ref_listing(forge, made).head == f"refs/heads/{name}"
    assert made.default_branch == "\ufffd\ufffd\ufffd\ufffd"


def test_a_bare_repository_comes_in_too(forge: Forge, origin: Path, path: RepositoryPath, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git("clone", "--quiet", "--bare", origin, bare, cwd=tmp_path)

    made = import_repository(forge, str(bare), path, creator=None, local=True)

    assert set(ref_listing(forge, made).refs) == {"refs/heads/trunk", "refs/heads/feature/码头", "refs/tags/v1"}


def test_a_shallow_clone_is_refused_and_not_taken_for_an_empty_one(
    forge: Forge, origin: Path, path: RepositoryPath, tmp_path: Path
) -> None:
    git("clone", "--quiet", "--mirror", "--depth=1", origin.as_uri(), tmp_path / "shallow.git", cwd=tmp_path)

    with pytest.raises(ImportRefused, match="lacks a part of its history"):
        import_repository(forge, tmp_path / "shallow.git", path, creator=None, local=True)

    assert nothing_is_left(forge)


def test_an_empty_repository_comes_in_empty(forge: Forge, path: RepositoryPath, tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", tmp_path / "empty.git", cwd=tmp_path)

    made = import_repository(forge, tmp_path / "empty.git", path, creator=None, local=True)

    assert ref_listing(forge, made).refs == {}


def test_lfs_objects_that_lie_beside_it_come_in_if_they_are_whole(
    forge: Forge, origin: Path, path: RepositoryPath
) -> None:
    whole, broken = hashlib.sha256(b"whole").hexdigest(), hashlib.sha256(b"broken").hexdigest()
    for oid, content in ((whole, b"whole"), (broken, b"something else")):
        file = origin / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        file.parent.mkdir(parents=True)
        file.write_bytes(content)

    made = import_repository(forge, origin, path, creator=None, local=True)

    assert open_object(forge, made, whole)[0].read_bytes() == b"whole"
    assert not exists(forge, made, broken)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_another_user_of_this_machine_comes_in(
    forge: Forge, origin: Path, path: RepositoryPath
) -> None:
    for folder, _, files in os.walk(origin):
        for place in (Path(folder), *(Path(folder) / file for file in files)):
            os.chown(place, 65534, 65534)

    made = import_repository(forge, origin, path, creator=None, local=True)

    assert "refs/heads/trunk" in ref_listing(forge, made).refs


def test_no_program_of_the_other_repository_is_started(
    forge: Forge, origin: Path, path: RepositoryPath, tmp_path: Path
) -> None:
    """Catalogue B-23."""
    canary = tmp_path / "canary"
    hook = origin / ".git" / "hooks" / "post-upload-pack"
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "core.alternateRefsCommand"):
        git("config", key, f"touch {canary}; false", cwd=origin)

    import_repository(forge, origin, path, creator=None, local=True)

    assert not canary.exists()


def test_what_comes_over_the_network_may_not_name_a_folder(forge: Forge, origin: Path, path: RepositoryPath) -> None:
    """Catalogue B-12."""
    for source in (origin, str(origin), origin.as_uri()):
        with pytest.raises(ImportRefused):
            import_repository(forge, source, path, creator=None)

    assert nothing_is_left(forge)


def test_a_folder_that_is_no_repository_is_refused(forge: Forge, path: RepositoryPath, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused):
        import_repository(forge, tmp_path, path, creator=None, local=True)

    assert nothing_is_left(forge)


def test_an_address_where_nothing_is_leaves_nothing(forge: Forge, path: RepositoryPath) -> None:
    with pytest.raises(GitFailed):
        import_repository(forge, "http://127.0.0.1:1/x.git", path, creator=None)

    assert nothing_is_left(forge)


def test_a_damaged_repository_leaves_nothing(forge: Forge, origin: Path, path: RepositoryPath) -> None:
    for folder in (origin / ".git" / "objects").glob("??"):
        shutil.rmtree(folder)

    with pytest.raises(MatouError):
        import_repository(forge, origin, path, creator=None, local=True)

    assert nothing_is_left(forge)


def test_nothing_is_fetched_for_a_name_that_is_taken(forge: Forge, origin: Path, path: RepositoryPath) -> None:
    first = import_repository(forge, origin, path, creator=None, local=True)

    with pytest.raises(NameTaken):
        import_repository(forge, origin, path, creator=None, local=True)
    with pytest.raises(NoSuchNamespace):
        import_repository(forge, origin, RepositoryPath.parse("nowhere/ship"), creator=None, local=True)

    assert repositories_in(forge, None) == ((first,), 1)
