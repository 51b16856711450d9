"""A hosting server's use cases over a real database and a real archive."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.db.engine import Database, open_database
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from support.clocks import Clock
from support.deciding import create_project, create_repository
from support.file_editor import FileEditor
from support.git_repositories import git, store_object


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", now=datetime(2026, 11, 21, tzinfo=UTC), identifier=UUID(int=1))


@pytest.fixture
def forge(database: Database, archive: Archive, clock: Clock) -> Forge:
    return Forge(database, archive, clock)


@pytest.fixture
def other_process(database_place: Path | str, archive: Archive, clock: Clock) -> Iterator[Forge]:
    """The same server once more, with memories and connections of its own; for use beside `this_process`."""
    database = open_database(database_place)
    yield Forge(database, archive, clock)
    database.close()


@pytest.fixture
def this_process(database_place: Path | str, archive: Archive, clock: Clock) -> Iterator[Forge]:
    database = open_database(database_place)
    yield Forge(database, archive, clock)
    database.close()


@pytest.fixture
def anna(forge: Forge) -> User:
    return create_user(forge, "anna", email="anna@example.com")


@pytest.fixture
def berta(forge: Forge) -> User:
    return create_user(forge, "berta")


@pytest.fixture
def team(forge: Forge, anna: User) -> Namespace:
    return create_organization(forge, "team", owner=anna)


@pytest.fixture
def project(forge: Forge, team: Namespace, anna: User) -> Namespace:
    return create_project(forge, team, "harbour", display_name="码头", creator=anna)


@pytest.fixture
def repository(forge: Forge, project: Namespace, anna: User) -> Repository:
    return create_repository(forge, RepositoryPath(project.path, "ship"), creator=anna)


@pytest.fixture
def editor(forge: Forge, repository: Repository, anna: User) -> FileEditor:
    return FileEditor(forge, repository, Identity(anna, ALL_SCOPES))


@pytest.fixture
def full(editor: FileEditor) -> FileEditor:
    """One with files, folders, a link, a program and a submodule in it, as a push would have left them."""
    editor.create("README.md", b"hello\n")
    git_dir = editor.git_dir
    blob, tip = editor.blob("README.md"), editor.git("rev-parse", "main")
    inner = b"100755 run\0" + bytes.fromhex(blob) + b"100664 text\0" + bytes.fromhex(blob)
    folder = store_object(git_dir, "tree", inner.replace(b"100664", b"100644"))
    root = b"".join(
        [
            b"100644 README.md\0" + bytes.fromhex(blob),
            b"120000 link\0" + bytes.fromhex(store_object(git_dir, "blob", b"../../etc")),
            b"160000 module\0" + bytes.fromhex(tip),
            b"40000 src\0" + bytes.fromhex(folder),
            b"100644 src.txt\0" + bytes.fromhex(blob),
        ]
    )
    # git's order: "src.txt" sorts before the folder "src/".
    ordered = root.replace(b"40000 src\0" + bytes.fromhex(folder), b"") + b"40000 src\0" + bytes.fromhex(folder)
    tree = store_object(git_dir, "tree", ordered)
    commit = git(git_dir, "commit-tree", tree, "-p", "main", "-m", "all kinds")
    git(git_dir, "update-ref", "refs/heads/main", commit)
    return editor


@pytest.fixture
def other(forge: Forge, project: Namespace, anna: User) -> Repository:
    return create_repository(forge, RepositoryPath(project.path, "other"), creator=anna)
