"""The commands about what a server has to do while nobody waits. They need no running server."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, root_option
from matou.i18n import gettext as _
from matou.model.jobs import JobState

jobs = Group("jobs", exit_codes=OF_ADMINISTRATION)
ids_argument = click.argument("ids", type=int, nargs=-1, required=True, metavar="ID…", help=_("as `list` prints them"))

jobs.add(
    "list",
    "matou.cli.run.jobs:list_jobs",
    root_option,
    click.option(
        "--state",
        "states",
        type=click.Choice([state.value for state in JobState]),
        multiple=True,
        default=(JobState.WAITING.value, JobState.RUNNING.value, JobState.FAILED.value),
        show_default=True,
        help=_("only jobs in this state; may be given more than once"),
    ),
    json_option,
    help=_("List jobs, the newest first, at most a thousand."),
    examples={
        "matou jobs list --root DIR": _("what waits, runs or has failed"),
        "matou jobs list --state failed --root DIR": _("what failed, and why"),
    },
)

jobs.add(
    "show",
    "matou.cli.run.jobs:show_job",
    click.argument("job_id", type=int, metavar="ID", help=_("as `list` prints it")),
    root_option,
    json_option,
    help=_("Show all that is known of a job."),
    examples={"matou jobs show 12 --root DIR": _("why it failed, and when it is tried again")},
)

jobs.add(
    "retry",
    "matou.cli.run.jobs:retry_jobs",
    ids_argument,
    root_option,
    help=_("Have done again what failed or was cancelled."),
    examples={"matou jobs retry 12 13 --root DIR": _("both wait to be done")},
)

jobs.add(
    "cancel",
    "matou.cli.run.jobs:cancel_jobs",
    ids_argument,
    root_option,
    help=_("Have done no more what waits; ask what runs to end."),
    examples={"matou jobs cancel 12 --root DIR": _("it can be tried again later")},
)
