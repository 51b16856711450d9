"""The entries of a folder, each with the commit that last changed it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.concurrency import ConcurrencyLimit
from matou.db.repositories import Repository
from matou.errors import TryLater
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import MOST_IN_A_FOLDER, TreeListEntry, list_entries, object_at
from matou.forge.forge import Forge
from matou.git.odb.objects import TooLargeToRead, TreePath, find_commit, open_repository
from matou.git.operations.last_changes import last_changes
from matou.model.names import ObjectId

LOOKING_AT_ONCE: Final = 2
LONGEST_WAIT: Final = timedelta(seconds=20)


class LastChangesLimit(ConcurrencyLimit):
    """Each is a git child that walks through a history: others wait for it, and not for the processors."""

    def __init__(self) -> None:
        super().__init__(LOOKING_AT_ONCE)


class TooManyLooking(TryLater):
    """Others look through histories, for longer than one waits."""


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """`commit` is None where the history is so long that it was not come to."""

    entry: TreeListEntry
    commit: ObjectId | None


def list_changed_entries(
    forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str, folder: TreePath | None
) -> tuple[ChangedEntry, ...]:
    """A folder's entries, in git's order.

    Raises:
        NoSuchRevision, MissingObject: the revision stands for no commit.
        MissingPath: there is no such folder.
        TooLargeToRead: it holds more than MOST_IN_A_FOLDER.
        TooManyLooking.
    """
    git_dir = forge.git_dir(granted.subject)
    start = find_commit(open_repository(git_dir), object_at(forge, granted, revision)).id
    entries, total = list_entries(
        forge, granted, start, below=folder, recursive=False, offset=0, limit=MOST_IN_A_FOLDER
    )
    if total > MOST_IN_A_FOLDER:
        raise TooLargeToRead("the folder holds more than {limit} entries", limit=MOST_IN_A_FOLDER)
    busy = TooManyLooking("the server is busy with others' work on this", wait=LONGEST_WAIT)
    with forge.memory(LastChangesLimit).taken(within=LONGEST_WAIT, otherwise=busy):
        changes = last_changes(git_dir, start, folder, [_name(entry) for entry in entries])
    return tuple(ChangedEntry(entry, changes.get(_name(entry))) for entry in entries)


def _name(entry: TreeListEntry) -> bytes:
    return entry.path.rpartition(b"/")[2]
