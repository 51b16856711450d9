"""The beginnings of commits and tags that are too long to be taken into this process's memory."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.process.run import GitChild, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LIMITS: Final = Limits(memory_bytes=512 * MEBIBYTE, wall=timedelta(seconds=10))

_ONE_AT_A_TIME: Final = threading.Lock()
"""git takes the whole object into its memory before it writes the first byte."""


def beginning_of(git_dir: Path, kind: str, name: ObjectId, *, length_bytes: int) -> bytes:
    """So many bytes of an object, or all of it. Raises GitFailed, where it is longer than git's limits allow too."""
    arguments = ["cat-file", kind, name]
    with _ONE_AT_A_TIME, GitChild(arguments, git_dir=git_dir, limits=LIMITS) as child:
        beginning = child.stdout.read(length_bytes)
        if not beginning:
            child.finish()
    return beginning
