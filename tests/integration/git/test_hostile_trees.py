"""Trees that nobody wrote in good faith, listed: each is damage, and none takes for ever."""

from pathlib import Path

import pygit2
import pytest

from matou.errors import Damaged
from matou.git.operations.tree_update import TreeUpdate
from matou.model.names import ObjectId

FILE, FOLDER = b"100644", b"40000"


@pytest.fixture
def repository(tmp_path: Path) -> pygit2.Repository:
    return pygit2.init_repository(str(tmp_path / "hostile.git"), bare=True)


def tree(repository: pygit2.Repository, *entries: tuple[bytes, bytes, str]) -> str:
    content = b"".join(mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return str(repository.odb.write(pygit2.enums.ObjectType.TREE, content))


def blob(repository: pygit2.Repository) -> str:
    return str(repository.create_blob(b"{}"))


@pytest.mark.parametrize("name", [b"\xff", b"\xed\xa0\x80.json"])
def test_a_name_that_is_not_utf_8_is_damage(repository: pygit2.Repository, name: bytes) -> None:
    inner = tree(repository, (FILE, name, blob(repository)))
    update = TreeUpdate(repository, ObjectId(tree(repository, (FOLDER, b"issues", inner))))

    with pytest.raises(Damaged, match="not UTF-8"):
        list(update.files("issues"))
    with pytest.raises(Damaged, match="not UTF-8"):
        update.names("issues")


def test_folders_of_thousands_of_folders_are_damage(repository: pygit2.Repository) -> None:
    inner = tree(repository, (FILE, b"7.json", blob(repository)))
    for _ in range(3000):
        inner = tree(repository, (FOLDER, b"a", inner))

    with pytest.raises(Damaged, match="deep"):
        list(TreeUpdate(repository, ObjectId(inner)).files())


def test_a_small_tree_with_files_without_end_is_damage(
    repository: pygit2.Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each folder holds the same one fifty times: ten of them make 50 ** 10 files."""
    monkeypatch.setattr("matou.git.operations.tree_update.MOST_FILES", 5000)
    inner = tree(repository, *((FILE, b"%02d" % number, blob(repository)) for number in range(50)))
    for _ in range(10):
        inner = tree(repository, *((FOLDER, b"%02d" % number, inner) for number in range(50)))

    with pytest.raises(Damaged, match="more than 5000 files"):
        list(TreeUpdate(repository, ObjectId(inner)).files())
