"""`matou migrate`: the repositories of an archive, to a platform."""

from pathlib import Path

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.completion import targets
from matou.cli.exit_codes import ExitCode
from matou.cli.options import (
    ARCHIVE,
    archive_argument,
    exclude_option,
    include_option,
    json_report_option,
    token_stdin_option,
)
from matou.i18n import gettext as _
from matou.model.fidelity import MigrationMethod
from matou.model.metadata.kinds import OPTIONS
from matou.platforms.registry import TARGETS
from matou.transfer.export.formats import FOLDER, IMPORTED

migrate = Command.lazy(
    "migrate",
    "matou.cli.run.migrate:migrate",
    archive_argument,
    click.argument(
        "folder",
        type=ARCHIVE,
        required=False,
        metavar="FOLDER",
        help=_("with `--to folder`: where to; made where there is none"),
    ),
    click.option(
        "--to",
        required=True,
        metavar="PLATFORM",
        shell_complete=targets,
        help=_("where to: {platforms}").format(platforms=", ".join((*TARGETS, FOLDER))),
    ),
    click.option(
        "--format",
        "format_name",
        type=click.Choice(IMPORTED),
        help=_("with `--to folder`: what a Gitea or a GitLab imports by hand"),
    ),
    click.option("--url", metavar="URL", help=_("the address of the platform's API")),
    click.option(
        "--namespace",
        metavar="NAME",
        help=_("the user, organization or project that gets the repositories"),
    ),
    click.option(
        "--map",
        "map_",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help=_("which repository goes where, as CSV or TOML"),
    ),
    click.option(
        "--people",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help=_("whom the people of the archive are at the target, as TOML"),
    ),
    click.option(
        "--people-draft",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=_("write such a file to fill in, and do nothing else"),
    ),
    include_option,
    exclude_option,
    token_stdin_option,
    click.option(
        "--by",
        type=click.Choice([method.value for method in MigrationMethod if method is not MigrationMethod.ARCHIVE]),
        help=_(
            "how what people said comes there: `pull`, the target imports it from here; `rest`, each item is written "
            "there; `git`, not at all; "
            "else the best that the target offers"
        ),
    ),
    click.option(
        "--serve-at",
        metavar="ADDRESS",
        help=_("where this machine listens for the target's importer, as ADDRESS or ADDRESS:PORT"),
    ),
    click.option("--public-url", metavar="URL", help=_("how the target reaches that, if by another address")),
    click.option("--create-namespaces", is_flag=True, help=_("make namespaces that the platform does not have yet")),
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        metavar="N",
        show_default="4",
        help=_("how many repositories at a time"),
    ),
    click.option(
        "--only",
        "only_kinds",
        default="",
        show_default=False,
        metavar="KINDS",
        help=_("of what lies around the code only these, with commas: {kinds}").format(kinds=", ".join(OPTIONS)),
    ),
    click.option(
        "--without", "without_kinds", default="", show_default=False, metavar="KINDS", help=_("none of these")
    ),
    click.option("--code-only", is_flag=True, help=_("only the code: no issues, change requests, releases")),
    click.option(
        "--keep-numbers/--no-keep-numbers",
        "keeps_numbers",
        default=None,
        help=_(
            "fill gaps with closed placeholders, so that issues keep their numbers; by default where few are needed"
        ),
    ),
    click.option(
        "--language",
        type=click.Choice(("en", "zh")),
        help=_("of the lines that say who wrote something and when; yours by default"),
    ),
    click.option("--dry-run", is_flag=True, help=_("say what would be done; change nothing")),
    json_report_option,
    examples={
        "matou migrate DIR --to gitee --url https://gitee.com --namespace NAME --dry-run": _(
            "say what would be moved, and change nothing"
        ),
        "matou migrate DIR --to folder FOLDER --format gitea": _("what `gitea restore-repo` reads, in a folder"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.CREDENTIAL_REFUSED,
        ExitCode.DAMAGE_FOUND,
        ExitCode.TRY_LATER,
    ),
)
