"""The commands about the roles that are made for one repository. They need no running server."""

import json
from pathlib import Path

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.open_forge import find_repository_at, forge_at
from matou.cli.options import json_option, repository_argument, root_option
from matou.cli.ui.output import say
from matou.db.customized_roles import CustomizedRole
from matou.forge.access import MayManageMembers, MaySeeMembers, granted_to_operator
from matou.forge.repositories import customized_roles
from matou.i18n import gettext as _
from matou.i18n import printable

roles = Group("role")


@roles.command("create", help=_("Make a role; its id is printed alone on standard output."))
@repository_argument
@click.argument("name", metavar="NAME", help=_("what the role is called"))
@root_option
@click.option(
    "--access-level",
    type=WholeNumber(min=10, max=49),
    required=True,
    metavar="LEVEL",
    help=_("10 to 49; as the highest standard role up to it: guest 10, reporter 20, developer 30, maintainer 40"),
)
@click.option("--display-name", default="", metavar="NAME", help=_("its name in any script"))
@click.option("--description", default="", metavar="TEXT", help=_("what the role is for"))
def create_role(path: str, name: str, root: Path, access_level: int, display_name: str, description: str) -> None:
    with forge_at(root) as forge:
        made = customized_roles.create_role(
            forge,
            granted_to_operator(MayManageMembers, find_repository_at(forge, path)),
            name,
            access_level=access_level,
            display_name=display_name,
            description=description,
        )
    click.echo(made.id)


@roles.command("list", help=_("List the roles made for a repository."))
@repository_argument
@root_option
@json_option
def list_roles(path: str, root: Path, as_json: bool) -> None:
    with forge_at(root) as forge:
        found = customized_roles.roles(forge, granted_to_operator(MaySeeMembers, find_repository_at(forge, path)))
    if as_json:
        click.echo(json.dumps([_as_json(role) for role in found], ensure_ascii=False, indent=2))
        return
    for role in found:
        click.echo(f"{role.id}  {role.access_level}  {role.member_count}  {printable(role.name)}")


@roles.command("delete", help=_("Delete a role that nobody has."))
@repository_argument
@click.argument("role_id", metavar="ID", help=_("as `list` prints it"))
@root_option
def delete_role(path: str, role_id: str, root: Path) -> None:
    with forge_at(root) as forge:
        customized_roles.delete_role(
            forge, granted_to_operator(MayManageMembers, find_repository_at(forge, path)), role_id
        )
    say(_("deleted the role {id}").format(id=printable(role_id)))


def _as_json(role: CustomizedRole) -> dict[str, object]:
    return {
        "id": role.id,
        "name": role.name,
        "display_name": role.display_name,
        "description": role.description,
        "access_level": role.access_level,
        "member_count": role.member_count,
    }
