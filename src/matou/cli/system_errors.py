"""What the operating system says of a path, a disk or an output, as an error that a person can be told about."""

import os

from matou.errors import Invalid, MatouError
from matou.fs import NO_ROOM, PATH_FAULTS, reason_of

_MAKE_ROOM = "what was saved before stays saved; make room and run it again"


class UnusablePath(Invalid):
    """A path that was given cannot be used as it was meant: another one, or another permission, would do."""


class MachineFault(MatouError):
    """This machine could not do what it was asked: no room, no descriptors, a disk that fails."""


def error_of_system(error: OSError) -> MatouError:
    """The kind, fact and advice of an error that no command foresaw.

    Names of files are shown as they are; nothing else of the library's text is.
    """
    path = error.filename if error.filename is not None else ""
    shown = os.fsdecode(path) if isinstance(path, bytes | str | os.PathLike) else ""
    reason = reason_of(error)
    if error.errno in PATH_FAULTS and shown:
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
            advice=_MAKE_ROOM if error.errno in NO_ROOM else "",
        )
    return MachineFault(
        "{path}: {reason}", path=shown, reason=reason, advice=_MAKE_ROOM if error.errno in NO_ROOM else ""
    )
