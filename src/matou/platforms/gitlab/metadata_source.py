"""What people said about the code in an account at a GitLab: a reader for each project and each group."""

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
from matou.platforms.gitlab.api import GitLabApi, token_of
from matou.platforms.gitlab.metadata_reader import GitLabGroupReader, GitLabProjectReader
from matou.platforms.gitlab.source import GROUP, SNIPPETS


class GitLabMetadataSource:
    """An account at a GitLab."""

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
        self._api = GitLabApi(session, url.rstrip("/"), token, now=now, record=record, answers=answers)
        self._wants = wants

    def of_repository(
        self,
        repository: RemoteRepository,
        namespace: RemoteNamespace | None,  # noqa: ARG002 - the repository's number and address say all
    ) -> MetadataReader | None:
        """None for a wiki, for a snippet, and for what has no address."""
        path = path_at(repository)
        if path is None or repository.id.startswith(SNIPPETS) or not repository.id.isdigit():
            return None
        return GitLabProjectReader(self._api, path, repository, self._wants)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        """A group has labels, milestones and boards of its own."""
        return GitLabGroupReader(self._api, namespace.id, namespace.name) if namespace.type == GROUP else None
