"""The commands about the accounts of a server. They need no running server."""

import click

from matou.cli.command import Group
from matou.cli.options import json_option, password_stdin_option, root_option, yes_option
from matou.i18n import gettext as _

name_argument = click.argument("name", metavar="NAME", help=_("the account's name"))

users = Group("user")

users.add(
    "add",
    "matou.cli.run.user:add_user",
    name_argument,
    root_option,
    click.option("--email", default="", metavar="EMAIL", help=_("their e-mail address")),
    click.option("--admin", is_flag=True, help=_("may do everything")),
    password_stdin_option,
    click.option("--no-password", is_flag=True, help=_("no password: only tokens of the account open anything")),
    help=_("Make an account; asks for a password on a terminal."),
)

users.add(
    "list",
    "matou.cli.run.user:list_accounts",
    root_option,
    json_option,
    help=_("List the accounts."),
)

users.add(
    "show",
    "matou.cli.run.user:show_account",
    name_argument,
    root_option,
    json_option,
    help=_("Show an account, its roles and how many tokens it has."),
)

users.add(
    "set-password",
    "matou.cli.run.user:set_password_of_account",
    name_argument,
    root_option,
    password_stdin_option,
    json_option,
    help=_("Give an account another password; its tokens stay."),
)

users.add(
    "disable",
    "matou.cli.run.user:disable_account",
    name_argument,
    root_option,
    json_option,
    help=_("Let an account in by nothing that it has, until it is enabled again."),
)

users.add(
    "enable",
    "matou.cli.run.user:enable_account",
    name_argument,
    root_option,
    json_option,
    help=_("Let an account in again, with the password and tokens that it had."),
)

users.add(
    "delete",
    "matou.cli.run.user:delete_account",
    name_argument,
    root_option,
    yes_option,
    json_option,
    help=_("Delete an account for good, with its tokens, keys and roles."),
)
