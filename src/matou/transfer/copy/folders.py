"""A folder as the place of a copy: empty, or the copy of the same archive that was made there before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from matou.archive.lock import LOCK_FILE, lock_for_repair
from matou.errors import Conflict
from matou.fs import translate_os_errors
from matou.storage.trees import SymbolicLink, TreeStore
from matou.transfer.copy.catalogue import COPY_FORMAT
from matou.transfer.copy.destination import Destination, PlainEnvelope, open_destination
from matou.transfer.copy.mark import CopyForm, CopyMark, ForeignDestination, NotACopy, read_mark, write_mark
from matou.transfer.copy.paths import COPY_FOLDER

_OF_A_BEGINNING = frozenset({LOCK_FILE, "staging", COPY_FOLDER})
_PRIVATE = 0o700


class FolderInsideAnother(Conflict):
    """A copy inside the archive, or an archive inside its copy."""


def folder_store(root: Path) -> TreeStore:
    return TreeStore(root, staging=root / "staging")


@contextmanager
def open_folder(root: Path, *, archive: UUID, now: datetime, dry_run: bool = False) -> Iterator[Destination]:
    """The copy of an archive in a folder, begun where there is none; nobody else writes to it meanwhile.

    Raises:
        ForeignDestination: something else is there.
        ArchiveBusy: somebody is at it.
    """
    store = folder_store(root)
    with ExitStack() as held:
        if not dry_run:
            with translate_os_errors(root):
                root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            require_own(store, root, archive)
            held.enter_context(lock_for_repair(root))
            store.clear_staging()
        mark = require_own(store, root, archive)
        if mark is None:
            mark = CopyMark(format=COPY_FORMAT, archive=archive, created_at=now, form=CopyForm.FOLDER)
            if not dry_run:
                write_mark(store, mark)
        yield open_destination(store, PlainEnvelope(), mark, trusts_present=False)


def require_own(store: TreeStore, root: Path, archive: UUID) -> CopyMark | None:
    """The mark of the copy that is there; None where there is nothing yet. Raises ForeignDestination."""
    for name in _OF_A_BEGINNING:
        if (root / name).is_symlink():
            raise SymbolicLink("{path} is a symbolic link", path=root / name)
    mark = read_mark(store, name=str(root))
    if mark is None:
        strangers = sorted({path.name for path in root.iterdir()} - _OF_A_BEGINNING) if root.is_dir() else []
        if strangers:
            raise ForeignDestination(
                "{root} holds {name}, and is no copy of this archive",
                root=root,
                name=repr(strangers[0]),
                advice="Nothing was written. Name a folder that is empty or not there.",
            )
    elif mark.archive != archive:
        raise ForeignDestination(
            "{root} is the copy of another archive",
            root=root,
            advice="Nothing was written. Name a folder that is empty or not there.",
        )
    return mark


def open_existing(root: Path) -> Destination:
    """The copy in a folder, to be read. Raises NotACopy."""
    store = folder_store(root)
    mark = read_mark(store, name=str(root))
    if mark is None:
        raise NotACopy("{root} is no copy", root=root)
    return open_destination(store, PlainEnvelope(), mark, trusts_present=True)


def require_apart(one: Path, other: Path) -> None:
    """Raises FolderInsideAnother."""
    first, second = one.resolve(), other.resolve()
    if first == second or first in second.parents or second in first.parents:
        raise FolderInsideAnother(
            "{one} and {other} lie in one another", one=one, other=other, advice="Name a folder outside of the archive."
        )
