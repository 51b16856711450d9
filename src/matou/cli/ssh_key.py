"""The commands about the keys with which people and machines come in by SSH. They need no running server."""

from pathlib import Path

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, root_option
from matou.i18n import gettext as _

user_option = click.option("--user", metavar="USER", help=_("the account that it opens"))
repository_option = click.option(
    "--repo", "repository", metavar="NAMESPACE/NAME", help=_("the one repository that it opens: a deploy key")
)

ssh_keys = Group("ssh-key", exit_codes=OF_ADMINISTRATION)

ssh_keys.add(
    "add",
    "matou.cli.run.ssh_key:add_key",
    user_option,
    repository_option,
    root_option,
    click.argument(
        "file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        required=False,
        help=_("the public key, which ends in .pub; standard input without one"),
    ),
    click.option("--title", default="", show_default=False, metavar="TEXT", help=_("what people call it")),
    click.option("--write", "writes", is_flag=True, help=_("a deploy key may push, too")),
    help=_("Register a public key of SSH; its id is printed alone on standard output."),
    examples={
        "matou ssh-key add --user anna --root DIR ~/.ssh/id_ed25519.pub": _("the key is anna's"),
        "matou ssh-key add --repo team/api --root DIR deploy.pub": _("a machine may fetch team/api, and nothing else"),
    },
)

ssh_keys.add(
    "list",
    "matou.cli.run.ssh_key:list_keys",
    user_option,
    repository_option,
    root_option,
    json_option,
    help=_("List the SSH keys of an account, or the deploy keys of a repository."),
    examples={"matou ssh-key list --user anna --root DIR": _("their ids, fingerprints and when they were used")},
)

ssh_keys.add(
    "remove",
    "matou.cli.run.ssh_key:remove_key",
    click.argument("key_id", type=WholeNumber(), metavar="ID", help=_("as `list` prints it")),
    user_option,
    repository_option,
    root_option,
    help=_("Take a key away: it opens nothing from now on."),
    examples={"matou ssh-key remove 3 --user anna --root DIR": _("the number stands in the list")},
)
