"""What a backup asks GitHub's API for: whom a token stands for, and the repositories that it sees."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Final, TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, segment
from matou.platforms.base.lister import NumberedList
from matou.platforms.github.api import GitHubApi
from matou.platforms.github.wire import GitHubAccount, GitHubGist, GitHubOrganization, GitHubRepository

EVERY_AFFILIATION = "owner,collaborator,organization_member"

OTHERS: Final[Mapping[str, tuple[str, Mapping[str, Parameter]]]] = {
    "starred": ("/user/starred", {"sort": "created", "direction": "asc"}),
    "watched": ("/user/subscriptions", {}),
}

T = TypeVar("T")


class GitHubCalls:
    """A list is read to the proof of its end."""

    def __init__(self, api: GitHubApi) -> None:
        self._api = api

    def user(self) -> GitHubAccount:
        return self._api.get(GitHubAccount, "/user")

    def organizations(self) -> Iterator[GitHubOrganization]:
        """Those that the account belongs to, and that have let the token in."""
        return self._list("/user/orgs", GitHubOrganization, Phrase("this account's organizations"), _id).rows()

    def repositories(self) -> Iterator[GitHubRepository]:
        """All that the account owns, works on, or sees as a member of an organization."""
        query = {"affiliation": EVERY_AFFILIATION, "sort": "created", "direction": "asc"}
        return self._list("/user/repos", GitHubRepository, Phrase("this account's repositories"), _id, query).rows()

    def repositories_of_organization(self, organization: str) -> Iterator[GitHubRepository]:
        what = Phrase("repositories of the organization {organization}", organization=repr(organization))
        query = {"type": "all", "sort": "created", "direction": "asc"}
        yield from self._list(f"/orgs/{segment(organization)}/repos", GitHubRepository, what, _id, query).rows()

    def other_repositories(self, list_: str) -> Iterator[GitHubRepository]:
        """Those of whoever: `list_` is starred or watched."""
        path, query = OTHERS[list_]
        return self._list(path, GitHubRepository, Phrase("repositories that are {list}", list=list_), _id, query).rows()

    def gists(self) -> Iterator[GitHubGist]:
        """One's own, secret ones too."""
        return self._list("/gists", GitHubGist, Phrase("this account's gists"), _id).rows()

    def organization_members(self, organization: str, *, role: str) -> Iterator[GitHubAccount]:
        """`role`: admin or member; the rows do not say."""
        what = Phrase("members of the organization {organization}", organization=repr(organization))
        path = f"/orgs/{segment(organization)}/members"
        return self._list(path, GitHubAccount, what, _id, {"role": role}).rows()

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> NumberedList[T]:
        return self._api.list(path, kind, what, key, query)


def _id(row: GitHubAccount | GitHubOrganization | GitHubRepository | GitHubGist) -> Hashable:
    return row.id
