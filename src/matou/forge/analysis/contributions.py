"""Who contributed what to a repository: read from its history once, then only from what is new.

Each answer is one of commit ids; what was read is kept in the archive's cache, and asking again after a push costs
only what the push brought. What takes long goes on in the background.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from matou.archive.cache import cache_folder
from matou.concurrency import WorkerPool
from matou.db.repositories import Repository
from matou.errors import Damaged
from matou.forge.access import Authorized, MayReadAnalysis, MayReadCode
from matou.forge.analysis.history import History
from matou.forge.analysis.memory import PATIENCE, analysis_cache, commit_at
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.jobs import done, still_computing
from matou.git.odb.blobs import read_blob
from matou.git.odb.objects import (
    EntryKind,
    MissingObject,
    TooLargeToRead,
    TreePath,
    entry_at,
    find_commit,
    open_repository,
)
from matou.git.operations.line_counts import LineCount, count_lines, read_history_counts
from matou.git.operations.mailmap import LARGEST_MAILMAP_BYTES, Mailmap, MailmapPerson
from matou.git.process.run import TOOK_TOO_MUCH, GitFailed, Limits
from matou.model.names import ObjectId

if TYPE_CHECKING:
    from concurrent.futures import Future

log = structlog.get_logger()

SECONDS_A_DAY: Final = 86_400

_MAILMAP: Final = TreePath((".mailmap",))
COMMITS_FOR_TWO: Final = 10_000
"""From so many on, two processes count, so that a long history is there sooner than `git log` would print it."""

COUNTING_LIMITS: Final = Limits(wall=timedelta(minutes=10))

_MOST_DAYS: Final = 2**32
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the author's own clock, whatever zone that is in


class ContributorRole(StrEnum):
    """For what a commit counts as somebody's."""

    AUTHOR = "authors"
    COMMITTER = "committers"


@dataclass(frozen=True, slots=True)
class ContributorTotal:
    """Somebody by the repository's `.mailmap`, with the number of their commits, merges among them."""

    name: str
    email: str
    commits: int


@dataclass(frozen=True, slots=True)
class DaysOfAll:
    """Contributions by person and day, both ascending; the columns belong together.

    Attributes:
        people: who the numbers in `person` are.
        day: days since 1970-01-01, as the author's own clock had them.
    """

    people: tuple[MailmapPerson, ...]
    person: Sequence[int]
    day: Sequence[int]
    additions: Sequence[int]
    deletions: Sequence[int]
    commits: Sequence[int]


@dataclass(frozen=True, slots=True)
class Span:
    """Moments of the author's own clock, both included; None for no bound."""

    first: datetime | None = None
    last: datetime | None = None


EVER: Final = Span()


@dataclass(frozen=True, slots=True)
class Counted:
    """A history all of whose commits up to a tip are counted; `mailmap_of` is the commit whose `.mailmap` holds."""

    history: History
    tip: int
    mailmap_of: ObjectId


def contributors(
    forge: Forge, granted: Authorized[Repository, MayReadAnalysis], role: ContributorRole
) -> tuple[ContributorTotal, ...]:
    """Everybody in the history of the default branch, as `git shortlog -sne` counts them, most commits first.

    Raises:
        StillComputing: the history is being read; it will be there soon.
    """
    try:
        tip = commit_at(forge, granted)
    except NoSuchRevision:
        return ()
    analyses = analysis_cache(forge)
    totals = analyses.waiters.wait(_compute_totals(forge, granted.subject, tip), PATIENCE)
    return analyses.recall(
        (granted.subject.id, role, tip), lambda: _contributors(forge, granted.subject, totals, tip, role), len
    )


def counted(forge: Forge, granted: Authorized[Repository, MayReadAnalysis], revision: str) -> "Future[Counted]":
    """As `begin_counting`, for whoever may see what is counted."""
    return begin_counting(forge, granted, revision)


