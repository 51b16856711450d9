"""What people said about the code, in Gitee's API v5: issues, pull requests, comments, labels, milestones, releases."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, owner_and_name, repository_path, segment
from matou.platforms.base.lister import NumberedList
from matou.platforms.gitee.api import V5, GiteeApi
from matou.platforms.gitee.wire_issues import GiteeIssue, GiteeLabel, GiteeMilestone, GiteeNote, GiteeOperateLog
from matou.platforms.gitee.wire_project import GiteeHook, GiteeProjectMember
from matou.platforms.gitee.wire_pulls import GiteeCommitComment, GiteePullComment, GiteePullRequest
from matou.platforms.gitee.wire_releases import GiteeAttachFile, GiteeRelease

T = TypeVar("T")

OLDEST_FIRST: Mapping[str, Parameter] = {"sort": "created", "direction": "asc"}


class GiteeConversationCalls:
    """A repository is named `owner/path`; a list is read to the proof of its end, closed ones too."""

    def __init__(self, api: GiteeApi) -> None:
        self._api = api

    def issues(self, repository: str, *, since: datetime | None = None) -> Iterator[GiteeIssue]:
        """Those that changed since then, or all."""
        query = {"state": "all", **OLDEST_FIRST, "since": since}
        return self._of(repository, "/issues", GiteeIssue, lambda row: row.id, query).rows()

    def issues_of_enterprise(self, enterprise: str, *, since: datetime | None = None) -> Iterator[GiteeIssue]:
        """Those of its repositories, and those that belong to none."""
        what = Phrase("issues of the enterprise {enterprise}", enterprise=repr(enterprise))
        query = {"state": "all", **OLDEST_FIRST, "since": since}
        return self._list(
            f"/enterprises/{segment(enterprise)}/issues", GiteeIssue, what, lambda row: row.id, query
        ).rows()

    def comments_of_enterprise_issue(self, enterprise: str, number: str) -> Iterator[GiteeNote]:
        what = Phrase("comments on the issue {number}", number=repr(number))
        path = f"/enterprises/{segment(enterprise)}/issues/{segment(number)}/comments"
        return self._list(path, GiteeNote, what, lambda row: row.id).rows()

    def issue_comments(self, repository: str, *, since: datetime | None = None) -> Iterator[GiteeNote]:
        """Those on all issues of the repository; `target` says which."""
        query = {**OLDEST_FIRST, "since": since}
        return self._of(repository, "/issues/comments", GiteeNote, lambda row: row.id, query).rows()

    def comments_of_issue(self, repository: str, number: str) -> Iterator[GiteeNote]:
        return self._of(repository, f"/issues/{segment(number)}/comments", GiteeNote, lambda row: row.id).rows()

    def issue_log(self, repository: str, number: str) -> list[GiteeOperateLog]:
        """What was done to an issue, oldest first."""
        owner, name = owner_and_name(repository)
        path = f"{V5}/repos/{segment(owner)}/issues/{segment(number)}/operate_logs"
        return self._api.get(list[GiteeOperateLog], path, {"repo": name, "sort": "asc"})

    def labels(self, repository: str) -> Iterator[GiteeLabel]:
        return self._of(repository, "/labels", GiteeLabel, lambda row: row.name).rows_of_unpaged()

    def labels_of_enterprise(self, enterprise: str) -> Iterator[GiteeLabel]:
        what = Phrase("labels of the enterprise {enterprise}", enterprise=repr(enterprise))
        path = f"/enterprises/{segment(enterprise)}/labels"
        return self._list(path, GiteeLabel, what, lambda row: row.name).rows_of_unpaged()

    def milestones(self, repository: str) -> Iterator[GiteeMilestone]:
        query: dict[str, Parameter] = {"state": "all", "direction": "asc"}
        return self._of(repository, "/milestones", GiteeMilestone, lambda row: row.number, query).rows()

    def pull_requests(self, repository: str) -> Iterator[GiteePullRequest]:
        query = {"state": "all", **OLDEST_FIRST}
        return self._of(repository, "/pulls", GiteePullRequest, lambda row: row.number, query).rows()

    def pull_request_comments(self, repository: str, *, since: datetime | None = None) -> Iterator[GiteePullComment]:
        """Those on all pull requests of the repository, on lines or not; `pull_request_url` says which."""
        query = {**OLDEST_FIRST, "since": since}
        return self._of(repository, "/pulls/comments", GiteePullComment, lambda row: row.id, query).rows()

    def comments_of_pull_request(self, repository: str, number: int) -> Iterator[GiteePullComment]:
        return self._of(repository, f"/pulls/{number}/comments", GiteePullComment, lambda row: row.id).rows()

    def pull_request_log(self, repository: str, number: int) -> list[GiteeOperateLog]:
        """What was done to a pull request, oldest first."""
        path = f"{V5}{repository_path(repository)}/pulls/{number}/operate_logs"
        return self._api.get(list[GiteeOperateLog], path, {"sort": "asc"})

    def commit_comments(self, repository: str) -> Iterator[GiteeCommitComment]:
        return self._of(repository, "/comments", GiteeCommitComment, lambda row: row.id, {"order": "asc"}).rows()

    def releases(self, repository: str) -> Iterator[GiteeRelease]:
        return self._of(repository, "/releases", GiteeRelease, lambda row: row.id).rows()

    def release_files(self, repository: str, release: int) -> Iterator[GiteeAttachFile]:
        """The files attached to a release."""
        return self._of(repository, f"/releases/{release}/attach_files", GiteeAttachFile, lambda row: row.id).rows()

    def collaborators(self, repository: str) -> Iterator[GiteeProjectMember]:
        return self._of(repository, "/collaborators", GiteeProjectMember, lambda row: row.id).rows_of_unpaged()

    def hooks(self, repository: str) -> Iterator[GiteeHook]:
        """With their passwords, so that no record is kept of them."""
        path = f"{V5}{repository_path(repository)}/hooks"
        what = Phrase("webhooks of {repository}", repository=repr(repository))
        return self._api.unrecorded().list(path, GiteeHook, what, lambda row: row.id).rows()

    def _of(
        self,
        repository: str,
        below: str,
        kind: type[T],
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> NumberedList[T]:
        what = Phrase("{path} of {repository}", path=below.strip("/"), repository=repr(repository))
        return self._list(f"{repository_path(repository)}{below}", kind, what, key, query)

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> NumberedList[T]:
        return self._api.list(f"{V5}{path}", kind, what, key, query)
