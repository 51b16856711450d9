"""What the operating system says when it refuses something, in words that can be translated."""

import errno
import os
from pathlib import Path

from matou.errors import Phrase

_REASONS = {
    errno.EACCES: Phrase("permission denied"),
    errno.EPERM: Phrase("operation not permitted"),
    errno.ENOENT: Phrase("no such file or directory"),
    errno.ENOTDIR: Phrase("not a directory"),
    errno.EISDIR: Phrase("is a directory"),
    errno.EEXIST: Phrase("file exists"),
    errno.EROFS: Phrase("read-only file system"),
    errno.ELOOP: Phrase("too many levels of symbolic links"),
    errno.ENAMETOOLONG: Phrase("file name too long"),
    errno.ENOSPC: Phrase("no space left on device"),
    errno.EDQUOT: Phrase("disk quota exceeded"),
    errno.EIO: Phrase("input/output error"),
    errno.EMFILE: Phrase("too many open files"),
}
PATH_FAULTS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EROFS,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)
"""What another path, or other permissions, would mend."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def reason_of(error: OSError) -> Phrase:
    """Libraries derive errors from OSError whose numbers are their own: 1 is a certificate's fault, not EPERM."""
    if type(error).__module__ != OSError.__module__:
        return Phrase(error.strerror or str(error))
    if error.errno == errno.EEXIST and error.filename is not None and not Path(os.fsdecode(error.filename)).is_dir():
        # What is made durably where something stands already is a folder; files get names that nobody has.
        return _REASONS[errno.ENOTDIR]
    known = _REASONS.get(error.errno or 0)
    return known or Phrase(os.strerror(error.errno) if error.errno else str(error))
