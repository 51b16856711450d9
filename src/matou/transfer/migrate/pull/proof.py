"""Whether what a target shows is what the archive has, item for item, but for what its record says that it loses."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, cast

from matou.archive.metadata import MetadataTree
from matou.errors import Phrase, Plural
from matou.model.fidelity import MigratedKind
from matou.model.metadata import (
    ChangeRequest,
    Comment,
    Issue,
    Item,
    MarkupText,
    Milestone,
    Participant,
    Review,
    SavedRelease,
)
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, MILESTONE, PERSON, RELEASE, MetadataKind
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.transfer.migrate.inventory import Carriable, comments_on, line_comments_on

LONGEST_TITLE: Final = 250
"""Characters that every version keeps of a title; beyond 255 it is cut, in some with dots at its end."""

_CALLED: Final[Mapping[MetadataKind, Callable[[str], Phrase]]] = {
    ISSUE: lambda name: Phrase("issue {number}", number=name),
    CHANGE: lambda name: Phrase("change request {number}", number=name),
    RELEASE: lambda name: Phrase("release {tag}", tag=name),
    LABEL: lambda name: Phrase("label {name}", name=name),
    MILESTONE: lambda name: Phrase("milestone {name}", name=name),
}


@dataclass(frozen=True, slots=True)
class ConversationProof:
    """What came of comparing.

    Attributes:
        arrived: how many of each kind are there as they should be.
        differences: what is not there, or is otherwise.
        strangers: how many comments are there that the archive does not have: somebody was at work there.
        tagless: how many releases no target takes, since their tags are gone.
        unassigned: how many assignments are not there, of people who are known there.
    """

    arrived: Mapping[MigratedKind, int]
    differences: tuple[Phrase, ...]
    strangers: int = 0
    tagless: int = 0
    unassigned: int = 0


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two metadata repositories; None where there is none of it."""

    tree: MetadataTree | None

    def items(self, kind: MetadataKind) -> Iterator[Item]:
        return iter(()) if self.tree is None else cast("Iterator[Item]", self.tree.items(kind))

    def releases(self) -> Iterator[SavedRelease]:
        return iter(()) if self.tree is None else cast("Iterator[SavedRelease]", self.tree.items(RELEASE))

    def table(self, kind: MetadataKind) -> Mapping[str, object]:
        return {} if self.tree is None else self.tree.table(kind)

    def milestone_titles(self) -> Mapping[str, str]:
        """By the key of the table, and by the number or the id that an item names it by."""
        titles: dict[str, str] = {}
        for key, one in self.table(MILESTONE).items():
            if isinstance(one, Milestone):
                titles |= dict.fromkeys(filter(None, (key, one.number, one.id)), one.title or one.number)
        return titles


