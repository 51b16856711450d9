"""What is done with the roles that are made for one repository."""

import json
from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at, find_repository_at
from matou.cli.ui.output import say
from matou.db.customized_roles import CustomizedRole
from matou.forge.access import MayManageMembers, MaySeeMembers, granted_to_operator
from matou.forge.repositories import customized_roles
from matou.i18n import gettext as _
from matou.i18n import printable


def create_role(path: str, name: str, root: Path, access_level: int, display_name: str, description: str) -> None:
    with existing_forge_at(root) as forge:
        made = customized_roles.create_role(
            forge,
            granted_to_operator(MayManageMembers, find_repository_at(forge, path)),
            name,
            access_level=access_level,
            display_name=display_name,
            description=description,
        )
    click.echo(made.id)


def list_roles(path: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        roles = customized_roles.roles(forge, granted_to_operator(MaySeeMembers, find_repository_at(forge, path)))
    if as_json:
        click.echo(json.dumps([_as_json(role) for role in roles], ensure_ascii=False, indent=2))
        return
    for role in roles:
        click.echo(f"{role.id}  {role.access_level}  {role.member_count}  {printable(role.name)}")


def delete_role(path: str, role_id: str, root: Path) -> None:
    with existing_forge_at(root) as forge:
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