def begin_counting(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> "Future[Counted]":
    """The history behind a revision with its line counts; done at once where nothing is missing.

    Raises:
        NoSuchRevision, MissingObject: as `commit_at`.
        StillComputing: too much is being computed.
    """
    tip = commit_at(forge, granted, revision)
    mailmap_of = commit_at(forge, granted) if revision else tip
    analyses = analysis_cache(forge)
    history = analyses.cached(granted.subject.id).history
    number = None if history is None else history.find(tip)
    if history is not None and number is not None and not history.uncounted(number):
        return done(Counted(history, number, mailmap_of))
    key = (granted.subject.id, "counts", tip, mailmap_of)
    return analyses.jobs.begin(key, partial(_count, forge, granted.subject, tip, mailmap_of))


def contribution_days(
    forge: Forge, granted: Authorized[Repository, MayReadAnalysis], known: Counted, span: Span = EVER
) -> DaysOfAll:
    """Everybody's contributions by day: commits, and lines as `git log --numstat` counts them.

    A day is the author's own, as `git log --date=short` shows it. A merge counts as a commit without lines.
    """
    compute = partial(_contribution_days, forge, granted.subject, known, span)
    key = (granted.subject.id, "days", known.history.name(known.tip), known.mailmap_of)
    return analysis_cache(forge).recall(key, compute, lambda days: len(days.day)) if span == EVER else compute()


def _compute_totals(forge: Forge, repository: Repository, tip: ObjectId) -> "Future[History]":
    analyses = analysis_cache(forge)
    history = analyses.cached(repository.id).history
    if history is not None and history.find(tip) is not None:
        return done(history)
    return analyses.walks.begin((repository.id, "history", tip), partial(_tell, forge, repository, tip))


def _tell(forge: Forge, repository: Repository, tip: ObjectId) -> History:
    cached = analysis_cache(forge).cached(repository.id)
    with cached.telling, _translate_git_failures(forge, repository):
        if cached.history is None:
            cached.history = History.load(cache_folder(forge.archive, repository.id), below=forge.archive.root)
        history = cached.history
        if history.find(tip) is None:
            history.learn(read_history_counts(forge.git_dir(repository), tip, known=history.heads()))
    return history


def _count(forge: Forge, repository: Repository, tip: ObjectId, mailmap_of: ObjectId) -> Counted:
    history = _tell(forge, repository, tip)
    number = history.find(tip)
    if number is None:
        raise MissingObject("there is no object {id}", id=tip)
    with analysis_cache(forge).cached(repository.id).counting, _translate_git_failures(forge, repository):
        while missing := history.uncounted(number):
            _count_some(forge, repository, history, missing)
    return Counted(history, number, mailmap_of)


def _count_some(forge: Forge, repository: Repository, history: History, missing: Sequence[int]) -> None:
    """Count until all is counted, or git's time is over; one commit that takes all of it is given up on."""
    names = [history.name(number) for number in missing]
    middle = len(names) // 2 if len(names) >= COMMITS_FOR_TWO else 0
    lanes = (names[:middle], names[middle:]) if middle else (names,)
    WorkerPool().map(len(lanes), partial(_count_lane, forge.git_dir(repository), history), lanes)


def _count_lane(git_dir: Path, history: History, names: Sequence[ObjectId]) -> None:
    try:
        history.learn_counts(count_lines(git_dir, names, limits=COUNTING_LIMITS))
    except TOOK_TOO_MUCH:
        first = history.find(names[0])
        if first is not None and not history.is_counted[first]:
            log.warning("commit_not_counted", repository=str(git_dir), commit=names[0])
            history.learn_counts([LineCount(names[0], 0, 0)])


@contextmanager
def _translate_git_failures(forge: Forge, repository: Repository) -> Iterator[None]:
    try:
        yield
    except (GitFailed, Damaged) as error:
        if not forge.git_dir(repository).is_dir():
            # It was renamed or moved meanwhile.
            raise still_computing() from error
        raise Damaged("the history of {repository} cannot be read", repository=repository.path) from error


def _contributors(
    forge: Forge, repository: Repository, history: History, tip: ObjectId, role: ContributorRole
) -> tuple[ContributorTotal, ...]:
    number = history.find(tip)
    if number is None:
        raise MissingObject("there is no object {id}", id=tip)
    column = history.authors if role is ContributorRole.AUTHOR else history.committers
    mailmap, totals = _mailmap(forge, repository, tip), Counter[MailmapPerson]()
    for person, commits in Counter(compress(column, history.reached(number))).items():
        totals[mailmap.person(history.people[person])] += commits
    ranked = sorted(totals.items(), key=lambda item: (-item[1], _shown(item[0])))
    return tuple(ContributorTotal(text_of(person.name), text_of(person.email), commits) for person, commits in ranked)


def _contribution_days(forge: Forge, repository: Repository, known: Counted, span: Span) -> DaysOfAll:
    history = known.history
    mailmap = _mailmap(forge, repository, known.mailmap_of)
    numbers: dict[MailmapPerson, int] = {}
    person_of = [numbers.setdefault(mailmap.person(person), len(numbers)) for person in tuple(history.people)]
    sums = _sums(history, history.reached(known.tip), person_of, span)
    keys = sorted(sums)
    columns = [array("Q", (sums[key][column] for key in keys)) for column in range(3)]
    return DaysOfAll(
        people=tuple(numbers),
        person=array("I", (key // _MOST_DAYS for key in keys)),
        day=array("I", (key % _MOST_DAYS for key in keys)),
        additions=columns[0],
        deletions=columns[1],
        commits=columns[2],
    )


def _sums(history: History, mask: bytearray, person_of: Sequence[int], span: Span) -> dict[int, list[int]]:
    """Additions, deletions and commits; the key is the person times _MOST_DAYS, plus the day."""
    first = -(2**63) if span.first is None else _seconds(span.first)
    last = 2**63 if span.last is None else _seconds(span.last)
    columns = zip(history.authors, history.clocks, history.additions, history.deletions, strict=False)
    sums: dict[int, list[int]] = {}
    for author, clock, additions, deletions in compress(columns, mask):
        if first <= clock <= last:
            key = person_of[author] * _MOST_DAYS + clock // SECONDS_A_DAY
            row = sums.get(key)
            if row is None:
                sums[key] = [additions, deletions, 1]
            else:
                row[0] += additions
                row[1] += deletions
                row[2] += 1
    return sums


def _mailmap(forge: Forge, repository: Repository, commit: ObjectId) -> Mailmap:
    """That of a commit; a symbolic link, and what is too long to be one, renames nobody."""
    opened = open_repository(forge.git_dir(repository))
    entry = entry_at(opened, find_commit(opened, commit).tree, _MAILMAP)
    if entry is None or entry.kind not in (EntryKind.FILE, EntryKind.EXECUTABLE):
        return Mailmap()
    try:
        return Mailmap.parse(read_blob(opened, entry.id, largest_bytes=LARGEST_MAILMAP_BYTES))
    except TooLargeToRead:
        log.info("mailmap_too_large", repository=str(repository.path))
        return Mailmap()


def text_of(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _shown(person: MailmapPerson) -> bytes:
    return person.name + b" <" + person.email + b">"


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)
