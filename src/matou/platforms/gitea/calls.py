"""What a backup asks of a Gitea: whom a token stands for, and the repositories that it sees."""

from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

from matou.errors import Phrase
from matou.http.addresses import segment
from matou.platforms.base.lister import NumberedList
from matou.platforms.gitea.api import GiteaApi
from matou.platforms.gitea.wire import GiteaAccount, GiteaOrganization, GiteaRepository

T = TypeVar("T")


class GiteaCalls:
    """A list is read to the proof of its end."""

    def __init__(self, api: GiteaApi) -> None:
        self._api = api

    def user(self) -> GiteaAccount:
        return self._api.get(GiteaAccount, "/user")

    def organizations(self) -> Iterator[GiteaOrganization]:
        what = Phrase("this account's organizations")
        return self._list("/user/orgs", GiteaOrganization, what, lambda row: row.id).rows()

    def repositories(self) -> Iterator[GiteaRepository]:
        """All that the account owns or works on."""
        what = Phrase("this account's repositories")
        return self._list("/user/repos", GiteaRepository, what, lambda row: row.id, empty_is_counted=True).rows()

    def repositories_of_organization(self, organization: str) -> Iterator[GiteaRepository]:
        """A generator, so that a name that no address can hold fails where the list is read."""
        what = Phrase("repositories of the organization {organization}", organization=repr(organization))
        path = f"/orgs/{segment(organization)}/repos"
        yield from self._list(path, GiteaRepository, what, lambda row: row.id, empty_is_counted=True).rows()

    def organization_members(self, organization: str) -> Iterator[GiteaAccount]:
        what = Phrase("members of the organization {organization}", organization=repr(organization))
        path = f"/orgs/{segment(organization)}/members"
        return self._list(path, GiteaAccount, what, lambda row: row.id).rows()

    def _list(
        self, path: str, kind: type[T], what: Phrase, key: Callable[[T], Hashable], *, empty_is_counted: bool = False
    ) -> NumberedList[T]:
        return self._api.list(path, kind, what, key, empty_is_counted=empty_is_counted)
