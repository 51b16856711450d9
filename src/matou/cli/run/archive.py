"""Where the bytes of an archive are, said and changed."""

from pathlib import Path

from matou.archive.layout import ArchiveBucket
from matou.cli.bucket_secrets import BucketSecrets
from matou.cli.privacy import keep_private
from matou.cli.ui.output import say
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.wiring import attach_archive

GIBIBYTE = 1024**3


def attach_bucket(directory: Path, bucket: str, endpoint: str, addressing: str | None, cache_size: int) -> None:
    named = ArchiveBucket(
        address=bucket, endpoint=endpoint, addressing=addressing or "", cache_bytes=cache_size * GIBIBYTE
    )
    keep_private(directory)
    settings = Settings.of_process()
    attached = attach_archive(directory, named, settings, BucketSecrets(settings).find)
    if attached.is_new:
        say(_("there was no archive in {bucket}: a new one was made").format(bucket=bucket))
    say(_("{folder} serves the archive in {bucket}").format(folder=directory, bucket=bucket))
    if Settings.of_process().database_url is None:
        say(
            _(
                "the database is a file in this folder: refs and accounts are there and nowhere else, and no other"
                " machine can serve the archive; for several, name a PostgreSQL in MATOU_DATABASE_URL"
            )
        )
