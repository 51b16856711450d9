"""Reads an account at CODING: whom the token stands for, and all projects and repositories that it can see."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.addresses import AddressRefused
from matou.http.paging import Page as ListPage
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
from matou.platforms.base.errors import ActionRefused
from matou.platforms.base.source import BaseSource
from matou.platforms.base.ssh_addresses import trusted_ssh_address
from matou.platforms.base.unreadable import UnreadableRow, left_out_of, readable_or_none
from matou.platforms.coding import wire_requests as call_action
from matou.platforms.coding.addresses import AccountHosts, team_key
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.documents import labels_document, members_document
from matou.platforms.coding.listing import CodingLister, CodingListing
from matou.platforms.coding.pages import PAGE_SIZE, rows_of
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.wire import (
    CodingMember,
    CodingProject,
    CurrentUser,
    Depot,
    DepotResponse,
    LabelsResponse,
    ProjectMembersResponse,
    Team,
    TeamMembersResponse,
    TeamResponse,
    UserResponse,
    moment,
)

LARGEST_ICON_BYTES = 10 * 1024 * 1024

_VERSION_CONTROL = {
    "git": VersionControl.GIT,
    "svn": VersionControl.SUBVERSION,
    "hg": VersionControl.MERCURIAL,
}
_OTHER_THAN_GIT = frozenset({"svn", "hg"})


class CodingClient(BaseSource):
    """An account at CODING, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to its limits: see `Platform.open_session`.
        url: the Open API's address, `https://e.coding.net/open-api`.
        token: any form that `tokens.CodingToken` knows.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "coding"

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
        self.url = url.rstrip("/")
        self._token = CodingToken.from_text(token)
        self._api = CodingApi(session, self.url, self._token.authorization, now, record)

    def account(self) -> Account:
        """Two requests, the first time.

        Raises:
            CredentialRefused: the token is not good.
            ActionRefused: it may not say who it is or what its team is called.
        """
        with self._lock:
            user, team = self._user, self._team
        return Account(
            id=str(user.id),
            login=user.global_key,
            display_name=user.name,
            team_id=str(team.id),
            team=team_key(team.team_host, url=self.url, name=team.name),
            team_display_name=team.name,
        )

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """Each project, by its id once. The platform is asked once for all that this client will ever list.

        Raises:
            MatouError: after the last one: why there are more, or may be.
        """
        listing = self._listing_now()
        for project in listing.namespaces.values():
            yield self._namespace(project)
        _raise_if_broken(listing.namespaces_fault, any_listed=bool(listing.namespaces))

    def repositories(self) -> Iterator[RemoteRepository]:
        """Each repository, by its id once; its namespace is one of `namespaces`.

        `clone_url` is empty where the platform gave an address that the token must not be sent to; `unseen` says
        which. `default_branch` is None, as lists do not tell it: see the method of that name.

        Raises:
            MatouError: after the last one: why there are more, or may be; absence means nothing then.
        """
        listing = self._listing_now()
        fault = listing.repositories_fault
        for depot in listing.repositories.values():
            try:
                yield self._repository(depot)
            except UnknownShape as unknown:
                self._note(Inaccessible(_called(depot), unknown.fact))
                fault = fault or unknown
        _raise_if_broken(fault, any_listed=bool(listing.repositories))

    def default_branch(self, repository: RemoteRepository) -> str | None:
        """Ask for what lists leave out; None where it has none, being empty."""
        request = call_action.DescribeGitDepot(depot_id=int(repository.id))
        return self._api.call(request, DepotResponse).depot.default_branch or None

    def labels(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Raises MatouError; what the token may not see is in `unseen` as well."""
        request = call_action.DescribeAllProjectLabels(project_id=int(namespace.id))
        return labels_document(self._api.call(request, LabelsResponse).labels)

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Raises MatouError, as of a list that could not be read to its end."""
        what = Phrase("members of {project}", project=repr(namespace.name))
        return members_document(rows_of(what, self._page_of_members(namespace)))

    def team_members(self) -> bytes:
        """As `members`, for the whole team."""
        return members_document(rows_of(Phrase("the team's members"), self._page_of_team_members))

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """The project's picture; None where the platform names none. Raises MatouError where it cannot be had."""
        if namespace.icon_url is None:
            return None
        # Icons lie on hosts of all kinds and are public: the token stays here.
        return self._session.request("GET", namespace.icon_url, repeatable=True, limit_bytes=LARGEST_ICON_BYTES).body

    def git_credential(self) -> GitCredential:
        """What git is told when it asks; good for addresses that `repositories` gave."""
        return self._token.git

    @cached_property
    def _user(self) -> CurrentUser:
        return self._api.call(call_action.DescribeCodingCurrentUser(), UserResponse).user

    @cached_property
    def _team(self) -> Team:
        return self._api.call(call_action.DescribeTeam(), TeamResponse).data

    @cached_property
    def _home(self) -> AccountHosts:
        with self._lock:
            return AccountHosts(self.url, self._team.team_host)

    @cached_property
    def _listing(self) -> CodingListing:
        return CodingLister(self._api, self._user.id, self._note).list_all()

    def _listing_now(self) -> CodingListing:
        with self._lock:
            return self._listing

    def _namespace(self, project: CodingProject) -> RemoteNamespace:
        return RemoteNamespace(
            left_out=tuple(fault.fact for fault in left_out_of(project)),
            id=str(project.id),
            name=project.name,
            display_name=project.display_name or project.name,
            description=project.description,
            created_at=moment(project.created_at),
            icon_url=self._home.icon_url(project.icon),
            archived=project.archived,
        )

    def _repository(self, depot: Depot) -> RemoteRepository:
        odd = list(left_out_of(depot))
        return RemoteRepository(
            id=str(depot.id),
            namespace_id=str(depot.project_id),
            name=depot.name,
            description=depot.description,
            clone_url=self._clone_url(depot),
            ssh_url=trusted_ssh_address(depot.ssh_url, home=self.url),
            version_control=readable_or_none(lambda: _version_control(depot), odd) or VersionControl.GIT,
            created_at=moment(depot.created_at),
            last_push_at=moment(depot.last_push_at),
            default_branch=depot.default_branch or None,
            visibility=visibility_of(depot),
            left_out=tuple(fault.fact for fault in odd),
        )

    def _clone_url(self, depot: Depot) -> str:
        try:
            return self._home.clone_url(depot.https_url)
        except AddressRefused as refusal:
            if _word_of_version_control(depot) not in _OTHER_THAN_GIT:
                self._note(Inaccessible(_called(depot), refusal.fact))
            return ""

    def _page_of_members(self, namespace: RemoteNamespace) -> Callable[[int], ListPage[CodingMember | UnreadableRow]]:
        def page(number: int) -> ListPage[CodingMember | UnreadableRow]:
            request = call_action.DescribeProjectMembers(
                project_id=int(namespace.id), page_number=number, page_size=PAGE_SIZE
            )
            data = self._api.call(request, ProjectMembersResponse).data
            return ListPage(data.project_members, data.total_count)

        return page

    def _page_of_team_members(self, number: int) -> ListPage[CodingMember | UnreadableRow]:
        request = call_action.DescribeTeamMembers(page_number=number, page_size=PAGE_SIZE)
        data = self._api.call(request, TeamMembersResponse).data
        return ListPage(data.team_members, data.total_count)


def visibility_of(depot: Depot) -> Visibility:
    return Visibility.PUBLIC if depot.is_shared else Visibility.PRIVATE


def _called(depot: Depot) -> Phrase:
    return Phrase(
        "the repository {repository} of {project}", repository=repr(depot.name), project=repr(depot.project_name)
    )


def _version_control(depot: Depot) -> VersionControl:
    """Raises UnknownShape: it may be git for all we know, and git tells if it is not."""
    word = _word_of_version_control(depot)
    if word not in _VERSION_CONTROL:
        raise UnknownShape("coding Depot.VcsType", depot.vcs_type or depot.repo_type)
    return _VERSION_CONTROL[word]


def _word_of_version_control(depot: Depot) -> str:
    return (depot.vcs_type or depot.repo_type).strip().lower()


def _raise_if_broken(fault: MatouError | None, *, any_listed: bool) -> None:
    """A list that was refused is no broken one, if another gave something: it stands in `unseen`."""
    if fault is not None and not (any_listed and isinstance(fault, ActionRefused)):
        raise fault
