"""The commands that administer a server: accounts, tokens, organizations, repositories. They need no running server."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.hosting import forge_at
from matou.cli.language import translate
from matou.cli.texts import printable
from matou.credentials import Secret
from matou.errors import NotFound

if TYPE_CHECKING:
    from matou.db.repositories import Repository
    from matou.model.names import NamespacePath

_ = translate

Root = Annotated[Path, typer.Option(help=_("the archive"))]

MAKE = "make it: matou org create {name} --owner USER --root DIR"
MAKE_INSIDE = "make it: matou org create {name} --parent {parent} --owner USER --root DIR"

users = typer.Typer(cls=Group, help=_("Accounts on a server."), no_args_is_help=True)
tokens = typer.Typer(cls=Group, help=_("Tokens of accounts."), no_args_is_help=True)
organizations = typer.Typer(cls=Group, help=_("Teams: the outermost namespaces."), no_args_is_help=True)
repositories = typer.Typer(cls=Group, help=_("Repositories on a server."), no_args_is_help=True)


@users.command("add", cls=Command, help=_("Make an account; asks for a password on a terminal."))
def add_user(
    name: str,
    root: Root,
    email: Annotated[str, typer.Option(help=_("their e-mail address"))] = "",
    admin: Annotated[bool, typer.Option("--admin", help=_("may do everything"))] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help=_("read the password from the first line of standard input"))
    ] = False,
) -> None:
    from matou.forge.users import create_user

    password = _password(from_stdin=password_stdin)
    with forge_at(root) as forge:
        user = create_user(forge, name, email=email, password=password, admin=admin)
    typer.echo(_("made the account {name}").format(name=user.name), err=True)


def _password(*, from_stdin: bool) -> Secret | None:
    """None where nobody can be asked: the account then has tokens only."""
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        return None
    return Secret(typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True))


@tokens.command("create", cls=Command, help=_("Make a token; it is printed this once, alone on standard output."))
def create_token(
    root: Root,
    user: Annotated[str, typer.Option(help=_("whose token it is"))],
    name: Annotated[str, typer.Option(help=_("what it is for"))],
) -> None:
    from matou.forge.tokens import create_token
    from matou.forge.users import find_user

    with forge_at(root) as forge:
        owner = find_user(forge, user)
        if owner is None:
            raise NotFound("there is no account {name}", name=repr(user))
        secret = create_token(forge, owner, name)
    typer.echo(secret.reveal())


@organizations.command("create", cls=Command, help=_("Make an organization; with --parent a namespace inside one."))
def create_organization(
    name: str,
    root: Root,
    owner: Annotated[str, typer.Option(help=_("the account that owns it"))],
    parent: Annotated[str | None, typer.Option(metavar="NAMESPACE", help=_("the namespace it goes into"))] = None,
    display_name: Annotated[str, typer.Option(help=_("its name in any script"))] = "",
) -> None:
    from matou.forge.namespaces import create_organization, find_namespace
    from matou.forge.users import find_user
    from matou.model.names import NamespacePath

    with forge_at(root) as forge:
        user = find_user(forge, owner)
        if user is None:
            raise NotFound("there is no account {name}", name=repr(owner))
        above = find_namespace(forge, NamespacePath.parse(parent)) if parent else None
        made = create_organization(forge, name, owner=user, parent=above, display_name=display_name)
    typer.echo(_("made {path}").format(path=made.path), err=True)


@repositories.command(
    "import", cls=Command, help=_("Bring in a repository, with its LFS objects where they lie beside it.")
)
def import_repository(
    source: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help=_("a folder, or an http or https URL"))],
    path: Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help=_("where it goes"))],
    root: Root,
    private: Annotated[
        bool, typer.Option("--private", help=_("for members only; otherwise everybody may read"))
    ] = False,
) -> None:
    from matou.forge.access import NoSuchNamespace
    from matou.forge.repositories import import_repository
    from matou.model.names import RepositoryPath
    from matou.model.platform import Visibility

    visibility = Visibility.PRIVATE if private else Visibility.PUBLIC
    to = RepositoryPath.parse(path)
    with forge_at(root) as forge:
        try:
            made = import_repository(forge, source, to, visibility=visibility, creator=None, local="://" not in source)
        except NoSuchNamespace as error:
            raise _with_advice(error, to.namespace) from error
    typer.echo(_("made {path}").format(path=made.path), err=True)


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
