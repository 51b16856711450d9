"""Reads an account at GitHub for a backup: whom the token stands for, all repositories, wikis and gists it sees."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from urllib.parse import urljoin

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase, UnknownShape
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
from matou.platforms.base.unreadable import LeftOut, left_out_of, readable_or_none
from matou.platforms.base.wikis import Wikis
from matou.platforms.github.api import GitHubApi, token_of
from matou.platforms.github.calls import GitHubCalls
from matou.platforms.github.listing import GitHubLister, GitHubListing
from matou.platforms.github.wire import GitHubAccount, GitHubGist, GitHubRepository

FAMILIES: Final = frozenset({"github.com"})
"""Its API, its repositories and its gists are at hosts of their own."""

GISTS: Final = "gist-"
"""Stands before the id of a gist, which has no name."""


class GitHubSource(BaseSource):
    """An account at GitHub, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to GitHub's limits: see `Platform.open_session`.
        url: the API's address.
        token: a personal access token, classic or fine-grained, or that of an app.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "github"

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
        self._url = url.rstrip("/")
        self._calls = GitHubCalls(GitHubApi(session, self._url, self._token, now, record))

    @property
    def url(self) -> str:
        return self._url

    def account(self) -> Account:
        """GitHub has no teams above its organizations: what an account sees is kept below its login."""
        with self._lock:
            user = self._user
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
        """Organizations, and whoever owns what is seen. GitHub is asked once for all that this source will ever list.

        Raises:
            MatouError: after the last one: why there are more, or may be.
        """
        listing = self._listing_now()
        for account in listing.namespaces.values():
            yield self._namespace(account, listing)
        if listing.namespaces_fault is not None:
            raise listing.namespaces_fault

    def repositories(self) -> Iterator[RemoteRepository]:
        """Each repository, each gist and each wiki, once; a wiki that is not there is not mentioned.

        `clone_url` is empty where GitHub gave an address that the token must not be sent to; `unseen` says which.

        Raises:
            MatouError: after the last one: why there are more, or may be; absence means nothing then.
        """
        listing = self._listing_now()
        faults: list[MatouError] = [listing.repositories_fault] if listing.repositories_fault else []
        with_wiki: list[RemoteRepository] = []
        for row in listing.rows():
            try:
                repository = self._gist(row) if isinstance(row, GitHubGist) else self._repository(row)
            except UnknownShape as unknown:
                self._note(Inaccessible(_called(row), unknown.fact))
                faults.append(unknown)
                continue
            yield repository
            if isinstance(row, GitHubRepository) and row.has_wiki is not False:
                with_wiki.append(repository)
        yield from Wikis(self._session, self.git_credential(), self._note).of(with_wiki)
        if faults:
            raise faults[0]

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - no namespace has any
        """Labels belong to repositories at GitHub."""
        return NO_ROWS

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Only organizations that the account belongs to have them. Raises MatouError."""
        if namespace.name not in self._listing_now().organizations:
            return NO_ROWS
        return members_document(
            MemberLine(str(member.id), member.login, member.name or "", role)
            for role in ("admin", "member")
            for member in self._calls.organization_members(namespace.name, role=role)
        )

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """An organization's picture; None where GitHub names none. Raises MatouError where it cannot be had."""
        return picture_of(namespace, self._session)

    def git_credential(self) -> GitCredential:
        """What git is told when it asks; good for addresses that `repositories` gave."""
        with self._lock:
            return GitCredential(self._user.login, self._token)

    @cached_property
    def _user(self) -> GitHubAccount:
        return self._calls.user()

    @cached_property
    def _listing(self) -> GitHubListing:
        return GitHubLister(self._calls, self._note).list_all()

    def _listing_now(self) -> GitHubListing:
        with self._lock:
            return self._listing

    def _namespace(self, account: GitHubAccount, listing: GitHubListing) -> RemoteNamespace:
        """Pictures of people are left where they are: only an organization's stands for a namespace."""
        organization = listing.organizations.get(account.login)
        picture = organization.avatar_url if organization else None
        return RemoteNamespace(
            id=str(account.id),
            name=account.login,
            display_name=account.name or account.login,
            description=(organization.description if organization else None) or "",
            created_at=None,
            icon_url=urljoin(f"{self._url}/", picture) if picture else None,
            archived=False,
            left_out=tuple(fault.fact for one in (account, organization) for fault in left_out_of(one)),
            type=(account.type or "").lower(),
        )

    def _repository(self, row: GitHubRepository) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.owner.id),
            name=row.name,
            description=row.description or "",
            clone_url=self._trusted(row.clone_url, row),
            version_control=VersionControl.GIT,
            created_at=_moment(row.created_at, odd),
            last_push_at=_moment(row.pushed_at, odd),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(issues=row.has_issues, changes=None),
        )

    def _gist(self, row: GitHubGist) -> RemoteRepository:
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=f"{GISTS}{row.id}",
            namespace_id=str(row.owner.id),
            name=f"{GISTS}{row.id}",
            description=row.description or "",
            clone_url=self._trusted(row.git_pull_url, row),
            version_control=VersionControl.GIT,
            created_at=_moment(row.created_at, odd),
            last_push_at=_moment(row.updated_at, odd),
            default_branch=None,
            visibility=Visibility.PUBLIC if row.public is True else Visibility.PRIVATE,
            left_out=tuple(fault.fact for fault in odd),
        )

    def _trusted(self, address: str | None, row: GitHubRepository | GitHubGist) -> str:
        try:
            return trusted_address(address or "", home=self._url, relatives=FAMILIES)
        except AddressRefused as refusal:
            self._note(Inaccessible(_called(row), refusal.fact))
            return ""


def visibility_of(row: GitHubRepository) -> Visibility:
    """What says nothing is taken for private."""
    if row.visibility == Visibility.INTERNAL:
        return Visibility.INTERNAL
    is_public = row.private is False and row.visibility in (None, Visibility.PUBLIC)
    return Visibility.PUBLIC if is_public else Visibility.PRIVATE


def _called(row: GitHubRepository | GitHubGist) -> Phrase:
    if isinstance(row, GitHubGist):
        return Phrase("the gist {gist}", gist=repr(row.id))
    return Phrase("the repository {repository}", repository=repr(row.full_name))


def _moment(text: str | None, odd: LeftOut) -> datetime | None:
    """None for what is not told, and for what lies outside of the years 1 to 9999 in UTC."""
    return readable_or_none(lambda: _read_moment(text), odd) if text else None


def _read_moment(text: str | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(text or "")
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:
        return None
    except ValueError:
        raise UnknownShape("github moment", text) from None
