"""Use cases as tests call them: with rows, and with who asks; decided on the way, as a route decides.

`create_branch(forge, identity, repository, "next", start="main")` asks whether the identity may, and then does it; what
comes without an identity is done as the operator, who is refused nothing.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TypeVar, get_args, get_origin

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import Authorized, Identity, Right, authorize, granted_to_operator
from matou.forge.analysis import contributions, upkeep
from matou.forge.analysis import languages as languages_module
from matou.forge.content import branches, file_changes, ref_updates, references, revisions
from matou.forge.forge import Forge
from matou.forge.push import push_landing, push_rules, pushes
from matou.forge.repositories import downloads, forks, lifecycle, repository_update

R = TypeVar("R")


def decided(use_case: Callable[..., R]) -> Callable[..., R]:
    """The use case, with a row wherever it takes what was authorized."""
    signature = inspect.signature(use_case)

    @wraps(use_case)
    def decide_and_do(forge: Forge, *args: object, **kwargs: object) -> R:
        identity = next((arg for arg in args if isinstance(arg, Identity)), None)
        keeps_identity = any(each.annotation is Identity for each in signature.parameters.values())
        rest = args if keeps_identity else tuple(arg for arg in args if not isinstance(arg, Identity))
        bound = signature.bind(forge, *rest, **kwargs)
        for name, value in bound.arguments.items():
            right = _right(signature.parameters[name].annotation)
            if right is not None and isinstance(value, Repository | Namespace):
                bound.arguments[name] = (
                    granted_to_operator(right, value) if identity is None else authorize(forge, identity, right, value)
                )
        return use_case(*bound.args, **bound.kwargs)

    return decide_and_do


def _right(annotation: object) -> type[Right] | None:
    for each in (annotation, *get_args(annotation)):
        if get_origin(each) is Authorized:
            return get_args(each)[1]  # type: ignore[no-any-return]
    return None


after_push = decided(pushes.after_push)
change_repository = decided(repository_update.change_repository)
contribution_days = decided(contributions.contribution_days)
contributors = decided(contributions.contributors)
counted = decided(contributions.counted)
create_branch = decided(branches.create_branch)
create_file = decided(file_changes.create_file)
create_tag = decided(branches.create_tag)
default_branch_of = decided(revisions.default_branch_of)
delete_branch = decided(branches.delete_branch)
delete_file = decided(file_changes.delete_file)
delete_tag = decided(branches.delete_tag)
download_statistics = decided(downloads.download_statistics)
fork_repository = decided(forks.fork_repository)
judge = decided(push_rules.judge)
land = decided(push_landing.land)
languages = decided(languages_module.languages)
ref_listing = decided(references.ref_listing)
refresh = decided(upkeep.refresh)
refs_state = decided(references.refs_state)
rules_apply = decided(push_rules.rules_apply)
set_default_branch = decided(lifecycle.set_default_branch)
update_file = decided(file_changes.update_file)
update_refs = decided(ref_updates.update_refs)
