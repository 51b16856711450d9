"""What a run that was cut off left lying about."""

import shutil

from matou.archive.layout import Archive
from matou.storage.files import naming_the_file
from matou.transfer.backup.mirror_saver import STAGED_PREFIX


def clear_staging(archive: Archive) -> None:
    """Remove mirrors and blobs that were being made. The caller holds the archive's lock."""
    with naming_the_file(archive.staging):
        for path in archive.staging.glob(f"{STAGED_PREFIX}*"):
            shutil.rmtree(path)
        archive.files.clear_staging()
