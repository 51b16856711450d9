"""What a file was called before a commit that renamed it."""

import re
from pathlib import Path
from typing import Final

from matou.git.odb.blobs import translate_damage
from matou.git.odb.objects import TreePath
from matou.git.operations.history import CHANGES_LIMITS, MOST_RENAMES_COMPARED
from matou.git.process.run import TOOK_TOO_MUCH, run_git
from matou.model.names import ObjectId

_RENAMED: Final = re.compile(rb":[0-7]{6} [0-7]{6} [0-9a-f]+ [0-9a-f]+ R[0-9]*\Z")


def name_before(git_dir: Path, before: ObjectId, after: ObjectId, path: TreePath) -> bytes | None:
    """The file's path in the one commit that became this path in the other; None where it was not renamed.

    None too where the commit is so large that git does not look for renamed files in it.
    """
    words = ["diff-tree", "-r", "-z", "--raw", "--diff-filter=R", "-M", f"-l{MOST_RENAMES_COMPARED}", before, after]
    try:
        with translate_damage(after):
            fields = iter(run_git(words, git_dir=git_dir, limits=CHANGES_LIMITS).split(b"\0"))
    except TOOK_TOO_MUCH:
        return None
    for field in fields:
        if _RENAMED.match(field):
            old, new = next(fields, b""), next(fields, b"")
            if new == path.encoded:
                return old
    return None
