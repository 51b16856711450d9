"""The commands about the roles that are made for one repository. They need no running server."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.open_forge import Root, forge_at, repository
from matou.cli.ui.verbosity import say
from matou.i18n import gettext as _
from matou.i18n import printable

if TYPE_CHECKING:
    from matou.db.customized_roles import CustomizedRole

Path = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help=_("the repository"))]

roles = typer.Typer(cls=Group, help=_("Roles made for one repository."), no_args_is_help=True)


@roles.command("create", cls=Command, help=_("Make a role; its id is printed alone on standard output."))
def create_role(
    path: Path,
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("what the role is called"))],
    root: Root,
    access_level: Annotated[
        int,
        typer.Option(
            min=10,
            max=49,
            help=_(
                "10 to 49; as the highest standard role up to it: guest 10, reporter 20, developer 30, maintainer 40"
            ),
        ),
    ],
    display_name: Annotated[str, typer.Option(help=_("its name in any script"))] = "",
    description: Annotated[str, typer.Option(help=_("what the role is for"))] = "",
) -> None:
    from matou.forge.repositories import customized_roles

    with forge_at(root) as forge:
        made = customized_roles.create_role(
            forge,
            repository(forge, path),
            name,
            access_level=access_level,
            display_name=display_name,
            description=description,
        )
    typer.echo(made.id)


@roles.command("list", cls=Command, help=_("List the roles made for a repository."))
def list_roles(
    path: Path, root: Root, as_json: Annotated[bool, typer.Option("--json", help=_("as JSON"))] = False
) -> None:
    from matou.forge.repositories import customized_roles

    with forge_at(root) as forge:
        found = customized_roles.roles(forge, repository(forge, path))
    if as_json:
        typer.echo(json.dumps([_as_json(role) for role in found], ensure_ascii=False, indent=2))
        return
    for role in found:
        typer.echo(f"{role.id}  {role.access_level}  {role.member_count}  {printable(role.name)}")


@roles.command("delete", cls=Command, help=_("Delete a role that nobody has."))
def delete_role(
    path: Path, role_id: Annotated[str, typer.Argument(metavar="ID", help=_("as `list` prints it"))], root: Root
) -> None:
    from matou.forge.repositories import customized_roles

    with forge_at(root) as forge:
        customized_roles.delete_role(forge, repository(forge, path), role_id)
    say(_("deleted the role {id}").format(id=printable(role_id)))


def _as_json(role: "CustomizedRole") -> dict[str, object]:
    return {
        "id": role.id,
        "name": role.name,
        "display_name": role.display_name,
        "description": role.description,
        "access_level": role.access_level,
        "member_count": role.member_count,
    }
