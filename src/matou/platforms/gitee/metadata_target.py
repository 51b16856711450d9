"""Writes what people said to a repository at Gitee, by its API v5.

An issue's number is a word, `I6D3AV`, one of all of Gitee; pull requests count in their repository. Bodies are forms.
Sources as in `wire_issues`; that files can be attached to releases, and a pull request be a draft, stands in later
descriptions alone (gitee_client 1.1.2).
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

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
from matou.platforms.base.errors import ActionRefused, NotOffered
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import send_in_form
from matou.platforms.gitee.api import V5, Form, GiteeApi, token_of
from matou.platforms.gitee.calls_conversation import GiteeConversationCalls
from matou.platforms.gitee.client import web_address
from matou.platforms.gitee.metadata_project import GENERATED
from matou.platforms.gitee.wire_issues import GiteeIssue, GiteeMilestone, GiteeNote
from matou.platforms.gitee.wire_pulls import GiteePullComment, GiteePullRequest
from matou.platforms.gitee.wire_releases import GiteeRelease

RULES: Final = MetadataRules(
    shares_numbers=False,
    is_sequential=False,
    # Nothing says how long one may be; this is less than 64 KiB in any language.
    longest_text=20_000,
    shortest_label=2,
    longest_label=20,
    not_in_labels=",",
    cut_label_sign="_",
    needs_due=True,
    needs_release_text=True,
    # What it is told is a line within a difference that nothing shows how to count: a wrong one would be a lie.
    has_line_comments=False,
    # Who is assigned to a pull request there is to review it.
    assigns_changes=False,
    file_delivery=FileDelivery.COMMITTED,
    largest_file=100 * 1024**2,
    # Nothing says how large a push may be. A repository may have 1 GiB: what still fits should not fail with the rest.
    largest_push=256 * 1024**2,
    largest_asset=100 * 1024**2,
)


class GiteeMetadataTarget:
    """See `MetadataTarget`.

    Args:
        session: must name the URL's origin, and keep to Gitee's limits: see `Platform.open_session`.
        url: the site's address, with or without `/api/v5`.
        token: a personal access token.
    """

    rules = RULES

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._api = GiteeApi(session, web_address(url), token_of(token.reveal()), now)
        self._calls = GiteeConversationCalls(self._api)
        self._name = repository.id
        self._owner, _slash, self._repo = repository.id.partition("/")
        self._path = f"{V5}{repository_path(repository.id)}"
        self._issues = f"{V5}/repos/{segment(self._owner)}/issues"

    def labels(self) -> Iterator[str]:
        return (label.name for label in self._calls.labels(self._name))

    def add_label(self, label: NewLabel) -> None:
        self._post("/labels", {"name": label.name, "color": label.color})

    def milestones(self) -> Iterator[TargetMilestone]:
        return (_milestone(row) for row in self._calls.milestones(self._name))

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        form: Form = {
            "title": milestone.title,
            "description": milestone.text or None,
            "due_on": milestone.due,
            "state": "closed" if milestone.is_closed else "open",
        }
        return _milestone(self._api.read(GiteeMilestone, self._post("/milestones", form)))

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        if kind is ItemKind.ISSUE:
            return (_issue(row) for row in self._calls.issues(self._name))
        return (_change(row) for row in self._calls.pull_requests(self._name))

    def add_issue(self, issue: NewIssue) -> TargetItem:
        form: Form = {
            "repo": self._repo,
            "title": issue.title,
            "body": issue.text,
            "labels": ",".join(issue.labels) or None,
            "milestone": _number(issue.milestone),
            **_responsible(issue.assignees),
        }
        answer = self._api.send_form("POST", self._issues, form, repeatable=False)
        return _issue(self._api.read(GiteeIssue, answer))

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        """Nobody is assigned: who is assigned to a pull request of Gitee's is to review it."""
        form: Form = {
            "title": change.title,
            "body": change.text,
            "head": change.head,
            "base": change.base,
            "labels": ",".join(change.labels) or None,
            "milestone_number": _number(change.milestone),
            "draft": change.is_draft or None,
        }
        return _change(self._api.read(GiteePullRequest, self._post("/pulls", form)))

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        """Raises ActionRefused for a pull request that is to be open again: the API closes them alone."""
        if edit.labels == ():
            self._clear_labels(item)
        state = None if edit.is_closed is None else "closed" if edit.is_closed else "open"
        form: Form = {
            "title": edit.title,
            "body": edit.text,
            "labels": ",".join(edit.labels or ()) or None,
            "state": state,
        }
        if item.kind is ItemKind.ISSUE:
            path = f"{self._issues}/{segment(item.number)}"
            form = {"repo": self._repo, **form, "milestone": _number(edit.milestone), **_responsible(edit.assignees)}
        elif state == "open":
            raise ActionRefused("Gitee's API opens no pull request again, so not !{number}", number=item.number)
        else:
            path = f"{self._path}/pulls/{segment(item.number)}"
            form = {**form, "milestone_number": _number(edit.milestone)}
        self._api.send_form("PATCH", path, form, repeatable=True)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        if item.kind is ItemKind.ISSUE:
            return (_note(row) for row in self._calls.comments_of_issue(self._name, item.number))
        return (_note(row) for row in self._calls.comments_of_pull_request(self._name, int(item.number)))

    def comments_on_all(self) -> Iterator[TargetComment]:
        yield from map(_note, self._calls.issue_comments(self._name))
        yield from map(_note, self._calls.pull_request_comments(self._name))

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        answer = self._post(f"/{_pages(item.kind)}/{segment(item.number)}/comments", {"body": text})
        if item.kind is ItemKind.ISSUE:
            return _note(self._api.read(GiteeNote, answer))
        return _note(self._api.read(GiteePullComment, answer))

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:  # noqa: ARG002 - none is
        raise NotOffered("Gitee's API takes no line of {path}", path=repr(comment.path))

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:  # noqa: ARG002 - there are no threads
        raise NotOffered("Gitee's API takes no answer in a thread")

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        path = f"{self._path}/{_pages(item.kind)}/comments/{segment(comment)}"
        self._api.send_form("PATCH", path, {"body": text}, repeatable=True)

    def releases(self) -> Iterator[TargetRelease]:
        return (_release(row) for row in self._calls.releases(self._name))

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        form: Form = {
            "tag_name": release.tag,
            "name": release.name,
            "body": release.text,
            "prerelease": release.is_prerelease,
            "target_commitish": release.target or release.tag,
        }
        return _release(self._api.read(GiteeRelease, self._post("/releases", form)))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        form: Form = {"tag_name": release.tag, "name": release.name, "body": text}
        self._api.send_form("PATCH", f"{self._path}/releases/{segment(release.id)}", form, repeatable=True)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        send_in_form(self._api, f"{self._path}/releases/{segment(release.id)}/attach_files", file, field="file")

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - nothing takes one
        raise NotOffered("Gitee's API takes no files for texts, so not {file}", file=repr(file.name))

    def address_of_committed(self, repository: TargetRepository, branch: str, path: str) -> str:
        return f"{repository.clone_url.removesuffix('.git')}/raw/{quote(branch)}/{quote(path)}"

    def _post(self, below: str, form: Form) -> Answer:
        return self._api.send_form("POST", f"{self._path}{below}", form, repeatable=False)

    def _clear_labels(self, item: ItemAddress) -> None:
        """An empty list in a form is none; pull requests have no such call, and keep what they have."""
        if item.kind is ItemKind.ISSUE:
            path = f"{self._path}/issues/{segment(item.number)}/labels"
            self._api.request("DELETE", path, repeatable=True)


