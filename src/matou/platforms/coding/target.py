"""A project at CODING, or at a server that speaks its Open API, to write to."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.addresses import trusted_address
from matou.http.paging import Page as ListPage
from matou.http.session import Session
from matou.model.names import folded
from matou.model.platform import Visibility
from matou.model.targets import (
    PLAIN_RULES,
    Capacity,
    NewTargetRepository,
    TargetRepository,
    TargetRules,
    fault_of_plain_name,
)
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.unreadable import UnreadableRow
from matou.platforms.coding import PLATFORM
from matou.platforms.coding import wire_requests as call_action
from matou.platforms.coding.addresses import team_key
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.pages import PAGE_SIZE, rows_of
from matou.platforms.coding.source import visibility_of
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.wire import (
    CreatedDepotResponse,
    CreatedProjectResponse,
    Depot,
    DepotResponse,
    DepotsResponse,
    ProjectResponse,
    Response,
    TeamResponse,
    UserResponse,
)

CODING_RULES = replace(PLAIN_RULES, capacity=Capacity(repository_bytes=2 * 1024**3))
"""Of CODING itself. Its help pages give a repository 2 GB in the standard edition and 10 GB in the advanced one; the
API does not tell which it is. Of files no limit is known (a repository may set one for a commit's files, see
DepotPushSetting), and LFS has none by the same help."""

TEMPLATE = "CODE_HOST"
PRIVATE = 0
"""Of the templates for projects the one for code, and of what `Shared` may be the one that keeps it to the team."""


class CodingTarget:
    """See `transfer.targets.Target`. A namespace is a project, `PROJECT` or `TEAM/PROJECT`.

    Args:
        session: must name the URL's origin, and keep to its limits: see `Platform.open_session`.
        url: the Open API's address.
        token: any form that `tokens.CodingToken` knows.
    """

    platform = "coding"

    def __init__(self, session: Session, url: str, token: Secret, *, now: Callable[[], datetime]) -> None:
        self.url = url.rstrip("/")
        self._token = CodingToken.from_text(token)
        self._api = CodingApi(session, self.url, self._token.authorization, now)
        self._projects: dict[str, int] = {}
        self._lock = threading.RLock()

    @property
    def rules(self) -> TargetRules:
        return CODING_RULES if PLATFORM.is_at(self.url) else PLAIN_RULES

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        project = self._project_id(namespace)

        def page(number: int) -> ListPage[Depot | UnreadableRow]:
            request = call_action.DescribeProjectDepotInfoList(
                project_id=project, page_number=number, page_size=PAGE_SIZE
            )
            data = self._api.call(request, DepotsResponse).depot_data
            return ListPage(data.depots, data.page.total_row if data.page else None)

        for depot in rows_of(Phrase("the repositories of {owner}", owner=repr(namespace)), page):
            if (depot.vcs_type or depot.repo_type) == "git":
                yield self._repository(depot, namespace)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        """CODING tells the new repository's number only, so it is asked for the rest.

        A request that had no answer is put again and then meets what it has made itself: a Conflict, too.
        """
        created = self._api.call(
            call_action.CreateGitDepot(
                project_id=self._project_id(new.namespace),
                depot_name=new.name,
                shared=new.visibility is Visibility.PUBLIC,
                description=new.description,
            ),
            CreatedDepotResponse,
        )
        answer = self._api.call(call_action.DescribeGitDepot(depot_id=created.depot_id), DepotResponse)
        return self._repository(answer.depot, new.namespace)

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        """A project is made in the token's own team, whichever is named. Raises what asking for the team raises."""
        team, _, project = namespace.rpartition("/")
        if team and folded(team) != folded(self._team):
            return Phrase("this token's projects are in {team}", team=repr(self._team))
        return fault_of_plain_name(project)

    def create_namespace(self, namespace: str) -> None:
        name = namespace.rpartition("/")[2]
        request = call_action.CreateCodingProject(
            name=name, display_name=name, project_template=TEMPLATE, shared=PRIVATE
        )
        made = self._api.call(request, CreatedProjectResponse)
        with self._lock:
            self._projects[namespace] = made.project_id

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._api.call(call_action.ModifyDefaultBranch(depot_id=int(repository.id), branch_name=branch), Response)

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        raise NotOffered(
            "CODING's API cannot make {repository} {visibility}",
            repository=repr(repository.name),
            visibility=visibility.value,
        )

    def git_credential(self) -> GitCredential:
        return self._token.git

    @cached_property
    def _login(self) -> str:
        return self._api.call(call_action.DescribeCodingCurrentUser(), UserResponse).user.global_key

    @cached_property
    def _team(self) -> str:
        team = self._api.call(call_action.DescribeTeam(), TeamResponse).data
        return team_key(team.team_host, url=self.url, name=team.name)

    def _project_id(self, namespace: str) -> int:
        with self._lock:
            if namespace not in self._projects:
                name = namespace.rpartition("/")[2]
                answer = self._api.call(call_action.DescribeProjectByName(project_name=name), ProjectResponse)
                self._projects[namespace] = answer.project.id
            return self._projects[namespace]

    def _repository(self, depot: Depot, namespace: str) -> TargetRepository:
        """Raises AddressRefused where the platform names an address that the token must not be sent to."""
        address = trusted_address(depot.https_url, home=self.url)
        return TargetRepository(str(depot.id), namespace, depot.name, address, visibility_of(depot))
