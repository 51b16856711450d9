"""What people said about the code in an account at a Gitea: a reader for each repository and each organization."""

from collections.abc import Callable
from datetime import datetime

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata.kinds import ISSUE, MetadataKind
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import MetadataReader, wants_by_default
from matou.platforms.base.platform import Clock
from matou.platforms.base.source import RecordSink
from matou.platforms.base.v5_metadata import path_at
from matou.platforms.gitea.api import GiteaApi, ServerVersion, token_of
from matou.platforms.gitea.metadata_reader import GiteaOrganizationReader, GiteaRepositoryReader
from matou.platforms.gitea.quiet_repositories import QuietRepositories
from matou.platforms.gitea.source import ORGANIZATION


class GiteaMetadataSource:
    """An account at a Gitea."""

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        record: RecordSink,
        *,
        now: Clock,
        wants: Callable[[MetadataKind], bool] = wants_by_default,
        answers: Answers | None = None,
    ) -> None:
        token = token_of(token.reveal())
        self._api = GiteaApi(session, url.rstrip("/"), token, now=now, record=record, answers=answers)
        self._wants = wants
        self._quiet = QuietRepositories(self._api, now)
        self._server = ServerVersion(self._api)

    def is_quiet(self, repository: RemoteRepository, since: datetime) -> bool:
        """Not where issues are switched off: nothing is told of change requests there."""
        path = path_at(repository)
        return path is not None and ISSUE.name not in repository.switched_off and self._quiet.is_quiet(path, since)

    def of_repository(
        self,
        repository: RemoteRepository,
        namespace: RemoteNamespace | None,  # noqa: ARG002 - the repository's address says all
    ) -> MetadataReader | None:
        """None for a wiki, and for what has no address."""
        path = path_at(repository)
        if path is None:
            return None
        return GiteaRepositoryReader(self._api, path, repository, self._wants, self._server)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        """An organization has labels of its own."""
        return GiteaOrganizationReader(self._api, namespace.name) if namespace.type == ORGANIZATION else None
