"""A target's repository in memory, which can lose answers, refuse, and be cut off at any call."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from matou.errors import Conflict, MatouError, TryLater
from matou.model.metadata_targets import (
    FileDelivery,
    ItemAddress,
    ItemEdit,
    ItemKind,
    MetadataRules,
    NewChangeRequest,
    NewFile,
    NewIssue,
    NewLabel,
    NewLineComment,
    NewMilestone,
    NewTargetRelease,
    TargetComment,
    TargetItem,
    TargetMilestone,
    TargetRelease,
)
from matou.model.targets import TargetRepository

SEQUENTIAL = MetadataRules(
    shares_numbers=False, is_sequential=True, has_threads=True, file_delivery=FileDelivery.UPLOADED
)
ONE_SEQUENCE = replace(SEQUENTIAL, shares_numbers=True, file_delivery=FileDelivery.ATTACHED)
LETTERS = replace(SEQUENTIAL, is_sequential=False)

T = TypeVar("T")


class Killed(BaseException):
    """What a process does not survive."""


@dataclass
class FakeItem:
    item: TargetItem
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    branches: tuple[str, str] | None = None
    comments: list[TargetComment] = field(default_factory=list)


@dataclass
class FakeMetadataTarget:
    """See `MetadataTarget`.

    Attributes:
        before, after: called around each call that writes, with its name and how many there were before it.
        reads: how many calls only looked.
    """

    rules: MetadataRules = SEQUENTIAL
    before: Callable[[str, int], None] = lambda _name, _number: None
    after: Callable[[str, int], None] = lambda _name, _number: None
    label_names: list[str] = field(default_factory=list)
    milestone_list: list[tuple[TargetMilestone, NewMilestone]] = field(default_factory=list)
    found: dict[ItemAddress, FakeItem] = field(default_factory=dict)
    release_list: list[TargetRelease] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    reads: int = 0

    def labels(self) -> Iterable[str]:
        self.reads += 1
        return list(self.label_names)

    def add_label(self, label: NewLabel) -> None:
        def add() -> None:
            if label.name in self.label_names:
                raise Conflict("there already")
            self.label_names.append(label.name)

        self._write("add_label", add)

    def milestones(self) -> Iterable[TargetMilestone]:
        self.reads += 1
        return [one for one, _ in self.milestone_list]

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        def add() -> TargetMilestone:
            made = TargetMilestone(id=str(len(self.milestone_list) + 1), title=milestone.title)
            self.milestone_list.append((made, milestone))
            return made

        return self._write("add_milestone", add)

    def items(self, kind: ItemKind) -> Iterable[TargetItem]:
        self.reads += 1
        return [one.item for address, one in self.found.items() if address.kind is kind]

    def add_issue(self, issue: NewIssue) -> TargetItem:
        return self._write("add_issue", lambda: self._add(ItemKind.ISSUE, issue, None))

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        return self._write("add_change", lambda: self._add(ItemKind.CHANGE, change, (change.head, change.base)))

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        def change() -> None:
            there = self.found[item]
            named = {"title": edit.title, "text": edit.text, "is_closed": edit.is_closed}
            changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
            there.item = replace(there.item, **changes)
            there.labels = there.labels if edit.labels is None else edit.labels
            there.assignees = edit.assignees or there.assignees

        self._write("edit_item", change)

    def comments(self, item: ItemAddress) -> Iterable[TargetComment]:
        self.reads += 1
        return list(self.found[item].comments)

    def comments_on_all(self) -> Iterable[TargetComment]:
        self.reads += 1
        return [comment for one in self.found.values() for comment in one.comments]

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        return self._write("add_comment", lambda: self._comment(item, text, ""))

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        item = ItemAddress(ItemKind.CHANGE, number)
        thread = f"{comment.path}:{comment.line}"
        return self._write("add_line_comment", lambda: self._comment(item, comment.text, thread))

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        item = ItemAddress(ItemKind.CHANGE, number)
        return self._write("add_answer", lambda: self._comment(item, text, thread))

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        def change() -> None:
            comments = self.found[item].comments
            comments[:] = [replace(one, text=text) if one.id == comment else one for one in comments]

        self._write("edit_comment", change)

    def releases(self) -> Iterable[TargetRelease]:
        self.reads += 1
        return list(self.release_list)

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        def add() -> TargetRelease:
            made = TargetRelease(id=release.tag, tag=release.tag, name=release.name, text=release.text)
            self.release_list.append(made)
            return made

        return self._write("add_release", add)

    def edit_release(self, release: TargetRelease, text: str) -> None:
        def change() -> None:
            self.release_list[:] = [
                replace(one, text=text) if one.id == release.id else one for one in self.release_list
            ]

        self._write("edit_release", change)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        def add() -> None:
            self.release_list[:] = [
                replace(one, assets=(*one.assets, file.name)) if one.id == release.id else one
                for one in self.release_list
            ]

        self._write("add_asset", add)

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:
        assert (item is None) == (self.rules.file_delivery is FileDelivery.UPLOADED)

        def add() -> str:
            self.uploads.append(file.name)
            return f"https://target.example/files/{file.path.name}"

        return self._write("upload", add)

    def address_of_committed(self, repository: TargetRepository, branch: str, path: str) -> str:
        return f"https://target.example/{repository.id}/raw/{branch}/{path}"

    def as_people_see_it(self) -> list[object]:
        """All of it, without what differs from one time to another."""
        shown: list[object] = [sorted(self.label_names), [one.title for one, _ in self.milestone_list]]
        for address, one in self.found.items():
            comments = [(comment.text, comment.thread) for comment in one.comments]
            item = one.item
            shown += [(address, item.title, item.text, item.is_closed, one.labels, one.milestone, comments)]
        return [*shown, *self.release_list]

    def item(self, number: str, kind: ItemKind = ItemKind.ISSUE) -> FakeItem:
        return self.found[ItemAddress(kind, number)]

    def _add(self, kind: ItemKind, new: NewIssue, branches: tuple[str, str] | None) -> TargetItem:
        if not set(new.labels) <= set(self.label_names):
            raise MatouError("no such label")
        item = TargetItem(
            number=self._number(kind), title=new.title, text=new.text, is_closed=False, url=self._url(kind)
        )
        address = ItemAddress(kind, item.number)
        self.found[address] = FakeItem(item, new.labels, new.assignees, new.milestone, branches)
        return item

    def _number(self, kind: ItemKind) -> str:
        counted = [one for one in self.found if self.rules.shares_numbers or one.kind is kind]
        return str(len(counted) + 1) if self.rules.is_sequential else f"I{len(counted) + 0xABCD:X}"

    def _url(self, kind: ItemKind) -> str:
        return f"https://target.example/{kind}s/{self._number(kind)}"

    def _comment(self, item: ItemAddress, text: str, thread: str) -> TargetComment:
        comments = self.found[item].comments
        made = TargetComment(id=str(len(comments) + 1), text=text, thread=thread)
        comments.append(made)
        return made

    def _write(self, name: str, write: Callable[[], T]) -> T:
        number = len(self.writes)
        self.writes.append(name)
        self.before(name, number)
        made = write()
        self.after(name, number)
        return made


def lost(_name: str, _number: int) -> None:
    raise TryLater("no answer")
