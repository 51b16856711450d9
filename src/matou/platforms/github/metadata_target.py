"""What people said, written to one repository at GitHub."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from matou.credentials import Secret
from matou.errors import Conflict, MatouError, TryLater, UnknownShape
from matou.http.addresses import repository_path, segment, with_query
from matou.http.session import Session
from matou.http.tokens import BadCredential
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
from matou.platforms.base.errors import NotOffered, made_in_part
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import send_file
from matou.platforms.github.api import GitHubApi, token_of
from matou.platforms.github.calls_writing import GitHubWritingCalls
from matou.platforms.github.issue_import import IssueImport
from matou.platforms.github.upload_address import upload_address
from matou.platforms.github.wire_issues import GitHubComment, GitHubIssue
from matou.platforms.github.wire_pulls import GitHubPullRequest, GitHubReviewComment
from matou.platforms.github.wire_writing import GitHubSentAsset, GitHubSentRelease

RULES: Final = MetadataRules(
    shares_numbers=True,
    is_sequential=True,
    change_sign="#",
    has_threads=True,
    has_release_drafts=True,
    file_delivery=FileDelivery.COMMITTED,
    largest_file=100 * 1024**2,
    # It refuses a push of more than 2 GB; half of that is a fair share to send again where one breaks off.
    largest_push=1024**3,
    largest_asset=2 * 1024**3 - 1,
)

_ON_A_LINE: Final = "discussion_r"
"""As its pages call a comment on a line; those on a whole issue have numbers of their own."""
_UPLOADED: Final = "uploaded"
_NO_DRAFTS: Final = "draft pull requests are not supported"


class GitHubMetadataTarget:
    """See `MetadataTarget` and `IssueImporter`.

    Args:
        session: must name the URL's origin, and keep to GitHub's limits: see `Platform.open_session`.
        url: the API's address.
    """

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._api = GitHubApi(session, url.rstrip("/"), token_of(token.reveal()), now)
        self._calls = GitHubWritingCalls(self._api, repository.id)
        self._import = IssueImport(self._calls, session.pause)
        self._repository = repository
        self._home = repository.clone_url.removesuffix(".git").rstrip("/")

    @property
    def rules(self) -> MetadataRules:
        return RULES

    def labels(self) -> Iterator[str]:
        return (label.name for label in self._calls.labels())

    def add_label(self, label: NewLabel) -> None:
        description = label.description[:100]
        self._calls.create_label({"name": label.name, "color": label.color, "description": description})

    def milestones(self) -> Iterator[TargetMilestone]:
        return (TargetMilestone(id=str(row.number), title=row.title) for row in self._calls.milestones())

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        """The day ends in the west last: noon in UTC is that day wherever it is read."""
        made = self._calls.create_milestone(
            {
                "title": milestone.title,
                "description": milestone.text,
                "state": "closed" if milestone.is_closed else "open",
                "due_on": None if milestone.due is None else f"{milestone.due}T12:00:00Z",
            }
        )
        return TargetMilestone(id=str(made.number), title=made.title)

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        if kind is ItemKind.CHANGE:
            return (self._item(kind, row) for row in self._calls.pulls())
        return (self._item(kind, row) for row in self._calls.issues() if not row.pull_request)

    def add_issue(self, issue: NewIssue) -> TargetItem:
        made = self._calls.create_issue({"title": issue.title, "body": issue.text, **_belonging_to(issue)})
        return self._item(ItemKind.ISSUE, made)

    @property
    def sets_numbers(self) -> bool:
        return False

    def import_issue(self, issue: ImportedIssue) -> TargetItem:
        number = self._import.run(issue)
        return TargetItem(
            number=number,
            title=issue.title,
            text=issue.text,
            is_closed=issue.is_closed,
            url=f"{self._home}/issues/{number}",
        )

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        """Labels and the rest are set once it is there: nothing of it makes another one."""
        fields: dict[str, object] = {
            "title": change.title,
            "body": change.text,
            "head": change.head,
            "base": change.base,
        }
        made = self._created_pull(fields, is_draft=change.is_draft)
        belonging = _belonging_to(change)
        if belonging:
            with made_in_part():
                self._calls.update_issue(str(made.number), belonging)
        return self._item(ItemKind.CHANGE, made)

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        fields: dict[str, object] = {}
        if edit.title is not None:
            fields["title"] = edit.title
        if edit.text is not None:
            fields["body"] = edit.text
        if edit.labels is not None:
            fields["labels"] = list(edit.labels)
        if edit.milestone is not None:
            fields["milestone"] = _number(edit.milestone)
        if edit.assignees:
            fields["assignees"] = list(edit.assignees)
        if edit.is_closed is not None:
            fields["state"] = "closed" if edit.is_closed else "open"
        if fields:
            self._calls.update_issue(item.number, fields)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        yield from map(_comment, self._calls.comments(item.number))
        if item.kind is ItemKind.CHANGE:
            yield from map(_line_comment, self._calls.line_comments(item.number))

    def comments_on_all(self) -> Iterator[TargetComment]:
        yield from map(_comment, self._calls.comments_on_all())
        yield from map(_line_comment, self._calls.line_comments_on_all())

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        made = self._calls.create_comment(item.number, text)
        return TargetComment(id=str(made.id), text=text, url=_address(made.html_url))

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        side = "LEFT" if comment.is_old_side else "RIGHT"
        has_more = comment.first_line is not None and comment.first_line < comment.line
        made = self._calls.create_line_comment(
            number,
            {
                "body": comment.text,
                "commit_id": comment.commit,
                "path": comment.path,
                "line": comment.line,
                "side": side,
                "start_line": comment.first_line if has_more else None,
                "start_side": side if has_more else None,
            },
        )
        return _line_comment(made)

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        return _line_comment(self._calls.answer_line_comment(number, thread, text))

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:  # noqa: ARG002 - a comment's id is enough
        if comment.startswith(_ON_A_LINE):
            self._calls.update_line_comment(comment.removeprefix(_ON_A_LINE), text)
        else:
            self._calls.update_comment(comment, text)

    def releases(self) -> Iterator[TargetRelease]:
        return (_release(row) for row in self._calls.releases())

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        fields = {
            "tag_name": release.tag,
            "target_commitish": release.target or None,
            "name": release.name,
            "body": release.text,
            "draft": release.is_draft,
            "prerelease": release.is_prerelease,
        }
        return _release(self._calls.create_release(fields))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        self._calls.update_release(release.id, text)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        """GitHub writes other letters for some of a name's; the label keeps them.

        An upload that was cut off leaves an empty file of that name there, which its documents say is to be deleted.
        """
        try:
            self._send_asset(release, file)
        except Conflict:
            begun = [one for one in self._calls.assets(release.id) if not _is_there(one)]
            if not begun:
                raise
            for one in begun:
                self._calls.delete_asset(one.id)
            self._send_asset(release, file)

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - nothing takes one
        raise NotOffered("GitHub's API takes no files for texts, so not {file}", file=repr(file.name))

    def address_of_committed(self, repository: TargetRepository, branch: str, path: str) -> str:
        home = repository.clone_url.removesuffix(".git").rstrip("/")
        return f"{home}/raw/{quote(branch)}/{quote(path)}"

    def _created_pull(self, fields: dict[str, object], *, is_draft: bool) -> GitHubPullRequest:
        """Private repositories of free accounts have no drafts; there it is ready."""
        if not is_draft:
            return self._calls.create_pull(fields)
        try:
            return self._calls.create_pull({**fields, "draft": True})
        except (TryLater, BadCredential):
            raise
        except MatouError as refusal:
            if _NO_DRAFTS not in str(refusal).lower():
                raise
        return self._calls.create_pull(fields)

    def _send_asset(self, release: TargetRelease, file: NewFile) -> None:
        uploads = upload_address(self._api.url)
        path = f"{repository_path(self._repository.id)}/releases/{segment(release.id)}/assets"
        url = with_query(f"{uploads}{path}", {"name": file.name, "label": file.name})
        with self._api.translated():
            send_file(
                self._api.session, url, file, home=uploads, method="POST", authorization=self._api.authorization(path)
            )

    def _item(self, kind: ItemKind, row: GitHubIssue | GitHubPullRequest) -> TargetItem:
        pages = "issues" if kind is ItemKind.ISSUE else "pull"
        return TargetItem(
            number=str(row.number),
            title=row.title,
            text=row.body or "",
            is_closed=row.state != "open",
            url=f"{self._home}/{pages}/{row.number}",
            author=author_of(row.user),
        )


def _belonging_to(issue: NewIssue) -> dict[str, object]:
    given: dict[str, object] = {}
    if issue.labels:
        given["labels"] = list(issue.labels)
    if issue.milestone is not None:
        given["milestone"] = _number(issue.milestone)
    if issue.assignees:
        given["assignees"] = list(issue.assignees)
    return given


def _number(text: str) -> int:
    with suppress(ValueError):
        return int(text)
    raise UnknownShape("github milestone", text)


def _address(address: object) -> str:
    return address if isinstance(address, str) else ""


def _comment(row: GitHubComment) -> TargetComment:
    return TargetComment(id=str(row.id), text=row.body or "", url=_address(row.html_url), author=author_of(row.user))


def _line_comment(row: GitHubReviewComment) -> TargetComment:
    first = row.in_reply_to_id or row.id
    return TargetComment(
        id=f"{_ON_A_LINE}{row.id}",
        text=row.body or "",
        thread=str(first),
        url=_address(row.html_url),
        author=author_of(row.user),
    )


def _release(row: GitHubSentRelease) -> TargetRelease:
    return TargetRelease(
        id=str(row.id),
        tag=row.tag_name,
        name=row.name or "",
        text=row.body or "",
        assets=tuple(_name_of(asset) for asset in row.assets or () if _is_there(asset)),
        url=_address(row.html_url),
    )


def _is_there(asset: GitHubSentAsset) -> bool:
    return asset.state == _UPLOADED


def _name_of(asset: GitHubSentAsset) -> str:
    return asset.label or asset.name
