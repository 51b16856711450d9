"""The commands about the tokens of accounts. They need no running server."""

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, root_option
from matou.i18n import gettext as _

tokens = Group("token", exit_codes=OF_ADMINISTRATION)

tokens.add(
    "create",
    "matou.cli.run.token:create_token",
    root_option,
    click.option("--user", required=True, metavar="USER", help=_("whose token it is")),
    click.option("--name", required=True, metavar="NAME", help=_("what it is for")),
    click.option(
        "--scope",
        "scopes",
        multiple=True,
        metavar="SCOPE",
        help=_(
            "what it may be used for, such as repository:read or metrics:read; may be repeated; all but metrics:read "
            "by default"
        ),
    ),
    help=_("Make a token; it is printed this once, alone on standard output."),
    examples={
        "matou token create --root DIR --user anna --name laptop > FILE": _("a token in a file and nowhere else"),
        "matou token create --root DIR --user anna --name prometheus --scope metrics:read": _("one for metrics alone"),
    },
)

tokens.add(
    "list",
    "matou.cli.run.token:list_tokens",
    root_option,
    click.option("--user", metavar="USER", help=_("whose tokens; all by default")),
    json_option,
    help=_("List the tokens, of one account or of all; never what they are."),
    examples={"matou token list --root DIR --user anna": _("which tokens anna has, and until when")},
)

tokens.add(
    "revoke",
    "matou.cli.run.token:revoke",
    click.argument("token_id", type=WholeNumber(), metavar="ID", help=_("as `list` prints it")),
    root_option,
    json_option,
    help=_("Revoke a token: the next request with it is refused."),
    examples={"matou token revoke 7 --root DIR": _("the number stands in the list")},
)
