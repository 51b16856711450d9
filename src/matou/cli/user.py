"""The commands about the accounts of a server. They need no running server."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, password_stdin_option, root_option, yes_option
from matou.i18n import gettext as _

name_argument = click.argument("name", metavar="NAME", help=_("the account's name"))

users = Group("user", exit_codes=OF_ADMINISTRATION)

users.add(
    "add",
    "matou.cli.run.user:add_user",
    name_argument,
    root_option,
    click.option("--email", default="", show_default=False, metavar="EMAIL", help=_("their e-mail address")),
    click.option("--admin", is_flag=True, help=_("may do everything")),
    password_stdin_option,
    click.option("--no-password", is_flag=True, help=_("no password: only tokens of the account open anything")),
    help=_("Make an account; asks for a password on a terminal."),
    examples={"matou user add anna --root DIR --email anna@example.com": _("it asks for the password")},
)

users.add(
    "list",
    "matou.cli.run.user:list_accounts",
    root_option,
    json_option,
    help=_("List the accounts."),
    examples={"matou user list --root DIR --json": _("for a program to read")},
)

users.add(
    "show",
    "matou.cli.run.user:show_account",
    name_argument,
    root_option,
    json_option,
    help=_("Show an account, its roles and how many tokens it has."),
    examples={"matou user show anna --root DIR": _("an account, its roles and its tokens")},
)

users.add(
    "set-password",
    "matou.cli.run.user:set_password_of_account",
    name_argument,
    root_option,
    password_stdin_option,
    json_option,
    help=_("Give an account another password; its tokens stay."),
    examples={"matou user set-password anna --root DIR --password-stdin < FILE": _("the password from a file")},
)

users.add(
    "set-email",
    "matou.cli.run.user:set_email_of_account",
    name_argument,
    click.argument("email", metavar="EMAIL", help=_("empty for none")),
    root_option,
    json_option,
    help=_("Give an account another e-mail address, by which commits are its."),
    examples={"matou user set-email anna anna@example.com --root DIR": _("signing keys have to name it")},
)

users.add(
    "disable",
    "matou.cli.run.user:disable_account",
    name_argument,
    root_option,
    json_option,
    help=_("Let an account in by nothing that it has, until it is enabled again."),
    examples={"matou user disable anna --root DIR": _("from the next request on")},
)

users.add(
    "enable",
    "matou.cli.run.user:enable_account",
    name_argument,
    root_option,
    json_option,
    help=_("Let an account in again, with the password and tokens that it had."),
    examples={"matou user enable anna --root DIR": _("password and tokens work again")},
)

users.add(
    "delete",
    "matou.cli.run.user:delete_account",
    name_argument,
    root_option,
    yes_option,
    json_option,
    help=_("Delete an account for good, with its tokens, keys and roles."),
    examples={"matou user delete anna --root DIR --yes": _("without being asked whether it is meant")},
)
