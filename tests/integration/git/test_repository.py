"""A bare repository is made without git and is git's; what dead processes left goes, what lives stays."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.errors import Conflict
from matou.git.process.run import run_git
from matou.git.repository import create_bare, packs, remove_leftovers, size_bytes, write_config
from support.git_repositories import assert_sound, git, make_repository, make_source, refs_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEFTOVERS = (
    "packed-refs.lock", "HEAD.lock", "config.lock", "shallow.lock", "refs/heads/b1.lock", "refs/heads/a/b.lock",
    "objects/pack/tmp_pack_x1", "objects/pack/tmp_idx_x1", "objects/pack/.tmp-1-pack-x.pack",
    "objects/tmp_objdir-incoming-x/pack/tmp_pack_y", "objects/ab/tmp_obj_z", "objects/pack/pack-half.pack",
    "objects/pack/pack-half.keep",
)  # fmt: skip


def leave(repository: Path, names: tuple[str, ...], changed_at: datetime) -> None:
    for name in names:
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
        for each in (path, path.parent):
            os.utime(each, (changed_at.timestamp(), changed_at.timestamp()))
    quarantine = repository / "objects/tmp_objdir-incoming-x"
    if quarantine.exists():
        os.utime(quarantine, (changed_at.timestamp(), changed_at.timestamp()))


def changed_at(path: Path) -> tuple[int, int, int]:
    """When it was written and changed, and which file it is; when it was read, anybody may change."""
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def files_of(repository: Path) -> set[Path]:
    return {path for path in repository.rglob("*") if path.is_file()}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_git_works_in_what_we_made(tmp_path: Path, object_format: str) -> None:
    repository = tmp_path / "a" / "b" / "r.git"

    create_bare(repository, object_format=object_format)

    assert git(repository, "rev-parse", "--is-bare-repository", "--show-object-format") == f"true\n{object_format}"
    blob = git(repository, "hash-object", "-w", "--stdin", input=b"x")
    assert git(repository, "cat-file", "-t", blob) == "blob"
    assert not (repository / "hooks").exists()
    assert_sound(repository)


def test_making_one_that_is_there_changes_nothing(tmp_path: Path) -> None:
    repository = tmp_path / "r.git"
    create_bare(repository)
    before = {path: changed_at(path) for path in files_of(repository)}

    create_bare(repository)

    assert {path: changed_at(path) for path in files_of(repository)} == before


def test_an_empty_one_may_change_its_object_format_and_a_full_one_not(tmp_path: Path) -> None:
    create_bare(tmp_path / "empty.git")
    create_bare(tmp_path / "empty.git", object_format="sha256")
    full = make_repository(tmp_path / "full.git")

    with pytest.raises(Conflict, match=r"full\.git"):
        create_bare(full, object_format="sha256")

    assert git(tmp_path / "empty.git", "rev-parse", "--show-object-format") == "sha256"


def test_a_foreign_configuration_is_replaced(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git")
    with (repository / "config").open("a") as file:
        file.write("[include]\n\tpath = /tmp/evil\n[core]\n\tsshCommand = touch /tmp/evil\n")

    write_config(repository)

    config = git(repository, "config", "--list", "--local")
    assert "include" not in config
    assert "sshcommand" not in config
    assert "gc.pruneexpire=never" in config


def test_kept_refs_are_hidden_from_whoever_clones(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git")
    write_config(repository)
    git(repository, "update-ref", "refs/matou/kept/000001/heads/main", "main~1")

    git(None, "clone", "--quiet", "--mirror", "--no-local", repository, tmp_path / "clone.git")

    assert list(refs_of(tmp_path / "clone.git")) == ["refs/heads/main"]


def test_what_a_dead_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    git(repository, "repack", "-adq")
    whole = files_of(repository)
    leave(repository, LEFTOVERS, NOW)

    removed = remove_leftovers(repository, since=NOW - timedelta(minutes=1))

    assert files_of(repository) == whole
    assert len(removed) == len(LEFTOVERS)
    assert_sound(repository)


def test_what_was_there_before_the_dead_run_and_is_not_old_stays(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    leave(repository, LEFTOVERS, NOW - timedelta(minutes=30))
    before = files_of(repository)

    assert remove_leftovers(repository, since=NOW - timedelta(minutes=1), now=NOW) == ()
    assert files_of(repository) == before


def test_what_is_older_than_an_hour_is_nobody_s(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    leave(repository, LEFTOVERS, NOW - timedelta(minutes=61))

    assert len(remove_leftovers(repository, now=NOW)) == len(LEFTOVERS)


def test_a_stale_lock_that_would_stop_git_for_ever_is_removed(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    leave(repository, ("packed-refs.lock",), NOW)

    remove_leftovers(repository, since=NOW)
    run_git(["pack-refs", "--all"], git_dir=repository)

    assert refs_of(repository)


def test_only_packs_with_an_index_count(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    git(repository, "repack", "-adq")
    leave(repository, ("objects/pack/pack-half.pack",), NOW)

    assert [pack.stem for pack in packs(repository)] == [next(repository.glob("objects/pack/*.idx")).stem]


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")

    assert size_bytes(repository) == sum(path.stat().st_size for path in files_of(repository))
