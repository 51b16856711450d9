"""Backups of what people said at a GitLab that is a fake, repository by repository."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.gitlab.metadata_source import GitLabMetadataSource
from matou.platforms.gitlab.source import GitLabSource
from support.conversation_backups import BEGAN, ConversationBackups
from support.gitlab_conversation import GitLabConversation
from support.gitlab_source import TOKEN
from support.steered_clock import SYSTEM_CLOCK


@contextmanager
def gitlab_backups(account: GitLabConversation, folder: Path) -> Iterator[ConversationBackups]:
    archive = Archive.open_or_create(folder, now=BEGAN, identifier=UUID(int=7))
    patience = RetryPolicy(attempts=2, first_wait=timedelta(milliseconds=1))
    with Session(named=[account.url], clock=SYSTEM_CLOCK, patience=patience) as session:

        def listed() -> tuple[RemoteRepository, RemoteNamespace]:
            source = GitLabSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: BEGAN)
            [repository] = source.repositories()
            [namespace] = [one for one in source.namespaces() if one.id == repository.namespace_id]
            return repository, namespace

        opening: Any = GitLabMetadataSource
        yield ConversationBackups(archive, account, session, opening, TOKEN, listed)
