"""The commands about the keys with which accounts sign their commits. They need no running server."""

from pathlib import Path

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, root_option
from matou.i18n import gettext as _

user_option = click.option("--user", required=True, metavar="USER", help=_("whose key it is"))

keys = Group("key", exit_codes=OF_ADMINISTRATION)

keys.add(
    "add",
    "matou.cli.run.key:add_key",
    user_option,
    root_option,
    click.argument(
        "file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        required=False,
        help=_("as `gpg --armor --export` writes it; standard input without one"),
    ),
    help=_("Register a public OpenPGP key; its id is printed alone on standard output."),
    examples={"gpg --armor --export anna | matou key add --user anna --root DIR": _("a key from standard input")},
)

keys.add(
    "list",
    "matou.cli.run.key:list_keys",
    user_option,
    root_option,
    json_option,
    help=_("List the keys of an account."),
    examples={"matou key list --user anna --root DIR": _("their ids and fingerprints")},
)

keys.add(
    "remove",
    "matou.cli.run.key:remove_key",
    click.argument("key_id", type=WholeNumber(), metavar="ID", help=_("as `list` prints it")),
    user_option,
    root_option,
    help=_("Take a key away; what it signed stays."),
    examples={"matou key remove 3 --user anna --root DIR": _("the number stands in the list")},
)
