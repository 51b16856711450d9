"""A project at CODING, or at a server that speaks its Open API, to write to."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.model.platform import Visibility
from matou.model.records import Record
from matou.model.targets import PLAIN_RULES, NewRepository, TargetRepository
from matou.platforms.coding import wire_requests as ask_for
from matou.platforms.coding.asking import Asking
from matou.platforms.coding.pages import PAGE_SIZE, PageRead, rows_of
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.wire import (
    CreatedDepotResponse,
    Depot,
    DepotResponse,
    DepotsResponse,
    ProjectResponse,
    Response,
    UserResponse,
)
from matou.remote.home import address_at_home
from matou.remote.session import Session


class CodingTarget:
    """See `transfer.targets.Target`. A namespace is a project, `PROJECT` or `TEAM/PROJECT`.

    Args:
        session: must name the URL's origin, and keep to `asking.REQUESTS_PER_SECOND`.
        url: the Open API's address.
        token: any form that `tokens.CodingToken` knows.
    """

    platform = "coding"
    rules = PLAIN_RULES

    def __init__(self, session: Session, url: str, token: Secret, *, now: Callable[[], datetime]) -> None:
        self.url = url.rstrip("/")
        self._token = CodingToken.from_text(token)
        self._asking = Asking(session, self.url, self._token.authorization, _forget, now)
        self._projects: dict[str, int] = {}
        self._lock = threading.RLock()

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        project = self._project_id(namespace)

        def page(number: int) -> PageRead[Depot]:
            request = ask_for.DescribeProjectDepotInfoList(project_id=project, page_number=number, page_size=PAGE_SIZE)
            data = self._asking.ask(request, DepotsResponse).depot_data
            return PageRead(data.depots, data.page.total_row if data.page else None)

        for depot in rows_of(Phrase("the repositories of {owner}", owner=repr(namespace)), page):
            if (depot.vcs_type or depot.repo_type) == "git":
                yield self._repository(depot, namespace)

    def create(self, new: NewRepository) -> TargetRepository:
        """CODING tells the new repository's number only, so it is asked for the rest.

        A request that had no answer is put again and then meets what it has made itself: a Conflict, too.
        """
        created = self._asking.ask(
            ask_for.CreateGitDepot(
                project_id=self._project_id(new.namespace),
                depot_name=new.name,
                shared=new.visibility is Visibility.PUBLIC,
                description=new.description,
            ),
            CreatedDepotResponse,
        )
        answer = self._asking.ask(ask_for.DescribeGitDepot(depot_id=created.depot_id), DepotResponse)
        return self._repository(answer.depot, new.namespace)

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._asking.ask(ask_for.ModifyDefaultBranch(depot_id=int(repository.id), branch_name=branch), Response)

    def git_credential(self) -> GitCredential:
        return self._token.git

    @cached_property
    def _login(self) -> str:
        return self._asking.ask(ask_for.DescribeCodingCurrentUser(), UserResponse).user.global_key

    def _project_id(self, namespace: str) -> int:
        with self._lock:
            if namespace not in self._projects:
                name = namespace.rpartition("/")[2]
                answer = self._asking.ask(ask_for.DescribeProjectByName(project_name=name), ProjectResponse)
                self._projects[namespace] = answer.project.id
            return self._projects[namespace]

    def _repository(self, depot: Depot, namespace: str) -> TargetRepository:
        """Raises AddressRefused where the platform names an address that the token must not be sent to."""
        return TargetRepository(str(depot.id), namespace, depot.name, address_at_home(depot.https_url, home=self.url))


def _forget(_record: Record) -> None:
    pass
