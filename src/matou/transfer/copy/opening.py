"""Where a copy is or shall be: empty, or the copy of the same archive that was made there before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from matou.archive.layout import IDENTITY_FILE
from matou.archive.lock import LOCK_FILE, lock_for_repair
from matou.credentials import Secret
from matou.errors import Conflict
from matou.fs import translate_os_errors
from matou.storage.trees import SymbolicLink, TreeStore
from matou.transfer.copy.bucket_lock import HeldBucket, hold_bucket, is_lock
from matou.transfer.copy.catalogue import COPY_FORMAT, GROWING_KEY
from matou.transfer.copy.destination import BulkStore, Destination, Envelope, PlainEnvelope, open_destination
from matou.transfer.copy.mark import CopyForm, CopyMark, ForeignDestination, NotACopy, read_mark, write_mark
from matou.transfer.copy.paths import COPY_FOLDER
from matou.transfer.copy.sealing import new_mark, unsealed

_OF_A_BEGINNING = frozenset({LOCK_FILE, "staging", COPY_FOLDER})
_PRIVATE = 0o700


class AskPassphrase(Protocol):
    """Knows a passphrase, or asks for it."""

    def __call__(self, *, is_new: bool) -> Secret: ...


class NotSealed(Conflict):
    """There is a passphrase for a copy, and anybody could read the copy."""


class FolderInsideAnother(Conflict):
    """A copy inside the archive, or an archive inside its copy."""


class CopyOnlyGrows(Conflict):
    """A copy that was made to keep all of its states was about to lose them."""


class FolderAlwaysChanges(Conflict):
    """A folder that is an archive cannot be one to which things are only ever added."""


@dataclass(frozen=True, slots=True)
class Site:
    """A store that a copy may stand in.

    Attributes:
        name: for people.
        root: the folder, where it is one.
    """

    store: BulkStore
    name: str
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a copy is opened to be written to.

    Attributes:
        archive: whose copy it is.
        encrypts: where it is begun, it is sealed.
        append_only: nothing is deleted, nor written over.
        dry_run: nothing is written at all.
        has_passphrase: somebody counts on its being sealed, whatever is found there: whoever may write to the place
            could have exchanged the mark, or taken it away.
    """

    archive: UUID
    encrypts: bool = False
    has_passphrase: bool = False
    append_only: bool = False
    dry_run: bool = False


def folder_site(root: Path) -> Site:
    return Site(TreeStore(root, staging=root / "staging"), str(root), root)


@contextmanager
def open_copy(site: Site, options: OpenOptions, *, passphrase: AskPassphrase, now: datetime) -> Iterator[Destination]:
    """The copy that stands there, begun where there is none; nobody else writes to it meanwhile.

    Raises:
        ForeignDestination: something else is there.
        ArchiveBusy, CopyBusy: somebody is at it.
        WrongCopyPassphrase: it is sealed under another one.
    """
    with ExitStack() as held:
        lock = _hold(site, options, held, now=now) if not options.dry_run else None
        mark = require_own(site, options.archive)
        if options.has_passphrase and not options.encrypts:
            require_sealed(mark, name=site.name)
        if mark is None:
            mark, envelope = _begun(site, options, passphrase, now=now)
            if not options.dry_run:
                write_mark(site.store, mark)
        else:
            envelope = _envelope(mark, passphrase)
            if options.encrypts and mark.key is None:
                raise ForeignDestination(
                    "the copy {name} is not encrypted", name=site.name, advice="Name another place."
                )
        if options.append_only and mark.form is CopyForm.FOLDER:
            raise FolderAlwaysChanges(
                "a folder that is an archive changes with each copy",
                advice="Add --encrypt, or copy to a bucket: there nothing is ever written over.",
            )
        _require_same_growth(site, options)
        destination = open_destination(site.store, envelope, mark, trusts_present=site.root is None)
        if lock is not None:
            destination.require_alone = lock.require
        yield destination


