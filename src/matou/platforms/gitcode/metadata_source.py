"""What people said about the code in an account at GitCode: a reader for each repository."""

from collections.abc import Callable

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import MetadataReader, wants_by_default
from matou.platforms.base.platform import Clock
from matou.platforms.base.source import RecordSink
from matou.platforms.base.v5_metadata import path_at
from matou.platforms.gitcode.api import GitCodeApi, token_of
from matou.platforms.gitcode.client import api_address
from matou.platforms.gitcode.metadata_reader import GitCodeRepositoryReader


class GitCodeMetadataSource:
    """An account at GitCode."""

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
        self._api = GitCodeApi(session, api_address(url), token_of(token.reveal()), now, record, answers)
        self._wants = wants

    def of_repository(
        self,
        repository: RemoteRepository,
        namespace: RemoteNamespace | None,  # noqa: ARG002 - its address says it
    ) -> MetadataReader | None:
        """None for a wiki, and for what has no address."""
        path = path_at(repository)
        return None if path is None else GitCodeRepositoryReader(self._api, path, repository, self._wants)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:  # noqa: ARG002 - as above
        """Issues belong to repositories here."""
        return None
