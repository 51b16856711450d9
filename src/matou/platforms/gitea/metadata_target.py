"""Writes what people said to a repository at a Gitea or a Forgejo that cannot import it by itself.

Issues and pull requests have one sequence of numbers. A picture belongs to an issue, so that it is added to one that is
there. What stands on a line is a review of its own, and an answer another one on the same line, as Gitea shows them
together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from matou.credentials import Secret
from matou.errors import Phrase
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
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import send_in_form
from matou.platforms.gitea.api import GiteaApi, token_of
from matou.platforms.gitea.wire import GiteaRepository
from matou.platforms.gitea.wire_issues import GiteaComment, GiteaFile, GiteaIssue, GiteaLabel, GiteaMilestone
from matou.platforms.gitea.wire_pulls import GiteaPullRequest, GiteaReview, GiteaReviewComment
from matou.platforms.gitea.wire_releases import GiteaRelease

RULES: Final = MetadataRules(
    shares_numbers=True,
    is_sequential=True,
    longest_text=1_000_000,
    has_threads=True,
    has_release_drafts=True,
    file_delivery=FileDelivery.ATTACHED,
    largest_file=2 * 1024**3,
)
"""A server says nothing of the sizes that it takes; what is too large it refuses."""

_FIELD: Final = "attachment"
_DRAFT: Final = "WIP: "
_OLD, _NEW = "old", "new"
_LOOK_AGAIN_AFTER: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds until it is asked again whether it has seen what was pushed."""

Body = Mapping[str, object]


