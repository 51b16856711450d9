"""Reads an account at GitHub for a backup: whom the token stands for, all repositories, wikis and gists it sees."""

from collections.abc import Callable, Sequence
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
from matou.platforms.github.api import GitHubApi, token_of
from matou.platforms.github.calls import GitHubCalls
from matou.platforms.github.listing import GitHubLister, GitHubListing
from matou.platforms.github.wire import GitHubAccount, GitHubGist, GitHubRepository

GISTS: Final = "gist-"
"""Stands before the id of a gist, which has no name."""


class GitHubSource(AccountSource[GitHubListing, GitHubAccount, GitHubRepository | GitHubGist]):
    """An account at GitHub, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to GitHub's limits: see `Platform.open_session`.
        url: the API's address.
        token: a personal access token, classic or fine-grained, or that of an app.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.
        lists: which others than its own are read: starred, watched.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "github"
    # Its API, its repositories and its gists are at hosts of their own.
    relatives = frozenset({"github.com"})

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        *,
        record: Callable[[Record], None],
        now: Callable[[], datetime],
        lists: Sequence[str] = (),
    ) -> None:
        super().__init__(session, url, token_of(token.reveal()))
        self._lists = lists
        self._calls = GitHubCalls(GitHubApi(session, self._url, self._token, now, record))

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Only organizations that the account belongs to have them. Raises MatouError."""
        if namespace.name not in self._listing_now().organizations:
            return NO_ROWS
        return members_document(
            MemberLine(str(member.id), member.login, member.name or "", role)
            for role in ("admin", "member")
            for member in self._calls.organization_members(namespace.name, role=role)
        )

    def _ask_for_account(self) -> Account:
        user = self._calls.user()
        return personal_account(user.id, user.login, user.name)

    def _list_all(self) -> GitHubListing:
        return GitHubLister(self._calls, self._note, self._lists).list_all()

    def _namespace(self, row: GitHubAccount) -> RemoteNamespace:
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
            type=(row.type or "").lower(),
        )

    def _repository(self, row: GitHubRepository | GitHubGist) -> RemoteRepository:
        if isinstance(row, GitHubGist):
            return self._gist(row)
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
            last_push_at=moment_of(row.pushed_at, odd, platform=self.platform),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            archived=row.archived is True,
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(
                issues=row.has_issues, changes=None, discussions=row.has_discussions, boards=row.has_projects
            ),
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
            created_at=moment_of(row.created_at, odd, platform=self.platform),
            last_push_at=moment_of(row.updated_at, odd, platform=self.platform),
            default_branch=None,
            visibility=Visibility.PUBLIC if row.public is True else Visibility.PRIVATE,
            left_out=tuple(fault.fact for fault in odd),
        )

    def _called(self, row: GitHubRepository | GitHubGist) -> Phrase:
        if isinstance(row, GitHubGist):
            return Phrase("the gist {gist}", gist=repr(row.id))
        return Phrase("the repository {repository}", repository=repr(row.full_name))

    def _may_have_wiki(self, row: GitHubRepository | GitHubGist) -> bool:
        return isinstance(row, GitHubRepository) and row.has_wiki is not False


def visibility_of(row: GitHubRepository) -> Visibility:
    """What says nothing is taken for private."""
    if row.visibility == Visibility.INTERNAL:
        return Visibility.INTERNAL
    is_public = row.private is False and row.visibility in (None, Visibility.PUBLIC)
    return Visibility.PUBLIC if is_public else Visibility.PRIVATE
