"""What the operating system says of a path, a disk or an output, as an error that a person can be told about."""

import errno
import os

from matou.errors import MatouError, Phrase

_REASONS = {
    errno.EACCES: Phrase("permission denied"),
    errno.EPERM: Phrase("operation not permitted"),
    errno.ENOENT: Phrase("no such file or directory"),
    errno.ENOTDIR: Phrase("not a directory"),
    errno.EISDIR: Phrase("is a directory"),
    errno.EEXIST: Phrase("a file of that name is there already"),
    errno.EROFS: Phrase("read-only file system"),
    errno.ELOOP: Phrase("too many levels of symbolic links"),
    errno.ENAMETOOLONG: Phrase("file name too long"),
    errno.ENOSPC: Phrase("no space left on device"),
    errno.EDQUOT: Phrase("disk quota exceeded"),
    errno.EIO: Phrase("input/output error"),
    errno.EMFILE: Phrase("too many open files"),
}
_PATH_GIVEN = frozenset(
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
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAKE_ROOM = "what was saved before stays saved; make room and run it again"


class UnusablePath(MatouError):
    """A path that was given cannot be used as it was meant: another one, or another permission, would do."""


class MachineFault(MatouError):
    """This machine could not do what it was asked: no room, no descriptors, a disk that fails."""


def error_of_system(error: OSError) -> MatouError:
    """The kind, fact and advice of an error that no command foresaw.

    Names of files are shown as they are; nothing else of the library's text is.
    """
    path = error.filename if error.filename is not None else ""
    shown = os.fsdecode(path) if isinstance(path, bytes | str | os.PathLike) else ""
    reason = _REASONS.get(error.errno or 0) or Phrase(error.strerror or type(error).__name__)
    if error.errno in _PATH_GIVEN and shown:
        return UnusablePath(
            "{path}: {reason}",
            path=shown,
            reason=reason,
            advice="name a folder that you may write to, or change its permissions",
        )
    if not shown:
        return MachineFault(
            "the operating system refused: {reason}",
            reason=reason,
            advice=_MAKE_ROOM if error.errno in _NO_ROOM else "",
        )
    return MachineFault(
        "{path}: {reason}", path=shown, reason=reason, advice=_MAKE_ROOM if error.errno in _NO_ROOM else ""
    )
