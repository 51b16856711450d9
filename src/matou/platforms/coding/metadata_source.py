"""What people said about the code of a team at CODING: its projects and depots, each to be walked by a reader."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from matou.credentials import Secret
from matou.model.metadata.kinds import ATTACHMENT, MetadataKind
from matou.model.platform import RemoteNamespace, RemoteRepository, VersionControl
from matou.platforms.base.decoder import Unreadable
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata import MetadataReader, wants_by_default
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_depot_reader import DepotReader
from matou.platforms.coding.metadata_project_reader import ProjectReader
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import Request

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.platform import Clock
    from matou.platforms.base.source import RecordSink


R = TypeVar("R", bound=Response)


class _OneRunApi(CodingApi):
    """Asks no further depot for an action of which the server has said in this run that it has none such.

    Until it is known whether there is an action, one thread asks for it and the others wait.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._not_offered: dict[str, NotOffered] = {}
        self._offered: set[str] = set()
        self._firsts: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def call(self, request: Request, kind: type[R], *, unreadable: Unreadable | None = None) -> R:
        action = type(request).__name__
        if action in self._offered:
            return self._call_and_note(action, request, kind, unreadable)
        with self._lock:
            first = self._firsts[action]
        with first:
            return self._call_and_note(action, request, kind, unreadable)

    def _call_and_note(self, action: str, request: Request, kind: type[R], unreadable: Unreadable | None) -> R:
        if action in self._not_offered:
            raise self._not_offered[action]
        try:
            answer = super().call(request, kind, unreadable=unreadable)
        except NotOffered as fault:
            self._not_offered[action] = fault
            raise
        self._offered.add(action)
        return answer


class CodingMetadataSource:
    """A `MetadataSource`. Changes of an issue's status come in batches, so that they are read unasked.

    Args:
        wants: of what it may be asked, the addresses of attachments alone cost requests of their own.
    """

    def __init__(
        self,
        session: "Session",
        url: str,
        token: Secret,
        record: "RecordSink",
        *,
        now: "Clock",
        wants: Callable[[MetadataKind], bool] = wants_by_default,
        answers: "Answers | None" = None,
    ) -> None:
        self._api = _OneRunApi(
            session, url.rstrip("/"), CodingToken.from_text(token).authorization, now, record, answers
        )
        self._wants_files = wants(ATTACHMENT)

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        """None for what is no git repository: merge requests and releases are git's."""
        if repository.version_control is not VersionControl.GIT:
            return None
        return DepotReader(self._api, repository, _path_of(repository, namespace))

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader:
        return ProjectReader(self._api, namespace, wants_files=self._wants_files)


def _path_of(repository: RemoteRepository, namespace: RemoteNamespace | None) -> str:
    """`project/depot`; the project's name stands in the address, too, before the depot's."""
    if namespace is not None:
        return f"{namespace.name}/{repository.name}"
    project = urlsplit(repository.clone_url).path.strip("/").split("/")[-2:-1]
    return "/".join([*project, repository.name])
