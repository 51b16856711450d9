"""Roles in one repository: what they add, what independence takes away, and that lists say what decisions say."""

import itertools
from dataclasses import dataclass

import pytest

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    ANONYMOUS,
    REPOSITORY_POLICY,
    AccessLevel,
    Action,
    Decision,
    Identity,
    NoSuchRepository,
    NotAllowed,
    ReadOnly,
    may,
)
from matou.forge.accounts.members import NoSuchMember
from matou.forge.accounts.namespaces import create_organization, visible_children
from matou.forge.accounts.tokens import resolve_token
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.repositories.customized_roles import (
    CustomizedRoleInUse,
    CustomizedRoleTaken,
    InvalidRole,
    NoSuchCustomizedRole,
)
from matou.forge.repositories.repository_lists import find_repository_by_id, visible_repositories
from matou.forge.repositories.repository_members import ROLES, MemberPermission, MissingCustomizedRole, NotAPerson
from matou.model.names import InvalidName, RepositoryPath
from matou.model.platform import Visibility
from support.access_table import repository_cells
from support.deciding import (
    add_member,
    archive_repository,
    create_project_token,
    create_repository,
    create_role,
    delete_repository,
    delete_role,
    find_member,
    members,
    require,
    roles,
    set_member,
    set_member_mode,
    set_visibility,
)
from support.deciding import remove_member as remove_repository_member
from support.deciding import remove_namespace_member as remove_member
from support.listed_rows import child_namespaces, repositories_in, rows_of

ROLE_ABOVE = (None, Role.GUEST, Role.MAINTAINER, Role.OWNER)
PERMISSION = (None, MemberPermission.PULL, MemberPermission.PUSH, MemberPermission.ADMIN)


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@dataclass(frozen=True)
class Person:
    """Somebody with a role in the team, one in the project and one in the repository, or without."""

    identity: Identity
    in_team: Role | None
    in_project: Role | None
    permission: MemberPermission | None

    def standing(self, *, independent: bool) -> AccessLevel:
        above = [role for role in (self.in_team, self.in_project) if role is not None]
        counted = [role for role in above if role is Role.OWNER or not independent]
        own = [ROLES[self.permission]] if self.permission else []
        return AccessLevel(max([*counted, *own], default=AccessLevel.SIGNED_IN).value)


@pytest.fixture
def people(forge: Forge, team: Namespace, project: Namespace, repository: Repository, anna: User) -> tuple[Person, ...]:
    """Everybody that there can be."""
    made = []
    for number, (in_team, in_project, permission) in enumerate(itertools.product(ROLE_ABOVE, ROLE_ABOVE, PERMISSION)):
        user = create_user(forge, f"user{number}")
        if in_team:
            add_member(forge, team, user, in_team)
        if in_project:
            add_member(forge, project, user, in_project)
        if permission:
            set_member(forge, identity_of(anna), repository, user, permission)
        made.append(Person(identity_of(user), in_team, in_project, permission))
    return tuple(made)


@pytest.mark.parametrize("independent", [False, True], ids=["inherited", "independent"])
@pytest.mark.parametrize("visibility", Visibility)
def test_each_combination_of_roles_may_what_the_table_says_of_the_greatest_that_counts(
    forge: Forge,
    repository: Repository,
    people: tuple[Person, ...],
    anna: User,
    visibility: Visibility,
    independent: bool,
) -> None:
    table = repository_cells()
    shown = set_visibility(forge, repository, visibility)
    there = set_member_mode(forge, identity_of(anna), shown, independent=independent)

    found = {
        (person, action): may(forge, person.identity, action, there)
        for person in people
        for action in (Action.SEE, Action.READ_CODE, Action.WRITE_CODE, Action.MANAGE_MEMBERS, Action.ADMINISTER)
    }

    assert found == {
        (person, action): table[visibility, action, person.standing(independent=independent)] is Decision.ALLOWED
        for person, action in found
    }


