"""Whose a key of SSH is, and what a deploy key opens."""

from datetime import timedelta

import pytest

from matou.credentials.ssh_public_keys import UnusableSshKey
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    Identity,
    MayChangeSettings,
    MayReadCode,
    MaySee,
    MayWriteCode,
    MissingScope,
    NoSuchNamespace,
    NoSuchRepository,
    NotAllowed,
    authorize,
    authorize_namespace,
    authorize_repository,
    viewer,
)
from matou.forge.accounts.ssh_keys import (
    GIT_ALONE,
    MOST_KEYS,
    NoSuchSshKey,
    SshKeyTaken,
    identity_of_key,
    note_use_of_key,
)
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.clocks import Clock
from support.deciding import (
    add_deploy_key,
    add_ssh_key,
    archive_repository,
    create_repository,
    delete_repository,
    deploy_keys,
    remove_deploy_key,
    remove_ssh_key,
    set_active,
    set_visibility,
    ssh_keys,
)
from support.ssh_keys import new_ssh_key


def test_a_key_stands_for_its_account_by_its_name_or_as_git(forge: Forge, anna: User) -> None:
    made = add_ssh_key(forge, anna, new_ssh_key(comment="anna@laptop").public)

    assert identity_of_key(forge, made.fingerprint) == Identity(anna, GIT_ALONE)
    assert identity_of_key(forge, made.fingerprint, login="ANNA") == Identity(anna, GIT_ALONE)
    assert identity_of_key(forge, made.fingerprint, login="berta") is None
    assert identity_of_key(forge, made.fingerprint, login="root") is None
    assert (made.title, ssh_keys(forge, anna)) == ("anna@laptop", (made,))


def test_a_key_opens_nothing_once_it_is_removed_or_its_account_disabled(forge: Forge, anna: User) -> None:
    made, other = (add_ssh_key(forge, anna, new_ssh_key().public) for _ in range(2))
    assert identity_of_key(forge, made.fingerprint) is not None

    remove_ssh_key(forge, anna, made.id)
    assert identity_of_key(forge, made.fingerprint) is None
    set_active(forge, anna, active=False)
    assert identity_of_key(forge, other.fingerprint) is None


def test_a_key_is_in_use_once(forge: Forge, anna: User, berta: User, repository: Repository) -> None:
    line = new_ssh_key().public
    add_ssh_key(forge, anna, line)

    for again in (anna, berta):
        with pytest.raises(SshKeyTaken):
            add_ssh_key(forge, again, f"{line} another comment")
    with pytest.raises(SshKeyTaken):
        add_deploy_key(forge, anna, repository, line, writes=True)


def test_a_key_of_another_is_not_removed(forge: Forge, anna: User, berta: User, repository: Repository) -> None:
    mine = add_ssh_key(forge, anna, new_ssh_key().public)
    deploy = add_deploy_key(forge, anna, repository, new_ssh_key().public, writes=False)

    with pytest.raises(NoSuchSshKey):
        remove_ssh_key(forge, berta, mine.id)
    with pytest.raises(NoSuchSshKey):
        remove_ssh_key(forge, anna, deploy.id)
    with pytest.raises(NoSuchSshKey):
        remove_deploy_key(forge, anna, repository, mine.id)
    with pytest.raises(NoSuchRepository):
        add_deploy_key(forge, Identity(berta, ALL_SCOPES), repository, new_ssh_key().public, writes=False)


def test_a_token_for_code_alone_leaves_no_deploy_key_behind(forge: Forge, anna: User, repository: Repository) -> None:
    token = Identity(anna, GIT_ALONE)

    with pytest.raises(MissingScope):
        add_deploy_key(forge, token, repository, new_ssh_key().public, writes=False)
    assert deploy_keys(forge, anna, repository) == ()


def test_an_account_has_so_many_keys(forge: Forge, anna: User) -> None:
    for _ in range(MOST_KEYS):
        add_ssh_key(forge, anna, new_ssh_key().public)

    with pytest.raises(UnusableSshKey, match="at most"):
        add_ssh_key(forge, anna, new_ssh_key().public)


def key_identity(forge: Forge, anna: User, repository: Repository, *, writes: bool) -> Identity:
    made = add_deploy_key(forge, anna, repository, new_ssh_key().public, writes=writes)
    identity = identity_of_key(forge, made.fingerprint)
    assert identity is not None
    return identity


def test_a_deploy_key_reads_one_repository_and_nothing_else(
    forge: Forge, anna: User, repository: Repository, other: Repository
) -> None:
    identity = key_identity(forge, anna, repository, writes=False)
    public = create_repository(forge, RepositoryPath.parse("team/public"), creator=anna)
    set_visibility(forge, public, Visibility.PUBLIC)

    assert authorize_repository(forge, identity, MayReadCode, repository.path).subject == repository
    with pytest.raises(MissingScope, match="this deploy key may only read"):
        authorize_repository(forge, identity, MayWriteCode, repository.path)
    for path in (other.path, RepositoryPath.parse("team/public")):
        with pytest.raises(NoSuchRepository):
            authorize_repository(forge, identity, MaySee, path)
    with pytest.raises((NoSuchNamespace, MissingScope)):
        authorize_namespace(forge, identity, MaySee, repository.path.namespace)
    assert viewer(forge, identity).visibilities == ()


def test_a_deploy_key_that_writes_pushes_and_changes_no_settings(
    forge: Forge, anna: User, repository: Repository
) -> None:
    identity = key_identity(forge, anna, repository, writes=True)

    authorize(forge, identity, MayWriteCode, repository)
    with pytest.raises(NotAllowed):
        authorize(forge, identity, MayChangeSettings, repository)
    archive_repository(forge, repository)
    with pytest.raises(Exception, match="read-only"):
        authorize(forge, identity, MayWriteCode, find_repository(forge, repository.path))


def test_a_deploy_key_goes_with_its_repository_and_is_not_another_accounts_login(
    forge: Forge, anna: User, other: Repository
) -> None:
    made = add_deploy_key(forge, anna, other, new_ssh_key().public, writes=True)

    assert identity_of_key(forge, made.fingerprint, login=anna.name) is None
    assert deploy_keys(forge, anna, other) == (made,)
    delete_repository(forge, other)
    assert identity_of_key(forge, made.fingerprint) is None


def test_the_last_use_is_told(forge: Forge, anna: User, clock: Clock) -> None:
    made = add_ssh_key(forge, anna, new_ssh_key().public)

    clock.advance(timedelta(days=2))
    note_use_of_key(forge, made.fingerprint)

    assert ssh_keys(forge, anna)[0].last_used_at == clock()
    assert identity_of_key(forge, "SHA256:nothing") is None
