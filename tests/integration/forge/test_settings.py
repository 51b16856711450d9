"""Settings of a repository: what is kept, what is refused, what they switch off for everybody."""

import json
import threading
from dataclasses import fields

import pytest
from sqlalchemy import select, update

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.schema import events, repository_settings
from matou.db.settings import DamagedSettings
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Action, Identity, NoSuchRepository, NotAllowed, ReadOnly, SwitchedOff, may
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.push.patterns import UnusablePattern
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.model.repository_settings import (
    ChangeRequestSettings,
    Features,
    MergeMethod,
    Modules,
    PushRules,
    RepositoryRules,
    RepositorySettings,
    UnusableSetting,
)
from support.deciding import (
    add_member,
    archive_repository,
    change_settings,
    create_repository,
    reach_repository,
    read_settings,
    require,
    set_visibility,
    stored_settings,
)

KINDS = (PushRules, RepositoryRules, Modules, Features, ChangeRequestSettings)


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_never_set_is_as_the_defaults_say(
    forge: Forge, repository: Repository, kind: type[RepositorySettings]
) -> None:
    assert read_settings(forge, repository, kind) == kind()
    assert stored_settings(forge, repository, kind) is None


def test_a_change_keeps_what_it_does_not_name(forge: Forge, repository: Repository, anna: User) -> None:
    change_settings(forge, identity_of(anna), repository, PushRules, max_file_size=10, deny_force_push=True)

    changed = change_settings(forge, identity_of(anna), repository, PushRules, commit_message_regex="^fix: ")

    assert changed == PushRules(max_file_size=10, deny_force_push=True, commit_message_regex="^fix: ")
    assert read_settings(forge, repository, PushRules) == changed
    assert read_settings(forge, repository, RepositoryRules) == RepositoryRules()


def test_what_a_later_version_stored_beside_is_kept(forge: Forge, repository: Repository, anna: User) -> None:
    change_settings(forge, identity_of(anna), repository, PushRules, max_file_size=10)
    with forge.database.begin_write() as connection:
        connection.execute(update(repository_settings).values(document='{"max_file_size": 5, "from_2030": [1]}'))

    change_settings(forge, identity_of(anna), repository, PushRules, deny_force_push=True)

    with forge.database.begin_read() as connection:
        document = connection.execute(select(repository_settings.c.document)).scalar_one()
    assert json.loads(document) == {"max_file_size": 5, "from_2030": [1], "deny_force_push": True}


def test_a_document_that_cannot_be_read_is_damage_and_no_default(
    forge: Forge, repository: Repository, anna: User
) -> None:
    change_settings(forge, identity_of(anna), repository, PushRules, max_file_size=10)
    with forge.database.begin_write() as connection:
        connection.execute(update(repository_settings).values(document='{"max_file_size": "ten"}'))

    with pytest.raises(DamagedSettings):
        read_settings(forge, repository, PushRules)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (PushRules, {"max_file_size": -1}),
        (PushRules, {"max_file_size": 2**40}),
        (PushRules, {"max_file_size": True}),
        (PushRules, {"deny_force_push": "true"}),
        (PushRules, {"commit_message_regex": 5}),
        (PushRules, {"no_such_setting": True}),
        (RepositoryRules, {"forbidden_developer_create_branch_user_ids": (10**9,)}),
        (RepositoryRules, {"forbidden_developer_create_branch_user_ids": (-1,)}),
        (RepositoryRules, {"forbidden_developer_create_branch_user_ids": (2**70,)}),
        (RepositoryRules, {"forbidden_developer_create_branch_user_ids": tuple(range(1, 102))}),
        (ChangeRequestSettings, {"approval_required_reviewers": 6}),
        (ChangeRequestSettings, {"approval_required_testers": -1}),
        (ChangeRequestSettings, {"merge_method": "squash"}),
        (ChangeRequestSettings, {"merged_commit_author": "nobody"}),
        (ChangeRequestSettings, {"approval_tester_ids": (10**9,)}),
        (ChangeRequestSettings, {"lite_merge_request_prefix_title": "x" * 101}),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_nothing_is_changed(
    forge: Forge, repository: Repository, anna: User, kind: type[RepositorySettings], changes: dict[str, object]
) -> None:
    good = {"deny_force_push": True} if kind is PushRules else {}

    with pytest.raises(UnusableSetting):
        change_settings(forge, identity_of(anna), repository, kind, **{**good, **changes})

    assert stored_settings(forge, repository, kind) is None
    with forge.database.begin_read() as connection:
        assert "settings_changed" not in connection.execute(select(events.c.kind)).scalars().all()


