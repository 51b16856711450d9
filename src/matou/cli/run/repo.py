"""What is done with the repositories of a server."""

from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at, find_repository_at
from matou.cli.ui.output import print_fields, print_json, print_result, say
from matou.cli.ui.prompts import confirm
from matou.db.repositories import Repository
from matou.errors import Invalid, NotFound
from matou.forge.access import (
    OPERATOR,
    MayAdminister,
    MayChangeSettings,
    MayCreateIn,
    MayDelete,
    MayTransfer,
    NoSuchNamespace,
    authorize,
    granted_to_operator,
)
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.forge import Forge
from matou.forge.repositories import creation as use_case
from matou.forge.repositories import repository_moves
from matou.forge.repositories.imports import local_git_dir
from matou.forge.repositories.repository_lists import visible_repositories
from matou.forge.repositories.repository_update import (
    RepositoryUpdate,
    archive_repository,
    change_repository,
    unarchive_repository,
)
from matou.git.process.run import GitFailed
from matou.i18n import gettext as _
from matou.i18n import printable
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility

MAKE = "make it: matou org create {name} --owner USER --root DIR"

MAKE_INSIDE = "make it: matou org create {name} --parent {parent} --owner USER --root DIR"


def import_repository(source: str, path: str, root: Path, public: bool) -> None:
    is_local = "://" not in source
    if is_local:
        local_git_dir(Path(source))
    visibility = Visibility.PUBLIC if public else Visibility.PRIVATE
    to = RepositoryPath.parse(path)
    with existing_forge_at(root) as forge:
        try:
            namespace = granted_to_operator(MayCreateIn, find_namespace(forge, to.namespace))
            made = use_case.import_repository(
                forge, source, namespace, to.name, visibility=visibility, creator=None, local=is_local
            )
        except NoSuchNamespace as error:
            raise _with_advice(error, to.namespace) from error
        except GitFailed as error:
            if is_local:
                raise
            raise _unread(source, error) from error
    if public:
        message = _("made {path}; everybody may read it")
    else:
        message = _("made {path}; its members and administrators may read it (--public: everybody)")
    say(message.format(path=made.path))


def _unread(source: str, error: GitFailed) -> Invalid:
    """In git's own last words, which name what was asked, and not where it was to be put."""
    lines = [line for line in error.stderr.splitlines() if line.strip()]
    return Invalid(
        "{source} cannot be imported: {said}",
        source=repr(source),
        said=lines[-1] if lines else f"git {error.values.get('status')}",
        advice=error.advice or "check the address; nothing was made",
    )


def _with_advice(error: NotFound, missing: NamespacePath) -> NotFound:
    """The same, with the command that makes the namespace."""
    parent, _slash, name = str(missing).rpartition("/")
    return NotFound(error.template, advice=MAKE_INSIDE if parent else MAKE, **error.values, name=name, parent=parent)


def list_repositories(root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        repositories = [one.subject for one in visible_repositories(forge, OPERATOR, None)[0]]
    if as_json:
        print_json([_values(one) for one in repositories])
        return
    for one in repositories:
        click.echo(printable(str(one.path)))


def show_repository(path: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        values = _all_values(find_repository_at(forge, path))
    if as_json:
        print_json(values)
    else:
        print_fields(values)


def set_repository(
    path: str,
    root: Path,
    name: str | None,
    new_path: str | None,
    description: str | None,
    homepage: str | None,
    visibility: str | None,
    default_branch: str | None,
    archived: bool | None,
    as_json: bool,
) -> None:
    changes = RepositoryUpdate(
        name=name,
        path=new_path,
        description=description,
        homepage=homepage,
        visibility=None if visibility is None else Visibility(visibility),
        default_branch=default_branch,
    )
    if changes == RepositoryUpdate() and archived is None:
        raise Invalid("nothing to change was given", advice="see: matou repo set --help")
    with existing_forge_at(root) as forge:
        changed = _changed(forge, find_repository_at(forge, path), changes, archived=archived)
    print_result(_all_values(changed), _("changed {path}").format(path=changed.path), as_json=as_json)


def transfer_repository(path: str, namespace: str, root: Path, name: str, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        repository, target = find_repository_at(forge, path), NamespacePath.parse(namespace)
        moved = repository_moves.transfer_repository(
            forge, authorize(forge, OPERATOR, MayTransfer, repository), target, new_path=name
        )
    message = _("{old} is {new} now").format(old=repository.path, new=moved.path)
    print_result(_all_values(moved), message, as_json=as_json)


def delete_repository(path: str, root: Path, yes: bool, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        repository = find_repository_at(forge, path)
        granted = authorize(forge, OPERATOR, MayDelete, repository)
        confirm(_("Delete the repository {path} for good?").format(path=repository.path), is_said=yes)
        repository_moves.delete_repository(forge, granted)
    print_result({"deleted": str(repository.path)}, _("deleted {path}").format(path=repository.path), as_json=as_json)


def _changed(forge: Forge, repository: Repository, changes: RepositoryUpdate, *, archived: bool | None) -> Repository:
    """What is archived refuses every other change: it is opened first, and closed last."""
    if archived is False:
        repository = unarchive_repository(forge, authorize(forge, OPERATOR, MayAdminister, repository))
    if changes != RepositoryUpdate():
        repository = change_repository(forge, authorize(forge, OPERATOR, MayChangeSettings, repository), changes)
    return archive_repository(forge, authorize(forge, OPERATOR, MayAdminister, repository)) if archived else repository


def _values(one: Repository) -> dict[str, object]:
    return {
        "path": str(one.path),
        "description": one.description,
        "visibility": one.visibility,
        "default_branch": one.default_branch,
        "archived": one.archived,
        "source": one.read_only_source,
    }


def _all_values(one: Repository) -> dict[str, object]:
    return {
        **_values(one),
        "name": one.true_name,
        "homepage": one.homepage,
        "size_bytes": one.size_bytes,
        "created_at": None if one.created_at is None else one.created_at.isoformat(),
        "last_push_at": None if one.last_push_at is None else one.last_push_at.isoformat(),
    }
