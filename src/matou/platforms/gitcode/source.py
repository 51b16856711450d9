"""Reads an account at GitCode for a backup: whom the token stands for, and all repositories and wikis that it sees."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import urljoin

from msgspec import UNSET

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase, UnknownShape
from matou.http.addresses import AddressRefused, trusted_address
from matou.http.session import Session
from matou.model.platform import (
    Account,
    Inaccessible,
    Record,
    RemoteNamespace,
    RemoteRepository,
    VersionControl,
    Visibility,
)
from matou.platforms.base.source import NO_ROWS, BaseSource, MemberLine, members_document, picture_of, switched_off
from matou.platforms.base.unreadable import left_out_of, readable_or_none
from matou.platforms.base.wikis import Wikis
from matou.platforms.gitcode.api import token_of
from matou.platforms.gitcode.client import GitCode
from matou.platforms.gitcode.listing import GitCodeLister, GitCodeListing, NamespaceDetails
from matou.platforms.gitcode.wire import GitCodeRepository, GitCodeUser, moment

DOT_GIT = ".git"

FAMILIES = frozenset({"gitcode.com", "atomgit.com"})
"""One service under two names, whose API may name repositories under either."""


class GitCodeSource(BaseSource):
    """An account at GitCode, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to GitCode's limits: see `Platform.open_session`.
        url: the API's address, with or without `/api/v5`.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "gitcode"

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        *,
        record: Callable[[Record], None],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(session)
        self._token = token_of(token.reveal())
        self._client = GitCode(self._token, url, session=session, now=now, record=record)

    @property
    def url(self) -> str:
        return self._client.base_url

    def account(self) -> Account:
        """GitCode has no teams: what an account sees is kept below its login. Raises CredentialRefused."""
        user = self._user_now()
        name = user.name or user.login
        return Account(
            id=str(user.id),
            login=user.login,
            display_name=name,
            team_id=str(user.id),
            team=user.login,
            team_display_name=name,
        )

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """Users and organizations. The platform is asked once for all that this source will ever list.

        Raises:
            MatouError: after the last one: why there are more, or may be.
        """
        listing = self._listing_now()
        for details in listing.namespaces.values():
            yield self._namespace(details)
        if listing.namespaces_fault is not None:
            raise listing.namespaces_fault

    def repositories(self) -> Iterator[RemoteRepository]:
        """Each repository and each wiki, once; a wiki that is not there is not mentioned.

        `clone_url` is empty where the platform gave an address that the token must not be sent to; `unseen` says
        which.

        Raises:
            MatouError: after the last one: why there are more, or may be; absence means nothing then.
        """
        listing = self._listing_now()
        fault = listing.repositories_fault
        listed: list[RemoteRepository] = []
        for row in listing.repositories.values():
            try:
                repository = self._repository(row)
            except UnknownShape as unknown:
                self._note(Inaccessible(_called(row), unknown.fact))
                fault = fault or unknown
            else:
                yield repository
                if row.has_wiki is not False:
                    listed.append(repository)
        yield from Wikis(self._session, self.git_credential(), self._note).of(listed)
        if fault is not None:
            raise fault

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - no namespace has any
        """Labels belong to repositories at GitCode."""
        return NO_ROWS

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. A user's namespace has none. Raises MatouError."""
        details = self._listing_now().namespaces.get(int(namespace.id))
        if details is None or not details.is_organization:
            return NO_ROWS
        members = self._client.organization_members(details.namespace.path)
        return members_document(
            MemberLine(str(one.id), one.login, one.name or "", one.member_role or "") for one in members
        )

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """An organization's picture; None where the platform names none. Raises MatouError where it cannot be had."""
        return picture_of(namespace, self._session)

    def git_credential(self) -> GitCredential:
        """What git is told when it asks; good for addresses that `repositories` gave."""
        return GitCredential(self._user_now().login, self._token)

    @cached_property
    def _user(self) -> GitCodeUser:
        return self._client.user()

    @cached_property
    def _listing(self) -> GitCodeListing:
        return GitCodeLister(self._client, self._note).list_all()

    def _user_now(self) -> GitCodeUser:
        with self._lock:
            return self._user

    def _listing_now(self) -> GitCodeListing:
        with self._lock:
            return self._listing

    def _namespace(self, details: NamespaceDetails) -> RemoteNamespace:
        namespace, organization = details.namespace, details.organization
        picture = organization.avatar_url if organization else None
        return RemoteNamespace(
            id=str(namespace.id),
            name=namespace.full_path or namespace.path,
            display_name=namespace.name or namespace.path,
            description=(organization.description if organization else None) or "",
            created_at=None,
            icon_url=urljoin(f"{self.url}/", picture) if picture else None,
            archived=False,
            left_out=tuple(fault.fact for one in (namespace, organization) for fault in left_out_of(one)),
        )

    def _repository(self, row: GitCodeRepository) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.namespace.id),
            name=_last_part(row.full_name) if row.path is UNSET else str(row.path),
            description=row.description or "",
            clone_url=self._clone_url(row),
            version_control=VersionControl.GIT,
            created_at=readable_or_none(lambda: _utc(row.created_at or ""), odd),
            last_push_at=readable_or_none(lambda: _utc(row.pushed_at or ""), odd),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(issues=row.has_issue, changes=None),
        )

    def _clone_url(self, row: GitCodeRepository) -> str:
        """The address for git; where only that of its page is told, which is the same without `.git`, that one."""
        page = row.html_url or row.web_url or ""
        address = row.http_url_to_repo or (page and f"{page.removesuffix(DOT_GIT)}{DOT_GIT}")
        try:
            return trusted_address(address, home=self.url, relatives=FAMILIES)
        except AddressRefused as refusal:
            self._note(Inaccessible(_called(row), refusal.fact))
            return ""


def _called(row: GitCodeRepository) -> Phrase:
    return Phrase("the repository {repository}", repository=repr(row.full_name))


def _last_part(path: str) -> str:
    return path.rpartition("/")[2]


def _utc(text: str) -> datetime | None:
    """None for what is not told, and for what lies outside of the years 1 to 9999 in UTC."""
    try:
        return moment(text).astimezone(UTC) if text else None
    except OverflowError:
        return None


def visibility_of(row: GitCodeRepository) -> Visibility:
    """What says nothing is taken for private."""
    if row.internal is True or row.visibility == Visibility.INTERNAL:
        return Visibility.INTERNAL
    is_public = row.public is True or row.private is False or row.visibility == Visibility.PUBLIC
    return Visibility.PUBLIC if is_public else Visibility.PRIVATE