@pytest.mark.parametrize("pattern", ["(", "a{1001}", r"(?=a)", r"(a)\1", "x" * 1001, "\udcff", "((a{100}){100}){100}"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PushRules, "commit_message_regex"),
        (RepositoryRules, "branch_name_regex"),
        (RepositoryRules, "tag_name_regex"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_when_it_is_set(
    forge: Forge, repository: Repository, anna: User, kind: type[RepositorySettings], name: str, pattern: str
) -> None:
    with pytest.raises(UnusablePattern):
        change_settings(forge, identity_of(anna), repository, kind, **{name: pattern})

    assert stored_settings(forge, repository, kind) is None


def test_a_change_is_an_event_with_the_names_of_what_changed(forge: Forge, repository: Repository, anna: User) -> None:
    change_settings(forge, identity_of(anna), repository, PushRules, max_file_size=1, deny_force_push=True)

    with forge.database.begin_read() as connection:
        chosen = select(events.c.user_id, events.c.details).where(events.c.kind == "settings_changed")
        user_id, details = connection.execute(chosen).one()
    assert user_id == anna.id
    assert json.loads(details) == {"settings": "push_rules", "changed": ["deny_force_push", "max_file_size"]}


def test_changing_nothing_is_no_change(forge: Forge, repository: Repository, anna: User) -> None:
    assert change_settings(forge, identity_of(anna), repository, Modules) == Modules()
    assert stored_settings(forge, repository, Modules) is None


def test_two_who_change_at_once_both_have_their_way(forge: Forge, repository: Repository, anna: User) -> None:
    names = [field.name for field in fields(Modules)]

    def switch_off(name: str) -> None:
        change_settings(forge, identity_of(anna), repository, Modules, **{name: False})

    threads = [threading.Thread(target=switch_off, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read_settings(forge, repository, Modules) == Modules(**dict.fromkeys(names, False))


def test_another_process_reads_the_change_at_once(this_process: Forge, other_process: Forge) -> None:
    anna = create_user(this_process, "anna")
    team = create_organization(this_process, "team", owner=anna)
    repository = create_repository(this_process, RepositoryPath(team.path, "ship"), creator=anna)
    before = read_settings(other_process, repository, PushRules)

    change_settings(this_process, identity_of(anna), repository, PushRules, max_file_size=3)

    assert (before.max_file_size, read_settings(other_process, repository, PushRules).max_file_size) == (0, 3)


def test_an_enum_comes_back_as_one(forge: Forge, repository: Repository, anna: User) -> None:
    change_settings(
        forge, identity_of(anna), repository, ChangeRequestSettings, merge_method="ff", approval_tester_ids=(anna.id,)
    )

    found = read_settings(forge, repository, ChangeRequestSettings)

    assert (found.merge_method, found.approval_tester_ids) == (MergeMethod.FAST_FORWARD, (anna.id,))


@pytest.mark.parametrize("role", [None, Role.GUEST, Role.REPORTER, Role.DEVELOPER])
def test_settings_are_changed_by_maintainers_alone(
    forge: Forge, repository: Repository, project: Namespace, berta: User, role: Role | None
) -> None:
    if role:
        add_member(forge, project, berta, role)

    with pytest.raises(NotAllowed if role else NoSuchRepository):
        change_settings(forge, identity_of(berta), repository, PushRules, max_file_size=1)


def test_an_archived_repository_keeps_its_settings(forge: Forge, repository: Repository, anna: User) -> None:
    archived = archive_repository(forge, repository)

    with pytest.raises(ReadOnly):
        change_settings(forge, identity_of(anna), archived, PushRules, max_file_size=1)


@pytest.mark.parametrize(
    ("kind", "changes", "action"),
    [
        (Modules, {"has_fork": False}, Action.FORK),
        (RepositoryRules, {"disable_fork": True}, Action.FORK),
        (Modules, {"has_analysis": False}, Action.READ_ANALYSIS),
    ],
)
def test_what_is_switched_off_is_off_for_everybody(
    forge: Forge,
    repository: Repository,
    anna: User,
    kind: type[RepositorySettings],
    changes: dict[str, bool],
    action: Action,
) -> None:
    administrator = identity_of(create_user(forge, "root", admin=True))
    public = set_visibility(forge, repository, Visibility.PUBLIC)
    identities = (identity_of(anna), administrator)
    before = [may(forge, identity, action, public) for identity in identities]

    change_settings(forge, identity_of(anna), public, kind, **changes)

    assert before == [True, True]
    for identity in identities:
        with pytest.raises(SwitchedOff):
            reach_repository(forge, identity, public.path, action)
        require(forge, identity, Action.READ_CODE, public)


def test_a_stranger_learns_nothing_from_what_is_switched_off(
    forge: Forge, repository: Repository, anna: User, berta: User
) -> None:
    change_settings(forge, identity_of(anna), repository, Modules, has_fork=False)

    with pytest.raises(NoSuchRepository):
        require(forge, identity_of(berta), Action.FORK, repository)
