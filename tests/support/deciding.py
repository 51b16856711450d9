"""Use cases as tests call them: with rows, and with who asks; decided on the way, as a route decides.

`create_branch(forge, identity, repository, "next", start="main")` asks whether the identity may, and then does it; what
comes without an identity, or the user who asks, is done as the operator, who is refused nothing.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    Action,
    Authorized,
    Identity,
    MayCreateIn,
    Right,
    authorize,
    authorize_account,
    authorize_namespace,
    authorize_repository,
    granted_to_operator,
    rights_below,
)
from matou.forge.accounts import labels as labels_module
from matou.forge.accounts import members as members_module
from matou.forge.accounts import namespace_moves, namespaces, preferences, sessions, tokens, user_deletion, users
from matou.forge.accounts import signing_keys as signing_keys_module
from matou.forge.accounts import ssh_keys as ssh_keys_module
from matou.forge.analysis import contributions, upkeep
from matou.forge.analysis import languages as languages_module
from matou.forge.content import branches, file_changes, history, ref_updates, references, revisions, uploads
from matou.forge.forge import Forge
from matou.forge.push import lfs, lfs_locks, push_rules, push_transaction, pushes
from matou.forge.repositories import activity as activity_module
from matou.forge.repositories import (
    creation,
    customized_roles,
    downloads,
    forks,
    remote_imports,
    repository_members,
    repository_moves,
    repository_update,
    settings,
    stars,
)
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.model.names import NamespacePath, RepositoryPath

R = TypeVar("R")


def decided(use_case: Callable[..., R]) -> Callable[..., R]:
    """The use case, with a row wherever it takes what was authorized."""
    signature = inspect.signature(use_case)
    taken = {each.annotation for each in signature.parameters.values()}
    takes_account = any(_subject(annotation) is User for annotation in taken)

    @wraps(use_case)
    def decide_and_do(forge: Forge, *args: object, **kwargs: object) -> R:
        who_asks = Identity if takes_account else Identity | User
        asking = tuple(arg for arg in args if isinstance(arg, who_asks) and type(arg) not in taken)
        identity = _identity(asking[0]) if asking else None
        bound = signature.bind(forge, *(arg for arg in args if arg not in asking), **kwargs)
        for name, value in bound.arguments.items():
            right = _right(signature.parameters[name].annotation)
            if right is not None and isinstance(value, Repository | Namespace | User):
                bound.arguments[name] = _decide(forge, identity, right, value)
        return use_case(*bound.args, **bound.kwargs)

    return decide_and_do


def _identity(asking: Identity | User) -> Identity:
    return asking if isinstance(asking, Identity) else Identity(asking, ALL_SCOPES)


def _decide(forge: Forge, identity: Identity | None, right: Any, subject: Any) -> object:
    if identity is None:
        return granted_to_operator(right, subject)
    if isinstance(subject, User):
        return authorize_account(identity, right, subject)
    return authorize(forge, identity, right, subject)


def _right(annotation: object) -> Any:
    return _parts(annotation)[1]


def _subject(annotation: object) -> object:
    return _parts(annotation)[0]


def _parts(annotation: object) -> tuple[Any, Any]:
    """The subject and the right of what was authorized; twice None for anything else."""
    for each in (annotation, *get_args(annotation)):
        if get_origin(each) is Authorized:
            subject, right = get_args(each)
            return subject, right
    return None, None


activity = decided(activity_module.activity)
add_member = decided(members_module.add_member)
add_deploy_key = decided(ssh_keys_module.add_deploy_key)
add_signing_key = decided(signing_keys_module.add_signing_key)
add_ssh_key = decided(ssh_keys_module.add_ssh_key)
after_push = decided(pushes.after_push)
archive_repository = decided(repository_update.archive_repository)
change_own_password = decided(sessions.change_own_password)
change_namespace = decided(namespaces.change_namespace)
change_repository = decided(repository_update.change_repository)
change_settings = decided(settings.change_settings)
contribution_days = decided(contributions.contribution_days)
contributors = decided(contributions.contributors)
count_download = decided(downloads.count_download)
counted = decided(contributions.counted)
create_branch = decided(branches.create_branch)
create_file = decided(file_changes.create_file)
create_label = decided(labels_module.create_label)
create_project = decided(namespaces.create_project)
create_project_token = decided(tokens.create_project_token)
create_role = decided(customized_roles.create_role)
create_tag = decided(branches.create_tag)
create_token = decided(tokens.create_token)
default_branch_of = decided(revisions.default_branch_of)
delete_branch = decided(branches.delete_branch)
delete_file = decided(file_changes.delete_file)
delete_namespace = decided(namespaces.delete_namespace)
delete_repository = decided(repository_moves.delete_repository)
delete_role = decided(customized_roles.delete_role)
delete_tag = decided(branches.delete_tag)
delete_user = decided(user_deletion.delete_user)
describe_repository = decided(repository_update.describe_repository)
download_statistics = decided(downloads.download_statistics)
deploy_keys = decided(ssh_keys_module.deploy_keys)
end_session = decided(sessions.end_session)
end_sessions = decided(sessions.end_sessions)
exists = decided(lfs.exists)
find_locks = decided(lfs_locks.find_locks)
find_member = decided(repository_members.find_member)
fork_repository = decided(forks.fork_repository)
is_marked = decided(stars.is_marked)
judge = decided(push_rules.judge)
labels = decided(labels_module.labels)
apply_push = decided(push_transaction.apply_push)
languages = decided(languages_module.languages)
list_commits = decided(history.list_commits)
list_locks = decided(lfs_locks.list_locks)
list_sessions = decided(sessions.list_sessions)
list_tokens = decided(tokens.list_tokens)
lock_path = decided(lfs_locks.lock_path)
marked_by = decided(stars.marked_by)
members = decided(repository_members.members)
namespace_members = decided(members_module.members)
open_object = decided(lfs.open_object)
open_upload = decided(uploads.open_upload)
parent_of = decided(forks.parent_of)
put_mark = decided(stars.put_mark)
read_preferences = decided(preferences.read_preferences)
read_settings = decided(settings.read_settings)
receive = decided(lfs.receive)
receive_upload = decided(uploads.receive_upload)
ref_listing = decided(references.ref_listing)
refresh = decided(upkeep.refresh)
refs_state = decided(references.refs_state)
remove_mark = decided(stars.remove_mark)
remove_member = decided(repository_members.remove_member)
remove_namespace_member = decided(members_module.remove_member)
remove_deploy_key = decided(ssh_keys_module.remove_deploy_key)
remove_signing_key = decided(signing_keys_module.remove_signing_key)
remove_ssh_key = decided(ssh_keys_module.remove_ssh_key)
rename_namespace = decided(namespace_moves.rename_namespace)
rename_repository = decided(repository_moves.rename_repository)
require_not_wider = decided(forks.require_not_wider)
revoke_token = decided(tokens.revoke_token)
roles = decided(customized_roles.roles)
rules_apply = decided(push_rules.rules_apply)
set_active = decided(users.set_active)
set_default_branch = decided(repository_update.set_default_branch)
set_icon = decided(namespaces.set_icon)
set_member = decided(repository_members.set_member)
set_member_mode = decided(repository_members.set_member_mode)
set_password = decided(users.set_password)
set_preferences = decided(preferences.set_preferences)
set_visibility = decided(repository_update.set_visibility)
signing_keys = decided(signing_keys_module.signing_keys)
ssh_keys = decided(ssh_keys_module.ssh_keys)
size = decided(lfs.size)
stored_settings = decided(settings.stored_settings)
start_session = decided(sessions.start_session)
transfer_repository = decided(repository_moves.transfer_repository)
unarchive_repository = decided(repository_update.unarchive_repository)
unlock = decided(lfs_locks.unlock)
update_file = decided(file_changes.update_file)
update_refs = decided(ref_updates.update_refs)
visible_forks = decided(stars.visible_forks)


_RIGHTS = {right.action: right for right in rights_below(Right)}


def require(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> None:
    if isinstance(subject, Repository):
        authorize(forge, identity, _RIGHTS[action], subject)
    else:
        authorize(forge, identity, _RIGHTS[action], subject)


def reach_repository(forge: Forge, identity: Identity, path: RepositoryPath, action: Action) -> Repository:
    return authorize_repository(forge, identity, _RIGHTS[action], path).subject


def reach_namespace(forge: Forge, identity: Identity, path: NamespacePath, action: Action) -> Namespace:
    return authorize_namespace(forge, identity, _RIGHTS[action], path).subject


def place_for(forge: Forge, path: RepositoryPath) -> Authorized[Namespace, MayCreateIn]:
    """Where a repository is to stand, as the operator."""
    return granted_to_operator(MayCreateIn, namespaces.find_namespace(forge, path.namespace))


def create_repository(forge: Forge, path: RepositoryPath, **options: Any) -> Repository:
    return creation.create_repository(forge, place_for(forge, path), path.name, **options)


def import_repository(forge: Forge, source: str | Path, path: RepositoryPath, **options: Any) -> Repository:
    return creation.import_repository(forge, source, place_for(forge, path), path.name, **options)


def import_from(
    forge: Forge, url: str, path: RepositoryPath, profile: RepositoryMetadata, **options: Any
) -> Repository:
    return remote_imports.import_from(forge, url, place_for(forge, path), path.name, profile, **options)
