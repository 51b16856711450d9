"""Backups of what people said at a GitHub that is a fake, repository by repository."""

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
from matou.platforms.github.metadata_source import GitHubMetadataSource
from matou.platforms.github.source import GitHubSource
from support.conversation_backups import BEGAN, ConversationBackups
from support.github_conversation import GitHubConversation
from support.github_source import TOKEN
from support.steered_clock import SYSTEM_CLOCK


@contextmanager
def github_backups(account: GitHubConversation, folder: Path) -> Iterator[ConversationBackups]:
    archive = Archive.open_or_create(folder, now=BEGAN, identifier=UUID(int=7))
    patience = RetryPolicy(attempts=2, first_wait=timedelta(milliseconds=1))
    with Session(named=[account.url], clock=SYSTEM_CLOCK, patience=patience) as session:

        def listed() -> tuple[RemoteRepository, RemoteNamespace]:
            source = GitHubSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: BEGAN)
            [repository], [namespace] = source.repositories(), source.namespaces()
            return repository, namespace

        opening: Any = GitHubMetadataSource
        yield ConversationBackups(archive, account, session, opening, TOKEN, listed)
