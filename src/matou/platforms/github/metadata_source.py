"""What people said about the code in an account at GitHub: a reader for each repository."""

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
from matou.platforms.github.api import GitHubApi, token_of
from matou.platforms.github.metadata_reader import GitHubReader
from matou.platforms.github.source import GISTS


class GitHubMetadataSource:
    """An account at GitHub."""

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
        self._api = GitHubApi(session, url.rstrip("/"), token, now=now, record=record, answers=answers)
        self._wants = wants

    def of_repository(
        self,
        repository: RemoteRepository,
        namespace: RemoteNamespace | None,  # noqa: ARG002 - the repository's address says all
    ) -> MetadataReader | None:
        """None for a wiki, for a gist, and for what has no address."""
        path = path_at(repository)
        if path is None or repository.id.startswith(GISTS):
            return None
        return GitHubReader(self._api, path, repository, self._wants)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:  # noqa: ARG002 - what a platform has
        """Nothing of these kinds belongs to an organization at GitHub."""
        return None
