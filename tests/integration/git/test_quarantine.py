"""Objects that wait for a ref: in git's own layout, read by git beside the others, kept together or gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.git.odb.objects import MissingObject, find_commit, open_repository
from matou.git.odb.quarantine import ObjectKind, OtherObjectFormat, Quarantine
from matou.git.process.run import run_git
from matou.git.repository import remove_leftovers
from support.git_repositories import git, git_bytes, init_bare, make_source


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_source(tmp_path / 'a:b "c\\ d' / "source.git")


def files_of(git_dir: Path) -> list[Path]:
    return sorted(path for path in git_dir.rglob("*") if path.is_file())


@pytest.mark.parametrize("revision", ["main", "main^{tree}", "main:README.md", "v1"])
def test_an_object_has_the_name_and_the_content_that_git_gives_it(bare: Path, revision: str) -> None:
    git(bare, "tag", "-a", "-m", "one", "v1", "main")
    kind = ObjectKind(git(bare, "cat-file", "-t", revision))
    content = git_bytes(bare, "cat-file", kind, revision)

    with Quarantine(bare) as quarantine:
        name = quarantine.write_object(kind, content)
        alone = {"GIT_OBJECT_DIRECTORY": quarantine.environment["GIT_OBJECT_DIRECTORY"]}
        found = run_git(["cat-file", kind, name], git_dir=bare, environment=alone)

    assert (name, found) == (git(bare, "rev-parse", revision), content)


def test_what_is_not_kept_leaves_nothing(bare: Path) -> None:
    before = files_of(bare)

    with Quarantine(bare) as quarantine:
        quarantine.write_object(ObjectKind.BLOB, b"new")
        assert files_of(bare) != before

    assert files_of(bare) == before


def test_what_fails_leaves_nothing(bare: Path) -> None:
    before = files_of(bare)

    with pytest.raises(MissingObject), Quarantine(bare) as quarantine:
        find_commit(open_repository(bare), quarantine.write_object(ObjectKind.BLOB, b"new"))

    assert files_of(bare) == before


def test_what_is_kept_is_the_repositorys_whatever_comes_next(bare: Path) -> None:
    with Quarantine(bare) as quarantine:
        quarantine.write_object(ObjectKind.BLOB, git_bytes(bare, "cat-file", "blob", "main:README.md"))
        new = quarantine.write_object(ObjectKind.BLOB, b"new")
        quarantine.keep()
        quarantine.keep()

    assert git(bare, "cat-file", "blob", new) == "new"
    assert git(bare, "fsck", "--full", "--strict", "--no-dangling") == ""
    assert [path for path in (bare / "objects").iterdir() if path.name.startswith("tmp")] == []
    mode = (bare / "objects" / new[:2] / new[2:]).stat().st_mode
    assert mode & 0o222 == 0


def test_git_sees_it_beside_the_repositorys_own_objects(bare: Path) -> None:
    with Quarantine(bare) as quarantine:
        name = quarantine.write_object(ObjectKind.BLOB, b"new")
        requests_seen = f"{name}\nmain\n".encode()
        kinds = run_git(
            ["cat-file", "--batch-check=%(objecttype)"],
            git_dir=bare,
            environment=quarantine.environment,
            input=requests_seen,
        )

    assert kinds.split() == [b"blob", b"commit"]


def test_what_a_crash_left_is_swept_like_gits_own(bare: Path) -> None:
    before = files_of(bare)
    quarantine = Quarantine(bare).__enter__()
    quarantine.write_object(ObjectKind.BLOB, b"new")

    remove_leftovers(bare, now=datetime.now(UTC) + timedelta(hours=2))

    assert files_of(bare) == before


def test_objects_of_another_hash_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(OtherObjectFormat), Quarantine(init_bare(tmp_path / "x.git", object_format="sha256")):
        pass


def test_a_repository_that_is_gone_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), Quarantine(tmp_path / "gone.git"):
        pass
