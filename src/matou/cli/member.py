"""`matou org member`: who has which role in a namespace and in all below it."""

import click

from matou.cli.command import Group
from matou.cli.options import json_option, namespace_argument, root_option
from matou.i18n import gettext as _

members = Group("member")

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
)

members.add(
    "remove",
    "matou.cli.run.member:remove_member",
    namespace_argument,
    user_argument,
    root_option,
    json_option,
    help=_("Take somebody's role away."),
)