def _pages(kind: ItemKind) -> str:
    return "issues" if kind is ItemKind.ISSUE else "pulls"


def _milestone(row: GiteeMilestone) -> TargetMilestone:
    return TargetMilestone(id=str(row.number), title=row.title)


def _responsible(people: tuple[str, ...]) -> Form:
    """One person is responsible for an issue; the others help."""
    return {"assignee": next(iter(people), None), "collaborators": ",".join(people[1:]) or None}


def _number(milestone: str | None) -> int | None:
    """Raises UnknownShape for what no milestone of Gitee's is called."""
    if milestone is None or milestone.isdecimal():
        return None if milestone is None else int(milestone)
    raise UnknownShape("gitee milestone", milestone)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _issue(row: GiteeIssue) -> TargetItem:
    return TargetItem(
        number=row.number,
        title=row.title,
        text=_text(row.body),
        is_closed=row.state in ("closed", "rejected"),
        comments=row.comments if isinstance(row.comments, int) else None,
        url=_text(row.html_url),
        author=author_of(row.user),
    )


def _change(row: GiteePullRequest) -> TargetItem:
    return TargetItem(
        number=str(row.number),
        title=row.title,
        text=_text(row.body),
        is_closed=row.state != "open",
        url=_text(row.html_url),
        author=author_of(row.user),
    )


def _note(row: GiteeNote | GiteePullComment) -> TargetComment:
    return TargetComment(id=str(row.id), text=_text(row.body), author=author_of(row.user))


def _release(row: GiteeRelease) -> TargetRelease:
    files = row.assets if isinstance(row.assets, list) else []
    attached = (one for one in files if not any(part in one.browser_download_url for part in GENERATED))
    return TargetRelease(
        id=str(row.id),
        tag=row.tag_name,
        name=_text(row.name),
        text=_text(row.body),
        assets=tuple(_text(one.name) for one in attached),
    )