def test_every_listing_shows_exactly_what_may_be_seen(
    forge: Forge, team: Namespace, project: Namespace, repository: Repository, people: tuple[Person, ...], anna: User
) -> None:
    elsewhere = create_organization(forge, "elsewhere", owner=anna)
    for namespace, visibility, independent in itertools.product((team, project, elsewhere), Visibility, (False, True)):
        path = RepositoryPath(namespace.path, f"r_{visibility}_{independent}")
        made = create_repository(forge, path, visibility=visibility, creator=anna)
        set_member_mode(forge, identity_of(anna), made, independent=independent)
        for person in people[1::7]:
            user = person.identity.user
            assert user is not None
            set_member(forge, identity_of(anna), made, user, MemberPermission.PULL)
    set_member_mode(forge, identity_of(anna), repository, independent=True)
    everything = repositories_in(forge, None)[0]
    outermost = child_namespaces(forge, None)[0]
    chosen = people[::3]
    bound = [Identity(person.identity.user, ALL_SCOPES, project.path) for person in chosen[::3]]

    for identity in (ANONYMOUS, *(person.identity for person in chosen), *bound):
        expected = tuple(one for one in everything if may(forge, identity, Action.SEE, one))
        assert rows_of(visible_repositories(forge, identity, None)) == (expected, len(expected))
        seen = tuple(one for one in outermost if may(forge, identity, Action.SEE, one))
        assert rows_of(visible_children(forge, identity, None)) == (seen, len(seen))


@pytest.mark.parametrize("independent", [False, True], ids=["inherited", "independent"])
def test_the_members_listed_are_those_whose_role_counts(
    forge: Forge, repository: Repository, people: tuple[Person, ...], anna: User, independent: bool
) -> None:
    there = set_member_mode(forge, identity_of(anna), repository, independent=independent)

    found, total = members(forge, there)
    pages = [members(forge, there, offset=offset, limit=10) for offset in range(0, total, 10)]

    expected = {
        (person.identity.user, person.standing(independent=independent), person.permission is not None)
        for person in people
        if person.standing(independent=independent) > AccessLevel.SIGNED_IN
    } | {(anna, AccessLevel.OWNER, False)}
    assert {(member.user, AccessLevel(member.role.value), member.is_direct) for member in found} == expected
    assert total == len(expected)
    assert tuple(member for page, _ in pages for member in page) == found
    assert [member.user.name for member in found] == sorted(member.user.name for member in found)
    assert [find_member(forge, there, member.user) for member in found] == list(found)


def test_a_member_of_a_repository_sees_the_way_to_it_and_nothing_beside_it(
    forge: Forge, team: Namespace, project: Namespace, repository: Repository, anna: User, berta: User
) -> None:
    hidden = create_repository(forge, RepositoryPath(project.path, "hidden"), creator=anna)
    set_member(forge, identity_of(anna), repository, berta, MemberPermission.PULL)

    assert rows_of(visible_repositories(forge, identity_of(berta), None))[0] == (repository,)
    assert rows_of(visible_children(forge, identity_of(berta), team))[0] == (project,)
    assert not may(forge, identity_of(berta), Action.SEE, hidden)
    assert not may(forge, identity_of(berta), Action.SEE_MEMBERS, project)


def test_the_next_request_of_any_process_knows_what_was_taken_away(this_process: Forge, other_process: Forge) -> None:
    """Catalogue A-12."""
    anna, berta = create_user(this_process, "anna"), create_user(this_process, "berta")
    team = create_organization(this_process, "team", owner=anna)
    repository = create_repository(this_process, RepositoryPath(team.path, "ship"), creator=anna)
    add_member(this_process, team, berta, Role.REPORTER)

    def berta_may() -> list[bool]:
        there = find_repository_by_id(other_process, repository.id)
        actions = (Action.WRITE_CODE, Action.READ_CODE)
        return [may(other_process, identity_of(berta), action, there) for action in actions]

    set_member(this_process, identity_of(anna), repository, berta, MemberPermission.PUSH)
    raised = berta_may()
    remove_repository_member(this_process, identity_of(anna), repository, berta)
    lowered = berta_may()
    set_member_mode(this_process, identity_of(anna), repository, independent=True)
    shut_out = berta_may()
    set_member_mode(this_process, identity_of(anna), repository, independent=False)
    back = berta_may()
    remove_member(this_process, team, berta)

    assert [raised, lowered, shut_out, back, berta_may()] == [
        [True, True],
        [False, True],
        [False, False],
        [False, True],
        [False, False],
    ]


