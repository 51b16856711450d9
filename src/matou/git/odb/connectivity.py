"""Whether everything behind some objects is there: git's own question before a push may move a ref to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.process.run import TOOK_TOO_MUCH, GitFailed, Limits, run_git
from matou.git.process.sandbox import NO_ENVIRONMENT
from matou.model.names import ObjectId

LONGEST_WALK: Final = timedelta(minutes=30)
MOST_WALKS: Final = 64
"""What is not known to be whole after so many is not taken."""

_LIMITS: Final = Limits(wall=LONGEST_WALK)
_BROKEN: Final = 128


def broken_tips(
    git_dir: Path, tips: Collection[ObjectId], *, environment: Mapping[str, str] = NO_ENVIRONMENT
) -> frozenset[ObjectId]:
    """Those of these objects behind which something is missing.

    What a ref of the repository reaches is taken for whole, as git takes it: nothing that is there already is walked.

    Args:
        git_dir: the repository, its refs as they are before the push.
        tips: what refs are to name; each is there.
        environment: of a quarantine.

    Raises:
        GitFailed: git was stopped.
    """
    broken: set[ObjectId] = set()
    waiting: list[Sequence[ObjectId]] = [sorted(tips)] if tips else []
    walks = 0
    while waiting:
        batch = waiting.pop()
        walks += 1
        if walks <= MOST_WALKS and _is_whole(git_dir, batch, environment):
            continue
        if walks > MOST_WALKS or len(batch) == 1:
            broken.update(batch)
        else:
            middle = len(batch) // 2
            waiting += [batch[:middle], batch[middle:]]
    return frozenset(broken)


def _is_whole(git_dir: Path, tips: Sequence[ObjectId], environment: Mapping[str, str]) -> bool:
    words = ["rev-list", "--objects", "--stdin", "--not", "--all", "--quiet"]
    try:
        run_git(
            words,
            git_dir=git_dir,
            input=b"".join(tip.encode() + b"\n" for tip in tips),
            environment=environment,
            limits=_LIMITS,
        )
    except TOOK_TOO_MUCH:
        raise
    except GitFailed as failure:
        if failure.status != _BROKEN:
            raise
        return False
    return True
