"""What a migration asks of GitHub's API. What makes something is never repeated."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Final, TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, repository_path, segment
from matou.http.responses import Answer
from matou.platforms.github.api import IMPORTING, GitHubApi
from matou.platforms.github.wire import GitHubAccount, GitHubRepository
from matou.platforms.github.wire_issues import GitHubComment, GitHubIssue, GitHubLabel, GitHubMilestone
from matou.platforms.github.wire_pulls import GitHubPullRequest, GitHubReviewComment
from matou.platforms.github.wire_writing import GitHubImport, GitHubSentAsset, GitHubSentRelease

T = TypeVar("T")

Fields = Mapping[str, object]

_OLDEST_FIRST: Final = {"sort": "created", "direction": "asc"}
_IN_ORDER: Final = {"state": "all", **_OLDEST_FIRST}


class GitHubTargetCalls:
    """Of an account."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api

    def user(self) -> GitHubAccount:
        return self.api.get(GitHubAccount, "/user")

    def scopes(self) -> frozenset[str] | None:
        """Those of a classic token; None of others, of which GitHub tells none."""
        header = self.api.request("GET", "/user", repeatable=True).headers.get("x-oauth-scopes")
        return None if header is None else frozenset(scope.strip() for scope in header.split(","))

    def own_repositories(self) -> Iterator[GitHubRepository]:
        return self._repositories("/user/repos", {"affiliation": "owner"}, Phrase("this account's repositories"))

    def repositories_of(self, organization: str) -> Iterator[GitHubRepository]:
        what = Phrase("repositories of the organization {organization}", organization=repr(organization))
        return self._repositories(f"/orgs/{segment(organization)}/repos", {"type": "all"}, what)

    def create_repository(self, organization: str | None, fields: Fields) -> GitHubRepository:
        """In one's own namespace, where no organization is named."""
        path = "/user/repos" if organization is None else f"/orgs/{segment(organization)}/repos"
        return self.api.read(GitHubRepository, self.api.send_json("POST", path, fields, repeatable=False))

    def update_repository(self, repository: str, fields: Fields) -> None:
        self.api.send_json("PATCH", repository_path(repository), fields, repeatable=True)

    def _repositories(self, path: str, query: Mapping[str, Parameter], what: Phrase) -> Iterator[GitHubRepository]:
        ordered = {**query, "sort": "created", "direction": "asc"}
        return self.api.list(path, GitHubRepository, what, lambda row: row.id, ordered).rows()


class GitHubWritingCalls:
    """Of one repository, `owner/name`. A list is read to the proof of its end."""

    def __init__(self, api: GitHubApi, repository: str) -> None:
        self.api = api
        self._path = repository_path(repository)

    def labels(self) -> Iterator[GitHubLabel]:
        return self._list("labels", GitHubLabel, Phrase("labels"), lambda row: row.name)

    def create_label(self, fields: Fields) -> None:
        self._make("labels", fields)

    def milestones(self) -> Iterator[GitHubMilestone]:
        query = {"state": "all", "direction": "asc"}
        return self._list("milestones", GitHubMilestone, Phrase("milestones"), lambda row: row.number, query)

    def create_milestone(self, fields: Fields) -> GitHubMilestone:
        return self.api.read(GitHubMilestone, self._make("milestones", fields))

    def issues(self) -> Iterator[GitHubIssue]:
        """Pull requests, too."""
        return self._list("issues", GitHubIssue, Phrase("issues"), lambda row: row.number, _IN_ORDER)

    def pulls(self) -> Iterator[GitHubPullRequest]:
        what = Phrase("change requests")
        return self._list("pulls", GitHubPullRequest, what, lambda row: row.number, _IN_ORDER)

    def create_issue(self, fields: Fields) -> GitHubIssue:
        return self.api.read(GitHubIssue, self._make("issues", fields))

    def create_pull(self, fields: Fields) -> GitHubPullRequest:
        return self.api.read(GitHubPullRequest, self._make("pulls", fields))

    def update_issue(self, number: str, fields: Fields) -> None:
        """A pull request is one, too."""
        self._change(f"issues/{segment(number)}", fields)

    def comments(self, number: str) -> Iterator[GitHubComment]:
        path = f"issues/{segment(number)}/comments"
        return self._list(path, GitHubComment, Phrase("comments"), lambda row: row.id)

    def comments_on_all(self) -> Iterator[GitHubComment]:
        """Pull requests are issues, too."""
        return self._list("issues/comments", GitHubComment, Phrase("comments"), lambda row: row.id, _OLDEST_FIRST)

    def create_comment(self, number: str, text: str) -> GitHubComment:
        return self.api.read(GitHubComment, self._make(f"issues/{segment(number)}/comments", {"body": text}))

    def update_comment(self, comment: str, text: str) -> None:
        self._change(f"issues/comments/{segment(comment)}", {"body": text})

    def line_comments(self, number: str) -> Iterator[GitHubReviewComment]:
        path = f"pulls/{segment(number)}/comments"
        return self._list(path, GitHubReviewComment, Phrase("comments"), lambda row: row.id, _OLDEST_FIRST)

    def line_comments_on_all(self) -> Iterator[GitHubReviewComment]:
        return self._list("pulls/comments", GitHubReviewComment, Phrase("comments"), lambda row: row.id, _OLDEST_FIRST)

    def create_line_comment(self, number: str, fields: Fields) -> GitHubReviewComment:
        return self.api.read(GitHubReviewComment, self._make(f"pulls/{segment(number)}/comments", fields))

    def answer_line_comment(self, number: str, first: str, text: str) -> GitHubReviewComment:
        path = f"pulls/{segment(number)}/comments/{segment(first)}/replies"
        return self.api.read(GitHubReviewComment, self._make(path, {"body": text}))

    def update_line_comment(self, comment: str, text: str) -> None:
        self._change(f"pulls/comments/{segment(comment)}", {"body": text})

    def releases(self) -> Iterator[GitHubSentRelease]:
        return self._list("releases", GitHubSentRelease, Phrase("releases"), lambda row: row.id)

    def create_release(self, fields: Fields) -> GitHubSentRelease:
        return self.api.read(GitHubSentRelease, self._make("releases", fields))

    def update_release(self, release: str, text: str) -> None:
        self._change(f"releases/{segment(release)}", {"body": text})

    def assets(self, release: str) -> Iterator[GitHubSentAsset]:
        path = f"releases/{segment(release)}/assets"
        return self._list(path, GitHubSentAsset, Phrase("files of releases"), lambda row: row.id)

    def delete_asset(self, asset: int) -> None:
        self.api.request("DELETE", f"{self._path}/releases/assets/{asset}", repeatable=True)

    def import_issue(self, fields: Fields) -> GitHubImport:
        return self.api.read(GitHubImport, self._make(IMPORTING, fields))

    def imported(self, number: int) -> GitHubImport:
        return self.api.get(GitHubImport, f"{self._path}/{IMPORTING}/{number}")

    def _make(self, path: str, fields: Fields) -> Answer:
        return self.api.send_json("POST", f"{self._path}/{path}", fields, repeatable=False)

    def _change(self, path: str, fields: Fields) -> None:
        self.api.send_json("PATCH", f"{self._path}/{path}", fields, repeatable=True)

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> Iterator[T]:
        return self.api.list(f"{self._path}/{path}", kind, what, key, query).rows()
