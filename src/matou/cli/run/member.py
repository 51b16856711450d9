"""What is done with the roles that accounts have in a namespace."""

from contextlib import suppress
from pathlib import Path

from matou.cli.open_forge import existing_forge_at, find_account, find_namespace_at
from matou.cli.ui.output import print_json, print_result, print_table
from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.errors import Conflict
from matou.forge.access import MayAdminister, MaySeeMembers, granted_to_operator
from matou.forge.accounts import members as use_case
from matou.i18n import gettext as _


def list_members(path: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        rows = use_case.members(forge, granted_to_operator(MaySeeMembers, find_namespace_at(forge, path)))[0]
    if as_json:
        print_json([values_of_member(one) for one in rows])
    else:
        print_table([(one.user.name, one.role.name.lower()) for one in rows])


def add_member(path: str, user: str, role: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        where, account = find_namespace_at(forge, path), find_account(forge, user)
        with suppress(use_case.NoSuchMember):
            held = use_case.find_member(forge, granted_to_operator(MaySeeMembers, where), account)
            raise Conflict(
                "{user} is a member of {path} already, as {role}",
                user=account.name,
                path=repr(str(where.path)),
                role=held.role.name.lower(),
                advice="to give another role: matou org member set",
            )
        use_case.add_member(forge, granted_to_operator(MayAdminister, where), account, _role(role))
    _report(where, account, role, as_json=as_json)


def set_member(path: str, user: str, role: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        where, account = find_namespace_at(forge, path), find_account(forge, user)
        use_case.find_member(forge, granted_to_operator(MaySeeMembers, where), account)
        use_case.add_member(forge, granted_to_operator(MayAdminister, where), account, _role(role))
    _report(where, account, role, as_json=as_json)


def remove_member(path: str, user: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        where, account = find_namespace_at(forge, path), find_account(forge, user)
        use_case.remove_member(forge, granted_to_operator(MayAdminister, where), account)
    message = _("{user} is no member of {path} any more").format(user=account.name, path=where.path)
    print_result({"removed": account.name, "namespace": str(where.path)}, message, as_json=as_json)


def _role(word: str) -> Role:
    return Role[word.upper()]


def _report(where: Namespace, account: User, role: str, *, as_json: bool) -> None:
    message = _("{user} is {role} in {path}").format(user=account.name, role=role, path=where.path)
    print_result({"name": account.name, "role": role, "namespace": str(where.path)}, message, as_json=as_json)


def values_of_member(one: Member) -> dict[str, object]:
    return {
        "name": one.user.name,
        "display_name": one.user.display_name,
        "role": one.role.name.lower(),
        "since": one.created_at.isoformat(),
    }
