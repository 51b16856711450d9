"""Reads an account at a GitLab for a backup: whom the token stands for, all projects, wikis and snippets it sees."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import quote, urljoin

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.addresses import AddressRefused, trusted_address
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
from matou.platforms.gitlab.api import GitLabApi, token_of
from matou.platforms.gitlab.calls import GitLabCalls
from matou.platforms.gitlab.listing import GitLabLister, GitLabListing, ListedSnippet, may_have
from matou.platforms.gitlab.wire import GitLabGroup, GitLabNamespace, GitLabProject

GROUP: Final = "group"
USER: Final = "user"

GROUPS: Final = "group-"
"""Stands before the id of a group whose wiki is meant."""

SNIPPETS: Final = "snippet-"
"""Stands before the id of a snippet, which has no name."""

VISIBILITY: Final[Mapping[str | None, Visibility]] = {one.value: one for one in Visibility}

MEMBERS_ALONE: Final = "private"
WIDENING: Final = (Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC)


def visibility_of(row: GitLabProject) -> Visibility:
    """Of all that is saved of a project; an archive knows one for a repository and what lies around it.

    A part may be for members alone, however open the project is: then all of it is taken for private. More is hidden
    than need be, and nothing is shown that was not.
    """
    parts = (
        row.repository_access_level,
        row.issues_access_level,
        row.merge_requests_access_level,
        row.releases_access_level,
        row.wiki_access_level,
    )
    return Visibility.PRIVATE if MEMBERS_ALONE in parts else VISIBILITY.get(row.visibility, Visibility.PRIVATE)


def visibility_of_snippet(listed: ListedSnippet) -> Visibility:
    """Never wider than its project is: whoever may not see that is shown no snippet of it either."""
    own, project = VISIBILITY.get(listed.snippet.visibility, Visibility.PRIVATE), listed.project
    if project is None:
        return own
    around = VISIBILITY.get(project.visibility, Visibility.PRIVATE)
    is_closed = project.snippets_access_level == MEMBERS_ALONE
    return min(own, Visibility.PRIVATE if is_closed else around, key=WIDENING.index)


ROLES: Final[Mapping[int | None, str]] = {
    5: "minimal",
    10: "guest",
    15: "planner",
    20: "reporter",
    30: "developer",
    40: "maintainer",
    50: "owner",
}
"""GitLab's words for its access levels."""


class GitLabSource(AccountSource[GitLabListing, GitLabNamespace, GitLabProject | ListedSnippet]):
    """An account at GitLab, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to the server's limits: see `Platform.open_session`.
        url: the API's address, with `/api/v4`.
        token: a person's, a group's or a project's access token.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.
        lists: which others than its own are read: starred.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "gitlab"

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
        self._calls = GitLabCalls(GitLabApi(session, self._url, self._token, now, record))

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Only groups have them. Raises MatouError."""
        if namespace.type != GROUP:
            return NO_ROWS
        return members_document(
            MemberLine(str(member.id), member.username, member.name or "", ROLES.get(member.access_level, ""))
            for member in self._calls.group_members(int(namespace.id), namespace.name)
        )

    def _ask_for_account(self) -> Account:
        user = self._calls.user()
        return personal_account(user.id, user.username, user.name)

    def _list_all(self) -> GitLabListing:
        return GitLabLister(self._calls, self.account().login, self._note, self._lists).list_all()

    def _namespace(self, row: GitLabNamespace) -> RemoteNamespace:
        """Pictures of people are left where they are: only a group's stands for a namespace."""
        group = row if isinstance(row, GitLabGroup) else None
        odd = list(left_out_of(row))
        return RemoteNamespace(
            id=str(row.id),
            name=row.full_path,
            display_name=row.name or row.full_path,
            description=(group.description if group else None) or "",
            created_at=moment_of(group.created_at, odd, platform=self.platform) if group else None,
            icon_url=urljoin(f"{self._url}/", group.avatar_url) if group and group.avatar_url else None,
            archived=group is not None and group.archived is True,
            left_out=tuple(fault.fact for fault in odd),
            type=row.kind or GROUP,
        )

    def _repository(self, row: GitLabProject | ListedSnippet) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out."""
        if isinstance(row, ListedSnippet):
            return self._snippet(row)
        odd = list(left_out_of(row))
        issues = may_have(row.issues_enabled, row.issues_access_level)
        changes = may_have(row.merge_requests_enabled, row.merge_requests_access_level)
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.namespace.id),
            name=row.path,
            description=row.description or "",
            clone_url=self._trusted(row.http_url_to_repo, row),
            ssh_url=self._trusted_ssh(row.ssh_url_to_repo),
            version_control=VersionControl.GIT,
            created_at=moment_of(row.created_at, odd, platform=self.platform),
            last_push_at=moment_of(row.last_activity_at, odd, platform=self.platform),
            default_branch=row.default_branch or None,
            visibility=visibility_of(row),
            archived=row.archived is True,
            left_out=tuple(fault.fact for fault in odd),
            switched_off=switched_off(issues=issues, changes=changes),
        )

    def _snippet(self, row: ListedSnippet) -> RemoteRepository:
        snippet = row.snippet
        odd = list(left_out_of(snippet))
        return RemoteRepository(
            id=f"{SNIPPETS}{snippet.id}",
            namespace_id=str(row.namespace_id),
            name=f"{SNIPPETS}{snippet.id}",
            description=snippet.title or snippet.description or "",
            clone_url=self._trusted(snippet.http_url_to_repo, row),
            ssh_url=self._trusted_ssh(snippet.ssh_url_to_repo),
            version_control=VersionControl.GIT,
            created_at=moment_of(snippet.created_at, odd, platform=self.platform),
            last_push_at=moment_of(snippet.updated_at, odd, platform=self.platform),
            default_branch=None,
            visibility=visibility_of_snippet(row),
            left_out=tuple(fault.fact for fault in odd),
        )

    def _called(self, row: GitLabProject | ListedSnippet) -> Phrase:
        if isinstance(row, ListedSnippet):
            return Phrase("the snippet {snippet}", snippet=row.snippet.id)
        return Phrase("the project {project}", project=repr(row.path_with_namespace))

    def _others_with_wiki(self) -> Iterator[RemoteRepository]:
        """A group may have a wiki of its own, which git alone tells of."""
        origin = self._url.removesuffix("/api/v4")
        for row in self._listing_now().namespaces.values():
            if isinstance(row, GitLabGroup) and row.wiki_access_level != "disabled":
                with suppress(AddressRefused):
                    address = f"{origin}/{quote(row.full_path)}.git"
                    yield self._bare_group(row, trusted_address(address, home=self._url))

    def _bare_group(self, row: GitLabGroup, address: str) -> RemoteRepository:
        """As a repository that its wiki would stand beside."""
        is_closed = row.wiki_access_level == MEMBERS_ALONE
        return RemoteRepository(
            id=f"{GROUPS}{row.id}",
            namespace_id=str(row.id),
            name=row.full_path.rpartition("/")[2],
            description="",
            clone_url=address,
            version_control=VersionControl.GIT,
            created_at=None,
            last_push_at=None,
            default_branch=None,
            visibility=Visibility.PRIVATE if is_closed else VISIBILITY.get(row.visibility, Visibility.PRIVATE),
        )

    def _may_have_wiki(self, row: GitLabProject | ListedSnippet) -> bool:
        return isinstance(row, GitLabProject) and may_have(row.wiki_enabled, row.wiki_access_level)
