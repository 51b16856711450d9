"""`matou copy`: a second copy of an archive."""

import click

from matou.cli.command import Command, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import json_report_option
from matou.i18n import gettext as _


class Percent(click.ParamType[float]):
    """A part of a whole, as `5%`."""

    name = _("percentage")

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).removesuffix("%")
        try:
            percent = float(text)
        except ValueError:
            percent = -1.0
        if not 0 < percent <= 100:
            self.fail(_("{value} is not a percentage such as 5%").format(value=repr(value)), param, ctx)
        return percent


copy = Command.lazy(
    "copy",
    "matou.cli.run.copy:copy",
    click.argument(
        "source",
        metavar="DIR",
        help=_("the archive, or a copy of one: a folder, s3://BUCKET/PREFIX or sftp://HOST/FOLDER"),
    ),
    click.argument(
        "to",
        metavar="TO",
        required=False,
        help=_("where the copy is or shall be: as DIR; with --check there is none"),
    ),
    click.option("--encrypt", is_flag=True, help=_("begin a copy that nobody can read without its passphrase")),
    click.option("--append-only", is_flag=True, help=_("delete nothing there, and write over nothing")),
    click.option("--at", type=WholeNumber(min=1), metavar="N", help=_("of a copy, as it was the Nth time")),
    click.option("--check", is_flag=True, help=_("see that all of a copy is there, and write nothing")),
    click.option(
        "--read-data", is_flag=True, help=_("read all that is there already, and send again what is damaged there")
    ),
    click.option(
        "--read-data-subset",
        type=Percent(),
        metavar="P%",
        help=_("read so much of what is there, chosen anew each time"),
    ),
    click.option(
        "--endpoint", metavar="URL", default="", show_default=False, help=_("of an S3 server that is not Amazon's")
    ),
    click.option(
        "--addressing",
        type=click.Choice(["path", "virtual"]),
        help=_("where the bucket's name goes: into the path, or the server's name; known for OSS, COS and OBS"),
    ),
    click.option(
        "--passphrase-stdin", is_flag=True, help=_("read the passphrase from the first line of standard input")
    ),
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        default=4,
        metavar="N",
        show_default=True,
        help=_("how many repositories at a time"),
    ),
    click.option("--dry-run", is_flag=True, help=_("write and delete nothing, and say what would be")),
    json_report_option,
    examples={
        "matou copy DIR /media/disk/copy": _("make a copy, or bring it up to date"),
        "matou copy DIR sftp://nas/volume1/harbour": _("on another machine that ssh reaches"),
        "matou copy DIR s3://bucket/harbour --encrypt": _("the same on somebody else's machines"),
        "matou copy --check s3://bucket/harbour --read-data-subset 5%": _("see that it is there, and read some of it"),
        "matou copy s3://bucket/harbour DIR": _("make an archive of a copy again"),
    },
    exit_codes=(
        ExitCode.NOT_ALL_SAVED,
        ExitCode.CREDENTIAL_REFUSED,
        ExitCode.DAMAGE_FOUND,
        ExitCode.TRY_LATER,
    ),
)
