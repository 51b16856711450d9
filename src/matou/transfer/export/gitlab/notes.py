"""Comments, what was done and what was decided, as GitLab has them all: notes on issues, merge requests, commits."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from matou.i18n import gettext as _
from matou.model.metadata import Comment, CommitComment, EventAction, Item, MarkupText, TimelineEvent
from matou.transfer.export.facts import Fact, event_text
from matou.transfer.export.gitlab.people import ExportedPeople
from matou.transfer.export.gitlab.texts import ExportedTexts
from matou.transfer.export.gitlab.wire import PROJECT, Row, clean, moment_or_none, moment_text, parts_of
from matou.transfer.export.markdown_files import literal
from matou.transfer.export.source import ExportSource

THREAD: Final = "DiscussionNote"
LINE: Final = "DiffNote"

_ICONS: Final[Mapping[EventAction, str]] = {
    "closed": "closed",
    "reopened": "opened",
    "labeled": "label",
    "unlabeled": "label",
    "milestoned": "milestone",
    "demilestoned": "milestone",
    "assigned": "assignee",
    "unassigned": "assignee",
    "renamed": "title",
    "referenced": "cross_reference",
    "merged": "merged",
    "head_changed": "commit",
    "base_changed": "branch",
    "review_requested": "reviewer",
    "approved": "approved",
    "unapproved": "unapproved",
    "draft": "title",
    "ready": "title",
    "locked": "locked",
    "moved": "moved",
}
"""GitLab's words for what a note of its own tells (SystemNoteMetadata); `status` and `other` have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKeys:
    """What a note has besides its text and its author.

    Attributes:
        discussion: the id of the thread; that of a note alone is its own.
        more: further keys as GitLab has them.
    """

    noteable: str
    discussion: str
    type: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class ExportedNotes:
    """Makes notes. What was done is told in a note of the system's, never as an event: an event has no room for the
    name of somebody whom GitLab does not know, and would tell that the account that imports did it."""

    def __init__(self, source: ExportSource, people: ExportedPeople, texts: ExportedTexts) -> None:
        self._source = source
        self._people = people
        self._texts = texts

    def of(self, item: Item, noteable: str) -> list[Row]:
        """Comments and events, in the order of their times."""
        replied = {comment.reply_to for comment in item.comments} - {None}
        roots = _roots(item.comments)
        rows: list[Row] = []
        for comment in item.comments:
            is_thread = comment.reply_to is not None or comment.id in replied
            discussion = discussion_id(noteable, item.number, roots[comment.id])
            keys = NoteKeys(noteable=noteable, discussion=discussion, type=THREAD if is_thread else None)
            rows += self.comment(comment, keys, since=item.at)
        rows += [self._event(event, item, noteable, place) for place, event in enumerate(item.events)]
        return sorted(rows, key=lambda row: str(row["created_at"]))

    def continuation(self, texts: Iterable[str], item: Item, noteable: str) -> Iterator[Row]:
        """What of a description is longer than GitLab takes."""
        for place, text in enumerate(texts):
            keys = NoteKeys(noteable=noteable, discussion=discussion_id(noteable, item.number, f"text/{place}"))
            yield self.note(text, item.by, item.at, keys)

    def comment(self, comment: Comment, keys: NoteKeys, *, since: datetime | None, place: str = "") -> Iterator[Row]:
        """As many notes as it takes.

        Args:
            since: when what it was said on was written.
            place: what it was said on, where GitLab cannot show it there.
        """
        facts: list[Fact] = [] if comment.gone_in is None else [(_("gone from the source"), str(comment.gone_in))]
        facts += [(f":{one.name}:", self._source.people_named(one.by)) for one in comment.reactions or ()]
        text = self._texts.text(comment.text, comment.files, facts, head=place)
        for part in parts_of(text):
            yield self.note(part, comment.by, comment.at or since, keys, edited_at=comment.edited_at)

    def written(self, text: MarkupText, by: str | None, at: datetime | None, keys: NoteKeys) -> Iterator[Row]:
        """A text without files."""
        return (self.note(part, by, at, keys) for part in parts_of(self._texts.text(text)))

    def note(
        self,
        text: str,
        by: str | None,
        at: datetime | None,
        keys: NoteKeys,
        *,
        edited_at: datetime | None = None,
        is_system: bool = False,
    ) -> Row:
        return {
            "note": text or "-",
            "noteable_type": keys.noteable,
            "author_id": self._people.id_of(by),
            "created_at": moment_text(at),
            "updated_at": moment_text(edited_at or at),
            "last_edited_at": moment_or_none(edited_at),
            "project_id": PROJECT,
            "attachment": {"url": None},
            "line_code": None,
            "commit_id": None,
            "system": is_system,
            "discussion_id": keys.discussion,
            "type": keys.type,
            "author": {"name": self._people.name_of(by)},
            **keys.more,
        }

    def system_note(
        self, text: str, by: str | None, at: datetime | None, *, noteable: str, discussion: str, icon: str | None
    ) -> Row:
        """What the system tells."""
        moment = moment_text(at)
        metadata = {"commit_count": None, "action": icon, "created_at": moment, "updated_at": moment}
        more = {} if icon is None else {"system_note_metadata": metadata}
        keys = NoteKeys(noteable=noteable, discussion=discussion, more=more)
        return self.note(literal(clean(text)), by, at, keys, is_system=True)

    def on_commit(self, comment: CommitComment, commit: str) -> Iterator[Row]:
        position, place = comment.position, ""
        if position is not None:
            place = literal(position.path if position.line is None else f"{position.path}:{position.line}")
        discussion = discussion_id("Commit", commit, comment.reply_to or comment.id)
        keys = NoteKeys(noteable="Commit", discussion=discussion, more={"commit_id": commit})
        edited_at = None if comment.updated_at == comment.at else comment.updated_at
        for part in parts_of(self._texts.text(comment.text, comment.files, head=place)):
            yield self.note(part, comment.by, comment.at, keys, edited_at=edited_at)

    def _event(self, event: TimelineEvent, item: Item, noteable: str, place: int) -> Row:
        discussion = discussion_id(noteable, item.number, f"event/{event.id or place}")
        at, icon = event.at or item.at, _ICONS.get(event.kind)
        return self.system_note(event_text(event), event.by, at, noteable=noteable, discussion=discussion, icon=icon)


def discussion_id(noteable: str, number: str, name: str) -> str:
    """Of forty hexadecimal digits, as GitLab's are; the same each time."""
    text = f"{noteable}\0{number}\0{name}"
    return hashlib.sha1(text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _roots(comments: Iterable[Comment]) -> dict[str, str]:
    """The comment that began the thread of each; a reply to one that is not there begins its own."""
    above = {comment.id: comment.reply_to for comment in comments}
    roots: dict[str, str] = {}
    for start in above:
        chain, at = [start], start
        while (parent := above.get(at)) is not None and parent in above and parent not in chain and at not in roots:
            at = parent
            chain.append(at)
        roots |= dict.fromkeys(chain, roots.get(at, at))
    return roots
