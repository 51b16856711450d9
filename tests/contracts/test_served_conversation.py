"""A Matou that serves what was saved of a platform is as good a source as the platform itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata.kinds import (
    ANNOUNCEMENT,
    CHANGE,
    HOOK,
    ISSUE,
    LABEL,
    MILESTONE,
    PROTECTION,
    RELEASE,
    SETTING,
    WIKI_PAGE,
    WIKI_VERSION,
)
from matou.model.names import RepositoryPath
from matou.model.platform import RemoteRepository, VersionControl, Visibility
from matou.platforms.base.metadata import MetadataReader
from matou.platforms.gitcode.metadata_source import GitCodeMetadataSource
from matou.platforms.gitcode.source import GitCodeSource
from matou.platforms.gitee.api import GiteeApi, token_of
from matou.platforms.gitee.metadata_reader import GiteeRepositoryReader
from matou.platforms.gitee.metadata_source import GiteeMetadataSource
from matou.platforms.gitee.source import GiteeSource
from support.coding_api import Clock
from support.coding_saved import read_team, said_at_coding, save_said
from support.conversation_story import ASSET
from support.deciding import create_project, create_repository
from support.gitcode_conversation import running_gitcode_conversation
from support.gitcode_server import Harbour, furnish
from support.gitcode_source import TOKEN
from support.gitee_conversation import running_gitee_conversation
from support.gitee_source import TOKEN as GITEE_TOKEN
from support.matou_server import MatouServer, running_server
from support.saved_conversation import SavedConversation, read_all, save, with_assets
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = (LABEL, MILESTONE, PROTECTION, HOOK)
GITEE_TABLES = (LABEL, MILESTONE, HOOK)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    with running_server(tmp_path_factory.mktemp("said") / "archive") as server:
        furnish(server.forge)
        yield server


@pytest.fixture(scope="module")
def said_at_gitcode() -> SavedConversation:
    with running_gitcode_conversation() as account:
        return read_all(gitcode_reader(account.url, TOKEN, "crane"), "gitcode", TABLES)


def gitcode_reader(url: str, token: str, name: str) -> MetadataReader:
    session = Session(named=[url], clock=SYSTEM_CLOCK)
    listed = GitCodeSource(session, url, Secret(token), record=lambda _: None, now=lambda: NOW)
    repository = next(one for one in listed.repositories() if one.name == name)
    found = GitCodeMetadataSource(session, url, Secret(token), lambda _: None, now=lambda: NOW).of_repository(
        repository, None
    )
    assert found is not None
    return found


def test_what_is_read_of_a_matou_is_what_was_read_of_gitcode(
    server: MatouServer, said_at_gitcode: SavedConversation
) -> None:
    harbour = Harbour(server.forge, Clock())
    with_assets(server.forge, said_at_gitcode, ASSET)
    save(server.forge, harbour.repository("ferry"), said_at_gitcode)

    again = read_all(gitcode_reader(f"{server.url}/api/v5", harbour.token("chen"), "ferry"), "gitcode", TABLES)

    assert again.issues == said_at_gitcode.issues
    assert again.changes == said_at_gitcode.changes
    assert again.on_commits == said_at_gitcode.on_commits
    assert len(again.on_commits) == 3
    assert without_addresses(again.releases) == without_addresses(said_at_gitcode.releases)
    assert in_order(again.tables) == in_order(said_at_gitcode.tables)
    assert again.people == said_at_gitcode.people


def in_order(tables: dict[str, tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def without_addresses(releases: dict[str, Any]) -> dict[str, Any]:
    """Files are to be had here, and not where they were."""
    return {
        tag: replace(one, assets=tuple(replace(asset, url="", sha256=None, size=None) for asset in one.assets))
        for tag, one in releases.items()
    }


@pytest.fixture(scope="module")
def said_at_gitee() -> SavedConversation:
    with running_gitee_conversation() as account:
        session = Session(named=[account.url], clock=SYSTEM_CLOCK)
        listed = GiteeSource(session, account.url, Secret(GITEE_TOKEN), record=lambda _: None, now=lambda: NOW)
        repository = next(one for one in listed.repositories() if one.name == "crane")
        source = GiteeMetadataSource(session, account.url, Secret(GITEE_TOKEN), lambda _: None, now=lambda: NOW)
        reader = source.of_repository(repository, None)
        assert reader is not None
        return read_all(reader, "gitee", GITEE_TABLES)


def gitee_reader(url: str, token: str, path: str) -> MetadataReader:
    """Of a server that lists no repositories in Gitee's words."""
    api = GiteeApi(
        Session(named=[url], clock=SYSTEM_CLOCK), url, token_of(token), now=lambda: NOW, record=lambda _: None
    )
    listed = RemoteRepository(
        id="1",
        namespace_id="1",
        name="light",
        description="",
        clone_url=f"{url}/{path}.git",
        version_control=VersionControl.GIT,
        created_at=None,
        last_push_at=None,
        default_branch=None,
        visibility=Visibility.PUBLIC,
    )
    return GiteeRepositoryReader(api, path, listed, lambda kind: kind.is_default)


def test_what_is_read_of_a_matou_is_what_was_read_of_gitee(
    server: MatouServer, said_at_gitee: SavedConversation
) -> None:
    harbour = Harbour(server.forge, Clock())
    with_assets(server.forge, said_at_gitee, ASSET)
    save(server.forge, harbour.repository("light"), said_at_gitee)

    reader = gitee_reader(f"{server.url}/gitee", harbour.token("chen"), "harbour/light")
    again = read_all(reader, "gitee", GITEE_TABLES)

    assert again.issues == said_at_gitee.issues
    assert again.changes == said_at_gitee.changes
    assert again.on_commits == said_at_gitee.on_commits
    assert len(again.on_commits) == 3
    assert without_addresses(again.releases) == without_addresses(said_at_gitee.releases)
    assert in_order(again.tables) == in_order(said_at_gitee.tables)
    assert again.people == said_at_gitee.people


CODING_KINDS = (
    *(ISSUE, CHANGE, RELEASE, LABEL, MILESTONE, PROTECTION, HOOK, SETTING),
    *(WIKI_PAGE, WIKI_VERSION, ANNOUNCEMENT),
)


def test_what_is_read_of_a_matou_is_what_was_read_of_coding(server: MatouServer) -> None:
    harbour, said = Harbour(server.forge, Clock()), said_at_coding()
    project = create_project(server.forge, harbour.organization, "boats", creator=harbour.people["chen"])
    depot = create_repository(server.forge, RepositoryPath(project.path, "barge"), creator=harbour.people["chen"])
    save_said(server.forge, project, said.project)
    save_said(server.forge, depot, said.depot)

    again = read_team(f"{server.url}/open-api", harbour.token("chen"), "boats", "barge", CODING_KINDS)

    for was, now in ((said.project, again.project), (said.depot, again.depot)):
        for kind in CODING_KINDS:
            assert without_files(now.of(kind)) == without_files(was.of(kind))
        assert now.settings == was.settings
        assert now.people == was.people


def without_files(values: dict[str, Any]) -> dict[str, Any]:
    """The project has another number here, which stands in the address of what is attached."""
    return {key: replace(one, files=()) if hasattr(one, "files") else one for key, one in values.items()}
