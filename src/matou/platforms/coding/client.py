"""`Coding`: CODING's Open API, each action as a struct, and the ones that are used most as methods."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.paging import Page
from matou.http.retry import WaitListener
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.api_client import no_record
from matou.platforms.base.client import TypedClient, utc_now
from matou.platforms.base.platform import Clock
from matou.platforms.base.unreadable import UnreadableRow
from matou.platforms.coding import PLATFORM
from matou.platforms.coding import wire_requests as call_action
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.client_conversation import ConversationActions
from matou.platforms.coding.pages import PAGE_SIZE, rows_of
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.wire import (
    CodingLabel,
    CodingMember,
    CodingProject,
    CreatedDepotResponse,
    CreatedProjectResponse,
    CurrentUser,
    Depot,
    DepotResponse,
    DepotsResponse,
    LabelsResponse,
    ProjectMembersResponse,
    ProjectResponse,
    ProjectsResponse,
    Response,
    Team,
    TeamResponse,
    UserResponse,
)

TEMPLATE = "CODE_HOST"
"""Of the templates for projects the one for code."""

R = TypeVar("R", bound=Response)


class Coding(ConversationActions, TypedClient):
    """CODING's Open API, at CODING or at any server that speaks it. May be used by several threads.

        with Coding(token) as coding:
            for depot in coding.repositories():
                print(depot.project_name, depot.name)

    A repository is a depot here, a namespace a project. A list is an iterator that reads to the proof of its end: where
    it stops without an error, nothing is missing. Every failure is one of the seven kinds of `matou.errors`. An action
    that has no method here is a struct of `wire_requests`, to be put by `call`.

    Args:
        token: a personal token, `Bearer …`, or a project token `pt…:password`.
        base_url: ends in `/open-api`.
        on_wait: told why a request is repeated or waits for its turn, and how long; without it, it is logged.
        session: how to reach the server, if not as the process' environment says; whoever gives one closes it.
        now: the clock.
        record: is given each answer as received, before it is read.

    Raises:
        UnusableToken: it cannot be a token.
    """

    def __init__(
        self,
        token: str | Secret,
        base_url: str = PLATFORM.address,
        *,
        on_wait: WaitListener | None = None,
        session: Session | None = None,
        now: Clock = utc_now,
        record: Callable[[Record], None] = no_record,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        known = CodingToken.from_text(token if isinstance(token, Secret) else Secret(token))
        opened = self._session_to(PLATFORM, self.base_url, session, now=now, on_wait=on_wait)
        self._api = CodingApi(opened, self.base_url, known.authorization, now, record)

    def call(self, request: call_action.Request, kind: type[R]) -> R:
        """Put any action; `kind` is what it answers, as its struct says by `answer`. It may be put twice."""
        return self._api.call(request, kind)

    def user(self) -> CurrentUser:
        """Whom the token stands for."""
        return self.call(call_action.DescribeCodingCurrentUser(), UserResponse).user

    def team(self) -> Team:
        return self.call(call_action.DescribeTeam(), TeamResponse).data

    def projects(self) -> Iterator[CodingProject]:
        """All of the team's. Raises ActionRefused where the token may not list them."""

        def page(number: int) -> Page[CodingProject | UnreadableRow]:
            request = call_action.DescribeCodingProjects(page_number=number, page_size=PAGE_SIZE)
            data = self.call(request, ProjectsResponse).data
            return Page(data.project_list, data.total_count)

        return rows_of(Phrase("the team's projects"), page)

    def project(self, name: str) -> CodingProject:
        """Raises RemoteNotFound."""
        return self.call(call_action.DescribeProjectByName(project_name=name), ProjectResponse).project

    def create_project(self, name: str, *, display_name: str = "", description: str = "", public: bool = False) -> int:
        """Make a project for code; give its number. Raises AlreadyExists."""
        request = call_action.CreateCodingProject(
            name=name,
            display_name=display_name or name,
            description=description,
            project_template=TEMPLATE,
            shared=int(public),
        )
        return self.call(request, CreatedProjectResponse).project_id

    def members(self, project_id: int) -> Iterator[CodingMember]:
        def page(number: int) -> Page[CodingMember | UnreadableRow]:
            request = call_action.DescribeProjectMembers(project_id=project_id, page_number=number, page_size=PAGE_SIZE)
            data = self.call(request, ProjectMembersResponse).data
            return Page(data.project_members, data.total_count)

        return rows_of(Phrase("members of {project}", project=project_id), page)

    def labels(self, project_id: int) -> list[CodingLabel]:
        return self.call(call_action.DescribeAllProjectLabels(project_id=project_id), LabelsResponse).labels

    def repositories(self, project_id: int | None = None) -> Iterator[Depot]:
        """A project's, or all of the team's. Lists leave the default branch out."""

        def page(number: int) -> Page[Depot | UnreadableRow]:
            data = self.call(_depots(project_id, number), DepotsResponse).depot_data
            return Page(data.depots, data.page.total_row if data.page else None)

        return rows_of(Phrase("the team's repositories"), page)

    def repository(self, named: int | str) -> Depot:
        """By its number, or by `project/depot` or `team/project/depot`. Raises RemoteNotFound."""
        if isinstance(named, int):
            request = call_action.DescribeGitDepot(depot_id=named)
        else:
            request = call_action.DescribeGitDepot(depot_path=named)
        return self.call(request, DepotResponse).depot

    def create_repository(self, project_id: int, name: str, *, description: str = "", public: bool = False) -> Depot:
        """Make an empty one. Raises AlreadyExists, also of what a request without an answer has made itself."""
        request = call_action.CreateGitDepot(
            project_id=project_id, depot_name=name, shared=public, description=description
        )
        return self.repository(self.call(request, CreatedDepotResponse).depot_id)

    def delete_repository(self, depot_id: int) -> None:
        """For good."""
        self.call(call_action.DeleteGitDepot(depot_id=depot_id), Response)

    def set_default_branch(self, depot_id: int, branch: str) -> None:
        self.call(call_action.ModifyDefaultBranch(depot_id=depot_id, branch_name=branch), Response)


def _depots(project_id: int | None, page: int) -> call_action.Request:
    if project_id is None:
        return call_action.DescribeTeamDepotInfoList(page_number=page, page_size=PAGE_SIZE)
    return call_action.DescribeProjectDepotInfoList(project_id=project_id, page_number=page, page_size=PAGE_SIZE)
