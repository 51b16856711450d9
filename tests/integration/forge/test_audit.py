"""What is noted of what was done: by whom, to what, from where, together with it or not at all."""

import os
import pwd
from collections.abc import Callable

import pytest

from matou.credentials import Secret
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository, find_repository_by_id
from matou.db.users import User
from matou.errors import MatouError
from matou.forge.access import ALL_SCOPES, OPERATOR, Identity, authorize_administration
from matou.forge.accounts.audit import (
    AUDIT_PHRASES,
    INTERFACE_PHRASES,
    AuditAction,
    Interface,
    ShownAuditEntry,
    acting_from,
    read_audit,
    record_act,
)
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import NameTaken, create_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_members import MemberPermission
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.model.repository_settings import PushRules
from support.deciding import (
    add_member,
    archive_repository,
    change_namespace,
    change_settings,
    create_role,
    create_token,
    delete_repository,
    delete_role,
    delete_user,
    list_tokens,
    remove_member,
    remove_namespace_member,
    rename_namespace,
    rename_repository,
    revoke_token,
    set_active,
    set_default_branch,
    set_member,
    set_member_mode,
    set_password,
    set_visibility,
    transfer_repository,
    unarchive_repository,
)

ADMINISTRATOR = authorize_administration(OPERATOR)


@pytest.fixture
def dora(forge: Forge) -> User:
    return create_user(forge, "dora")


def log(forge: Forge, who: str = "") -> tuple[ShownAuditEntry, ...]:
    return read_audit(forge, ADMINISTRATOR, who=who, offset=0, limit=100)[0]


def noted(forge: Forge) -> list[tuple[str, str, str, str]]:
    """The newest last."""
    return [(each.who, str(each.what), each.subject, each.detail) for each in reversed(log(forge))]


ACTS: dict[str, tuple[Callable[[Forge, User, Repository, User], object], tuple[str, str, str]]] = {
    "visibility": (
        lambda forge, anna, repository, _: set_visibility(forge, anna, repository, Visibility.PUBLIC),
        ("changed a repository", "team/harbour/ship", "visibility: public"),
    ),
    "default branch": (
        lambda forge, anna, repository, _: set_default_branch(forge, anna, repository, "main"),
        ("changed a repository", "team/harbour/ship", "default_branch: main"),
    ),
    "settings": (
        lambda forge, anna, repository, _: change_settings(forge, anna, repository, PushRules, deny_force_push=True),
        ("changed settings", "team/harbour/ship", "push_rules: deny_force_push"),
    ),
    "archive": (
        lambda forge, anna, repository, _: archive_repository(forge, anna, repository),
        ("archived a repository", "team/harbour/ship", ""),
    ),
    "unarchive": (
        lambda forge, anna, repository, _: unarchive_repository(forge, anna, archive_repository(forge, repository)),
        ("reopened a repository", "team/harbour/ship", ""),
    ),
    "rename": (
        lambda forge, anna, repository, _: rename_repository(forge, anna, repository, "boat"),
        ("moved a repository", "team/harbour/ship", "team/harbour/boat"),
    ),
    "transfer": (
        lambda forge, anna, repository, _: transfer_repository(forge, anna, repository, NamespacePath(("anna",))),
        ("moved a repository", "team/harbour/ship", "anna/ship"),
    ),
    "delete": (
        lambda forge, anna, repository, _: delete_repository(forge, anna, repository),
        ("deleted a repository", "team/harbour/ship", ""),
    ),
    "role in a repository": (
        lambda forge, anna, repository, dora: set_member(
            forge, Identity(anna, ALL_SCOPES), repository, dora, MemberPermission.PUSH
        ),
        ("gave a role", "team/harbour/ship", "dora: push"),
    ),
    "mode": (
        lambda forge, anna, repository, _: set_member_mode(forge, anna, repository, independent=True),
        ("changed which roles count in a repository", "team/harbour/ship", "independent"),
    ),
    "customized role": (
        lambda forge, anna, repository, _: create_role(forge, anna, repository, "pilot", access_level=25),
        ("made a customized role", "team/harbour/ship", "pilot"),
    ),
}


@pytest.mark.parametrize("name", list(ACTS))
def test_what_is_done_to_a_repository(forge: Forge, anna: User, repository: Repository, dora: User, name: str) -> None:
    act, expected = ACTS[name]
    act(forge, anna, repository, dora)

    assert noted(forge)[-1] == ("anna", *expected)


