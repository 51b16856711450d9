"""What people said, written to one project at a GitLab."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from matou.credentials import Secret
from matou.errors import Conflict, Phrase, UnknownShape
from matou.http.session import Session
from matou.model.metadata_targets import (
    FileDelivery,
    ImportedIssue,
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
from matou.platforms.base.errors import NotOffered, PlatformFailed, made_in_part
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import send_file
from matou.platforms.gitlab.api import GitLabApi, token_of
from matou.platforms.gitlab.calls_writing import GitLabProjectCalls
from matou.platforms.gitlab.files import UPLOAD
from matou.platforms.gitlab.quick_actions import as_given, harmless
from matou.platforms.gitlab.rights import GitLabRights
from matou.platforms.gitlab.wire_target import GitLabWrittenItem, GitLabWrittenRelease

RULES: Final = MetadataRules(
    shares_numbers=False,
    is_sequential=True,
    longest_text=1_000_000,
    longest_label=255,
    not_in_labels=",",
    has_threads=True,
    file_delivery=FileDelivery.UPLOADED,
    largest_file=100 * 1024**2,
)
"""Sizes of gitlab.com; a server may have others."""

DRAFT: Final = "Draft: "
PACKAGE: Final = "release-files"
_IN_VERSIONS: Final = re.compile(r"[^0-9A-Za-z.+_-]+")
_IN_FILES: Final = re.compile(r"[A-Za-z0-9._+-]{1,200}\Z")
_TAKEN: Final = ("already exists", "already been taken")


class GitLabMetadataTarget:
    """See `MetadataTarget` and `IssueImporter`.

    Args:
        session: must name the URL's origin, and keep to the server's limits: see `Platform.open_session`.
        url: the API's address, with `/api/v4`.
    """

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._api = GitLabApi(session, url.rstrip("/"), token_of(token.reveal()), now)
        self._calls = GitLabProjectCalls(self._api, repository.id)
        self._rights = GitLabRights(self._api, repository.id)
        self._home = repository.clone_url.removesuffix(".git").rstrip("/")

    @property
    def rules(self) -> MetadataRules:
        return RULES

    def labels(self) -> Iterator[str]:
        """Those of the groups above it, too."""
        return (label.name for label in self._calls.labels())

    def add_label(self, label: NewLabel) -> None:
        try:
            self._calls.create_label(label.name, f"#{label.color or '808080'}", label.description)
        except PlatformFailed as failure:
            is_taken = any(word in str(failure) for word in _TAKEN)
            raise (Conflict("{fault}", fault=failure.fact) if is_taken else failure) from failure

    def milestones(self) -> Iterator[TargetMilestone]:
        return (TargetMilestone(id=str(row.id), title=row.title) for row in self._calls.milestones())

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        made = self._calls.create_milestone(milestone.title, harmless(milestone.text), milestone.due)
        if milestone.is_closed:
            with made_in_part():
                self._calls.close_milestone(made.id)
        return TargetMilestone(id=str(made.id), title=made.title)

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        return (_item(kind, row) for row in self._calls.items(kind))

    def add_issue(self, issue: NewIssue) -> TargetItem:
        return _item(ItemKind.ISSUE, self._calls.create_item(ItemKind.ISSUE, self._body(issue)))

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        """A draft is known by its title."""
        body = {
            **self._body(change),
            "title": f"{DRAFT if change.is_draft else ''}{change.title}",
            "source_branch": change.head,
            "target_branch": change.base,
        }
        return _item(ItemKind.CHANGE, self._calls.create_item(ItemKind.CHANGE, body))

    @property
    def sets_numbers(self) -> bool:
        return self._rights.is_owner

    @property
    def unwritten_authors(self) -> Mapping[str, Phrase]:
        return self._rights.refused

    def import_issue(self, issue: ImportedIssue) -> TargetItem:
        """With its number, its time and that of each comment, which only an owner may say. Raises NotOffered."""
        if not self._rights.is_owner:
            raise NotOffered("only an owner of the project may say when an issue was written")
        made = self._imported(issue)
        with made_in_part():
            for comment in issue.comments:
                moment = _moment(comment.created_at)
                calls = self._rights.calls_of(comment.author)
                calls.create_note(ItemKind.ISSUE, str(made.iid), harmless(comment.text), moment)
            if issue.is_closed:
                change = {"state_event": "close", "updated_at": _moment(issue.closed_at or issue.updated_at)}
                self._calls.update_item(ItemKind.ISSUE, str(made.iid), change)
        # It is closed at its own time: to be closed again would move that.
        return replace(_item(ItemKind.ISSUE, made), is_closed=issue.is_closed)

    def _imported(self, issue: ImportedIssue) -> GitLabWrittenItem:
        """By the next number, where somebody else has the one that it is to have."""
        body = {**self._body(issue), "created_at": _moment(issue.created_at)}
        calls = self._rights.calls_of(issue.author)
        if issue.number is not None:
            try:
                return calls.create_item(ItemKind.ISSUE, {**body, "iid": issue.number})
            except Conflict:
                pass
        return calls.create_item(ItemKind.ISSUE, body)

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        """A draft stays one."""
        title = edit.title
        if title is not None and item.kind is ItemKind.CHANGE:
            there = self._calls.item(item.kind, item.number).title
            title = f"{DRAFT}{title}" if there.startswith(DRAFT) else title
        change: dict[str, object] = {"title": title, "description": edit.text and harmless(edit.text)}
        if edit.labels is not None:
            change["labels"] = ",".join(edit.labels)
        if edit.milestone is not None:
            change["milestone_id"] = int(edit.milestone)
        if edit.assignees:
            change["assignee_ids"] = self._ids_of_all(edit.assignees)
        if edit.is_closed is not None:
            change["state_event"] = "close" if edit.is_closed else "reopen"
        self._calls.update_item(item.kind, item.number, change)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        """Without what the server wrote about what was done."""
        for discussion in self._calls.discussions(item.kind, item.number):
            for note in discussion.notes:
                if note.system is not True:
                    thread = "" if discussion.individual_note else discussion.id
                    yield TargetComment(
                        id=str(note.id),
                        text=as_given(note.body or ""),
                        thread=thread,
                        author=author_of(note.author, "username"),
                    )

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        made = self._calls.create_note(item.kind, item.number, harmless(text), None)
        return TargetComment(id=str(made.id), text=text)

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        """On the newest difference; a line that is not in it is refused."""
        refs = self._calls.difference(number)
        position = {
            "position_type": "text",
            "base_sha": refs.base_sha,
            "start_sha": refs.start_sha,
            "head_sha": refs.head_sha,
            "old_path": comment.old_path,
            "new_path": comment.path,
            "old_line" if comment.is_old_side else "new_line": comment.line,
        }
        made = self._calls.create_discussion(number, harmless(comment.text), position)
        if not made.notes:
            raise UnknownShape("gitlab Discussion.notes", made.notes)
        return TargetComment(id=str(made.notes[0].id), text=comment.text, thread=made.id)

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        made = self._calls.answer(number, thread, harmless(text))
        return TargetComment(id=str(made.id), text=text, thread=thread)

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        self._calls.update_note(item.kind, item.number, comment, harmless(text))

    def releases(self) -> Iterator[TargetRelease]:
        return (self._release(row) for row in self._calls.releases())

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        body = {
            "tag_name": release.tag,
            "name": release.name,
            "description": harmless(release.text),
            "released_at": _moment(release.released_at),
        }
        return self._release(self._calls.create_release(body))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        self._calls.update_release(release.id, harmless(text))

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        """A file of a package, to which the release then links by its own name."""
        name = file.name if _IN_FILES.match(file.name) else f"file-{sha256(file.name.encode()).hexdigest()[:16]}"
        version = _IN_VERSIONS.sub("-", release.tag).strip("-.+") or sha256(release.tag.encode()).hexdigest()[:16]
        address = self._calls.package_file(PACKAGE, version, name)
        with self._api.translated():
            send_file(self._api.session, address, file, home=self._api.url, authorization=self._api.authorization(""))
        self._calls.create_link(release.id, file.name, address)

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - it belongs to the project
        """Whole, so that a text may name it wherever it stands."""
        url = self._calls.upload(file).url
        if UPLOAD.fullmatch(url) is None:
            raise UnknownShape("gitlab Upload.url", url)
        return f"{self._home}{quote(url, safe='/%')}"

    def _body(self, issue: NewIssue) -> dict[str, object]:
        return {
            "title": issue.title,
            "description": harmless(issue.text),
            "labels": ",".join(issue.labels) or None,
            "milestone_id": int(issue.milestone) if issue.milestone else None,
            "assignee_ids": self._ids_of_all(issue.assignees),
        }

    def _ids_of_all(self, usernames: Iterable[str]) -> list[int] | None:
        return [id_ for name in usernames for id_ in self._ids_of(name)] or None

    def _ids_of(self, username: str) -> list[int]:
        """None of somebody whom the server does not know."""
        if username not in self._people:
            self._people[username] = [row.id for row in self._calls.people(username)]
        return self._people[username]

    @cached_property
    def _people(self) -> dict[str, list[int]]:
        return {}

    def _release(self, row: GitLabWrittenRelease) -> TargetRelease:
        links = (row.assets.links if row.assets else None) or ()
        return TargetRelease(
            id=row.tag_name,
            tag=row.tag_name,
            name=row.name or "",
            text=as_given(row.description or ""),
            assets=tuple(link.name for link in links),
            url=f"{self._home}/-/releases/{quote(row.tag_name, safe='')}",
        )


def _item(kind: ItemKind, row: GitLabWrittenItem) -> TargetItem:
    return TargetItem(
        number=str(row.iid),
        title=row.title.removeprefix(DRAFT) if kind is ItemKind.CHANGE else row.title,
        text=as_given(row.description or ""),
        is_closed=row.state != "opened",
        comments=row.user_notes_count,
        url=row.web_url or "",
        author=author_of(row.author, "username"),
    )


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
