"""`matou forget` and `matou prune`: runs that a policy does not keep, and the room that only they took."""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument, json_report_option
from matou.i18n import gettext as _

_COUNT = WholeNumber(min=-1)


forget = Command.lazy(
    "forget",
    "matou.cli.run.forget:forget_runs",
    archive_argument,
    click.option("--keep-last", type=_COUNT, metavar="N", help=_("keep the last N runs; -1 keeps all")),
    click.option("--keep-hourly", type=_COUNT, metavar="N", help=_("keep the last run of each of the last N hours")),
    click.option("--keep-daily", type=_COUNT, metavar="N", help=_("keep the last run of each of the last N days")),
    click.option("--keep-weekly", type=_COUNT, metavar="N", help=_("keep the last run of each of the last N weeks")),
    click.option("--keep-monthly", type=_COUNT, metavar="N", help=_("keep the last run of each of the last N months")),
    click.option("--keep-yearly", type=_COUNT, metavar="N", help=_("keep the last run of each of the last N years")),
    click.option(
        "--keep-within",
        metavar="AGE",
        help=_("keep all runs that are at most so much older than the newest: 90d, 1y6m"),
    ),
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="NAME",
        help=_("only the runs of this source: a platform, host, team or account; all of them by default"),
    ),
    click.option(
        "--yes", is_flag=True, help=_("forget; without it nothing is changed, and it is only said what would go")
    ),
    click.option(
        "--prune", "prunes", is_flag=True, help=_("then free what only forgotten runs needed, as `matou prune`")
    ),
    json_report_option,
    examples={
        "matou forget DIR --keep-daily 30 --keep-monthly 12": _("say which runs would be forgotten"),
        "matou forget DIR --keep-within 90d --yes": _("forget what is older than 90 days"),
    },
    exit_codes=(ExitCode.NOT_ALL_SAVED, ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER),
)

prune = Command.lazy(
    "prune",
    "matou.cli.run.forget:prune_archive_at",
    archive_argument,
    click.option(
        "--yes", is_flag=True, help=_("free it; without it nothing is changed, and it is only said what would go")
    ),
    json_report_option,
    examples={
        "matou prune DIR": _("say what only forgotten runs need"),
        "matou prune DIR --yes": _("free it; no server may have the archive open meanwhile"),
    },
    exit_codes=(ExitCode.NOT_ALL_SAVED, ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER),
)
