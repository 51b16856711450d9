"""An account at a GitLab, to write to."""

import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from matou.credentials import GitCredential, Secret
from matou.errors import Conflict, Phrase
from matou.http.addresses import Parameter, segment, trusted_address
from matou.http.responses import Answer
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import PLAIN_RULES, NewTargetRepository, TargetRepository, TargetRules, fault_of_plain_name
from matou.platforms.base.errors import ActionRefused, NotOffered, PlatformFailed, RemoteNotFound
from matou.platforms.base.lister import or_nothing
from matou.platforms.base.platform import Clock
from matou.platforms.base.unreadable import require_read
from matou.platforms.gitlab import PLATFORM
from matou.platforms.gitlab.api import GitLabApi, token_of
from matou.platforms.gitlab.calls import GitLabCalls
from matou.platforms.gitlab.source import VISIBILITY
from matou.platforms.gitlab.wire import GitLabNamespace
from matou.platforms.gitlab.wire_target import GitLabOwnToken, GitLabTargetProject

_TAKEN: Final = "already been taken"
_EVERYTHING: Final = "api"
_SIDE_BY_SIDE: Final = re.compile(r"[-_.]{2}|\A[-_.]|[-_.]\Z")
"""What a project's path must not have (https://docs.gitlab.com/user/reserved_names/)."""


def fault_of_name(name: str) -> Phrase | None:
    """Say why a project or a group cannot be called so; None where it can."""
    if _SIDE_BY_SIDE.search(name):
        return Phrase("it begins or ends with a sign, or has two of them side by side")
    return fault_of_plain_name(name)


RULES: Final = TargetRules(fault_of_name, frozenset(Visibility))
"""Of a server that a team runs itself."""
RULES_AT_HOME: Final = replace(PLAIN_RULES, fault_of=fault_of_name)
"""gitlab.com has nothing that is to be seen by whoever has an account there."""


class GitLabTarget:
    """See `platforms.base.target.MigrationTarget`. A namespace is the token's user or a group, within others perhaps.

    Args:
        session: must name the URL's origin, and keep to the server's limits: see `Platform.open_session`.
        url: the API's address, with `/api/v4`.
    """

    platform = "gitlab"

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        self._token = token_of(token.reveal())
        self._api = GitLabApi(session, url.rstrip("/"), self._token, now)
        self._calls = GitLabCalls(self._api)
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        return self._api.url

    @property
    def rules(self) -> TargetRules:
        return RULES_AT_HOME if PLATFORM.is_at(self.url) else RULES

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        """Without those of the groups within it."""
        query: dict[str, Parameter] = {"order_by": "id", "sort": "asc"}
        if self._is_own(namespace):
            path = f"/users/{segment(self.login())}/projects"
        else:
            path, query = f"/groups/{segment(namespace)}/projects", {**query, "with_shared": False}
        what = Phrase("projects of {namespace}", namespace=repr(namespace))
        rows = self._api.list(path, GitLabTargetProject, what, lambda row: row.id, query, empty_is_counted=True).rows()
        for row in or_nothing(rows):
            if row.namespace.full_path.casefold() == namespace.casefold():
                yield self._repository(row)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        """Raises Conflict where there is one of that name."""
        body = {
            "name": new.name,
            "path": new.name,
            "namespace_id": self._calls.namespace(new.namespace).id,
            "description": new.description,
            "visibility": new.visibility.value,
            "initialize_with_readme": False,
        }
        return self._repository(self._api.read(GitLabTargetProject, self._made("/projects", body)))

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        faults = (fault_of_name(part) for part in namespace.split("/"))
        fault = next((fault for fault in faults if fault is not None), None)
        if fault is not None or "/" in namespace or not PLATFORM.is_at(self.url):
            return fault
        return Phrase("gitlab.com's API makes groups within groups only")

    def create_namespace(self, namespace: str) -> None:
        """A group that nobody sees but its members, with those that it is to be within."""
        above, _, name = namespace.rpartition("/")
        fault = self.fault_of_new_namespace(namespace)
        if fault is not None:
            raise NotOffered("{owner} cannot be made: {fault}", owner=repr(namespace), fault=fault)
        body = {
            "name": name,
            "path": name,
            "parent_id": self._group(above).id if above else None,
            "visibility": Visibility.PRIVATE.value,
        }
        self._made("/groups", body)

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._edit(repository, {"default_branch": branch})

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self._edit(repository, {"visibility": visibility.value})

    def missing_scopes(self, visibilities: Collection[Visibility], *, has_conversation: bool) -> Sequence[str]:  # noqa: ARG002 - all of it needs the same
        """Tokens of other kinds than a personal one, and servers before 15.5, tell nothing."""
        try:
            scopes = self._api.get(GitLabOwnToken, "/personal_access_tokens/self").scopes
        except (ActionRefused, NotOffered, PlatformFailed, RemoteNotFound):
            return ()
        return () if _EVERYTHING in scopes else (_EVERYTHING,)

    def git_credential(self) -> GitCredential:
        return GitCredential(self.login(), self._token)

    def _group(self, path: str) -> GitLabNamespace:
        """Made where it is not there."""
        try:
            return self._calls.namespace(path)
        except RemoteNotFound:
            self.create_namespace(path)
            return self._calls.namespace(path)

    def _made(self, path: str, body: Mapping[str, object]) -> Answer:
        """400, as for a name that cannot be, where it is taken."""
        try:
            return self._api.send_json("POST", path, body, repeatable=False)
        except PlatformFailed as failure:
            raise (Conflict("{fault}", fault=failure.fact) if _TAKEN in str(failure) else failure) from failure

    def _edit(self, repository: TargetRepository, change: Mapping[str, object]) -> None:
        self._api.send_json("PUT", f"/projects/{segment(repository.id)}", change, repeatable=True)

    @cached_property
    def _login(self) -> str:
        return self._calls.user().username

    def _is_own(self, namespace: str) -> bool:
        return namespace.casefold() == self.login().casefold()

    def _repository(self, row: GitLabTargetProject) -> TargetRepository:
        """One whose visibility cannot be read is none that anything may be sent to. Raises as `GitCodeTarget` does."""
        require_read(row, "visibility")
        return TargetRepository(
            id=str(row.id),
            namespace=row.namespace.full_path,
            name=row.path,
            clone_url=trusted_address(row.http_url_to_repo or "", home=self.url),
            visibility=VISIBILITY.get(row.visibility, Visibility.PRIVATE),
        )
