"""The one decision over real rows: roles that are inherited, tokens with bounds, what may not be known."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import (
    ALL_SCOPES,
    ANONYMOUS,
    REPOSITORY_POLICY,
    AccessLevel,
    Action,
    Decision,
    Identity,
    MissingScope,
    NoSuchNamespace,
    NoSuchRepository,
    NotAllowed,
    ReadOnly,
    Scope,
    may,
    require_scope,
)
from matou.forge.accounts.members import LastOwner, own_role
from matou.forge.accounts.namespaces import create_organization, visible_children
from matou.forge.accounts.tokens import resolve_token
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from support.access_table import repository_cells
from support.deciding import (
    add_member,
    archive_repository,
    create_project,
    create_project_token,
    create_repository,
    describe_repository,
    reach_namespace,
    reach_repository,
    rename_repository,
    require,
    set_visibility,
    unarchive_repository,
)
from support.deciding import namespace_members as members
from support.deciding import remove_namespace_member as remove_member
from support.listed_rows import child_namespaces, repositories_in, rows_of


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.fixture
def identities(forge: Forge, team: Namespace, project: Namespace) -> Mapping[AccessLevel, Identity]:
    """Somebody of each standing to the project: members of it, or of the team above it."""
    found = {AccessLevel.NOBODY: ANONYMOUS}
    for standing in AccessLevel:
        if standing is not AccessLevel.NOBODY:
            is_administrator = standing is AccessLevel.ADMINISTRATOR
            found[standing] = identity_of(create_user(forge, standing.name.lower(), admin=is_administrator))
    for number, role in enumerate(Role):
        user = found[AccessLevel(role.value)].user
        assert user is not None
        add_member(forge, team if number % 2 else project, user, role)
    return found


@pytest.mark.parametrize("visibility", Visibility)
def test_each_role_may_what_the_table_says(
    forge: Forge, repository: Repository, identities: Mapping[AccessLevel, Identity], visibility: Visibility
) -> None:
    table = repository_cells()
    shown = set_visibility(forge, repository, visibility)

    found = {
        (action, standing): may(forge, identity, action, shown)
        for standing, identity in identities.items()
        for action in REPOSITORY_POLICY
    }

    assert found == {
        (action, standing): table[visibility, action, standing] is Decision.ALLOWED for action, standing in found
    }


def test_a_role_above_counts_below_and_a_role_below_does_not_count_above(
    forge: Forge, team: Namespace, project: Namespace, berta: User
) -> None:
    add_member(forge, project, berta, Role.DEVELOPER)
    add_member(forge, team, berta, Role.REPORTER)

    assert (own_role(forge, identity_of(berta), project), own_role(forge, identity_of(berta), team)) == (
        Role.DEVELOPER,
        Role.REPORTER,
    )


def test_a_role_does_not_count_in_a_namespace_whose_name_only_begins_alike(
    forge: Forge, anna: User, berta: User, team: Namespace
) -> None:
    add_member(forge, team, berta, Role.OWNER)
    other = create_organization(forge, "team_x", owner=anna)
    hidden = create_repository(forge, RepositoryPath(other.path, "secret"), creator=anna)

    assert not may(forge, identity_of(berta), Action.SEE, hidden)
    assert rows_of(visible_repositories(forge, identity_of(berta), None)) == ((), 0)


def test_what_may_not_be_seen_looks_as_if_it_were_not_there(forge: Forge, repository: Repository, berta: User) -> None:
    missing = RepositoryPath(repository.path.namespace, "missing")
    errors = []
    for path in (repository.path, missing):
        for identity in (ANONYMOUS, identity_of(berta)):
            with pytest.raises(NoSuchRepository) as raised:
                reach_repository(forge, identity, path, Action.READ_CODE)
            errors.append((raised.value.template, raised.value.advice, str(raised.value).replace(str(path), "…")))

    assert len(set(errors)) == 1


def test_a_namespace_that_may_not_be_seen_looks_as_if_it_were_not_there(
    forge: Forge, project: Namespace, berta: User
) -> None:
    errors = []
    for path in (project.path, NamespacePath(("team", "missing")), NamespacePath(("nothing",))):
        with pytest.raises(NoSuchNamespace) as raised:
            reach_namespace(forge, identity_of(berta), path, Action.SEE)
        errors.append((raised.value.template, str(raised.value).replace(str(path), "…")))

    assert len(set(errors)) == 1


def test_whoever_sees_it_is_told_why_not(forge: Forge, repository: Repository, project: Namespace, berta: User) -> None:
    add_member(forge, project, berta, Role.REPORTER)

    with pytest.raises(NotAllowed):
        require(forge, identity_of(berta), Action.WRITE_CODE, repository)


def test_a_missing_scope_is_told_before_anything_is_looked_up(forge: Forge, repository: Repository, anna: User) -> None:
    reader = Identity(anna, frozenset({Scope.REPOSITORY_READ}))
    texts = set()
    for path in (repository.path, RepositoryPath(repository.path.namespace, "missing")):
        with pytest.raises(MissingScope) as raised:
            reach_repository(forge, reader, path, Action.WRITE_CODE)
        texts.add(str(raised.value))

    assert len(texts) == 1


def test_a_scope_that_has_no_subject_is_required_by_itself(anna: User) -> None:
    require_scope(Identity(anna, frozenset({Scope.USER_READ})), Scope.USER_READ)

    with pytest.raises(MissingScope):
        require_scope(Identity(anna, frozenset({Scope.PROJECT_READ})), Scope.USER_READ, Scope.TEAM_READ)


def test_nobody_writes_to_an_archived_repository_until_it_is_unarchived(
    forge: Forge, repository: Repository, anna: User
) -> None:
    archived = archive_repository(forge, repository)
    with pytest.raises(ReadOnly):
        require(forge, identity_of(anna), Action.WRITE_CODE, archived)
    require(forge, identity_of(anna), Action.READ_CODE, archived)
    require(forge, identity_of(anna), Action.ADMINISTER, archived)

    unarchived = unarchive_repository(forge, archived)

    require(forge, identity_of(anna), Action.WRITE_CODE, unarchived)


def test_a_project_token_is_good_for_its_project_only(
    forge: Forge, repository: Repository, team: Namespace, project: Namespace, anna: User
) -> None:
    elsewhere = create_project(forge, team, "harbour_2", creator=anna)
    other = create_repository(forge, RepositoryPath(elsewhere.path, "ship"), visibility=Visibility.PUBLIC, creator=anna)
    credential = create_project_token(forge, project, "ci")

    identity = resolve_token(forge, credential.password, login=credential.user)

    assert identity is not None
    assert may(forge, identity, Action.WRITE_CODE, repository)
    assert not may(forge, identity, Action.SEE, other)
    assert not may(forge, identity, Action.SEE, team)
    assert not may(forge, identity, Action.CHANGE_SETTINGS, repository)
    assert rows_of(visible_repositories(forge, identity, None))[0] == (repository,)
    assert rows_of(visible_children(forge, identity, team))[0] == (project,)


def test_a_member_of_a_project_sees_the_way_to_it_and_nothing_beside_it(
    forge: Forge, team: Namespace, project: Namespace, anna: User, berta: User
) -> None:
    hidden = create_project(forge, team, "hidden", creator=anna)
    add_member(forge, project, berta, Role.GUEST)

    assert may(forge, identity_of(berta), Action.SEE, team)
    assert rows_of(visible_children(forge, identity_of(berta), team)) == ((project,), 1)
    assert not may(forge, identity_of(berta), Action.SEE, hidden)


def test_a_namespace_is_seen_by_whoever_sees_a_repository_in_it(
    forge: Forge, team: Namespace, project: Namespace, repository: Repository
) -> None:
    before = [may(forge, ANONYMOUS, Action.SEE, namespace) for namespace in (team, project)]

    set_visibility(forge, repository, Visibility.PUBLIC)

    after = [may(forge, ANONYMOUS, Action.SEE, namespace) for namespace in (team, project)]
    assert (before, after) == ([False, False], [True, True])


def test_a_listing_shows_exactly_what_may_be_seen(
    forge: Forge, team: Namespace, project: Namespace, identities: Mapping[AccessLevel, Identity], anna: User
) -> None:
    elsewhere = create_organization(forge, "elsewhere", owner=anna)
    for namespace in (team, project, elsewhere):
        for visibility in Visibility:
            path = RepositoryPath(namespace.path, f"repository_{visibility}")
            create_repository(forge, path, visibility=visibility, creator=anna)
    everything = repositories_in(forge, None)[0]
    bound = [Identity(identity.user, ALL_SCOPES, project.path) for identity in identities.values()]

    for identity in (*identities.values(), *bound):
        expected = tuple(one for one in everything if may(forge, identity, Action.SEE, one))
        assert rows_of(visible_repositories(forge, identity, None)) == (expected, len(expected))
        namespaces = child_namespaces(forge, None)[0]
        seen = tuple(one for one in namespaces if may(forge, identity, Action.SEE, one))
        assert rows_of(visible_children(forge, identity, None)) == (seen, len(seen))


def test_a_user_that_is_not_active_is_nobody(forge: Forge, repository: Repository, anna: User) -> None:
    assert not may(forge, identity_of(replace(anna, active=False)), Action.SEE, repository)


def test_a_member_who_is_removed_is_refused_by_the_next_request_in_every_process(
    this_process: Forge, other_process: Forge
) -> None:
    """Catalogue A-12."""
    anna, berta = create_user(this_process, "anna"), create_user(this_process, "berta")
    team = create_organization(this_process, "team", owner=anna)
    repository = create_repository(this_process, RepositoryPath(team.path, "ship"), creator=anna)
    add_member(this_process, team, berta, Role.DEVELOPER)
    before = may(other_process, identity_of(berta), Action.WRITE_CODE, repository)

    remove_member(this_process, team, berta)

    assert (before, may(other_process, identity_of(berta), Action.WRITE_CODE, repository)) == (True, False)


def test_an_outermost_namespace_keeps_an_owner(forge: Forge, team: Namespace, anna: User, berta: User) -> None:
    with pytest.raises(LastOwner):
        remove_member(forge, team, anna)
    with pytest.raises(LastOwner):
        add_member(forge, team, anna, Role.MAINTAINER)

    add_member(forge, team, berta, Role.OWNER)
    remove_member(forge, team, anna)

    assert [member.user for member in members(forge, team)[0]] == [berta]


def test_members_are_people_in_pages(forge: Forge, project: Namespace, anna: User) -> None:
    create_project_token(forge, project, "ci")
    others = [create_user(forge, f"user{number}") for number in range(3)]
    for user in others:
        add_member(forge, project, user, Role.DEVELOPER)

    page, total = members(forge, project, offset=1, limit=2)

    assert ([member.user for member in page], total) == (others[:2], 4)


def test_an_old_path_never_gives_a_stranger_the_old_rights(
    forge: Forge, project: Namespace, repository: Repository, anna: User, berta: User
) -> None:
    """Catalogue A-25."""
    add_member(forge, project, berta, Role.DEVELOPER)
    old = repository.path
    renamed = rename_repository(forge, repository, "boat")
    assert reach_repository(forge, identity_of(berta), old, Action.WRITE_CODE) == renamed
    remove_member(forge, project, berta)

    with pytest.raises(NoSuchRepository) as raised:
        reach_repository(forge, identity_of(berta), old, Action.READ_CODE)

    assert "boat" not in str(raised.value)
    taken = create_repository(forge, old, creator=anna)
    assert reach_repository(forge, identity_of(anna), old, Action.READ_CODE) == taken
    described = describe_repository(forge, renamed, "still here")
    assert reach_repository(forge, identity_of(anna), renamed.path, Action.READ_CODE) == described


def test_an_error_that_hides_is_not_found(forge: Forge, repository: Repository) -> None:
    with pytest.raises(NotFound):
        require(forge, ANONYMOUS, Action.DELETE, repository)
