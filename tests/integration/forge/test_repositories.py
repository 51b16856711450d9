"""Repositories: the folder and the row come and go together, and names mean one thing."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from matou.archive.cache import cache_folder
from matou.credentials import Secret
from matou.db import repositories as rows
from matou.db.engine import DatabaseBusy, open_database
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import MatouError, NotFound
from matou.forge.access import ALL_SCOPES, Action, Identity, NoSuchNamespace, NoSuchRepository, may
from matou.forge.accounts.namespaces import (
    IconTooLarge,
    NotEmpty,
    create_organization,
    find_namespace,
    find_namespace_by_id,
    read_icon,
)
from matou.forge.accounts.users import NameTaken, create_user
from matou.forge.content.branch_refs import NoSuchBranch
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id
from matou.model.names import InvalidName, NamespacePath, RefName, RepositoryPath
from matou.model.platform import Visibility
from support.deciding import (
    after_push,
    change_namespace,
    create_project,
    create_repository,
    delete_namespace,
    delete_repository,
    describe_repository,
    ref_listing,
    rename_repository,
    set_default_branch,
    set_icon,
)
from support.listed_rows import child_namespaces, repositories_in


def git(*arguments: str | Path, cwd: Path) -> str:
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "init.defaultBranch=trunk")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit_to(git_dir: Path, branch: str, cwd: Path) -> str:
    """A commit straight into a bare repository, as a push would leave it."""
    work = cwd / f"work-{branch.replace('/', '-')}"
    git("init", "--quiet", "-b", branch, work, cwd=cwd)
    git("commit", "--quiet", "--allow-empty", "-m", f"to {branch}", cwd=work)
    git("push", "--quiet", git_dir, branch, cwd=work)
    return git("rev-parse", "HEAD", cwd=work)


def nothing_is_wrong(forge: Forge) -> bool:
    return check(forge) == () and list(forge.archive.staging.iterdir()) == []


def test_a_new_repository_is_empty_private_and_there(forge: Forge, project: Namespace, anna: User) -> None:
    path = RepositoryPath(project.path, "ship")

    created = create_repository(forge, path, description="a ship", creator=anna)

    assert (created.path, created.visibility, created.description) == (path, Visibility.PRIVATE, "a ship")
    assert (created.created_at, created.last_push_at, created.default_branch) == (forge.now(), None, "main")
    assert find_repository(forge, path) == find_repository_by_id(forge, created.id) == created
    assert git("for-each-ref", cwd=forge.git_dir(created)) == ""
    assert nothing_is_wrong(forge)


def test_a_path_is_found_whatever_its_case(forge: Forge, repository: Repository) -> None:
    assert find_repository(forge, RepositoryPath.parse("TEAM/Harbour/SHIP")) == repository


@pytest.mark.parametrize("twin", ["ship", "SHIP", "ｓｈｉｐ"])
def test_a_name_that_is_taken_leaves_everything_as_it_was(
    forge: Forge, repository: Repository, anna: User, twin: str
) -> None:
    with pytest.raises((NameTaken, InvalidName)):
        create_repository(forge, RepositoryPath(repository.path.namespace, twin), creator=anna)

    assert repositories_in(forge, None) == ((repository,), 1)
    assert nothing_is_wrong(forge)


def test_a_folder_that_no_row_names_is_not_taken_over(forge: Forge, project: Namespace, anna: User) -> None:
    """A backup that runs now may have made it, or a crash."""
    path = RepositoryPath(project.path, "ship")
    place = forge.archive.repository(path)
    place.mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/heads/theirs\n")

    with pytest.raises(NameTaken):
        create_repository(forge, path, creator=anna)

    assert (place / "HEAD").read_text() == "ref: refs/heads/theirs\n"
    assert list(forge.archive.staging.iterdir()) == []


def test_a_repository_and_a_namespace_never_have_the_same_path(
    forge: Forge, team: Namespace, project: Namespace, anna: User
) -> None:
    create_repository(forge, RepositoryPath(team.path, "boat"), creator=anna)

    with pytest.raises(NameTaken):
        create_repository(forge, RepositoryPath(team.path, project.name), creator=anna)
    with pytest.raises(NameTaken):
        create_project(forge, team, "boat", creator=anna)


def test_a_repository_needs_a_namespace(forge: Forge) -> None:
    with pytest.raises(NoSuchNamespace):
        create_repository(forge, RepositoryPath.parse("nowhere/ship"), creator=None)

    assert list(forge.archive.repositories.iterdir()) == []


def test_of_many_who_create_the_same_repository_at_once_one_succeeds(
    forge: Forge, project: Namespace, anna: User
) -> None:
    def create(name: str) -> bool:
        try:
            create_repository(forge, RepositoryPath(project.path, name), creator=anna)
        except NameTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        succeeded = list(threads.map(create, ["ship", "Ship", "SHIP", "ship"] * 2))

    assert succeeded.count(True) == 1
    assert nothing_is_wrong(forge)


def test_a_repository_that_cannot_be_written_down_leaves_no_folder(
    this_process: Forge, database_place: Path | str
) -> None:
    """Catalogue F-47: another program holds the database for longer than we wait."""
    team = create_organization(this_process, "team", owner=create_user(this_process, "anna"))
    hasty = replace(this_process, database=open_database(database_place, lock_wait=timedelta(seconds=0.3)))

    with this_process.database.begin_write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE repositories IN EXCLUSIVE MODE")
        with pytest.raises(DatabaseBusy):
            create_repository(hasty, RepositoryPath(team.path, "ship"), creator=None)

    hasty.database.close()
    assert list(this_process.archive.repositories.rglob("HEAD")) == []
    assert nothing_is_wrong(this_process)


def test_renaming_moves_the_folder_and_the_old_path_leads_to_it(
    forge: Forge, repository: Repository, tmp_path: Path
) -> None:
    commit = commit_to(forge.git_dir(repository), "main", tmp_path)
    old_place = forge.git_dir(repository)

    renamed = rename_repository(forge, repository, "boat")

    assert (renamed.id, renamed.name, old_place.exists()) == (repository.id, "boat", False)
    assert find_repository(forge, repository.path) == find_repository(forge, renamed.path) == renamed
    assert ref_listing(forge, renamed).refs == {"refs/heads/main": commit}
    assert nothing_is_wrong(forge)


def test_renaming_there_and_back_leads_nowhere_else(forge: Forge, repository: Repository, anna: User) -> None:
    renamed = rename_repository(forge, repository, "boat")

    back = rename_repository(forge, renamed, "ship")

    assert find_repository(forge, repository.path) == back
    other = create_repository(forge, renamed.path, creator=anna)
    assert find_repository(forge, renamed.path) == other


def test_a_name_can_change_in_its_case_only(forge: Forge, repository: Repository) -> None:
    renamed = rename_repository(forge, repository, "Ship")

    assert find_repository(forge, repository.path) == renamed
    assert forge.git_dir(renamed).is_dir()
    assert nothing_is_wrong(forge)


def test_a_repository_cannot_be_renamed_to_a_name_that_is_taken(
    forge: Forge, repository: Repository, anna: User
) -> None:
    create_repository(forge, RepositoryPath(repository.path.namespace, "boat"), creator=anna)

    with pytest.raises(NameTaken):
        rename_repository(forge, repository, "BOAT")

    assert find_repository(forge, repository.path) == repository
    assert nothing_is_wrong(forge)


@pytest.mark.parametrize("name", ["..", "a/b", "", "x.git", "-x", "CON"])
def test_a_repository_cannot_be_renamed_to_something_else_than_a_name(
    forge: Forge, repository: Repository, name: str
) -> None:
    with pytest.raises(InvalidName):
        rename_repository(forge, repository, name)


def test_deleting_leaves_neither_row_nor_folder_nor_way(forge: Forge, repository: Repository) -> None:
    renamed = rename_repository(forge, repository, "boat")

    delete_repository(forge, renamed)

    for path in (repository.path, renamed.path):
        with pytest.raises(NoSuchRepository):
            find_repository(forge, path)
    assert not forge.git_dir(renamed).exists()
    assert nothing_is_wrong(forge)


def test_what_was_deleted_meanwhile_is_not_there(forge: Forge, repository: Repository) -> None:
    delete_repository(forge, repository)

    for change in (
        lambda: delete_repository(forge, repository),
        lambda: describe_repository(forge, repository, "x"),
    ):
        with pytest.raises(MatouError, match="there is no repository"):
            change()


def test_a_new_repository_at_an_old_path_has_nothing_of_the_old_one(
    forge: Forge, repository: Repository, anna: User, tmp_path: Path
) -> None:
    commit_to(forge.git_dir(repository), "main", tmp_path)
    ref_listing(forge, repository)
    delete_repository(forge, repository)

    created = create_repository(forge, repository.path, creator=anna)

    assert created.id != repository.id
    assert ref_listing(forge, created).refs == {}


def test_repositories_come_in_pages_by_path(forge: Forge, team: Namespace, project: Namespace, anna: User) -> None:
    made = ["delta", "alpha", "Charlie", "bravo_1", "bravoX1"]
    for name in made:
        create_repository(forge, RepositoryPath(project.path, name), creator=anna)
    create_repository(forge, RepositoryPath(team.path, "outer"), creator=anna)

    def names(answer: tuple[tuple[Repository, ...], int]) -> tuple[list[str], int]:
        return [one.name for one in answer[0]], answer[1]

    assert names(repositories_in(forge, project)) == (["alpha", "bravo_1", "bravoX1", "Charlie", "delta"], 5)
    assert names(repositories_in(forge, project, offset=1, limit=2)) == (["bravo_1", "bravoX1"], 5)
    assert names(repositories_in(forge, project, name_filter="BRAVO_")) == (["bravo_1"], 1)
    assert names(repositories_in(forge, project, name_filter="%")) == ([], 0)
    assert names(repositories_in(forge, team)) == (["outer"], 1)
    assert repositories_in(forge, team, recursive=True) == repositories_in(forge, None)
    assert repositories_in(forge, None)[1] == 6


def test_the_default_branch_is_what_head_names(forge: Forge, repository: Repository, tmp_path: Path) -> None:
    for branch in ("main", "feature/x"):
        commit_to(forge.git_dir(repository), branch, tmp_path)

    changed = set_default_branch(forge, repository, "feature/x")

    assert changed.default_branch == "feature/x"
    assert git("symbolic-ref", "HEAD", cwd=forge.git_dir(repository)) == "refs/heads/feature/x"
    assert ref_listing(forge, repository).head == "refs/heads/feature/x"


def test_a_default_branch_that_somebody_chooses_while_a_push_ends_stays(
    forge: Forge, repository: Repository, anna: User, tmp_path: Path
) -> None:
    for branch in ("main", "side"):
        commit_to(forge.git_dir(repository), branch, tmp_path)

    def now() -> datetime:
        set_default_branch(forge, repository, "side")
        return forge.now()

    pushed = after_push(Forge(forge.database, forge.archive, now), repository, Identity(anna, ALL_SCOPES))

    assert git("symbolic-ref", "HEAD", cwd=forge.git_dir(repository)) == "refs/heads/side"
    assert pushed.default_branch == "side"


def test_the_default_branch_of_a_repository_that_moved_is_not_that_of_what_stands_there_now(
    forge: Forge, repository: Repository
) -> None:
    rename_repository(forge, repository, "boat")
    newcomer = create_repository(forge, repository.path, creator=None)

    with pytest.raises(NotFound):
        set_default_branch(forge, repository, "other")

    assert git("symbolic-ref", "HEAD", cwd=forge.git_dir(newcomer)) == "refs/heads/main"


@pytest.mark.parametrize("branch", ["missing", "refs/heads/main"])
def test_a_branch_that_is_not_there_cannot_be_the_default(
    forge: Forge, repository: Repository, tmp_path: Path, branch: str
) -> None:
    commit_to(forge.git_dir(repository), "main", tmp_path)

    with pytest.raises((InvalidName, NoSuchBranch)):
        set_default_branch(forge, repository, branch)


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "@{u}", "x.lock", "a b", "--upload-pack=touch /tmp/x", "a\0b"])
def test_a_text_that_is_no_branch_never_reaches_git(forge: Forge, repository: Repository, branch: str) -> None:
    with pytest.raises((InvalidName, NoSuchBranch)):
        set_default_branch(forge, repository, branch)


def test_a_push_is_noted_and_settles_head_on_a_branch_that_is_there(
    forge: Forge, repository: Repository, anna: User, tmp_path: Path
) -> None:
    for branch in ("zebra", "trunk"):
        commit_to(forge.git_dir(repository), branch, tmp_path)

    pushed = after_push(forge, repository, Identity(anna, ALL_SCOPES))

    assert (pushed.last_push_at, pushed.default_branch) == (forge.now(), "trunk")
    assert pushed.size_bytes > repository.size_bytes
    assert ref_listing(forge, pushed).head == "refs/heads/trunk"


def test_a_push_leaves_head_where_somebody_put_it(
    forge: Forge, repository: Repository, anna: User, tmp_path: Path
) -> None:
    for branch in ("main", "other"):
        commit_to(forge.git_dir(repository), branch, tmp_path)
    chosen = set_default_branch(forge, repository, "other")

    assert after_push(forge, chosen, Identity(anna, ALL_SCOPES)).default_branch == "other"


def test_a_push_to_what_was_deleted_meanwhile_is_not_acknowledged(
    forge: Forge, repository: Repository, anna: User
) -> None:
    with forge.database.begin_write() as connection:
        rows.delete_repository(connection, repository.id)

    with pytest.raises(NoSuchRepository):
        after_push(forge, repository, Identity(anna, ALL_SCOPES))


def test_refs_are_read_again_as_soon_as_they_change(forge: Forge, repository: Repository, tmp_path: Path) -> None:
    seen = []
    for branch in ("main", "second", "third"):
        commit = commit_to(forge.git_dir(repository), branch, tmp_path)
        seen.append(ref_listing(forge, repository).refs.get(RefName(f"refs/heads/{branch}")) == commit)

    assert seen == [True, True, True]


def test_kept_refs_are_nobodys_business(forge: Forge, repository: Repository, tmp_path: Path) -> None:
    commit = commit_to(forge.git_dir(repository), "main", tmp_path)
    git("update-ref", "refs/matou/kept/000001/heads/main", commit, cwd=forge.git_dir(repository))

    assert set(ref_listing(forge, repository).refs) == {"refs/heads/main"}


def test_a_project_has_a_name_to_show_and_an_icon(forge: Forge, team: Namespace, anna: User) -> None:
    icon = b"\x89PNG\r\n\x1a\n"

    created = create_project(forge, team, "quay", display_name="码头/一号 ", description="…", icon=icon, creator=anna)

    assert find_namespace(forge, created.path) == find_namespace_by_id(forge, created.id) == created
    assert (created.display_name, created.name) == ("码头/一号 ", "quay")
    assert read_icon(forge, created) == icon
    assert read_icon(forge, set_icon(forge, created, None)) is None


def test_an_icon_has_a_largest_size(forge: Forge, project: Namespace) -> None:
    with pytest.raises(IconTooLarge):
        set_icon(forge, project, b"x" * (2 * 1024 * 1024 + 1))


def test_what_is_not_said_about_a_namespace_stays(forge: Forge, project: Namespace) -> None:
    changed = change_namespace(forge, project, description="new")

    assert (changed.description, changed.display_name) == ("new", project.display_name)


def test_namespaces_come_in_pages_by_path(forge: Forge, team: Namespace, anna: User) -> None:
    for name in ("charlie", "alpha", "bravo"):
        create_project(forge, team, name, display_name=f"项目 {name}", creator=anna)

    page, total = child_namespaces(forge, team, offset=1, limit=1)
    filtered, matching = child_namespaces(forge, team, name_filter="项目 B")

    assert ([one.name for one in page], total) == (["bravo"], 3)
    assert ([one.name for one in filtered], matching) == (["bravo"], 1)


def test_a_namespace_that_holds_something_is_not_deleted(
    forge: Forge, team: Namespace, project: Namespace, repository: Repository
) -> None:
    for namespace in (team, project):
        with pytest.raises(NotEmpty):
            delete_namespace(forge, namespace)
    delete_repository(forge, repository)

    delete_namespace(forge, project)
    delete_namespace(forge, team)

    with pytest.raises(NoSuchNamespace):
        find_namespace(forge, NamespacePath(("team",)))


def test_a_team_within_a_team_inherits_its_owner(forge: Forge, team: Namespace, anna: User) -> None:
    berta = create_user(forge, "berta", password=Secret("correct horse"))
    inner = create_organization(forge, "inner", owner=berta, parent=team, display_name="内")

    assert str(inner.path) == "team/inner"
    assert may(forge, Identity(anna, ALL_SCOPES), Action.DELETE, inner)


def test_what_was_computed_about_a_repository_goes_with_it(forge: Forge, repository: Repository) -> None:
    folder = cache_folder(forge.archive, repository.id)
    folder.mkdir(parents=True)
    (folder / "names").write_text("li@example.com")

    delete_repository(forge, repository)

    assert not folder.exists()


def test_a_search_for_more_than_any_name_has_finds_nothing(forge: Forge, repository: Repository) -> None:
    assert repositories_in(forge, None, name_filter="a" * 60_000) == ((), 0)