class GiteaMetadataTarget:
    """See `MetadataTarget`."""

    rules = RULES

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._session = session
        self._api = GiteaApi(session, url.rstrip("/"), token_of(token.reveal()), now)
        self._path = repository_path(repository.id)
        self._name = repr(repository.id)
        self._label_ids: dict[str, int] = {}

    def labels(self) -> Iterator[str]:
        what = Phrase("labels of {repository}", repository=self._name)
        for label in self._api.list(f"{self._path}/labels", GiteaLabel, what, lambda row: row.name).rows():
            if isinstance(label.id, int):
                self._label_ids[label.name] = label.id
                yield label.name

    def add_label(self, label: NewLabel) -> None:
        body = {"name": label.name, "color": f"#{label.color}", "description": label.description}
        made = self._api.read(GiteaLabel, self._post("/labels", body))
        if isinstance(made.id, int):
            self._label_ids[label.name] = made.id

    def milestones(self) -> Iterator[TargetMilestone]:
        what = Phrase("milestones of {repository}", repository=self._name)
        path, query = f"{self._path}/milestones", {"state": "all"}
        rows = self._api.list(path, GiteaMilestone, what, lambda row: row.id, query).rows()
        return (TargetMilestone(id=str(row.id), title=row.title) for row in rows)

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        body = {
            "title": milestone.title,
            "description": milestone.text,
            "due_on": f"{milestone.due}T00:00:00Z" if milestone.due else None,
            "state": "closed" if milestone.is_closed else "open",
        }
        made = self._api.read(GiteaMilestone, self._post("/milestones", body))
        return TargetMilestone(id=str(made.id), title=made.title)

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        if kind is ItemKind.ISSUE:
            what, query = Phrase("issues of {repository}", repository=self._name), {"state": "all", "type": "issues"}
            issues = self._api.list(f"{self._path}/issues", GiteaIssue, what, lambda row: row.number, query).rows()
            return map(_item, issues)
        return (_without_mark(_item(row)) if row.draft else _item(row) for row in self._pulls())

    def add_issue(self, issue: NewIssue) -> TargetItem:
        return _item(self._api.read(GiteaIssue, self._post("/issues", self._new(issue))))

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        """One that is a draft is one whose title says so."""
        title = f"{_DRAFT}{change.title}" if change.is_draft else change.title
        body = {**self._new(change), "title": title[: RULES.longest_title], "head": change.head, "base": change.base}
        return _item(self._api.read(GiteaPullRequest, self._post("/pulls", body)))

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        """Labels have an address of their own; a draft keeps the title that says so."""
        path = f"{self._path}/issues/{segment(item.number)}"
        body = {
            "title": edit.title if item.kind is ItemKind.ISSUE else None,
            "body": edit.text,
            "milestone": _number(edit.milestone),
            "assignees": list(edit.assignees) or None,
            "state": None if edit.is_closed is None else "closed" if edit.is_closed else "open",
        }
        self._api.send_json("PATCH", path, body, repeatable=True)
        if edit.labels is not None:
            self._api.send_json("PUT", f"{path}/labels", {"labels": self._ids(edit.labels)}, repeatable=True)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        """Not in pages."""
        below = f"{self._path}/issues/{segment(item.number)}/comments"
        rows: list[GiteaComment] = self._api.get(list[GiteaComment], below)
        yield from (_comment(row) for row in rows)
        if item.kind is ItemKind.CHANGE:
            for review in self._reviews(item.number):
                yield from self._comments_of(item.number, review)

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        made = self._api.read(GiteaComment, self._post(f"/issues/{segment(item.number)}/comments", {"body": text}))
        return TargetComment(id=str(made.id), text=_text(made.body))

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        path = comment.old_path if comment.is_old_side else comment.path
        return self._on_line(number, _OLD if comment.is_old_side else _NEW, comment.line, path, comment.text)

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        side, line, path = thread.split(":", 2)
        return self._on_line(number, side, int(line), path, text)

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:  # noqa: ARG002 - its id is enough
        path = f"{self._path}/issues/comments/{segment(comment)}"
        self._api.send_json("PATCH", path, {"body": text}, repeatable=True)

    def releases(self) -> Iterator[TargetRelease]:
        what = Phrase("releases of {repository}", repository=self._name)
        rows = self._api.list(f"{self._path}/releases", GiteaRelease, what, lambda row: row.id).rows()
        return map(_release, rows)

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        body = {
            "tag_name": release.tag,
            "name": release.name,
            "body": release.text,
            "target_commitish": release.target or None,
            "draft": release.is_draft,
            "prerelease": release.is_prerelease,
        }
        return _release(self._api.read(GiteaRelease, self._post("/releases", body)))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        path = f"{self._path}/releases/{segment(release.id)}"
        self._api.send_json("PATCH", path, {"body": text}, repeatable=True)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        self._send(f"/releases/{segment(release.id)}/assets", file)

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:
        number = "" if item is None else item.number
        return self._send(f"/issues/{segment(number)}/assets", file).browser_download_url

    def _pulls(self) -> Iterator[GiteaPullRequest]:
        """A repository without code has none and says that it is not there; so does one whose code was just pushed."""
        what, query = Phrase("pull requests of {repository}", repository=self._name), {"state": "all", "sort": "oldest"}
        pulls = self._api.list(f"{self._path}/pulls", GiteaPullRequest, what, lambda row: row.number, query)
        try:
            yield from pulls.rows()
        except RemoteNotFound:
            if self._has_code():
                yield from pulls.rows()

    def _has_code(self) -> bool:
        """Whether the server sees some, by and by."""
        for seconds in (*_LOOK_AGAIN_AFTER, None):
            if not self._api.get(GiteaRepository, self._path).empty:
                return True
            if seconds is not None:
                self._session.pause(seconds)
        return False

    def _new(self, issue: NewIssue) -> Body:
        return {
            "title": issue.title,
            "body": issue.text,
            "labels": self._ids(issue.labels),
            "milestone": _number(issue.milestone),
            "assignees": list(issue.assignees) or None,
        }

    def _ids(self, labels: tuple[str, ...]) -> list[int]:
        return [self._label_ids[name] for name in labels if name in self._label_ids]

    def _on_line(self, number: str, side: str, line: int, path: str, text: str) -> TargetComment:
        place = {"old_position": line, "new_position": 0} if side == _OLD else {"old_position": 0, "new_position": line}
        body = {"event": "COMMENT", "body": "", "comments": [{"path": path, "body": text, **place}]}
        review = self._api.read(GiteaReview, self._post(f"/pulls/{segment(number)}/reviews", body))
        thread = f"{side}:{line}:{path}"
        made = list(self._comments_of(number, review))
        return TargetComment(id=made[0].id if made else str(review.id), text=text, thread=thread)

    def _reviews(self, number: str) -> Iterator[GiteaReview]:
        what = Phrase("reviews of {repository}", repository=self._name)
        path = f"{self._path}/pulls/{segment(number)}/reviews"
        return self._api.list(path, GiteaReview, what, lambda row: row.id).rows()

    def _comments_of(self, number: str, review: GiteaReview) -> Iterator[TargetComment]:
        below = f"{self._path}/pulls/{segment(number)}/reviews/{review.id}/comments"
        rows: list[GiteaReviewComment] = self._api.get(list[GiteaReviewComment], below)
        return (replace(_comment(row), thread=_thread(row)) for row in rows)

    def _post(self, below: str, body: Body) -> Answer:
        return self._api.send_json("POST", f"{self._path}{below}", body, repeatable=False)

    def _send(self, below: str, file: NewFile) -> GiteaFile:
        answer = send_in_form(self._api, f"{self._path}{below}", file, field=_FIELD, query={"name": file.name})
        return self._api.read(GiteaFile, answer)


def _item(row: GiteaIssue | GiteaPullRequest) -> TargetItem:
    return TargetItem(
        number=str(row.number),
        title=row.title,
        text=_text(row.body),
        is_closed=row.state == "closed",
        url=_text(row.html_url),
        author=author_of(row.user),
    )


def _comment(row: GiteaComment | GiteaReviewComment) -> TargetComment:
    return TargetComment(id=str(row.id), text=_text(row.body), author=author_of(row.user))


def _without_mark(item: TargetItem) -> TargetItem:
    """A draft's title without what makes it one."""
    return replace(item, title=item.title.removeprefix(_DRAFT))


def _thread(row: GiteaReviewComment) -> str:
    line, old = row.position, row.original_position
    if isinstance(line, int) and line:
        return f"{_NEW}:{line}:{row.path}"
    return f"{_OLD}:{old}:{row.path}" if isinstance(old, int) and old else ""


def _release(row: GiteaRelease) -> TargetRelease:
    files = row.assets if isinstance(row.assets, list) else []
    return TargetRelease(
        id=str(row.id),
        tag=row.tag_name,
        name=_text(row.name),
        text=_text(row.body),
        assets=tuple(file.name for file in files),
        url=_text(row.html_url),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(milestone: str | None) -> int | None:
    return None if milestone is None else int(milestone)
