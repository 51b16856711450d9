"""What the last run of a source left: its manifest, and whether a run since then was cut off."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from matou.archive.layout import Archive
from matou.archive.manifest import (
    DamagedManifest,
    EndLine,
    ListingState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
    UnseenLine,
    read_manifest,
)
from matou.archive.run_history import RunHistory, SourceKey, UnreadRun, manifests_of, source_key
from matou.model.names import InvalidName, NamespacePath
from matou.model.platform import Account
from matou.platforms.base.source import Source
from matou.transfer.backup.report import BackupProblem


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """The newest manifest of a source; `run` is 0 and everything empty where it has none.

    Attributes:
        unseen: what could not be seen at the last listing that was complete; of the newest where none ever was.
        not_believed: the repositories on the newest listing, if it came to its end and was shorter than believable.
        unread: the runs since then of which nothing can be read; they count as cut off.
        began_at: when it began; None where there is none.
    """

    run: int
    was_cut_off: bool
    namespaces: Mapping[str, NamespaceLine]
    repositories: Mapping[str, RepositoryLine]
    unseen: frozenset[str]
    not_believed: frozenset[str] = frozenset()
    unread: tuple[UnreadRun, ...] = ()
    began_at: datetime | None = None

    def team_path(self) -> NamespacePath | None:
        """Where the team stands, which may have no line of its own: all that is its own lies below it."""
        for line in self.namespaces.values():
            with contextlib.suppress(InvalidName):  # An archive that was handed on may name anything.
                return NamespacePath(NamespacePath.parse(line.path).segments[:1])
        return None


ABSENT = (Outcome.GONE, Outcome.UNLISTED)

NOTHING_BEFORE = PreviousRun(run=0, was_cut_off=False, namespaces={}, repositories={}, unseen=frozenset())


def load_previous_run(archive: Archive, history: RunHistory, source: SourceLine) -> PreviousRun:
    key = source_key(source)
    run, began_at = 0, None
    namespaces: dict[str, NamespaceLine] = {}
    repositories: dict[str, RepositoryLine] = {}
    unseen: set[str] = set()
    listing = ListingState.COMPLETE
    for line in history.lines(key):
        match line:
            case RunLine():
                run, began_at = line.run, line.started_at
            case NamespaceLine():
                namespaces[line.id] = line
            case RepositoryLine():
                repositories[line.id] = line
            case UnseenLine():
                unseen.add(line.what)
            case EndLine():
                listing = line.listing
    unread = history.unread_since(key)
    has_ended = (archive.manifest(number).is_file() for number in archive.run_numbers() if number > run)
    if listing is not ListingState.COMPLETE:
        when_complete = _unseen_when_complete(archive, key)
        unseen = unseen if when_complete is None else when_complete
    listed = (id_ for id_, row in repositories.items() if row.outcome not in ABSENT)
    not_believed = frozenset(listed if listing is ListingState.SHRUNK else ())
    was_cut_off = bool(unread) or not all(has_ended)
    return PreviousRun(run, was_cut_off, namespaces, repositories, frozenset(unseen), not_believed, unread, began_at)


def _unseen_when_complete(archive: Archive, key: SourceKey) -> set[str] | None:
    """What could not be seen when the listing was last complete; None where it never was, as far as can be read."""
    for path in manifests_of(archive, key):
        try:
            *lines, end = read_manifest(path)
        except DamagedManifest:
            continue
        if isinstance(end, EndLine) and end.listing is ListingState.COMPLETE:
            return {line.what for line in lines if isinstance(line, UnseenLine)}
    return None


def source_line(source: Source, account: Account) -> SourceLine:
    return SourceLine(
        platform=source.platform, url=source.url, account=account.login, team=account.team, team_id=account.team_id
    )


def notes_of_unread(before: PreviousRun) -> tuple[BackupProblem, ...]:
    """What a report says of the runs that are passed over."""
    return tuple(BackupProblem(unread.place, None, unread.fault) for unread in before.unread)
