"""What people said about the code in an account at Gitee: a reader for each repository and each enterprise."""

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
from matou.platforms.gitee.account_v5 import ENTERPRISE
from matou.platforms.gitee.api import GiteeApi, token_of
from matou.platforms.gitee.client import asks_for_v3, web_address
from matou.platforms.gitee.metadata_reader import GiteeEnterpriseReader, GiteeRepositoryReader


class GiteeMetadataSource:
    """An account at Gitee. API v3 tells of nothing but projects, so that what it listed has no reader."""

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
        self._api = GiteeApi(
            session, web_address(url), token_of(token.reveal()), now=now, record=record, answers=answers
        )
        self._wants = wants
        self._is_v3 = asks_for_v3(url)

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        """None for a wiki, for what has no address, and for what v3 listed, whose namespaces are of no type."""
        path = path_at(repository)
        if self._is_v3 or path is None or (namespace is not None and not namespace.type):
            return None
        return GiteeRepositoryReader(self._api, path, repository, self._wants)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        """An enterprise has issues that belong to no repository; organizations and persons have none."""
        if self._is_v3 or namespace.type != ENTERPRISE:
            return None
        return GiteeEnterpriseReader(self._api, namespace.name)
