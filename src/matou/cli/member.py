"""`matou org member`: who has which role in a namespace and in all below it."""

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.open_forge import AsJson, Root, account, answer, existing_forge_at, tell_json, tell_rows
from matou.cli.org import Path, namespace
from matou.errors import Conflict
from matou.i18n import gettext as _

if TYPE_CHECKING:
    from matou.db.memberships import Member, Role
    from matou.db.namespaces import Namespace
    from matou.db.users import User

members = typer.Typer(cls=Group, help=_("Who has which role in a namespace and in all below it."), no_args_is_help=True)


class RoleChoice(StrEnum):
    """The words of --role."""

    GUEST = "guest"
    REPORTER = "reporter"
    DEVELOPER = "developer"
    MAINTAINER = "maintainer"
    OWNER = "owner"


Somebody = Annotated[str, typer.Argument(metavar="USER", help=_("the account"))]
GivenRole = Annotated[
    RoleChoice, typer.Option("--role", help=_("guest sees, reporter reads, developer pushes, maintainer sets up"))
]


@members.command("list", cls=Command, help=_("List who has a role in exactly this namespace."))
def list_members(path: Path, root: Root, as_json: AsJson = False) -> None:
    from matou.forge.accounts import members as use_case

    with existing_forge_at(root) as forge:
        found = use_case.members(forge, namespace(forge, path))[0]
    if as_json:
        tell_json([values_of_member(one) for one in found])
    else:
        tell_rows([(one.user.name, one.role.name.lower()) for one in found])


@members.command("add", cls=Command, help=_("Give somebody a role who has none there yet."))
def add_member(path: Path, user: Somebody, role: GivenRole, root: Root, as_json: AsJson = False) -> None:
    from matou.forge.accounts import members as use_case

    with existing_forge_at(root) as forge:
        where, who = namespace(forge, path), account(forge, user)
        with suppress(use_case.NoSuchMember):
            held = use_case.find_member(forge, where, who)
            raise Conflict(
                "{user} is a member of {path} already, as {role}",
                user=who.name,
                path=repr(str(where.path)),
                role=held.role.name.lower(),
                advice="to give another role: matou org member set",
            )
        use_case.add_member(forge, where, who, _role(role))
    _tell(where, who, role, as_json=as_json)


@members.command("set", cls=Command, help=_("Give a member another role."))
def set_member(path: Path, user: Somebody, role: GivenRole, root: Root, as_json: AsJson = False) -> None:
    from matou.forge.accounts import members as use_case

    with existing_forge_at(root) as forge:
        where, who = namespace(forge, path), account(forge, user)
        use_case.find_member(forge, where, who)
        use_case.add_member(forge, where, who, _role(role))
    _tell(where, who, role, as_json=as_json)


@members.command("remove", cls=Command, help=_("Take somebody's role away."))
def remove_member(path: Path, user: Somebody, root: Root, as_json: AsJson = False) -> None:
    from matou.forge.accounts import members as use_case

    with existing_forge_at(root) as forge:
        where, who = namespace(forge, path), account(forge, user)
        use_case.remove_member(forge, where, who)
    said = _("{user} is no member of {path} any more").format(user=who.name, path=where.path)
    answer({"removed": who.name, "namespace": str(where.path)}, said, as_json=as_json)


def _role(choice: RoleChoice) -> "Role":
    from matou.db.memberships import Role

    return Role[choice.name]


def _tell(where: "Namespace", who: "User", role: RoleChoice, *, as_json: bool) -> None:
    said = _("{user} is {role} in {path}").format(user=who.name, role=role.value, path=where.path)
    answer({"name": who.name, "role": role.value, "namespace": str(where.path)}, said, as_json=as_json)


def values_of_member(one: "Member") -> dict[str, object]:
    return {
        "name": one.user.name,
        "display_name": one.user.display_name,
        "role": one.role.name.lower(),
        "since": one.created_at.isoformat(),
    }
