"""Brings one item to the target, or up to date there: made once, its comments after it, closed at the end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from matou.errors import MatouError, Phrase, TryLater
from matou.http.tokens import BadCredential
from matou.model.metadata import ChangeRequest, Item
from matou.model.metadata_targets import (
    ImportedComment,
    ImportedIssue,
    ItemAddress,
    ItemEdit,
    ItemKind,
    NewChangeRequest,
    NewIssue,
    TargetComment,
    TargetItem,
)
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata_target import IssueImporter, MetadataTarget
from matou.transfer.migrate.conversation.headers import harmless_address
from matou.transfer.migrate.conversation.item_texts import CommentText, ItemText, ItemTexts
from matou.transfer.migrate.conversation.markers import ItemKey
from matou.transfer.migrate.conversation.numbering import OutlinedItem
from matou.transfer.migrate.conversation.proof import SentComments
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.target_contents import TargetContents
from matou.transfer.migrate.conversation.vocabulary import TargetVocabulary
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import WrittenLine, WrittenMap, digest, replace_line

_UNCHANGED: Final = Phrase("a comment that was changed since stays as it was: the platform changes none")

_UNASSIGNED: Final = Phrase(
    "the target does not assign those whom --people names: let them into the repository, and assign them there yourself"
)


@dataclass
class ItemWriter:
    """Writes the items of one source; for one thread.

    Attributes:
        fresh: the items that this run wrote, of which the target has nothing that we did not write just now.
        sent: the comments that this run wrote or changed, by what they stand on.
        assignees: whom a person of the source is at the target, where that was said.
        imports: whether the target has not said yet that it imports no issues.
    """

    target: MetadataTarget
    written: WrittenMap
    writer: OnceWriter
    contents: TargetContents
    vocabulary: TargetVocabulary
    texts: ItemTexts
    report: ConversationReport
    now: Callable[[], datetime]
    assignees: Callable[[str], str | None]
    sent: SentComments
    fresh: set[ItemKey] = field(default_factory=set)
    imports: bool = True
    _counted: set[ItemKey] = field(default_factory=set)
    _whole: set[ItemKey] = field(default_factory=set)

    def write(self, item: Item, outlined: OutlinedItem) -> None:
        """Raises MatouError where the target does not take it; what was written of it stands in the map."""
        key = ItemKey(self.texts.references.source, outlined.kind.value, outlined.number)
        line = self.written.get(key) or self._recovered(key)
        if line is None:
            if not self._sets_numbers:
                self._fill_gaps(outlined)
            line = self._create(item, outlined, key)
            self.report.written[outlined.kind.value] += 1
        text = self.texts.of_item(item, ItemKind(line.to_kind))
        line = self._bring_up_to_date(line, item, text)
        self._write_comments(ItemAddress(ItemKind(line.to_kind), line.to), text)
        self._set_state(line, "open" if item.state == "open" else "closed", text.title)

    def _recovered(self, key: ItemKey) -> WrittenLine | None:
        """What a run made that was cut off before it noted it."""
        found = self.contents.items.get(key)
        if found is None:
            return None
        address, there = found
        return self.written.add(self._line(key, address, there, fields=""))

    @property
    def _sets_numbers(self) -> bool:
        return self.imports and isinstance(self.target, IssueImporter) and self.target.sets_numbers

    def _create(self, item: Item, outlined: OutlinedItem, key: ItemKey) -> WrittenLine:
        becomes = outlined.becomes
        text = self.texts.of_item(item, becomes)
        new = self._new(item, text)
        if becomes is ItemKind.CHANGE and isinstance(item, ChangeRequest):
            change = item
            try:
                return self._made_change(key, change, new)
            except (TryLater, BadCredential):
                raise
            except MatouError as refusal:
                self.report.notes.append(
                    Phrase("!{number} became an issue: {reason}", number=item.number, reason=refusal.fact)
                )
            text = self.texts.of_item(item, ItemKind.ISSUE)
            new = self._new(item, text)
        return self._imported(key, item, new, text, outlined.wanted) or self._made_with_people(
            key, ItemKind.ISSUE, new, self.target.add_issue
        )

    def _made_change(self, key: ItemKey, change: ChangeRequest, new: NewIssue) -> WrittenLine:
        line = self._made_with_people(
            key, ItemKind.CHANGE, new, lambda known: self.target.add_change_request(_change(change, known))
        )
        self._lose_of(change)
        return line

    def _lose_of(self, change: ChangeRequest) -> None:
        """What the target's change requests cannot be."""
        rules = self.target.rules
        if change.draft and not rules.has_drafts:
            self.report.lose(Phrase("a change request was a draft, and is none: the platform has none"))
        if change.labels and not rules.has_labels_of_changes:
            self.report.lose(Phrase("a change request has no labels any more: the platform gives it none"))
        if any(map(self.assignees, change.assignees)) and not rules.assigns_changes:
            self.report.lose(Phrase("nobody is assigned to a change request any more: there it means to review it"))

    def _made_with_people(
        self, key: ItemKey, kind: ItemKind, new: NewIssue, write: Callable[[NewIssue], TargetItem]
    ) -> WrittenLine:
        """Assigned to nobody where it is refused with those whom a person named: they may not see the repository."""
        try:
            return self._made(key, kind, new, lambda: write(new))
        except (TryLater, BadCredential):
            raise
        except MatouError:
            if not new.assignees:
                raise
        line = self._made(key, kind, new, lambda: write(replace(new, assignees=())))
        self.report.lose(_UNASSIGNED)
        return line

    def _imported(
        self, key: ItemKey, item: Item, new: NewIssue, text: ItemText, wanted: int | None
    ) -> WrittenLine | None:
        """An issue that came with its times and all that was said on it; None where it is to be written bit by bit."""
        importer, at = self.target, item.at
        if not isinstance(importer, IssueImporter) or at is None or not self.imports:
            return None
        whole = replace(_whole(item, new, text, at, self.assignees), number=wanted)
        try:
            line = self._made(key, ItemKind.ISSUE, new, lambda: importer.import_issue(whole), may_come_late=True)
        except (TryLater, BadCredential):
            raise
        except NotOffered as refusal:
            self.imports = False
            self.report.notes.append(Phrase("times are not kept: {reason}", reason=refusal.fact))
            return None
        except MatouError as refusal:
            self.report.notes.append(
                Phrase("the times of #{number} are not kept: {reason}", number=item.number, reason=refusal.fact)
            )
            return None
        self._whole.add(key)
        self.report.written["comment"] += len(text.comments)
        return line

    def _made(
        self,
        key: ItemKey,
        kind: ItemKind,
        new: NewIssue,
        write: Callable[[], TargetItem],
        *,
        may_come_late: bool = False,
    ) -> WrittenLine:
        """One whose answer was lost may lack its labels: its line says nothing of them, so that they are set.

        What may come late comes whole, with a time that setting them would move.
        """
        answered: list[TargetItem] = []

        def make() -> TargetItem:
            answered.append(write())
            return answered[-1]

        item = self.writer.make(make, lambda: self.contents.find_again(kind, key), may_come_late=may_come_late)
        sent = replace(item, title=new.title, text=new.text)
        address = self.contents.note(kind, sent, is_made_now=True)
        self.fresh.add(key)
        self._counted.add(key)
        is_whole = answered or may_come_late
        return self.written.add(self._line(key, address, sent, fields=_fields(new) if is_whole else ""))

    def _line(self, key: ItemKey, address: ItemAddress, item: TargetItem, *, fields: str) -> WrittenLine:
        return WrittenLine(
            source=key.source,
            kind=key.kind,
            number=key.number,
            to=address.number,
            to_kind=address.kind.value,
            url=harmless_address(item.url),
            at=self._at(),
            text_sha256=digest(item.text),
            title_sha256=digest(item.title),
            fields_sha256=fields,
            state="closed" if item.is_closed else "open",
        )

    def _new(self, item: Item, text: ItemText) -> NewIssue:
        source = self.texts.source
        people = dict.fromkeys(self.assignees(key) for key in item.assignees)
        return NewIssue(
            title=text.title,
            text=text.text,
            labels=self.vocabulary.labels_of(item, source),
            milestone=self.vocabulary.milestone_of(item, source),
            assignees=tuple(person for person in people if person),
            author=None if item.by is None else self.assignees(item.by),
        )

    def _bring_up_to_date(self, line: WrittenLine, item: Item, text: ItemText) -> WrittenLine:
        new = self._new(item, text)
        changed = replace_line(
            line, text_sha256=digest(new.text), title_sha256=digest(new.title), fields_sha256=_fields(new)
        )
        if changed == line:
            self._count_unchanged(line.key, line.kind)
            return line
        if self._was_changed_there(line, changed):
            return line
        edit = ItemEdit(
            title=new.title,
            text=None if changed.text_sha256 == line.text_sha256 else new.text,
            labels=None if changed.fields_sha256 == line.fields_sha256 else new.labels,
            milestone=None if changed.fields_sha256 == line.fields_sha256 else new.milestone,
            assignees=() if changed.fields_sha256 == line.fields_sha256 else self._assigned(new, line),
        )
        self._edit_with_people(ItemAddress(ItemKind(line.to_kind), line.to), edit)
        self._count_edited(line)
        return self.written.add(replace_line(changed, at=self._at()))

    def _assigned(self, new: NewIssue, line: WrittenLine) -> tuple[str, ...]:
        is_change = ItemKind(line.to_kind) is ItemKind.CHANGE
        return () if is_change and not self.target.rules.assigns_changes else new.assignees

    def _edit_with_people(self, address: ItemAddress, edit: ItemEdit) -> None:
        """As `_made_with_people`."""
        try:
            self.writer.set(lambda: self.target.edit_item(address, edit))
        except (TryLater, BadCredential):
            raise
        except MatouError:
            if not edit.assignees:
                raise
            self.writer.set(lambda: self.target.edit_item(address, replace(edit, assignees=())))
            self.report.lose(_UNASSIGNED)

    def _was_changed_there(self, line: WrittenLine, wanted: WrittenLine) -> bool:
        """Somebody wrote into it since: that is theirs."""
        found = self.contents.items.get(line.key)
        ours = (line.text_sha256, wanted.text_sha256)
        if line.key in self.fresh or found is None or digest(found[1].text) in ours:
            return False
        self.report.notes.append(Phrase("#{number} was changed at the target: it is left as it is", number=line.to))
        return True

    def _write_comments(self, item: ItemAddress, text: ItemText) -> None:
        is_bare = text.key in self.fresh and text.key not in self._whole
        there: dict[ItemKey, TargetComment] | None = {} if is_bare else None
        for comment in text.comments:
            line = self.written.get(comment.key)
            if line is not None and line.text_sha256 == digest(comment.text):
                self._count_unchanged(comment.key, "comment")
                continue
            there = self.contents.comments(item) if there is None else there
            self._write_comment(item, comment, line, there)

    def _write_comment(
        self,
        item: ItemAddress,
        comment: CommentText,
        line: WrittenLine | None,
        there: dict[ItemKey, TargetComment],
    ) -> None:
        if line is not None:
            self._edit_comment(item, comment, line, there.get(comment.key))
            return
        made = there.get(comment.key)
        if made is not None and digest(made.text) != digest(comment.text):
            # As a run of before wrote it, of which nothing is known.
            self._edit_comment(item, comment, self._note_comment(comment, made, made.text), made)
            return
        if made is None:
            made = self.writer.make(
                lambda: self._add_comment(item, comment), lambda: self.contents.comments(item).get(comment.key)
            )
            self.report.written["comment"] += 1
        self._counted.add(comment.key)
        self.sent[item].add(comment.key)
        self._note_comment(comment, made, comment.text)

    def _add_comment(self, item: ItemAddress, comment: CommentText) -> TargetComment:
        first = self.written.get(comment.answers) if comment.answers else None
        if comment.position is not None:
            try:
                return self.target.add_line_comment(item.number, comment.position)
            except (TryLater, BadCredential):
                raise
            except MatouError:
                self.report.lose(Phrase("a comment on a line stands below the change request, not at the line"))
        if first is not None and first.thread and self.target.rules.has_threads:
            return self.target.add_answer(item.number, first.thread, comment.text)
        return self.target.add_comment(item, comment.text)

    def _edit_comment(
        self, item: ItemAddress, comment: CommentText, line: WrittenLine, there: TargetComment | None
    ) -> None:
        if there is not None and digest(there.text) not in (line.text_sha256, digest(comment.text)):
            self.report.notes.append(
                Phrase("a comment on #{number} was changed at the target: it is left as it is", number=item.number)
            )
            return
        if not self.target.rules.edits_comments:
            self.report.lose(_UNCHANGED)
        else:
            self._change_comment(item, line, comment.text)
        self.written.add(replace_line(line, text_sha256=digest(comment.text), at=self._at()))

    def _change_comment(self, item: ItemAddress, line: WrittenLine, text: str) -> None:
        try:
            self.writer.set(lambda: self.target.edit_comment(item, line.to, text))
        except NotOffered:
            self.report.lose(_UNCHANGED)
        else:
            self.sent[item].add(line.key)
            self.report.edited["comment"] += 1

    def _note_comment(self, comment: CommentText, made: TargetComment, text: str) -> WrittenLine:
        return self.written.add(
            WrittenLine(
                source=comment.key.source,
                kind=comment.key.kind,
                number=comment.key.number,
                to=made.id,
                url=harmless_address(made.url),
                at=self._at(),
                text_sha256=digest(text),
                thread=made.thread,
            )
        )

    def _set_state(self, line: WrittenLine, state: str, title: str) -> None:
        if line.state == state:
            return
        address = ItemAddress(ItemKind(line.to_kind), line.to)
        self.writer.set(lambda: self.target.edit_item(address, ItemEdit(title=title, is_closed=state == "closed")))
        self._count_edited(self.written.add(replace_line(line, state=state, at=self._at())))

    def close_gaps(self) -> None:
        """Placeholders that a run which was cut off left open."""
        there = [key for key in self.contents.items if key.kind == "gap"]
        for key in there:
            line = self.written.get(key) or self._recovered(key)
            if line is not None and key.source == self.texts.references.source:
                self._set_state(line, "closed", self.contents.items[key][1].title)

    def _fill_gaps(self, outlined: OutlinedItem) -> None:
        """Write placeholders until the next number is the one that is wanted."""
        if outlined.wanted is None:
            return
        for number in range(self.contents.highest(ItemKind.ISSUE) + 1, outlined.wanted):
            self._fill_gap(number)
            if self.contents.highest(ItemKind.ISSUE) != number:
                return

    def _fill_gap(self, number: int) -> None:
        source = self.texts.references.source
        key = ItemKey(source, "gap", str(number))
        title, text = self.texts.gap(number, source)
        line = self.written.get(key) or self._recovered(key)
        if line is None:
            line = self._made(
                key, ItemKind.ISSUE, new := NewIssue(title=title, text=text), lambda: self.target.add_issue(new)
            )
            self.report.gaps += 1
        self._set_state(line, "closed", title)

    def _count_unchanged(self, key: ItemKey, kind: str) -> None:
        if key not in self._counted:
            self._counted.add(key)
            self.report.unchanged[kind] += 1

    def _count_edited(self, line: WrittenLine) -> None:
        if line.key not in self._counted:
            self._counted.add(line.key)
            self.report.edited[line.kind] += 1

    def _at(self) -> str:
        return self.now().isoformat(timespec="seconds")


def _fields(new: NewIssue) -> str:
    return digest(json.dumps([sorted(new.labels), new.milestone, sorted(new.assignees)]))


def _change(item: ChangeRequest, new: NewIssue) -> NewChangeRequest:
    return NewChangeRequest(
        title=new.title,
        text=new.text,
        labels=new.labels,
        milestone=new.milestone,
        assignees=new.assignees,
        head=item.head.branch or "",
        base=item.base.branch,
        is_draft=bool(item.draft),
    )


def _whole(item: Item, new: NewIssue, text: ItemText, at: datetime, whom: Callable[[str], str | None]) -> ImportedIssue:
    """What nobody knows the time of comes right after what it follows."""
    comments: list[ImportedComment] = []
    last = at
    for comment in text.comments:
        last = max(last, comment.at or last)
        author = None if comment.by is None else whom(comment.by)
        comments.append(ImportedComment(text=comment.text, created_at=last, author=author))
    return ImportedIssue(
        title=new.title,
        text=new.text,
        labels=new.labels,
        milestone=new.milestone,
        assignees=new.assignees,
        author=new.author,
        created_at=at,
        updated_at=item.updated_at,
        closed_at=item.closed_at,
        is_closed=item.state != "open",
        comments=tuple(comments),
    )