def _require_same_growth(site: Site, options: OpenOptions) -> None:
    """A copy that only ever grew goes on so: one command without the option would delete all that went before.

    Raises:
        CopyOnlyGrows: this one would delete.
    """
    grows = site.store.exists(GROWING_KEY)
    if grows and not options.append_only:
        raise CopyOnlyGrows(
            "{root} keeps every state that was ever copied there, and without --append-only all but the last would go",
            root=site.name,
            key=GROWING_KEY,
            advice="Nothing was changed. Add --append-only; if the older states may go, delete {key} there first.",
        )
    if options.append_only and not grows and not options.dry_run:
        with suppress(Conflict):
            site.store.create(GROWING_KEY, b"{}\n")


def _hold(site: Site, options: OpenOptions, held: ExitStack, *, now: datetime) -> HeldBucket | None:
    if site.root is None:
        if not options.append_only:
            require_own(site, options.archive)
        return held.enter_context(hold_bucket(site.store, now=now, only_looks=options.append_only))
    with translate_os_errors(site.root):
        site.root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    require_own(site, options.archive)
    held.enter_context(lock_for_repair(site.root))
    if isinstance(site.store, TreeStore):
        site.store.clear_staging()
    return None


def _begun(site: Site, options: OpenOptions, passphrase: AskPassphrase, *, now: datetime) -> tuple[CopyMark, Envelope]:
    if options.encrypts:
        return new_mark(passphrase(is_new=True), archive=options.archive, now=now)
    form = CopyForm.OBJECTS if site.root is None else CopyForm.FOLDER
    return CopyMark(format=COPY_FORMAT, archive=options.archive, created_at=now, form=form), PlainEnvelope()


def _envelope(mark: CopyMark, passphrase: AskPassphrase) -> Envelope:
    return PlainEnvelope() if mark.key is None else unsealed(mark, mark.key, passphrase(is_new=False))


def require_own(site: Site, archive: UUID) -> CopyMark | None:
    """The mark of the copy that is there; None where there is nothing yet. Raises ForeignDestination."""
    if site.root is not None:
        for name in _OF_A_BEGINNING:
            if (site.root / name).is_symlink():
                raise SymbolicLink("{path} is a symbolic link", path=site.root / name)
    mark = read_mark(site.store, name=site.name)
    if site.root is None and mark is not None and site.store.exists(IDENTITY_FILE):
        # No copy has a file of that name: there it stands with its digest. What is of the archive would be deleted.
        raise ForeignDestination(
            "{root} is an archive that a server uses, beside a copy",
            root=site.name,
            advice="Nothing was written. Name another place for the copy.",
        )
    if mark is None:
        stranger = _stranger(site)
        if stranger is not None:
            raise ForeignDestination(
                "{root} holds {name}, and is no copy of this archive",
                root=site.name,
                name=repr(stranger),
                advice="Nothing was written. Name a place that is empty or not there.",
            )
    elif mark.archive != archive:
        raise ForeignDestination(
            "{root} is the copy of another archive",
            root=site.name,
            advice="Nothing was written. Name a place that is empty or not there.",
        )
    return mark


def require_sealed(mark: CopyMark | None, *, name: str) -> None:
    """Raises NotSealed."""
    if mark is None or mark.key is None:
        raise NotSealed(
            "a passphrase was given, and the copy {name} is not encrypted",
            name=name,
            advice="If it was encrypted, somebody has changed it there: begin another one with --encrypt. If it never"
            " was, take MATOU_COPY_PASSPHRASE and --passphrase-stdin away.",
        )


def _stranger(site: Site) -> str | None:
    """Anything that a copy which was just begun does not have."""
    if site.root is None:
        return next((key for key, _ in site.store.sizes() if not is_lock(key)), None)
    names = {path.name for path in site.root.iterdir()} if site.root.is_dir() else set()
    return min(names - _OF_A_BEGINNING, default=None)


def open_existing(site: Site, *, passphrase: AskPassphrase) -> Destination:
    """The copy that stands there, to be read. Raises NotACopy, WrongCopyPassphrase."""
    mark = read_mark(site.store, name=site.name)
    if mark is None:
        raise NotACopy("{root} is no copy", root=site.name)
    return open_destination(site.store, _envelope(mark, passphrase), mark, trusts_present=True)


def require_apart(one: Path, other: Path) -> None:
    """Raises FolderInsideAnother."""
    first, second = one.resolve(), other.resolve()
    if first == second or first in second.parents or second in first.parents:
        raise FolderInsideAnother(
            "{one} and {other} lie in one another", one=one, other=other, advice="Name a folder outside of the archive."
        )
