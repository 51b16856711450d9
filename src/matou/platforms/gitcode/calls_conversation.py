"""The calls that read what people said: issues, pull requests, comments, labels, milestones, releases, webhooks."""

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, repository_path, segment
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.wire_issues import GitCodeIssue, GitCodeLabel, GitCodeMilestone, GitCodeNote
from matou.platforms.gitcode.wire_pulls import GitCodePullComment, GitCodePullRequest
from matou.platforms.gitcode.wire_releases import GitCodeHook, GitCodeRelease

T = TypeVar("T")


class ConversationCalls(GitCodeCalls):
    """A list is read to the proof of its end, closed ones too."""

    def issues(self, repository: str, *, since: datetime | None = None) -> Iterator[GitCodeIssue]:
        """Those that changed since then, or all; with their texts. `sort` is the direction here."""
        query: dict[str, Parameter] = {"state": "all", "order_by": "created_at", "sort": "asc", "since": since}
        return self._of(repository, "/issues", GitCodeIssue, lambda row: row.number, query)

    def issue(self, repository: str, number: str | int) -> GitCodeIssue:
        """With the fields that its organization has defined."""
        return self._api.get(GitCodeIssue, f"{repository_path(repository)}/issues/{segment(str(number))}")

    def issue_comments(self, repository: str, *, since: datetime | None = None) -> Iterator[GitCodeNote]:
        """Those on all issues of the repository; `target` says which."""
        query: dict[str, Parameter] = {"sort": "created", "direction": "asc", "since": since}
        return self._of(repository, "/issues/comments", GitCodeNote, lambda row: row.id, query)

    def comments_of_issue(self, repository: str, number: str | int) -> Iterator[GitCodeNote]:
        return self._of(repository, f"/issues/{segment(str(number))}/comments", GitCodeNote, lambda row: row.id)

    def pull_requests(self, repository: str) -> Iterator[GitCodePullRequest]:
        query: dict[str, Parameter] = {"state": "all", "order_by": "created_at", "direction": "asc"}
        return self._of(repository, "/pulls", GitCodePullRequest, lambda row: row.number, query)

    def pull_request(self, repository: str, number: int) -> GitCodePullRequest:
        """With what came of its reviews."""
        return self._api.get(GitCodePullRequest, f"{repository_path(repository)}/pulls/{number}")

    def pull_request_comments(self, repository: str, number: int) -> Iterator[GitCodePullComment]:
        """On lines or not, with the replies to each."""
        return self._of(repository, f"/pulls/{number}/comments", GitCodePullComment, lambda row: row.id)

    def labels(self, repository: str) -> Iterator[GitCodeLabel]:
        return self._of(repository, "/labels", GitCodeLabel, lambda row: row.name)

    def milestones(self, repository: str) -> Iterator[GitCodeMilestone]:
        return self._of(repository, "/milestones", GitCodeMilestone, lambda row: row.number, {"state": "all"})

    def releases(self, repository: str) -> Iterator[GitCodeRelease]:
        return self._of(repository, "/releases", GitCodeRelease, lambda row: row.tag_name)

    def hooks(self, repository: str) -> Iterator[GitCodeHook]:
        """With their passwords, so that no record is kept of them."""
        what = Phrase("webhooks of {repository}", repository=repr(repository))
        path = f"{repository_path(repository)}/hooks"
        return self._api.unrecorded().list(path, GitCodeHook, what, lambda row: row.id).rows()

    def _of(
        self,
        repository: str,
        below: str,
        kind: type[T],
        key: Callable[[T], Hashable],
        query: dict[str, Parameter] | None = None,
    ) -> Iterator[T]:
        what = Phrase("{path} of {repository}", path=below.strip("/"), repository=repr(repository))
        return self._api.list(f"{repository_path(repository)}{below}", kind, what, key, query).rows()
