"""Reads an account at GitCode for a backup: whom the token stands for, and all repositories and wikis that it sees."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urljoin

from msgspec import UNSET

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.session import Session
from matou.model.platform import (
    Account,
    Record,
    RemoteNamespace,
    RemoteRepository,
    VersionControl,
    Visibility,
)
from matou.platforms.base.account_source import AccountSource, personal_account
from matou.platforms.base.source import NO_ROWS, MemberLine, members_document, switched_off
from matou.platforms.base.unreadable import left_out_of, readable_or_none
from matou.platforms.gitcode.api import token_of
from matou.platforms.gitcode.client import GitCode
from matou.platforms.gitcode.listing import GitCodeLister, GitCodeListing, NamespaceDetails
from matou.platforms.gitcode.wire import GitCodeRepository, moment

DOT_GIT = ".git"

FAMILIES = frozenset({"gitcode.com", "atomgit.com"})
"""One service under two names, whose API may name repositories under either."""


class GitCodeSource(AccountSource[GitCodeListing, NamespaceDetails, GitCodeRepository]):
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
    relatives = FAMILIES

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        *,
        record: Callable[[Record], None],
        now: Callable[[], datetime],
    ) -> None:
        secret = token_of(token.reveal())
        self._client = GitCode(secret, url, session=session, now=now, record=record)
        super().__init__(session, self._client.base_url, secret)

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. A user's namespace has none. Raises MatouError."""
        details = self._listing_now().namespaces.get(int(namespace.id))
        if details is None or not details.is_organization:
            return NO_ROWS
        members = self._client.organization_members(details.namespace.path)
        return members_document(
            MemberLine(str(one.id), one.login, one.name or "", one.member_role or "") for one in members
        )

    def _ask_for_account(self) -> Account:
        user = self._client.user()
        return personal_account(user.id, user.login, user.name or None)

    def _list_all(self) -> GitCodeListing:
        return GitCodeLister(self._client, self._note).list_all()

    def _namespace(self, row: NamespaceDetails) -> RemoteNamespace:
        namespace, organization = row.namespace, row.organization
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
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.namespace.id),
            name=_last_part(row.full_name) if row.path is UNSET else str(row.path),
            description=row.description or "",
            clone_url=self._clone_url(row),
            ssh_url=self._trusted_ssh(row.ssh_url_to_repo),
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
        return self._trusted(address, row)

    def _called(self, row: GitCodeRepository) -> Phrase:
        return Phrase("the repository {repository}", repository=repr(row.full_name))

    def _may_have_wiki(self, row: GitCodeRepository) -> bool:
        return row.has_wiki is not False


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