@pytest.mark.parametrize("permission", [None, MemberPermission.PULL, MemberPermission.PUSH])
@pytest.mark.parametrize("wanted", ROLES)
def test_nobody_without_the_right_raises_anybody(
    forge: Forge,
    repository: Repository,
    anna: User,
    berta: User,
    permission: MemberPermission | None,
    wanted: MemberPermission,
) -> None:
    """Catalogue A-14."""
    other = create_user(forge, "carla")
    if permission:
        set_member(forge, identity_of(anna), repository, berta, permission)

    for user in (berta, other):
        with pytest.raises(NotAllowed if permission else NoSuchRepository):
            set_member(forge, identity_of(berta), repository, user, wanted)
    with pytest.raises(NotAllowed if permission else NoSuchRepository):
        set_member_mode(forge, identity_of(berta), repository, independent=True)

    assert [member.user for member in members(forge, repository)[0]] == [anna, *([berta] if permission else [])]


def test_an_admin_of_a_repository_gives_roles_and_never_becomes_its_owner(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    set_member(forge, identity_of(anna), repository, berta, MemberPermission.ADMIN)
    for permission in ROLES:
        set_member(forge, identity_of(berta), repository, berta, MemberPermission.ADMIN)
        assert set_member(forge, identity_of(berta), repository, berta, permission).role < Role.OWNER
        set_member(forge, identity_of(anna), repository, berta, MemberPermission.ADMIN)

    with pytest.raises(NotAllowed):
        require(forge, identity_of(berta), Action.DELETE, repository)
    with pytest.raises(NoSuchMember):
        remove_repository_member(forge, identity_of(berta), repository, anna)
    set_member(forge, identity_of(berta), repository, anna, MemberPermission.PULL)
    assert find_member(forge, repository, anna).role is Role.OWNER


def test_the_owner_above_stays_when_members_count_independently(
    forge: Forge, repository: Repository, team: Namespace, anna: User, berta: User
) -> None:
    add_member(forge, team, berta, Role.MAINTAINER)

    alone = set_member_mode(forge, identity_of(anna), repository, independent=True)

    require(forge, identity_of(anna), Action.ADMINISTER, alone)
    with pytest.raises(NoSuchRepository):
        require(forge, identity_of(berta), Action.SEE, alone)


def test_a_project_token_loses_a_repository_whose_members_count_independently(
    forge: Forge, repository: Repository, project: Namespace, anna: User
) -> None:
    credential = create_project_token(forge, project, "ci")
    robot = resolve_token(forge, credential.password, login=credential.user)
    assert robot is not None
    before = may(forge, robot, Action.WRITE_CODE, repository)

    alone = set_member_mode(forge, identity_of(anna), repository, independent=True)

    assert (before, may(forge, robot, Action.SEE, alone)) == (True, False)
    assert robot.user is not None
    with pytest.raises(NotAPerson):
        set_member(forge, identity_of(anna), alone, robot.user, MemberPermission.PULL)


def test_an_archived_repository_keeps_its_members_as_they_are(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    archived = archive_repository(forge, repository)

    with pytest.raises(ReadOnly):
        set_member(forge, identity_of(anna), archived, berta, MemberPermission.PULL)
    with pytest.raises(ReadOnly):
        set_member_mode(forge, identity_of(anna), archived, independent=True)


@pytest.mark.parametrize(
    ("access_level", "may_write", "may_manage"),
    [
        (10, False, False),
        (15, False, False),
        (29, False, False),
        (30, True, False),
        (39, True, False),
        (49, True, True),
    ],
)
def test_a_customized_role_is_the_greatest_standard_role_that_its_level_reaches(
    forge: Forge,
    repository: Repository,
    anna: User,
    berta: User,
    access_level: int,
    may_write: bool,
    may_manage: bool,
) -> None:
    role = create_role(forge, repository, "tester", access_level=access_level, display_name="测试角色")

    member = set_member(
        forge, identity_of(anna), repository, berta, MemberPermission.CUSTOMIZED, customized_role_id=role.id
    )

    assert member.customized_role_id == role.id
    assert may(forge, identity_of(berta), Action.SEE, repository)
    assert may(forge, identity_of(berta), Action.WRITE_CODE, repository) is may_write
    assert may(forge, identity_of(berta), Action.MANAGE_MEMBERS, repository) is may_manage
    assert [(one.display_name, one.member_count) for one in roles(forge, repository)] == [("测试角色", 1)]


@pytest.mark.parametrize("access_level", [-1, 0, 9, 50, 100, 2**40])
def test_a_customized_role_is_neither_nothing_nor_an_owner(
    forge: Forge, repository: Repository, access_level: int
) -> None:
    with pytest.raises(InvalidRole):
        create_role(forge, repository, "tester", access_level=access_level)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_customized_role_has_a_name_that_can_be_read(forge: Forge, repository: Repository, name: str) -> None:
    with pytest.raises(InvalidName):
        create_role(forge, repository, name, access_level=20)


def test_a_customized_role_of_another_repository_is_not_there(
    forge: Forge, repository: Repository, project: Namespace, anna: User, berta: User
) -> None:
    other = create_repository(forge, RepositoryPath(project.path, "other"), creator=anna)
    foreign = create_role(forge, other, "tester", access_level=40)

    for role_id, error in (
        (foreign.id, NoSuchCustomizedRole),
        ("0" * 32, NoSuchCustomizedRole),
        ("", MissingCustomizedRole),
    ):
        with pytest.raises(error):
            set_member(
                forge, identity_of(anna), repository, berta, MemberPermission.CUSTOMIZED, customized_role_id=role_id
            )
    with pytest.raises(NoSuchCustomizedRole):
        delete_role(forge, repository, foreign.id)

    assert members(forge, repository)[1] == 1
    assert roles(forge, repository) == ()


def test_a_customized_role_goes_when_nobody_has_it(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    role = create_role(forge, repository, "tester", access_level=20)
    with pytest.raises(CustomizedRoleTaken):
        create_role(forge, repository, "tester", access_level=30)
    set_member(forge, identity_of(anna), repository, berta, MemberPermission.CUSTOMIZED, customized_role_id=role.id)
    with pytest.raises(CustomizedRoleInUse):
        delete_role(forge, repository, role.id)

    set_member(forge, identity_of(anna), repository, berta, MemberPermission.PULL)
    delete_role(forge, repository, role.id)

    assert roles(forge, repository) == ()
    assert find_member(forge, repository, berta).customized_role_id is None


def test_the_table_covers_each_action(forge: Forge, repository: Repository, anna: User) -> None:
    allowed = {action for action in REPOSITORY_POLICY if may(forge, identity_of(anna), action, repository)}

    assert allowed == set(REPOSITORY_POLICY)


def test_a_repository_goes_with_its_roles_and_members(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    role = create_role(forge, repository, "tester", access_level=20)
    set_member(forge, identity_of(anna), repository, berta, MemberPermission.CUSTOMIZED, customized_role_id=role.id)

    delete_repository(forge, repository)

    assert roles(forge, repository) == ()
    assert rows_of(visible_repositories(forge, identity_of(berta), None)) == ((), 0)