def test_what_is_taken_away_from_somebody(forge: Forge, anna: User, repository: Repository, dora: User) -> None:
    asking = Identity(anna, ALL_SCOPES)
    set_member(forge, asking, repository, dora, MemberPermission.PUSH)
    remove_member(forge, asking, repository, dora)
    role = create_role(forge, asking, repository, "pilot", access_level=25)
    delete_role(forge, asking, repository, role.id)

    assert noted(forge)[-3:] == [
        ("anna", "took a role", "team/harbour/ship", "dora"),
        ("anna", "made a customized role", "team/harbour/ship", "pilot"),
        ("anna", "deleted a customized role", "team/harbour/ship", role.id),
    ]


def test_what_is_done_to_a_namespace(forge: Forge, anna: User, team: Namespace, dora: User) -> None:
    asking = Identity(anna, ALL_SCOPES)
    add_member(forge, asking, team, dora, Role.DEVELOPER)
    change_namespace(forge, asking, team, description="ships")
    remove_namespace_member(forge, asking, team, dora)
    rename_namespace(forge, asking, team, "crew")
    create_organization(forge, "quay", owner=dora, by=asking)

    assert noted(forge)[-5:] == [
        ("anna", "gave a role", "team", "dora: developer"),
        ("anna", "changed a namespace", "team", "description"),
        ("anna", "took a role", "team", "dora"),
        ("anna", "renamed a namespace", "team", "crew"),
        ("anna", "made a namespace", "quay", "dora"),
    ]


def test_what_the_operator_does_to_an_account(forge: Forge, dora: User) -> None:
    create_token(forge, dora, "laptop")
    revoke_token(forge, dora, list_tokens(forge, dora)[0].id)
    set_password(forge, dora, Secret("correct horse battery"))
    set_active(forge, dora, active=False)
    delete_user(forge, dora)

    operator = pwd.getpwuid(os.getuid()).pw_name
    entries = log(forge)
    assert {(each.who, str(each.interface), each.address) for each in entries} == {
        (operator, "at the command line", "")
    }
    assert [str(each.what) for each in reversed(entries)] == [
        "made an account",
        "made a token",
        "revoked a token",
        "set another password",
        "disabled an account",
        "deleted an account",
    ]


def test_what_somebody_does_with_their_own_account_is_theirs(forge: Forge, anna: User) -> None:
    before, asking = len(log(forge)), Identity(anna, ALL_SCOPES)

    create_token(forge, asking, anna, "laptop")
    revoke_token(forge, asking, anna, list_tokens(forge, anna)[0].id)

    assert len(log(forge)) == before


def test_what_was_refused_is_not_noted(forge: Forge, anna: User) -> None:
    before = len(log(forge))

    with pytest.raises(NameTaken):
        create_user(forge, "ANNA")

    assert len(log(forge)) == before


def test_what_could_not_be_noted_was_not_done(
    forge: Forge, anna: User, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MatouError("the disk is full")

    monkeypatch.setattr("matou.db.audit_log.insert_entry", fail)
    with pytest.raises(MatouError):
        set_visibility(forge, anna, repository, Visibility.PUBLIC)

    with forge.database.begin_read() as connection:
        kept = find_repository_by_id(connection, repository.id)
    assert kept is not None
    assert kept.visibility is repository.visibility


def test_where_it_came_from(forge: Forge, anna: User) -> None:
    with acting_from(Interface.API, "192.0.2.7"):
        create_user(forge, "emil", by=Identity(anna, ALL_SCOPES))
    create_user(forge, "frida")

    newest, before = log(forge)[:2]
    assert (str(newest.interface), newest.address, newest.who == "anna") == ("at the command line", "", False)
    assert (str(before.interface), before.address, before.who) == ("by an API", "192.0.2.7", "anna")


def test_of_one_person_alone(forge: Forge, anna: User, dora: User) -> None:
    for who in (anna, dora, anna):
        create_organization(forge, f"team-{len(log(forge))}", owner=who, by=Identity(who, ALL_SCOPES))

    entries, total = read_audit(forge, ADMINISTRATOR, who="anna", offset=1, limit=1)
    assert total == 2
    assert [each.who for each in entries] == ["anna"]
    assert log(forge, who="nobody") == ()


def test_a_branch_that_is_no_utf8_is_noted_all_the_same(forge: Forge, anna: User) -> None:
    with forge.database.begin_write() as connection:
        record_act(connection, forge, OPERATOR, AuditAction.CHANGE_REPOSITORY, "team/ship", "caf\udce9")

    assert log(forge)[0].detail == "caf?"


def test_each_action_and_each_way_is_said_in_words() -> None:
    assert AUDIT_PHRASES.keys() == set(AuditAction)
    assert INTERFACE_PHRASES.keys() == set(Interface)
