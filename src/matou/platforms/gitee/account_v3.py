"""Reads an account by API v3, which names projects and nothing of who belongs to what."""

from collections.abc import Callable
from functools import cached_property

from matou.concurrency import Cancelled
from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, UnknownShape
from matou.http.addresses import AddressRefused, trusted_address
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.platforms.base.account_source import personal_account
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.base.source import NO_ROWS
from matou.platforms.base.unreadable import left_out_of, readable_or_none
from matou.platforms.gitee.account_listing import GiteeListing, called, in_utc
from matou.platforms.gitee.client import Gitee
from matou.platforms.gitee.wire_v3 import GiteeV3Namespace, GiteeV3Project, GiteeV3User


class ExtensionAccount:
    """The account that a token of v3 stands for. Its caller sees to it that one thread asks at a time."""

    def __init__(self, client: Gitee, token: Secret, note: Callable[[Inaccessible], None]) -> None:
        self._client = client
        self._token = token
        self._note = note

    @cached_property
    def _user(self) -> GiteeV3User:
        return self._client.extension_user()

    def account(self) -> Account:
        return personal_account(self._user.id, self._user.username, self._user.name)

    def git_credential(self) -> GitCredential:
        return GitCredential(self._user.username, self._token)

    def members(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - v3 tells of none
        return NO_ROWS

    def find_all(self) -> GiteeListing:
        listing = GiteeListing()
        for project in self._projects(listing):
            try:
                namespace, repository = _namespace(project.namespace), self._repository(project)
            except UnknownShape as unknown:
                self._note(Inaccessible(called(project.path_with_namespace), unknown.fact))
                listing.repositories_fault = listing.repositories_fault or unknown
                continue
            listing.namespaces.setdefault(project.namespace.id, namespace)
            listing.repositories[project.id] = repository
            if project.wiki_enabled:
                listing.with_wiki.add(project.id)
        return listing

    def _projects(self, listing: GiteeListing) -> list[GiteeV3Project]:
        came: list[GiteeV3Project] = []
        try:
            for project in self._client.projects():
                came.append(project)  # noqa: PERF402 - what came before a fault counts
        except (CredentialRefused, Cancelled):
            raise
        except MatouError as fault:
            # Namespaces are known by their projects alone, so that both lists are short of what did not come.
            listing.repositories_fault = listing.namespaces_fault = fault
        return came

    def _repository(self, project: GiteeV3Project) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        odd = list(left_out_of(project))
        return RemoteRepository(
            id=str(project.id),
            namespace_id=str(project.namespace.id),
            name=project.path,
            description=project.description,
            clone_url=self._clone_url(project),
            version_control=VersionControl.GIT,
            created_at=readable_or_none(lambda: in_utc(project.created_at), odd),
            last_push_at=readable_or_none(lambda: in_utc(project.last_push_at), odd),
            default_branch=project.default_branch or None,
            visibility=visibility_of_project(project),
            left_out=tuple(fault.fact for fault in odd),
        )

    def _clone_url(self, project: GiteeV3Project) -> str:
        """v3 gives no address: every extension makes it so."""
        try:
            address = f"{self._client.base_url}/{project.path_with_namespace}.git"
            return trusted_address(address, home=self._client.base_url)
        except AddressRefused as refusal:
            self._note(Inaccessible(called(project.path_with_namespace), refusal.fact))
            return ""


def visibility_of_project(project: GiteeV3Project) -> Visibility:
    return Visibility.PUBLIC if project.public else Visibility.PRIVATE


def _namespace(namespace: GiteeV3Namespace) -> RemoteNamespace:
    odd = list(left_out_of(namespace))
    return RemoteNamespace(
        id=str(namespace.id),
        name=namespace.path,
        display_name=namespace.name or namespace.path,
        description=namespace.description or "",
        created_at=readable_or_none(lambda: in_utc(namespace.created_at), odd),
        icon_url=None,
        archived=False,
        left_out=tuple(fault.fact for fault in odd),
    )
