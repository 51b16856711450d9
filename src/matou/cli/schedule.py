"""`matou schedule`: when things are done by themselves, and what makes the machine see to it."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import ExitCode
from matou.cli.options import json_option
from matou.cli.worker import config_option
from matou.i18n import gettext as _

schedule = Group("schedule")

schedule.add(
    "list",
    "matou.cli.run.schedule:list_schedule",
    config_option,
    json_option,
    help=_("List what is done when, how it went the last time, and when it is done next."),
    examples={"matou schedule list": _("what is done when")},
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)
schedule.add(
    "install",
    "matou.cli.run.schedule:install",
    config_option,
    click.option("--system", is_flag=True, help=_("for the machine, by root; without it, for you alone")),
    click.option("--user", metavar="USER", show_default="root", help=_("with --system: the account that it runs as")),
    help=_("Write what makes this machine go by the schedule: a timer of systemd or an agent of launchd."),
    examples={"matou schedule install": _("look every quarter of an hour whether something is due")},
)
