"""`matou export`: what was said around the code, as pages, tables or lines of JSON."""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE, archive_argument, exclude_option, include_option
from matou.i18n import LANGUAGES
from matou.i18n import gettext as _
from matou.transfer.export.formats import FORMATS

export = Command.lazy(
    "export",
    "matou.cli.run.export:export_archive",
    archive_argument,
    click.option(
        "--to",
        type=ARCHIVE,
        required=True,
        metavar="FOLDER",
        help=_("where to; made where there is none"),
    ),
    click.option(
        "--format",
        "format_name",
        type=click.Choice(tuple(FORMATS)),
        default="html",
        help=_(
            "pages for people, tables for spreadsheets and trackers, what Gitea or GitLab imports, or every item whole"
        ),
    ),
    click.option("--at", type=WholeNumber(min=1), metavar="RUN", help=_("as of this run; the last one by default")),
    click.option(
        "--language",
        type=click.Choice(tuple(sorted(LANGUAGES))),
        help=_("of the words around what was said; yours by default"),
    ),
    include_option,
    exclude_option,
    examples={
        "matou export DIR --to FOLDER": _("pages with search that open by a double click"),
        "matou export DIR --to FOLDER --format gitea": _(
            "a folder for each repository that `gitea restore-repo` reads"
        ),
        "matou export DIR --to FOLDER --format gitlab": _("an archive for each repository that GitLab imports"),
        "matou export DIR --to FOLDER --format csv": _("tables that spreadsheets and other trackers read"),
    },
    exit_codes=(ExitCode.NOT_ALL_SAVED, ExitCode.DAMAGE_FOUND),
)
