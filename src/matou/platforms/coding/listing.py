"""All projects and depots that a token can see, by the widest list that it may read; what it may not see is noted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.http.paging import Page as ListPage
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import ENDS_EVERYTHING, AccountListing
from matou.platforms.base.decoder import Unreadable
from matou.platforms.base.errors import ActionRefused
from matou.platforms.base.unreadable import UnreadableRow, require_readable
from matou.platforms.coding import wire_requests as call_action
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.pages import PAGE_SIZE, Row, rows_of
from matou.platforms.coding.wire import (
    CodingPage,
    CodingProject,
    Depot,
    DepotData,
    DepotsResponse,
    MyDepotsResponse,
    ProjectListResponse,
    ProjectResponse,
    ProjectsResponse,
    Response,
)

R = TypeVar("R", bound=Response)
T = TypeVar("T", bound=Row)


CodingListing: TypeAlias = AccountListing[CodingProject, Depot]
"""A fault of kind ActionRefused is noted as unseen, too."""


@dataclass(frozen=True, slots=True)
class CodingLister:
    """Lists for one token.

    Args:
        api: where to ask.
        user_id: who the token is; needed only where the token may not list the team's projects.
        note: is told of everything that exists and may not be seen.
    """

    api: CodingApi
    user_id: int
    note: Callable[[Inaccessible], None]

    def list_all(self) -> CodingListing:
        """Read projects and depots. A part that fails is left out, and its fault stands in the listing.

        Raises:
            CredentialRefused, Cancelled: nothing more can be asked.
        """
        listing = CodingListing()
        listing.namespaces_fault, are_all = self._gather_projects(listing.namespaces)
        depots = self._depots(tuple(listing.namespaces.values()), all_known=are_all)
        listing.repositories_fault = _gather(depots, listing.repositories)
        self._add_projects_of_depots(listing)
        return listing

    def _gather_projects(self, projects: dict[int, CodingProject]) -> tuple[MatouError | None, bool]:
        """Take the team's projects, or else those that were joined.

        Returns:
            What ended the list early, and whether it is proven that there are no others. DescribeUserProjects gives
            one answer without a count, so that another list has to be asked for what it may lack.
        """
        fault = _gather(rows_of(Phrase("the team's projects"), self._page_of_projects), projects)
        if not isinstance(fault, ActionRefused):
            return fault, fault is None
        self.note(Inaccessible(Phrase("projects that this account has not joined"), fault.fact))
        return _gather(self._joined_projects(), projects), False

    def _page_of_projects(self, number: int) -> ListPage[CodingProject | UnreadableRow]:
        request = call_action.DescribeCodingProjects(page_number=number, page_size=PAGE_SIZE)
        response, unreadable = self._ask(request, ProjectsResponse)
        return ListPage([*response.data.project_list, *unreadable], response.data.total_count)

    def _joined_projects(self) -> Iterator[CodingProject]:
        request = call_action.DescribeUserProjects(user_id=self.user_id)
        try:
            response, unreadable = self._ask(request, ProjectListResponse)
        except ActionRefused as refusal:
            self.note(Inaccessible(Phrase("projects that this account has joined"), refusal.fact, may_hide=True))
            raise
        yield from response.project_list
        require_readable(unreadable)

    def _depots(self, projects: Sequence[CodingProject], *, all_known: bool) -> Iterator[Depot]:
        try:
            yield from rows_of(Phrase("the team's repositories"), self._page_of_team)
        except ActionRefused as refusal:
            self.note(Inaccessible(Phrase("repositories of projects that this account has not joined"), refusal.fact))
            yield from self._depots_by_project(projects, all_known=all_known)

    def _depots_by_project(self, projects: Sequence[CodingProject], *, all_known: bool) -> Iterator[Depot]:
        faults: list[MatouError] = []
        refused = not all_known
        for project in projects:
            try:
                yield from self._depots_of(project)
            except ENDS_EVERYTHING:
                raise
            except (Refused, NotFound) as refusal:
                refused = True
                self.note(Inaccessible(_repositories_of(project), refusal.fact, may_hide=True))
            except MatouError as fault:
                faults.append(fault)
        if refused:
            yield from self._my_depots()
        if faults:
            raise faults[0]

    def _depots_of(self, project: CodingProject) -> Iterator[Depot]:
        def page(number: int) -> ListPage[Depot | UnreadableRow]:
            request = call_action.DescribeProjectDepotInfoList(
                project_id=project.id, page_number=number, page_size=PAGE_SIZE
            )
            return self._page_of_depots(request)

        return rows_of(_repositories_of(project), page)

    def _my_depots(self) -> Iterator[Depot]:
        """What a project's list did not give may still be among those that this account may read."""
        try:
            yield from rows_of(Phrase("this account's own repositories"), self._page_of_mine)
        except ActionRefused as refusal:
            self.note(Inaccessible(Phrase("this account's own repositories"), refusal.fact, may_hide=True))
            raise

    def _page_of_team(self, number: int) -> ListPage[Depot | UnreadableRow]:
        return self._page_of_depots(call_action.DescribeTeamDepotInfoList(page_number=number, page_size=PAGE_SIZE))

    def _page_of_depots(self, request: call_action.Request) -> ListPage[Depot | UnreadableRow]:
        response, unreadable = self._ask(request, DepotsResponse)
        return _page(response.depot_data, unreadable)

    def _page_of_mine(self, number: int) -> ListPage[Depot | UnreadableRow]:
        request = call_action.DescribeMyDepots(page_number=number, page_size=PAGE_SIZE)
        response, unreadable = self._ask(request, MyDepotsResponse)
        return _page(response.payload, unreadable)

    def _ask(self, request: call_action.Request, kind: type[R]) -> tuple[R, Unreadable]:
        unreadable: Unreadable = []
        response = self.api.call(request, kind, unreadable=unreadable)
        for row in unreadable:
            self.note(
                Inaccessible(Phrase("the row {row} of {action}", row=row.name, action=type(request).__name__), row.fact)
            )
        return response, unreadable

    def _add_projects_of_depots(self, listing: CodingListing) -> None:
        """Whether the list of projects holds archived ones is not documented: a depot shows that its project exists."""
        for depot in listing.repositories.values():
            if depot.project_id not in listing.namespaces:
                listing.namespaces[depot.project_id] = self._project_of(depot)

    def _project_of(self, depot: Depot) -> CodingProject:
        try:
            return self.api.call(call_action.DescribeOneProject(project_id=depot.project_id), ProjectResponse).project
        except ENDS_EVERYTHING:
            raise
        except MatouError as fault:
            what = Phrase("what is said of the project {project}", project=repr(depot.project_name))
            self.note(Inaccessible(what, fault.fact))
            return CodingProject(id=depot.project_id, name=depot.project_name)


def _page(data: DepotData, unreadable: Unreadable) -> ListPage[Depot | UnreadableRow]:
    return ListPage([*data.depots, *unreadable], data.page.total_row if isinstance(data.page, CodingPage) else None)


def _repositories_of(project: CodingProject) -> Phrase:
    name = repr(project.name)
    if project.archived:
        return Phrase("repositories of the archived project {project}", project=name)
    return Phrase("repositories of the project {project}", project=name)


def _gather(rows: Iterable[T], gathered: dict[int, T]) -> MatouError | None:
    """Take all rows that come, and give back what ended them early."""
    try:
        for row in rows:
            gathered.setdefault(row.id, row)
    except ENDS_EVERYTHING:
        raise
    except MatouError as fault:
        return fault
    return None
