"""Reads an account by API v5: what it owns, and what the organizations and enterprises have that it belongs to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from urllib.parse import urljoin

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase, UnknownShape
from matou.http.addresses import AddressRefused, trusted_address
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.platforms.base.account_lists import Gathering, first_fault
from matou.platforms.base.account_source import personal_account
from matou.platforms.base.source import NO_ROWS, MemberLine, members_document, switched_off
from matou.platforms.base.ssh_addresses import trusted_ssh_address
from matou.platforms.base.unreadable import left_out_of, readable_or_none
from matou.platforms.gitee.account_listing import GiteeListing, called, in_utc, last_part
from matou.platforms.gitee.client import Gitee
from matou.platforms.gitee.wire_v5 import (
    EnterpriseMember,
    GiteeEnterprise,
    GiteeNamespace,
    GiteeOrganization,
    GiteeRepository,
    GiteeUser,
)

GIT_USER = "oauth2"
"""Whoever's token it is; Gitee's own tool gives git this name."""

ORGANIZATION, ENTERPRISE, PERSONAL = "group", "enterprise", "personal"

DOT_GIT = ".git"


class PersonalAccount:
    """The account that a personal access token stands for. Its caller sees to it that one thread asks at a time.

    Args:
        note: is told of everything that exists and may not be seen.
    """

    def __init__(self, client: Gitee, token: Secret, note: Callable[[Inaccessible], None]) -> None:
        self._client = client
        self._token = token
        self._note = note
        self._gathering = Gathering(note)
        self._organizations: dict[str, GiteeOrganization] = {}
        self._enterprises: dict[str, GiteeEnterprise] = {}

    @cached_property
    def _user(self) -> GiteeUser:
        return self._client.user()

    def account(self) -> Account:
        return personal_account(self._user.id, self._user.login, self._user.name)

    def git_credential(self) -> GitCredential:
        return GitCredential(GIT_USER, self._token)

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A user's namespace has none."""
        if namespace.name in self._enterprises:
            return enterprise_members_document(self._client.enterprise_members(namespace.name))
        if namespace.name not in self._organizations:
            return NO_ROWS
        of_role = {role: self._client.organization_members(namespace.name, role=role) for role in ("admin", "member")}
        return organization_members_document(of_role)

    def find_all(self) -> GiteeListing:
        """A part that fails is left out, and its fault stands in what is found. Raises what ends everything."""
        listing = GiteeListing()
        namespaces: dict[int, GiteeNamespace] = {}
        faults = [
            self._gathering.take(
                Phrase("this account's namespaces"), self._client.namespaces(), namespaces, lambda row: row.id
            ),
            self._gathering.take(
                Phrase("this account's organizations"),
                self._client.organizations(),
                self._organizations,
                lambda row: row.login,
            ),
            self._gathering.take(
                Phrase("this account's enterprises"),
                self._client.enterprises(),
                self._enterprises,
                lambda row: row.path,
            ),
        ]
        listing.namespaces_fault = first_fault(faults)
        rows = self._repositories(listing, namespaces)
        for row in rows:
            namespaces.setdefault(row.namespace.id, row.namespace)
        listing.namespaces = {row.id: self._namespace(row) for row in namespaces.values()}
        listing.repositories = dict(self._readable(rows, listing))
        return listing

    def _repositories(self, listing: GiteeListing, namespaces: dict[int, GiteeNamespace]) -> list[GiteeRepository]:
        """What one belongs to by membership of its organization alone may be missing from one's own list."""
        rows: dict[int, GiteeRepository] = {}
        lists = {Phrase("this account's repositories"): self._client.repositories()}
        for path in self._paths_of(ORGANIZATION, self._organizations, namespaces):
            what = Phrase("repositories of the organization {organization}", organization=repr(path))
            lists[what] = self._of_organization(path)
        for path in self._paths_of(ENTERPRISE, self._enterprises, namespaces):
            what = Phrase("repositories of the enterprise {enterprise}", enterprise=repr(path))
            lists[what] = self._of_enterprise(path)
        listing.repositories_fault = first_fault(
            [self._gathering.take(what, listed, rows, lambda row: row.id) for what, listed in lists.items()]
        )
        return list(rows.values())

    def _paths_of(self, type_: str, known: Iterable[str], namespaces: dict[int, GiteeNamespace]) -> list[str]:
        typed = (namespace.path for namespace in namespaces.values() if namespace.type == type_)
        return list(dict.fromkeys([*typed, *known]))

    def _of_organization(self, path: str) -> Iterator[GiteeRepository]:
        """A generator, so that a path that no address can hold fails where the list is read."""
        yield from self._client.repositories_of_organization(path)

    def _of_enterprise(self, path: str) -> Iterator[GiteeRepository]:
        yield from self._client.repositories_of_enterprise(path)

    def _readable(
        self, rows: Iterable[GiteeRepository], listing: GiteeListing
    ) -> Iterator[tuple[int, RemoteRepository]]:
        for row in rows:
            try:
                repository = self._repository(row)
            except UnknownShape as unknown:
                self._note(Inaccessible(called(row.full_name), unknown.fact))
                listing.repositories_fault = listing.repositories_fault or unknown
                continue
            if row.has_wiki is not False:
                listing.with_wiki.add(row.id)
            yield row.id, repository

    def _namespace(self, namespace: GiteeNamespace) -> RemoteNamespace:
        organization = self._organizations.get(namespace.path)
        owner = organization or self._enterprises.get(namespace.path)
        picture = owner.avatar_url if owner else None
        return RemoteNamespace(
            id=str(namespace.id),
            name=namespace.path,
            display_name=namespace.name or namespace.path,
            description=(organization.description if organization else None) or "",
            created_at=None,
            icon_url=urljoin(f"{self._client.base_url}/", picture) if picture else None,
            archived=False,
            left_out=tuple(fault.fact for one in (namespace, owner) for fault in left_out_of(one)),
            type=ENTERPRISE if namespace.path in self._enterprises else (namespace.type or PERSONAL).lower(),
        )

    def _repository(self, row: GiteeRepository) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.namespace.id),
            name=last_part(row.full_name) if row.path is None else row.path,
            description=row.description or "",
            clone_url=self._clone_url(row),
            ssh_url=trusted_ssh_address(row.ssh_url, home=self._client.base_url),
            version_control=VersionControl.GIT,
            created_at=readable_or_none(lambda: in_utc(row.created_at), odd),
            last_push_at=readable_or_none(lambda: in_utc(row.pushed_at), odd),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(issues=row.has_issues, changes=row.pull_requests_enabled),
        )

    def _clone_url(self, row: GiteeRepository) -> str:
        """The page's address, with `.git` behind it once; some answers have it there already."""
        home = self._client.base_url
        page = f"{home}/{row.full_name}" if row.html_url is None else row.html_url
        try:
            return trusted_address(f"{page.removesuffix(DOT_GIT)}{DOT_GIT}" if page else "", home=home)
        except AddressRefused as refusal:
            self._note(Inaccessible(called(row.full_name), refusal.fact))
            return ""


def visibility_of(row: GiteeRepository) -> Visibility:
    """What says nothing is taken for private."""
    if row.internal:
        return Visibility.INTERNAL
    is_public = row.public is True or (row.public is None and row.private is False)
    return Visibility.PUBLIC if is_public else Visibility.PRIVATE


def organization_members_document(by_role: Mapping[str, Iterable[GiteeUser]]) -> bytes:
    """Roles are admin and member. Whoever is in the lists of several roles has the first."""
    return members_document(_line(member, role) for role, members in by_role.items() for member in members)


def enterprise_members_document(members: Iterable[EnterpriseMember]) -> bytes:
    return members_document(_line(member.user, member.role or "") for member in members)


def _line(user: GiteeUser, role: str) -> MemberLine:
    return MemberLine(str(user.id), user.login, user.name or "", role)
