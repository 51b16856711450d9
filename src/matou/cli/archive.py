"""The commands about where the bytes of an archive are. They need no running server."""

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.exit_codes import ExitCode
from matou.cli.options import ARCHIVE
from matou.i18n import gettext as _

archives = Group("archive", exit_codes=(ExitCode.CREDENTIAL_REFUSED, ExitCode.TRY_LATER))

_OF_BUCKET = (
    click.option(
        "--endpoint", metavar="URL", default="", show_default=False, help=_("of an S3 server that is not Amazon's")
    ),
    click.option(
        "--addressing",
        type=click.Choice(["path", "virtual"]),
        help=_("where the bucket's name goes: into the path, or the server's name; known for OSS, COS and OBS"),
    ),
    click.option(
        "--cache-size",
        type=WholeNumber(min=1),
        default=20,
        metavar="GIB",
        help=_("how much of the archive the folder keeps, in GiB"),
    ),
)

archives.add(
    "attach",
    "matou.cli.run.archive:attach_bucket",
    click.argument("directory", metavar="DIR", type=ARCHIVE, help=_("a folder of this machine; made if need be")),
    click.argument("bucket", metavar="BUCKET", help=_("such as s3://BUCKET/PREFIX")),
    *_OF_BUCKET,
    help=_("Make a folder one that serves an archive in a bucket; a bucket without one gets a new one."),
    examples={
        "matou archive attach DIR s3://bucket/harbour": _("then: matou serve --root DIR"),
    },
)

archives.add(
    "move",
    "matou.cli.run.archive_move:move",
    click.argument("directory", metavar="DIR", type=ARCHIVE, help=_("the archive")),
    click.argument("to", metavar="TO", required=False, help=_("such as s3://BUCKET/PREFIX, or a folder")),
    *_OF_BUCKET,
    click.option(
        "--jobs",
        type=WholeNumber(min=1, max=64),
        default=4,
        metavar="N",
        show_default=True,
        help=_("how many repositories or blobs at a time"),
    ),
    click.option("--delete-original", is_flag=True, help=_("take away the repositories that the folder still has")),
    click.option("--cancel", is_flag=True, help=_("give up a move that was cut off, and let people write again")),
    help=_("Move an archive from its folder into a bucket, or back; meanwhile it can be read only."),
    examples={
        "matou archive move DIR s3://bucket/harbour": _("go on with the same words where it was cut off"),
        "matou archive move DIR NEWDIR": _("out of the bucket, into a folder that plain git reads"),
    },
    exit_codes=(ExitCode.CREDENTIAL_REFUSED, ExitCode.DAMAGE_FOUND, ExitCode.TRY_LATER),
)
