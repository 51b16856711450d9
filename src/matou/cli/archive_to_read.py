"""How commands reach an archive of which they change nothing, in a folder or in a bucket."""

from pathlib import Path

import click

from matou.archive.layout import Archive
from matou.cli.bucket_secrets import BucketSecrets
from matou.settings import Settings
from matou.wiring import open_to_read


def archive_to_read(directory: Path) -> Archive:
    """It is open until the command ends. Raises NotAnArchive."""
    settings = Settings.of_process()
    opened = open_to_read(directory, settings, BucketSecrets(settings).find)
    archive: Archive = click.get_current_context().with_resource(opened)
    return archive
