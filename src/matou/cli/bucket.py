"""`matou bucket`: access keys of buckets, checked and then kept by this machine, or forgotten."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import ExitCode
from matou.i18n import gettext as _

buckets = Group("bucket", exit_codes=(ExitCode.CREDENTIAL_REFUSED, ExitCode.TRY_LATER))

_bucket = click.argument("bucket", metavar="BUCKET", help=_("such as s3://BUCKET/PREFIX"))
_endpoint = click.option(
    "--endpoint", metavar="URL", default="", show_default=False, help=_("of an S3 server that is not Amazon's")
)

buckets.add(
    "login",
    "matou.cli.run.bucket:log_in",
    _bucket,
    _endpoint,
    click.option(
        "--addressing",
        type=click.Choice(["path", "virtual"]),
        help=_("where the bucket's name goes: into the path, or the server's name; known for OSS, COS and OBS"),
    ),
    click.option(
        "--keys-stdin", is_flag=True, help=_("read the access key and the secret key from two lines of standard input")
    ),
    help=_("Check the keys of a bucket by listing it, and keep them."),
    examples={
        "matou bucket login s3://BUCKET --endpoint https://oss-cn-hangzhou.aliyuncs.com": _("asks for the two keys")
    },
)
buckets.add(
    "logout",
    "matou.cli.run.bucket:log_out",
    _bucket,
    _endpoint,
    help=_("Forget the keys of a bucket."),
    examples={"matou bucket logout s3://BUCKET": _("they are gone from this machine")},
)
