"""What is done with organizations and the namespaces inside them."""

from pathlib import Path

from matou.cli.open_forge import existing_forge_at, find_account, find_namespace_at
from matou.cli.run.member import values_of_member
from matou.cli.ui.output import print_fields, print_json, print_result, print_table, say
from matou.cli.ui.prompts import confirm
from matou.db.namespaces import Namespace
from matou.errors import Invalid
from matou.forge.access import (
    OPERATOR,
    MayAdminister,
    MayChangeSettings,
    MayDelete,
    MaySeeMembers,
    authorize,
    granted_to_operator,
)
from matou.forge.accounts import namespaces as use_case
from matou.forge.accounts.members import members
from matou.forge.accounts.namespace_moves import rename_namespace
from matou.forge.accounts.namespaces import change_namespace, delete_namespace, find_namespace
from matou.forge.repositories.repository_lists import visible_repositories
from matou.i18n import gettext as _
from matou.model.names import NamespacePath


def create_organization(name: str, root: Path, owner: str, parent: str | None, display_name: str) -> None:
    with existing_forge_at(root) as forge:
        user = find_account(forge, owner)
        above = find_namespace(forge, NamespacePath.parse(parent)) if parent else None
        made = use_case.create_organization(forge, name, owner=user, parent=above, display_name=display_name)
    say(_("made {path}").format(path=made.path))


def list_organizations(root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        organizations = use_case.organizations(forge)
    if as_json:
        print_json([_values(one) for one in organizations])
    else:
        print_table(
            [(str(one.path), one.display_name, _("from a backup") if one.source else "") for one in organizations]
        )


def show_organization(path: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        organization = find_namespace_at(forge, path)
        people = [values_of_member(one) for one in members(forge, granted_to_operator(MaySeeMembers, organization))[0]]
        inside = {
            "namespaces": [
                str(one.subject.path) for one in use_case.visible_children(forge, OPERATOR, organization)[0]
            ],
            "repositories": visible_repositories(forge, OPERATOR, organization, recursive=True, limit=0)[1],
        }
    if as_json:
        print_json({**_values(organization), **inside, "members": people})
        return
    print_fields({**_values(organization), "repositories": inside["repositories"]})
    print_table([(f"  {one['name']}", str(one["role"])) for one in people])


def rename_organization(path: str, root: Path, name: str | None, display_name: str | None, as_json: bool) -> None:
    if name is None and display_name is None:
        raise Invalid("no new name was given", advice="name one, or add: --display-name TEXT")
    with existing_forge_at(root) as forge:
        organization = find_namespace_at(forge, path)
        if name is not None:
            organization = rename_namespace(forge, authorize(forge, OPERATOR, MayAdminister, organization), name)
        if display_name is not None:
            granted = granted_to_operator(MayChangeSettings, organization)
            organization = change_namespace(forge, granted, display_name=display_name)
    message = _("{old} is {new} now").format(old=path, new=f"{organization.path} ({organization.display_name})")
    print_result(_values(organization), message, as_json=as_json)


def delete_organization(path: str, root: Path, yes: bool, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        organization = find_namespace_at(forge, path)
        granted = authorize(forge, OPERATOR, MayDelete, organization)
        confirm(_("Delete the namespace {path} for good?").format(path=organization.path), is_said=yes)
        delete_namespace(forge, granted)
    print_result(
        {"deleted": str(organization.path)}, _("deleted {path}").format(path=organization.path), as_json=as_json
    )


def _values(one: Namespace) -> dict[str, object]:
    return {
        "path": str(one.path),
        "display_name": one.display_name,
        "description": one.description,
        "kind": one.kind,
        "source": one.source,
        "archived": one.archived,
        "created_at": None if one.created_at is None else one.created_at.isoformat(),
    }
