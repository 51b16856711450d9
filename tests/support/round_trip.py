"""What a target made of what was brought to it, held to what was said of it: two metadata repositories, item by item.

A difference is a kind, as the table of a migration names it, and a line for people.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, cast

from matou.archive.metadata import MetadataTree
from matou.model.fidelity import COUNTED_AS, Fidelity, FidelityTable, KeptTrait, MigratedKind
from matou.model.metadata import ChangeRequest, Comment, Item, MarkupText, Review, ReviewThread, SavedRelease
from matou.model.metadata.kinds import (
    CHANGE,
    COMMIT_COMMENT,
    HOOK,
    ISSUE,
    LABEL,
    MEMBER,
    MILESTONE,
    PERSON,
    PROTECTION,
    RELEASE,
    MetadataKind,
)
from matou.transfer.migrate.inventory import comments_on, line_comments_on
from matou.transfer.migrate.pull.proof import shared_numbers_in

Difference = tuple[MigratedKind, str]

UNTOLD: Mapping[str, MigratedKind] = {
    "files": MigratedKind.ATTACHMENT,
    "events": MigratedKind.EVENT,
}
"""Fields of an item that are rows of the table themselves."""

NOTED: Final = ("is merged by", "is not resolved")
"""What a note of the table says, or that of how faithfully comments on lines are carried: no trait has it."""


@dataclass(frozen=True)
class RoundTrip:
    """From the first archive to the last one.

    Attributes:
        is_project: whether the first is a project, which has no repository.
        importer: whom the last platform names where its API does not tell who wrote something elsewhere (Gitea's never
            does: its pages do).
        known: those whom it was told of in a file of people.
    """

    first: MetadataTree
    last: MetadataTree
    table: FidelityTable
    importer: str
    known: frozenset[str]
    is_project: bool = False

    def differences(self) -> list[Difference]:
        return [
            *self._tables(),
            *(one for kind in (ISSUE, CHANGE) for one in self._items(kind)),
            *self._releases(),
            *self._uncarried(),
        ]

    def unforeseen(self) -> list[str]:
        """Those that the table does not announce."""
        unnoted = [one for one in self.differences() if not any(noted in one[1] for noted in NOTED)]
        return [f"{kind}: {line}" for kind, line in unnoted if self.table[kind].arrives]

    @cached_property
    def numbers(self) -> Any:
        return shared_numbers_in(self.first)

    def _tables(self) -> Iterator[Difference]:
        for kind, migrated, of in (
            (LABEL, MigratedKind.LABEL, lambda one: (one.name, one.color)),
            (MILESTONE, MigratedKind.MILESTONE, lambda one: (one.title, one.state, (one.due or "")[:10])),
        ):
            before, after = ({of(one) for one in tree.table(kind).values()} for tree in (self.first, self.last))
            yield from ((migrated, f"{row} is not there") for row in sorted(before - after, key=str))

    def _items(self, kind: MetadataKind) -> Iterator[Difference]:
        given = self.numbers.issues if kind is ISSUE else self.numbers.changes
        there = {one.number: one for one in _items_in(self.last, kind)}
        for item in _items_in(self.first, kind):
            migrated = self._kind_of(item)
            found = there.pop(str(given[item.number]), None)
            if found is None:
                yield migrated, f"{item.number} is not there"
                continue
            yield from ((migrated, f"{item.number}: {line}") for line in self._faults(item, found, migrated))
            yield from self._talk(item, found)
            yield from self._reviews(item, found)
            yield from self._threads(item, found)
            for name, row in UNTOLD.items():
                if getattr(item, name) and not getattr(found, name):
                    yield row, f"{item.number} has no {name}"
            yield from self._assignees(item, found)
        yield from ((self._kind_of(one), f"{one.number} is nobody's") for one in there.values())

    def _assignees(self, item: Item, found: Item) -> Iterator[Difference]:
        """Whom nobody at the target is known to be stands in the text."""
        for key in item.assignees:
            person = self.first.table(PERSON)[key]
            if key not in self.known and (person.name or person.login) not in _body(found.text):
                yield MigratedKind.ASSIGNEE, f"{item.number} does not tell of {key}"
        if not self.known.isdisjoint(item.assignees) and not found.assignees:
            yield MigratedKind.ASSIGNEE, f"{item.number} has no assignees"

    def _kind_of(self, item: Item) -> MigratedKind:
        if isinstance(item, ChangeRequest):
            return MigratedKind.OPEN_CHANGE if item.state == "open" else MigratedKind.CLOSED_CHANGE
        return MigratedKind.PROJECT_ISSUE if self.is_project else MigratedKind.ISSUE

    def _faults(self, item: Item, found: Item, migrated: MigratedKind) -> Iterator[str]:
        keeps = self.table[migrated]
        pairs: dict[str, tuple[object, object]] = {
            "title": (item.title, found.title),
            "state": (item.state, found.state),
            "labels": (sorted(item.labels), sorted(found.labels)),
            "milestone": (self._milestone(self.first, item), self._milestone(self.last, found)),
            **self._traits(item, found, keeps),
        }
        if item.closed_at and KeptTrait.TIME in keeps.keeps:
            pairs["closed"] = item.closed_at.replace(microsecond=0), found.closed_at
        if isinstance(item, ChangeRequest) and isinstance(found, ChangeRequest):
            pairs["merge"] = (item.merge_commit, item.merged_at), (found.merge_commit, found.merged_at)
            pairs["branch"] = item.base.branch, found.base.branch
            if item.merged_by and self._person(self.last, found.merged_by) != self._person(self.first, item.merged_by):
                yield f"is merged by {self._person(self.last, found.merged_by)!r}"
        yield from (f"{name} {was!r} is {now!r}" for name, (was, now) in pairs.items() if was != now)
        if not self._says(item.text, found.text):
            yield f"text {_body(item.text)!r} is {_body(found.text)!r}"

    def _traits(self, said: Any, found: Any, fidelity: Fidelity) -> dict[str, tuple[object, object]]:
        pairs: dict[str, tuple[object, object]] = {}
        if KeptTrait.TIME in fidelity.keeps and said.at:
            pairs["time"] = said.at.replace(microsecond=0), found.at
        there = self._person(self.last, found.by)
        if KeptTrait.AUTHOR in fidelity.keeps and said.by and there != self.importer:
            pairs["author"] = self._person(self.first, said.by), there
        return pairs

    def _talk(self, item: Item, found: Item) -> Iterator[Difference]:
        for migrated, of in ((MigratedKind.COMMENT, comments_on), (MigratedKind.LINE_COMMENT, line_comments_on)):
            there = [*comments_on(found), *line_comments_on(found)]
            for comment in of(item):
                match = next((one for one in there if self._is_same(comment, one, self.table[migrated])), None)
                if match is None:
                    yield migrated, f"{item.number}: {_body(comment.text)!r} is not there"
                else:
                    there.remove(match)
                if comment.files:
                    yield MigratedKind.ATTACHMENT, f"{item.number}: the files of a comment"
        twice = Counter((_body(one.text), one.at) for one in (*comments_on(found), *line_comments_on(found)))
        for (text, _), count in twice.items():
            if count > 1:
                yield MigratedKind.COMMENT, f"{item.number}: {text!r} is there {count} times"

    def _reviews(self, item: Item, found: Item) -> Iterator[Difference]:
        if not isinstance(item, ChangeRequest) or not isinstance(found, ChangeRequest):
            return
        there = list(found.reviews)
        for review in item.reviews:
            match = next((one for one in there if self._is_same_review(review, one)), None)
            if match is None:
                yield MigratedKind.REVIEW, f"{item.number}: {review.state} by {review.by} is not there"
            else:
                there.remove(match)
        requested = [one for one in item.reviewers if one.state == "requested"]
        if requested and not found.reviewers:
            yield MigratedKind.REVIEWER, f"{item.number} has no reviewers"

    def _threads(self, item: Item, found: Item) -> Iterator[Difference]:
        """Where each comment on a line stands, and whether what it asks for was said to be done."""
        if not isinstance(item, ChangeRequest) or not isinstance(found, ChangeRequest):
            return
        there = {_plain(_body(one.text)): thread for thread in found.threads for one in thread.comments}
        for thread in item.threads:
            for comment in thread.comments:
                words = _plain(self.numbers.with_references(_body(comment.text)))
                match = next((one for text, one in there.items() if text.endswith(words)), None)
                if match is not None:
                    place, now = _place(thread), _place(match)
                    if place != now:
                        yield MigratedKind.LINE_COMMENT, f"{item.number}: {words!r} stands at {now}, not at {place}"
                    if thread.resolved and not match.resolved:
                        yield MigratedKind.LINE_COMMENT, f"{item.number}: {words!r} is not resolved"

    def _is_same_review(self, review: Review, found: Review) -> bool:
        pairs = self._traits(review, found, self.table[MigratedKind.REVIEW])
        return (
            review.state == found.state
            and self._says(review.text, found.text)
            and all(was == now for was, now in pairs.values())
        )

    def _uncarried(self) -> Iterator[Difference]:
        for kind in (COMMIT_COMMENT, HOOK, MEMBER, PROTECTION):
            if any(True for _ in self.first.items(kind)) and not any(True for _ in self.last.items(kind)):
                yield COUNTED_AS[kind], "none of it is there"

    def _is_same(self, comment: Comment, found: Comment, fidelity: Fidelity) -> bool:
        pairs = self._traits(comment, found, fidelity)
        return self._says(comment.text, found.text) and all(was == now for was, now in pairs.values())

    def _releases(self) -> Iterator[Difference]:
        there = {one.tag: one for one in _releases_in(self.last)}
        for release in _releases_in(self.first):
            found = there.get(release.tag)
            if found is None:
                yield MigratedKind.RELEASE, f"{release.tag} is not there"
                continue
            if self._moment(release) != self._moment(found):
                yield MigratedKind.RELEASE, f"{release.tag} was published {self._moment(found)}"
            if release.name != found.name or not self._says(release.text, found.text):
                yield MigratedKind.RELEASE, f"{release.tag} is called or says otherwise"
            files = {(one.name, one.sha256) for one in release.assets if one.sha256}
            missing = files - {(one.name, one.sha256) for one in found.assets}
            yield from ((MigratedKind.ASSET, f"{release.tag}: {name}") for name, _ in sorted(missing))

    @staticmethod
    def _moment(release: SavedRelease) -> datetime | None:
        at = release.published_at or release.at
        return at.replace(microsecond=0) if at else None

    def _says(self, text: MarkupText | None, found: MarkupText | None) -> bool:
        """A line at the head may say what is not kept."""
        was = _plain(self.numbers.with_references(text.body) if text else "")
        return _plain(_body(found)).endswith(was)

    def _milestone(self, tree: MetadataTree, item: Item) -> str | None:
        for key, one in tree.table(MILESTONE).items():
            names = (key, one.number, one.id) if one.kind != "iteration" else (key,)
            wanted = item.milestone or (f"iteration/{item.iteration}" if item.iteration else None)
            if wanted is not None and wanted in names:
                return str(one.title)
        return None

    def _person(self, tree: MetadataTree, key: str | None) -> str | None:
        known = tree.table(PERSON).get(key or "")
        return None if known is None else known.login or known.name


def _place(thread: ReviewThread) -> tuple[str | None, str | None, int | None]:
    """File, side and line; where nothing is said of the side, it is the new one."""
    position = thread.position
    if position is None:
        return thread.path, None, None
    return position.path, position.side or "new", position.line


def _items_in(tree: MetadataTree, kind: MetadataKind) -> Iterator[Item]:
    return cast("Iterator[Item]", tree.items(kind))


def _releases_in(tree: MetadataTree) -> Iterator[SavedRelease]:
    return cast("Iterator[SavedRelease]", tree.items(RELEASE))


def _body(text: MarkupText | None) -> str:
    return text.body if text else ""


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