@dataclass
class ConversationComparison:
    """Compares for one repository; for one thread.

    Args:
        tags: those that the repository has.
        importer: the login of the account that imports: where the target names it, it tells no author.
        known: the login there of whom the file of people names, by the key here.
    """

    expected: MetadataTree
    found: MetadataTree | None
    which: Carriable
    tags: Collection[str]
    importer: str
    known: Mapping[str, str] = field(default_factory=dict)
    _differences: list[Phrase] = field(default_factory=list)
    _arrived: Counter[MigratedKind] = field(default_factory=Counter)
    _strangers: int = 0
    _tagless: int = 0
    _unassigned: int = 0

    def compare(self) -> ConversationProof:
        """Raises Damaged: the archive does not have what it says."""
        self._compare_tables()
        self._compare_items(ISSUE, self._numbers.issues)
        self._compare_items(CHANGE, self._numbers.changes)
        self._compare_releases()
        return ConversationProof(
            self._arrived, tuple(self._differences), self._strangers, self._tagless, self._unassigned
        )

    @cached_property
    def _numbers(self) -> SharedNumbers:
        return shared_numbers_in(self.expected)

    @cached_property
    def _titles(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return _Side(self.expected).milestone_titles(), _Side(self.found).milestone_titles()

    @cached_property
    def _people(self) -> tuple[Mapping[str, Participant], Mapping[str, Participant]]:
        return _people_in(self.expected), _people_in(self.found)

    def _compare_tables(self) -> None:
        for kind, migrated, names in (
            (LABEL, MigratedKind.LABEL, _label_names),
            (MILESTONE, MigratedKind.MILESTONE, _milestone_names),
        ):
            wanted = names(self.expected)
            there = set(names(self.found))
            missing = [name for name in wanted if name not in there]
            self._arrived[migrated] += len(wanted) - len(missing)
            for name in missing:
                self._note(Phrase("{item} is not there", item=_CALLED[kind](repr(name))))

    def _compare_items(self, kind: MetadataKind, numbers: Mapping[str, int]) -> None:
        there = {one.number: one for one in _Side(self.found).items(kind)}
        for wanted in filter(self.which.has, _Side(self.expected).items(kind)):
            number = str(numbers[wanted.number])
            found = there.get(number)
            if found is None:
                self._note(Phrase("{item} is not there", item=_CALLED[kind](number)))
                continue
            called = _CALLED[kind](number)
            faults = list(self._faults_of(wanted, found))
            self._note_all(called, faults)
            self._arrived[_kind_of(wanted)] += not faults
            self._compare_comments(called, wanted, found)
            self._compare_assignees(wanted, found)

    def _compare_assignees(self, wanted: Item, found: Item) -> None:
        expected = {self.known[key].casefold() for key in wanted.assignees if key in self.known}
        people = (self._people[1].get(key) for key in found.assignees)
        there = expected & {one.login.casefold() for one in people if one is not None and one.login}
        self._arrived[MigratedKind.ASSIGNEE] += len(there)
        self._unassigned += len(expected - there)

    def _faults_of(self, wanted: Item, found: Item) -> Iterator[Phrase]:
        """The names of the fields in which they differ."""
        same = {
            Phrase("title"): _title(wanted.title) == _title(found.title),
            Phrase("text"): self._is_said(wanted.text, found.text),
            Phrase("state"): wanted.state == found.state,
            Phrase("time"): _is_same_time(wanted.at, found.at),
            Phrase("list of labels"): set(wanted.labels) == set(found.labels),
            Phrase("milestone"): self._milestone_of(wanted, 0) == self._milestone_of(found, 1),
            Phrase("author"): self._is_author(wanted.by, found.by),
        }
        yield from (name for name, is_same in same.items() if not is_same)

    def _milestone_of(self, item: Item, side: int) -> str | None:
        """Its milestone, or the iteration where it has none: the target has one kind."""
        titles = self._titles[side]
        key = item.milestone or (f"iteration/{item.iteration}" if item.iteration else None)
        return None if key is None else titles.get(key)

    def _is_said(self, wanted: MarkupText | None, found: MarkupText | None) -> bool:
        """A line at the head may say what number it had, or to which line of which file it belongs."""
        text = _plain(self._numbers.with_references(wanted.body) if wanted else "")
        return _plain(found.body if found else "").endswith(text)

    def _is_author(self, wanted: str | None, found: str | None) -> bool:
        """Not every version tells the original author of everything: then it names whoever imported it."""
        there = None if found is None else self._people[1].get(found)
        known = None if wanted is None else self._people[0].get(wanted)
        if there is None or known is None or there.login == self.importer:
            return True
        return there.login in (known.login, known.name)

    def _compare_comments(self, called: Phrase, wanted: Item, found: Item) -> None:
        """In any order: what stood on a line may stand below the whole, and a review's text among the comments."""
        there = [*comments_on(found), *line_comments_on(found), *_review_texts(found)]
        lost = 0
        for kind, comments in (
            (MigratedKind.COMMENT, comments_on(wanted)),
            (MigratedKind.LINE_COMMENT, line_comments_on(wanted)),
            (MigratedKind.REVIEW, _review_texts(wanted)),
        ):
            for comment in comments:
                match = next((one for one in there if self._is_same_comment(comment, one)), None)
                if match is None:
                    lost += 1
                else:
                    there.remove(match)
                    self._arrived[kind] += 1
        self._arrived[MigratedKind.REVIEW] += self._silent_reviews(wanted, found)
        self._strangers += len(there)
        if lost:
            self._note(
                Plural(
                    "{count} comment on {item} is not there, or is another one",
                    "{count} comments on {item} are not there, or are others",
                    count=lost,
                    item=called,
                )
            )

    def _silent_reviews(self, wanted: Item, found: Item) -> int:
        """Those that say nothing but what came of them."""
        silent, there = (
            [one for one in reviews if not _plain(one.text.body if one.text else "")]
            for reviews in (_reviews(wanted), _reviews(found))
        )
        return min(len(silent), len(there))

    def _is_same_comment(self, wanted: Comment, found: Comment) -> bool:
        return (
            _is_same_time(wanted.at, found.at)
            and self._is_said(wanted.text, found.text)
            and self._is_author(wanted.by, found.by)
        )

    def _compare_releases(self) -> None:
        there = {one.tag: one for one in _Side(self.found).releases()}
        for wanted in filter(self.which.has, _Side(self.expected).releases()):
            found = there.get(wanted.tag)
            if found is None and wanted.tag not in self.tags:
                self._tagless += 1
                continue
            if found is None:
                self._note(Phrase("{item} is not there", item=_CALLED[RELEASE](repr(wanted.tag))))
                continue
            same = {
                Phrase("name"): _title(wanted.name or wanted.tag) == _title(found.name or found.tag),
                Phrase("text"): _plain(self._numbers.with_references(wanted.text.body) if wanted.text else "")
                in _plain(found.text.body if found.text else ""),
                Phrase("mark as a pre-release"): wanted.prerelease == found.prerelease,
            }
            faults = [name for name, is_same in same.items() if not is_same]
            self._note_all(_CALLED[RELEASE](repr(wanted.tag)), faults)
            self._arrived[MigratedKind.RELEASE] += not faults
            self._compare_assets(wanted, found)

    def _compare_assets(self, wanted: SavedRelease, found: SavedRelease) -> None:
        there = Counter((one.name, one.size) for one in found.assets)
        for asset in (one for one in wanted.assets if one.sha256):
            key = next((one for one in there if one[0] == asset.name and asset.size in (None, one[1])), None)
            if key is None or not there[key]:
                release = _CALLED[RELEASE](repr(wanted.tag))
                self._note(Phrase("the file {name} of {item} is not there", name=repr(asset.name), item=release))
            else:
                there[key] -= 1
                self._arrived[MigratedKind.ASSET] += 1

    def _note_all(self, called: Phrase, faults: Iterable[Phrase]) -> None:
        for what in faults:
            self._note(Phrase("{item} has another {what}", item=called, what=what))

    def _note(self, difference: Phrase) -> None:
        self._differences.append(difference)


def assignments(tree: MetadataTree, which: Carriable) -> Iterator[tuple[str, Sequence[str]]]:
    """Whose each item is, by the number that it has at a target where issues and change requests count as one."""
    numbers = shared_numbers_in(tree)
    for kind, by_name in ((ISSUE, numbers.issues), (CHANGE, numbers.changes)):
        for item in filter(which.has, _Side(tree).items(kind)):
            if item.assignees:
                yield str(by_name[item.number]), item.assignees


def shared_numbers_in(tree: MetadataTree) -> SharedNumbers:
    """Of all that is saved, as the server that was read from assigns them."""
    issues, changes = (list(_Side(tree).items(kind)) for kind in (ISSUE, CHANGE))
    times = {one.number: one.at for one in issues if one.at is not None}
    return SharedNumbers.assign((one.number for one in issues), (one.number for one in changes), times)


def _kind_of(item: Item) -> MigratedKind:
    if isinstance(item, Issue):
        return MigratedKind.ISSUE
    return MigratedKind.OPEN_CHANGE if item.state == "open" else MigratedKind.CLOSED_CHANGE


def _people_in(tree: MetadataTree | None) -> Mapping[str, Participant]:
    return {} if tree is None else tree.table(PERSON)


def _label_names(tree: MetadataTree | None) -> Sequence[str]:
    return [] if tree is None else list(tree.table(LABEL))


def _milestone_names(tree: MetadataTree | None) -> Sequence[str]:
    """Without a title it is called by its number; two of one title are one."""
    table: Iterable[Milestone] = () if tree is None else tree.table(MILESTONE).values()
    return list(dict.fromkeys(one.title or one.number for one in table))


def _reviews(item: Item) -> Collection[Review]:
    return item.reviews if isinstance(item, ChangeRequest) else ()


def _review_texts(item: Item) -> Iterator[Comment]:
    """What reviews say, each as a comment."""
    for review in item.reviews if isinstance(item, ChangeRequest) else ():
        if review.text is not None and _plain(review.text.body):
            yield Comment(id=review.id, by=review.by, at=review.at, text=review.text)


def _title(text: str) -> str:
    return text.strip()[:LONGEST_TITLE].rstrip()


def _plain(text: str) -> str:
    """As it is where line ends and blanks at either end were made otherwise."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_same_time(wanted: datetime | None, found: datetime | None) -> bool:
    """To the second, which is what targets keep."""
    return wanted is None or (found is not None and wanted.replace(microsecond=0) == found.replace(microsecond=0))
