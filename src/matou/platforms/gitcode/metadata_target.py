"""Writes what people said to a repository at GitCode.

Issues and pull requests have numbers of their own, each in sequence. State is written `close` and `reopen` of issues
and read as `closed` and `open`. Sources as in `wire_issues`.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import UNSET

from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.http.addresses import repository_path, segment
from matou.http.responses import Answer
from matou.http.session import Session
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
from matou.platforms.base.api_client import NOTHING
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import send_file
from matou.platforms.gitcode.api import GitCodeApi, token_of
from matou.platforms.gitcode.calls_conversation import ConversationCalls
from matou.platforms.gitcode.calls_people import PeopleCalls
from matou.platforms.gitcode.client import api_address
from matou.platforms.gitcode.wire_issues import GitCodeIssue, GitCodeMilestone, GitCodeNote
from matou.platforms.gitcode.wire_pulls import GitCodePullComment, GitCodePullReply, GitCodePullRequest
from matou.platforms.gitcode.wire_releases import GitCodeRelease
from matou.platforms.gitcode.wire_targets import GitCodeMadeComment, GitCodeMadeItem, GitCodeUploadAddress

RULES: Final = MetadataRules(
    shares_numbers=False,
    is_sequential=True,
    not_in_labels=",",
    needs_due=True,
    closes_milestones=False,
    needs_release_text=True,
    has_threads=True,
    file_delivery=FileDelivery.UPLOADED,
)

Body = Mapping[str, object]


class GitCodeMetadataTarget:
    """See `MetadataTarget`."""

    rules = RULES

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._session = session
        self._api = GitCodeApi(session, api_address(url), token_of(token.reveal()), now)
        self._calls = ConversationCalls(self._api)
        self._name = repository.id
        self._path = repository_path(repository.id)

    def labels(self) -> Iterator[str]:
        return (label.name for label in self._calls.labels(self._name))

    def add_label(self, label: NewLabel) -> None:
        """As a form, the only one of these that is."""
        form = urlencode({"name": label.name, "color": f"#{label.color}"}).encode()
        path, form_type = f"{self._path}/labels", "application/x-www-form-urlencoded"
        self._api.request("POST", path, content=form, content_type=form_type, repeatable=False)

    def milestones(self) -> Iterator[TargetMilestone]:
        return (_milestone(row) for row in self._calls.milestones(self._name))

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        """It begins open; the description has nothing that closes one when it is made."""
        body = {"title": milestone.title, "description": milestone.text or None, "due_on": milestone.due}
        return _milestone(self._api.read(GitCodeMilestone, self._post("/milestones", body)))

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        if kind is ItemKind.ISSUE:
            return (_issue(row) for row in self._calls.issues(self._name))
        return (_change(row) for row in self._calls.pull_requests(self._name))

    def add_issue(self, issue: NewIssue) -> TargetItem:
        owner, _slash, name = self._name.partition("/")
        body = {
            "repo": name,
            "title": issue.title,
            "body": issue.text,
            "labels": ",".join(issue.labels) or None,
            "milestone": _number(issue.milestone),
            "assignee": ",".join(issue.assignees) or None,
        }
        answer = self._api.send_json("POST", f"/repos/{segment(owner)}/issues", body, repeatable=False)
        return _made(self._api.read(GitCodeMadeItem, answer), issue)

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        body = {
            "title": change.title,
            "body": change.text,
            "head": change.head,
            "base": change.base,
            "labels": ",".join(change.labels) or None,
            "milestone_number": _number(change.milestone),
            "draft": change.is_draft or None,
            "assignees": ",".join(change.assignees) or None,
        }
        return _made(self._api.read(GitCodeMadeItem, self._post("/pulls", body)), change)

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        named: Body = {
            "title": edit.title,
            "body": edit.text,
            "labels": None if edit.labels is None else ",".join(edit.labels),
        }
        people = ",".join(edit.assignees) or None
        if item.kind is ItemKind.CHANGE:
            state = None if edit.is_closed is None else "closed" if edit.is_closed else "open"
            body = {**named, "milestone_number": _number(edit.milestone), "state": state}
            path = f"{self._path}/pulls/{segment(item.number)}"
            self._api.send_json("PATCH", path, body, repeatable=True)
            if people is not None:
                self._api.send_json("POST", f"{path}/assignees", {"assignees": people}, repeatable=True)
            return
        owner, _slash, name = self._name.partition("/")
        state = None if edit.is_closed is None else "close" if edit.is_closed else "reopen"
        body = {"repo": name, **named, "milestone": _number(edit.milestone), "assignee": people, "state": state}
        self._api.send_json("PATCH", f"/repos/{segment(owner)}/issues/{segment(item.number)}", body, repeatable=True)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        if item.kind is ItemKind.ISSUE:
            return (_note(row) for row in self._calls.comments_of_issue(self._name, item.number))
        rows = self._calls.pull_request_comments(self._name, int(item.number))
        return (comment for row in rows for comment in _comments_in(row))

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        kind = "issues" if item.kind is ItemKind.ISSUE else "pulls"
        return self._comment(f"/{kind}/{segment(item.number)}/comments", {"body": text}, text)

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        """`position` is the line in the file, not one of the difference."""
        path = comment.old_path if comment.is_old_side else comment.path
        body = {"body": comment.text, "path": path, "position": comment.line}
        made = self._comment(f"/pulls/{segment(number)}/comments", body, comment.text)
        found = (one for one in self.comments(ItemAddress(ItemKind.CHANGE, number)) if one.id == made.id)
        return next(found, made)

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        path = f"/pulls/{segment(number)}/discussions/{segment(thread)}/comments"
        return self._comment(path, {"body": text}, text)

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        kind = "issues" if item.kind is ItemKind.ISSUE else "pulls"
        self._api.send_json(
            "PATCH", f"{self._path}/{kind}/comments/{segment(comment)}", {"body": text}, repeatable=True
        )

    def releases(self) -> Iterator[TargetRelease]:
        return (_release(row) for row in self._calls.releases(self._name))

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        body = {
            "tag_name": release.tag,
            "name": release.name,
            "body": release.text,
            "target_commitish": release.target or None,
        }
        self._post("/releases", body)
        return TargetRelease(id=release.tag, tag=release.tag, name=release.name, text=release.text)

    def edit_release(self, release: TargetRelease, text: str) -> None:
        body = {"name": release.name, "body": text}
        self._api.send_json("PATCH", f"{self._path}/releases/{segment(release.tag)}", body, repeatable=True)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        path = f"{self._path}/releases/{segment(release.tag)}/upload_url"
        place = self._api.unrecorded().get(GitCodeUploadAddress, path, {"file_name": file.name})
        send_file(
            self._session,
            place.url,
            file,
            home=self._api.url,
            headers=NOTHING if place.headers is UNSET else place.headers,
        )

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - they belong to no item
        calls, content = PeopleCalls(self._api), file.path.read_bytes()
        is_picture = file.type.startswith("image/") and file.type != "image/svg+xml"
        put = calls.upload_image if is_picture else calls.upload_file
        return put(self._name, file.name, content).full_path

    def _post(self, below: str, body: Body) -> Answer:
        return self._api.send_json("POST", f"{self._path}{below}", body, repeatable=False)

    def _comment(self, below: str, body: Body, text: str) -> TargetComment:
        made = self._api.read(GitCodeMadeComment, self._post(below, body))
        return TargetComment(id=made.id, text=made.body if isinstance(made.body, str) else text)


def _milestone(row: GitCodeMilestone) -> TargetMilestone:
    return TargetMilestone(id=str(row.number), title=row.title)


def _number(milestone: str | None) -> int | None:
    return None if milestone is None else int(milestone)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _issue(row: GitCodeIssue) -> TargetItem:
    return TargetItem(
        number=row.number,
        title=row.title,
        text=_text(row.body),
        is_closed=row.state == "closed",
        comments=row.comments if isinstance(row.comments, int) else None,
        url=_text(row.html_url),
        author=author_of(row.user),
    )


def _change(row: GitCodePullRequest) -> TargetItem:
    return TargetItem(
        number=str(row.number),
        title=row.title,
        text=_text(row.body),
        is_closed=row.state not in ("open", "opened"),
        url=_text(row.html_url) or _text(row.web_url),
        author=author_of(row.user),
    )


def _made(row: GitCodeMadeItem, new: NewIssue) -> TargetItem:
    """Raises UnknownShape where the answer has no number, as some have had."""
    number = row.number if row.number is not UNSET else row.iid
    if number is UNSET:
        raise UnknownShape("gitcode Issue.number", None)
    url = _text(row.html_url) or _text(row.web_url)
    return TargetItem(number=str(number), title=new.title, text=new.text, is_closed=False, url=url)


def _note(row: GitCodeNote) -> TargetComment:
    return TargetComment(id=str(row.id), text=_text(row.body), author=author_of(row.user))


def _comments_in(row: GitCodePullComment) -> Iterator[TargetComment]:
    replies: list[GitCodePullReply] = row.replies if isinstance(row.replies, list) else []
    thread = _text(row.discussion_id) if row.comment_type == "diff_comment" else ""
    for one in (row, *replies):
        yield TargetComment(id=one.id, text=_text(one.body), thread=thread, author=author_of(one.user))


def _release(row: GitCodeRelease) -> TargetRelease:
    """Archives of the code are assets, too, which GitCode makes when asked for."""
    files = row.assets if isinstance(row.assets, list) else []
    return TargetRelease(
        id=row.tag_name,
        tag=row.tag_name,
        name=_text(row.name),
        text=_text(row.body),
        assets=tuple(one.name for one in files if one.type != "source"),
    )
