"""The commands about the repositories of a server. They need no running server."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.hosting import Root, forge_at
from matou.cli.language import translate
from matou.cli.texts import printable
from matou.cli.verbosity import say
from matou.errors import NotFound

if TYPE_CHECKING:
    from matou.db.repositories import Repository
    from matou.model.names import NamespacePath

_ = translate

MAKE = "make it: matou org create {name} --owner USER --root DIR"
MAKE_INSIDE = "make it: matou org create {name} --parent {parent} --owner USER --root DIR"

repositories = typer.Typer(cls=Group, help=_("Repositories on a server."), no_args_is_help=True)


@repositories.command(
    "import", cls=Command, help=_("Bring in a repository, with its LFS objects where they lie beside it.")
)
def import_repository(
    source: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help=_("a folder, or an http or https URL"))],
    path: Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help=_("where it goes"))],
    root: Root,
    public: Annotated[
        bool, typer.Option("--public/--private", help=_("everybody may read it, without logging in"))
    ] = False,
) -> None:
    from matou.forge.access import NoSuchNamespace
    from matou.forge.repositories import import_repository
    from matou.model.names import RepositoryPath
    from matou.model.platform import Visibility

    visibility = Visibility.PUBLIC if public else Visibility.PRIVATE
    to = RepositoryPath.parse(path)
    with forge_at(root) as forge:
        try:
            made = import_repository(forge, source, to, visibility=visibility, creator=None, local="://" not in source)
        except NoSuchNamespace as error:
            raise _with_advice(error, to.namespace) from error
    if public:
        said = _("made {path}; everybody may read it")
    else:
        said = _("made {path}; its members and administrators may read it (--public: everybody)")
    say(said.format(path=made.path))


def _with_advice(error: NotFound, missing: "NamespacePath") -> NotFound:
    """The same, with the command that makes the namespace."""
    parent, _slash, name = str(missing).rpartition("/")
    return NotFound(error.template, advice=MAKE_INSIDE if parent else MAKE, **error.values, name=name, parent=parent)


@repositories.command("list", cls=Command, help=_("List the repositories of a server."))
def list_repositories(root: Root, as_json: Annotated[bool, typer.Option("--json", help=_("as JSON"))] = False) -> None:
    from matou.forge.repositories import repositories_in

    with forge_at(root) as forge:
        found = repositories_in(forge, None, recursive=True)[0]
    if as_json:
        typer.echo(json.dumps([_as_json(repository) for repository in found], ensure_ascii=False, indent=2))
        return
    for repository in found:
        typer.echo(printable(str(repository.path)))


def _as_json(repository: "Repository") -> dict[str, object]:
    return {
        "path": str(repository.path),
        "description": repository.description,
        "visibility": repository.visibility,
        "default_branch": repository.default_branch,
        "archived": repository.archived,
        "source": repository.read_only_source,
    }
