"""`matou org member`: who has which role in a namespace and in all below it."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, namespace_argument, root_option
from matou.i18n import gettext as _

members = Group("member", exit_codes=OF_ADMINISTRATION)

user_argument = click.argument("user", metavar="USER", help=_("the account"))

role_option = click.option(
    "--role",
    type=click.Choice(["guest", "reporter", "developer", "maintainer", "owner"]),
    required=True,
    help=_("guest sees, reporter reads, developer pushes, maintainer sets up"),
)

members.add(
    "list",
    "matou.cli.run.member:list_members",
    namespace_argument,
    root_option,
    json_option,
    help=_("List who has a role in exactly this namespace."),
    examples={"matou org member list team --root DIR": _("who has which role in team")},
)

members.add(
    "add",
    "matou.cli.run.member:add_member",
    namespace_argument,
    user_argument,
    role_option,
    root_option,
    json_option,
    help=_("Give somebody a role who has none there yet."),
    examples={"matou org member add team anna --role developer --root DIR": _("anna pushes to all that is in team")},
)

members.add(
    "set",
    "matou.cli.run.member:set_member",
    namespace_argument,
    user_argument,
    role_option,
    root_option,
    json_option,
    help=_("Give a member another role."),
    examples={
        "matou org member set team anna --role maintainer --root DIR": _("anna has one role, and this is it now")
    },
)

members.add(
    "remove",
    "matou.cli.run.member:remove_member",
    namespace_argument,
    user_argument,
    root_option,
    json_option,
    help=_("Take somebody's role away."),
    examples={"matou org member remove team anna --root DIR": _("anna has no role in team any more")},
)
