"""What backup and migration need of Gitee's API v5."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, owner_and_name, repository_path, segment
from matou.model.platform import Visibility
from matou.platforms.base.lister import NumberedList
from matou.platforms.gitee.api import V5, Form, GiteeApi
from matou.platforms.gitee.wire_v5 import (
    EnterpriseMember,
    GiteeBranch,
    GiteeEnterprise,
    GiteeNamespace,
    GiteeOrganization,
    GiteeRepository,
    GiteeUser,
)

EVERY_AFFILIATION = "owner,collaborator,organization_member,enterprise_member,admin"

OPENNESS = {Visibility.PRIVATE: 0, Visibility.PUBLIC: 1, Visibility.INTERNAL: 2}

T = TypeVar("T")


class GiteeV5Calls:
    """API v5. A repository is named `owner/path`; a list is read to the proof of its end."""

    def __init__(self, api: GiteeApi) -> None:
        self._api = api

    def user(self) -> GiteeUser:
        return self._api.get(GiteeUser, f"{V5}/user")

    def namespaces(self) -> Iterator[GiteeNamespace]:
        """All that the account belongs to, or takes part in a repository of."""
        what = Phrase("this account's namespaces")
        rows = self._list("/user/namespaces", GiteeNamespace, what, lambda row: row.id, {"mode": "all"})
        return rows.rows_of_unpaged()

    def organizations(self) -> Iterator[GiteeOrganization]:
        what = Phrase("this account's organizations")
        return self._list("/user/orgs", GiteeOrganization, what, lambda row: row.login).rows()

    def enterprises(self) -> Iterator[GiteeEnterprise]:
        """Those too that the account does not administer, which is what Gitee gives if not asked."""
        what = Phrase("this account's enterprises")
        return self._list("/user/enterprises", GiteeEnterprise, what, lambda row: row.path, {"admin": False}).rows()

    def repositories(self) -> Iterator[GiteeRepository]:
        """All that the account has a right of its own to."""
        what = Phrase("this account's repositories")
        # `type` would be refused beside these two (422).
        query = {"visibility": "all", "affiliation": EVERY_AFFILIATION, "sort": "created", "direction": "asc"}
        return self._repositories("/user/repos", what, query)

    def repositories_of_organization(self, organization: str) -> Iterator[GiteeRepository]:
        what = Phrase("repositories of the organization {organization}", organization=repr(organization))
        return self._repositories(f"/orgs/{segment(organization)}/repos", what, {"type": "all"})

    def repositories_of_enterprise(self, enterprise: str) -> Iterator[GiteeRepository]:
        """Those of its organizations too."""
        what = Phrase("repositories of the enterprise {enterprise}", enterprise=repr(enterprise))
        return self._repositories(f"/enterprises/{segment(enterprise)}/repos", what, {"type": "all", "direct": False})

    def organization_members(self, organization: str, *, role: str) -> Iterator[GiteeUser]:
        """`role`: admin or member; the rows do not say."""
        what = Phrase("members of the organization {organization}", organization=repr(organization))
        path = f"/orgs/{segment(organization)}/members"
        return self._list(path, GiteeUser, what, lambda row: row.login, {"role": role}).rows()

    def enterprise_members(self, enterprise: str) -> Iterator[EnterpriseMember]:
        what = Phrase("members of the enterprise {enterprise}", enterprise=repr(enterprise))
        path = f"/enterprises/{segment(enterprise)}/members"
        return self._list(path, EnterpriseMember, what, lambda row: row.user.login, {"role": "all"}).rows_of_unpaged()

    def repository(self, repository: str) -> GiteeRepository:
        """Where it was renamed, its `full_name` is another than the one asked for. Raises RemoteNotFound."""
        return self._api.get(GiteeRepository, f"{V5}{repository_path(repository)}")

    def branches(self, repository: str) -> Iterator[GiteeBranch]:
        what = Phrase("branches of {repository}", repository=repr(repository))
        path = f"{repository_path(repository)}/branches"
        return self._list(path, GiteeBranch, what, lambda row: row.name).rows_of_unpaged()

    def create_organization(self, name: str, *, path: str) -> GiteeOrganization:
        """Raises AlreadyExists: the path is an organization's, an enterprise's or a person's."""
        form: Form = {"name": name, "org": path}
        answer = self._api.send_form("POST", f"{V5}/users/organization", form, repeatable=False)
        return self._api.read(GiteeOrganization, answer)

    def create_repository(
        self, name: str, *, path: str, description: str = "", private: bool, has_wiki: bool = True
    ) -> GiteeRepository:
        """Make an empty repository of one's own. Gitee makes public ones only by a change afterwards.

        Raises:
            AlreadyExists: there is one at that path; letters' case does not count.
        """
        form = {**_new(name, path, description), "private": private, "has_wiki": has_wiki}
        return self._created("/user/repos", form)

    def create_organization_repository(
        self, organization: str, name: str, *, path: str, description: str = "", visibility: Visibility
    ) -> GiteeRepository:
        """Raises AlreadyExists, as `create_repository` does."""
        form = {**_new(name, path, description), "public": OPENNESS[visibility]}
        return self._created(f"/orgs/{segment(organization)}/repos", form)

    def create_enterprise_repository(
        self, enterprise: str, name: str, *, path: str, description: str = "", visibility: Visibility
    ) -> GiteeRepository:
        """Raises AlreadyExists, as `create_repository` does."""
        form = {**_new(name, path, description), "private": OPENNESS[visibility]}
        return self._created(f"/enterprises/{segment(enterprise)}/repos", form)

    def update_repository(
        self,
        repository: str,
        *,
        name: str | None = None,
        description: str | None = None,
        private: bool | None = None,
        default_branch: str | None = None,
    ) -> GiteeRepository:
        """Change what is given. Gitee wants the name repeated where it stays, so that it is asked for first then.

        Args:
            name: what people call it, which need not be like its path.
        """
        known = self.repository(repository).name if name is None else name
        form: Form = {
            "name": known or owner_and_name(repository)[1],
            "description": description,
            "private": private,
            "default_branch": default_branch,
        }
        answer = self._api.send_form("PATCH", f"{V5}{repository_path(repository)}", form, repeatable=True)
        return self._api.read(GiteeRepository, answer)

    def _created(self, path: str, form: Form) -> GiteeRepository:
        answer = self._api.send_form("POST", f"{V5}{path}", form, repeatable=False)
        return self._api.read(GiteeRepository, answer)

    def _repositories(self, path: str, what: Phrase, query: Mapping[str, Parameter]) -> Iterator[GiteeRepository]:
        return self._list(path, GiteeRepository, what, lambda row: row.id, query, empty_is_counted=True).rows()

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
        *,
        empty_is_counted: bool = False,
    ) -> NumberedList[T]:
        return self._api.list(
            f"{V5}{path}",
            kind,
            what,
            key,
            query,
            empty_is_counted=empty_is_counted,
        )


def _new(name: str, path: str, description: str) -> Form:
    return {"name": name, "path": path, "description": description}
