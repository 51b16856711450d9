"""The calls that make, list, move and remove repositories."""

from collections.abc import Iterator
from datetime import datetime

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.addresses import Parameter, owner_and_name, repository_path, segment
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.enums import ForkSort, RepositoryKind
from matou.platforms.gitcode.wire import GitCodeRepository, Success, Transferred

OPEN, ARCHIVED = 0, 2
"""13: the states that a repository is set to."""


class GitCodeRepositoryCalls(GitCodeCalls):
    def repository(self, repository: str) -> GitCodeRepository:
        return self._api.get(GitCodeRepository, repository_path(repository))

    def my_repositories(self, *, kind: RepositoryKind | None = None) -> Iterator[GitCodeRepository]:
        """All that the token's user owns or is a member of; those of code where `kind` is None."""
        return self._repositories("/user/repos", Phrase("this account's repositories"), {"repo_type": kind})

    def repositories_of(self, login: str) -> Iterator[GitCodeRepository]:
        path = f"/users/{segment(login)}/repos"
        return self._repositories(path, Phrase("the repositories of {owner}", owner=repr(login)))

    def repositories_of_organization(
        self, organization: str, *, kind: RepositoryKind | None = None
    ) -> Iterator[GitCodeRepository]:
        """Those of code where `kind` is None."""
        what = Phrase("the repositories of {owner}", owner=repr(organization))
        return self._repositories(f"/orgs/{segment(organization)}/repos", what, {"repo_type": kind})

    def create_repository(
        self,
        name: str,
        *,
        organization: str | None = None,
        path: str | None = None,
        description: str | None = None,
        homepage: str | None = None,
        private: bool | None = None,
        has_issues: bool | None = None,
        has_wiki: bool | None = None,
        auto_init: bool | None = None,
        gitignore_template: str | None = None,
        license_template: str | None = None,
        import_url: str | None = None,
    ) -> GitCodeRepository:
        """20 with an organization, 31 without. Raises AlreadyExists where there is one of that name.

        Args:
            path: its part of a URL; the name where it is None.
            auto_init: begin with a README.
            import_url: ends in `.git`.
        """
        body: dict[str, object] = {
            "name": name,
            "path": path,
            "description": description,
            "homepage": homepage,
            "private": private,
            "has_issues": has_issues,
            "has_wiki": has_wiki,
            "auto_init": auto_init,
            "gitignore_template": gitignore_template,
            "license_template": license_template,
            "import_url": import_url,
        }
        where = "/user/repos" if organization is None else f"/orgs/{segment(organization)}/repos"
        return self._api.read(GitCodeRepository, self._api.send_json("POST", where, body=body, repeatable=False))

    def update_repository(
        self,
        repository: str,
        *,
        name: str | None = None,
        path: str | None = None,
        description: str | None = None,
        homepage: str | None = None,
        private: bool | None = None,
        default_branch: str | None = None,
        lfs_enabled: bool | None = None,
    ) -> GitCodeRepository:
        """11. What is None stays as it is; with another `path` it has another address from then on."""
        body: dict[str, object] = {
            "name": name,
            "path": path,
            "description": description,
            "homepage": homepage,
            "private": private,
            "default_branch": default_branch,
            "lfs_enabled": lfs_enabled,
        }
        answer = self._api.send_json("PATCH", repository_path(repository), body=body, repeatable=path is None)
        return self._api.read(GitCodeRepository, answer)

    def delete_repository(self, repository: str) -> None:
        """19. For good."""
        self._api.request("DELETE", repository_path(repository), repeatable=False)

    def archive_repository(self, repository: str, *, password: Secret | None = None) -> None:
        """13. Nobody can write to it from then on."""
        self._set_status(repository, ARCHIVED, password)

    def reopen_repository(self, repository: str, *, password: Secret | None = None) -> None:
        """13. The contrary."""
        self._set_status(repository, OPEN, password)

    def transfer_repository(self, repository: str, *, new_owner: str, new_name: str | None = None) -> Transferred:
        """33. To a user or an organization."""
        answer = self._api.send_json(
            "POST",
            f"{repository_path(repository)}/transfer",
            body={"new_owner": new_owner, "new_name": new_name},
            repeatable=False,
        )
        return self._api.read(Transferred, answer)

    def transfer_to_organization(self, repository: str, *, organization: str, password: Secret) -> None:
        """14. As `transfer_repository`, for which GitCode asks for the user's password again."""
        owner, name = owner_and_name(repository)
        answer = self._api.send_json(
            "POST",
            f"/org/{segment(owner)}/projects/{segment(name)}/transfer",
            body={"transfer_to": organization, "password": password.reveal()},
            repeatable=False,
        )
        self._api.read(Success, answer)

    def fork(
        self,
        repository: str,
        *,
        organization: str | None = None,
        name: str | None = None,
        path: str | None = None,
    ) -> GitCodeRepository:
        """21. Without an organization it becomes the token's user's."""
        answer = self._api.send_json(
            "POST",
            f"{repository_path(repository)}/forks",
            body={"organization": organization, "name": name, "path": path},
            repeatable=False,
        )
        return self._api.read(GitCodeRepository, answer)

    def forks(
        self,
        repository: str,
        *,
        order: ForkSort | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> Iterator[GitCodeRepository]:
        """22. Those made from it directly."""
        query: dict[str, Parameter] = {
            "sort": order,
            "created_after": created_after,
            "created_before": created_before,
        }
        what = Phrase("forks of {repository}", repository=repr(repository))
        return self._repositories(f"{repository_path(repository)}/forks", what, query)

    def _repositories(
        self, path: str, what: Phrase, query: dict[str, Parameter] | None = None
    ) -> Iterator[GitCodeRepository]:
        return self._api.list(path, GitCodeRepository, what, lambda row: row.id, query, empty_is_counted=True).rows()

    def _set_status(self, repository: str, status: int, password: Secret | None) -> None:
        owner, name = owner_and_name(repository)
        body = {"status": status, "password": password.reveal() if password else None}
        self._set(Success, f"/org/{segment(owner)}/repo/{segment(name)}/status", body)
