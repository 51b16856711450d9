"""A run in which nothing changed costs nothing of what GitHub grants: all that it answers is 304."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.cache import FOLDER
from matou.archive.known_answers import AnswerCache
from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata import Issue
from matou.model.metadata.kinds import ISSUE
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.github.metadata_source import GitHubMetadataSource
from matou.platforms.github.source import GitHubSource
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.github_conversation import GitHubConversation, running_github_conversation
from support.github_source import TOKEN
from support.steered_clock import SYSTEM_CLOCK


@pytest.fixture
def account() -> Iterator[GitHubConversation]:
    with running_github_conversation() as account:
        yield account


@pytest.fixture
def backups(account: GitHubConversation, tmp_path: Path) -> Iterator[ConversationBackups]:
    archive = Archive.open_or_create(tmp_path / "archive", now=BEGAN, identifier=UUID(int=7))
    patience = RetryPolicy(attempts=2, first_wait=timedelta(milliseconds=1))
    with Session(named=[account.url], clock=SYSTEM_CLOCK, patience=patience) as session:

        def listed() -> tuple[RemoteRepository, RemoteNamespace]:
            source = GitHubSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: BEGAN)
            [repository], [namespace] = source.repositories(), source.namespaces()
            return repository, namespace

        opening: Any = GitHubMetadataSource
        yield ConversationBackups(archive, account, session, opening, TOKEN, listed)


@contextmanager
def one_run(backups: ConversationBackups) -> Iterator[None]:
    """What one process remembers of the last one stands in the archive alone."""
    with AnswerCache(backups.archive, own=Secret(TOKEN)) as known:
        backups.session.known_answers = known
        yield


def spent_by_a_run(backups: ConversationBackups, account: GitHubConversation, **selection: Any) -> int:
    account.spent = 0
    with one_run(backups):
        saved = backups.back_up(**selection)
    assert [str(fault) for _, fault in saved.problems] == []
    return account.spent


def test_a_run_in_which_nothing_changed_costs_nothing(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    first = spent_by_a_run(backups, account)
    # What changed since the first run is another list than the whole one.
    second = spent_by_a_run(backups, account)
    commit = backups.commit

    third = spent_by_a_run(backups, account)

    assert first > second > third == 0
    assert len(backups.requests) > 10
    assert backups.commit == commit


def test_a_sweep_in_which_nothing_changed_costs_nothing_either(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    spent_by_a_run(backups, account)
    commit = backups.commit

    assert spent_by_a_run(backups, account, sweep=True) == 0
    assert backups.commit == commit


def test_what_changed_comes(backups: ConversationBackups, account: GitHubConversation) -> None:
    spent_by_a_run(backups, account)
    account.talks["harbour/crane"].issues[1] |= {"title": "灯塔修好了", "updated_at": "2026-02-01T02:00:00Z"}

    spent_by_a_run(backups, account)

    assert backups.find(ISSUE, "5", Issue).title == "灯塔修好了"


def test_a_list_that_grows_behind_a_page_that_is_as_it_was_is_read_on(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    talk = account.talks["harbour/crane"]
    talk.labels = [{**talk.labels[0], "id": number, "name": f"label {number}"} for number in range(100)]
    spent_by_a_run(backups, account)
    talk.labels.append({**talk.labels[0], "id": 100, "name": "the last one"})

    spent_by_a_run(backups, account)

    assert backups.kind("label").items == 101


def test_the_records_of_such_a_run_have_all_that_was_answered(
    backups: ConversationBackups, account: GitHubConversation, tmp_path: Path
) -> None:
    """As though it had been sent again: a metadata repository can be made of them."""
    spent_by_a_run(backups, account)
    spent_by_a_run(backups, account, sweep=True)
    archive = Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7))

    assert {record.status for record in backups.records} <= {200, 404}
    assert backups.rebuilt(archive) is not None
    assert archive.metadata(PLACE).exists()


def test_what_is_remembered_may_be_damaged_or_lost(backups: ConversationBackups, account: GitHubConversation) -> None:
    spent_by_a_run(backups, account)
    partitions = sorted((backups.archive.root / FOLDER / "unchanged").iterdir())
    for number, path in enumerate(partitions):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if number % 2 else content[:-3] + b"odd")

    assert spent_by_a_run(backups, account, sweep=True) > 10


def test_no_secret_is_remembered(backups: ConversationBackups, account: GitHubConversation) -> None:
    with one_run(backups):
        backups.back_up()
        known = backups.session.known_answers
        assert known is not None
        partition = f"{account.url} /repos/harbour/crane"
        hooks = known.find(partition, f"{account.url}/repos/harbour/crane/hooks?page=1&per_page=100")

    assert hooks is not None
    assert b"k3y-of-robot" not in hooks.body
