"""Reads an account at a Gitea for a backup: whom the token stands for, all repositories and wikis that it sees."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

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
from matou.platforms.base.account_source import AccountSource, moment_of, personal_account
from matou.platforms.base.source import NO_ROWS, MemberLine, members_document, switched_off
from matou.platforms.base.unreadable import left_out_of
from matou.platforms.gitea.api import GiteaApi, token_of
from matou.platforms.gitea.calls import GiteaCalls
from matou.platforms.gitea.listing import GiteaLister, GiteaListing
from matou.platforms.gitea.wire import GiteaAccount, GiteaRepository

ORGANIZATION: Final = "organization"


class GiteaSource(AccountSource[GiteaListing, GiteaAccount, GiteaRepository]):
    """An account at Gitea, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to the server's limits: see `Platform.open_session`.
        url: the API's address, with `/api/v1`.
        token: one that the account made for programs.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "gitea"
    gives_files_of_git = True

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        *,
        record: Callable[[Record], None],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(session, url, token_of(token.reveal()))
        self._calls = GiteaCalls(GiteaApi(session, self._url, self._token, now, record))

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Only organizations that the account belongs to have them. Raises MatouError."""
        if namespace.name not in self._listing_now().organizations:
            return NO_ROWS
        return members_document(
            MemberLine(str(member.id), member.login, member.full_name or "", "")
            for member in self._calls.organization_members(namespace.name)
        )

    def _ask_for_account(self) -> Account:
        user = self._calls.user()
        return personal_account(user.id, user.login, user.full_name)

    def _list_all(self) -> GiteaListing:
        return GiteaLister(self._calls, self._note).list_all()

    def _namespace(self, row: GiteaAccount) -> RemoteNamespace:
        """Pictures of people are left where they are: only an organization's stands for a namespace."""
        organization = self._listing_now().organizations.get(row.login)
        picture = organization.avatar_url if organization else None
        return RemoteNamespace(
            id=str(row.id),
            name=row.login,
            display_name=row.title,
            description=(organization.description if organization else None) or "",
            created_at=None,
            icon_url=urljoin(f"{self._url}/", picture) if picture else None,
            archived=False,
            left_out=tuple(fault.fact for one in (row, organization) for fault in left_out_of(one)),
            type=ORGANIZATION if organization else "",
        )

    def _repository(self, row: GiteaRepository) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        odd = list(left_out_of(row))
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.owner.id),
            name=row.name,
            description=row.description or "",
            clone_url=self._trusted(row.clone_url, row),
            ssh_url=self._trusted_ssh(row.ssh_url),
            version_control=VersionControl.GIT,
            created_at=moment_of(row.created_at, odd, platform=self.platform),
            last_push_at=moment_of(row.updated_at, odd, platform=self.platform),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(issues=row.has_issues, changes=row.has_pull_requests),
        )

    def _called(self, row: GiteaRepository) -> Phrase:
        return Phrase("the repository {repository}", repository=repr(row.full_name))

    def _may_have_wiki(self, row: GiteaRepository) -> bool:
        return row.has_wiki is not False


def visibility_of(row: GiteaRepository) -> Visibility:
    """What says nothing is taken for private."""
    if row.internal is True:
        return Visibility.INTERNAL
    return Visibility.PUBLIC if row.private is False else Visibility.PRIVATE
