"""`matou notify`: who is told when backups fail, and whether they can be."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, json_option
from matou.i18n import gettext as _

CONFIGURATION = "matou.toml"

notify = Group("notify", exit_codes=(ExitCode.NOT_ALL_SAVED,))

_config = click.option(
    "--config", type=ARCHIVE, metavar="FILE", show_default=CONFIGURATION, help=_("the file with sources and [[notify]]")
)
_name = click.argument("name", metavar="NAME", help=_("of a [[notify]]"))

notify.add(
    "list",
    "matou.cli.run.notify:list_recipients",
    _config,
    json_option,
    help=_("List who is told of what."),
    examples={"matou notify list": _("who is told of what")},
)
notify.add(
    "test",
    "matou.cli.run.notify:send_test",
    click.argument("names", metavar="[NAME]...", nargs=-1, help=_("of a [[notify]]; without it, all")),
    _config,
    help=_("Send a test to those who are told."),
    examples={"matou notify test": _("whether everybody can be told")},
)
notify.add(
    "check",
    "matou.cli.run.notify:check",
    _config,
    help=_("Tell what is to be told now: what has become too old, was cut off or damaged, and the weekly summary."),
    examples={"matou notify check": _("what cron may run once an hour, where no worker does")},
)
notify.add(
    "login",
    "matou.cli.run.notify:keep_secrets",
    _name,
    click.option("--secret-stdin", is_flag=True, help=_("read the secrets from standard input, a line for each")),
    _config,
    help=_("Keep the secret address, key or password of one who is told."),
    examples={"matou notify login ops": _("asks for what the [[notify]] called ops needs")},
)
notify.add(
    "logout",
    "matou.cli.run.notify:forget_secrets",
    _name,
    help=_("Forget the secrets of one who is told."),
    examples={"matou notify logout ops": _("they are gone from this machine")},
)
