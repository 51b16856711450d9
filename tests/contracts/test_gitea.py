"""A Gitea keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import PlatformContract, Stage
from contracts.v5_platforms import NOW, V5Stage
from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import Record, Visibility
from matou.platforms.base.source import Source
from matou.platforms.gitea.source import GiteaSource
from support.gitea_recording import TOKEN
from support.gitea_source import GiteaServer, running_gitea_server
from support.v5_account import Answer, answer


class GiteaStage(V5Stage):
    token = TOKEN
    address_key = "clone_url"

    def client(self, session: Session, token: Secret, records: list[Record]) -> GiteaSource:
        return GiteaSource(session, self.url, token, record=records.append, now=lambda: NOW)

    def never_pushed_to(self, repository: str) -> None:
        self.account.repositories[int(repository)]["updated_at"] = None

    def member_row(self, login: str, *, number: int) -> dict[str, Any]:
        return {"id": 100 - number, "login": login, "full_name": login}


class TestGitea(PlatformContract):
    @pytest.fixture
    def stage(self) -> Iterator[GiteaStage]:
        with running_gitea_server() as account:
            yield GiteaStage(account)

    @pytest.fixture
    def account(self, stage: GiteaStage) -> GiteaServer:
        assert isinstance(stage.account, GiteaServer)
        return stage.account

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        """When an organization was made, its list does not say."""
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at is None
        assert repository.created_at == datetime(2024, 7, 29, 7, 42, 45, tzinfo=UTC)
        assert repository.last_push_at is None

    def test_documents_are_json_and_the_same_for_the_same_state(self, stage: Stage, client: Source) -> None:
        namespace = stage.namespace("docks")
        for name in ("later", "紧急"):
            stage.member(namespace, name)
        [listed] = client.namespaces()

        members = client.members(listed)

        assert {row["login"] for row in json.loads(members)} == {"later", "紧急"}
        assert client.members(listed) == members

    def test_what_only_an_organization_lists_is_found_there(self, account: GiteaServer, client: Source) -> None:
        docks = account.namespace("docks")
        account.hidden.add(account.repository(docks, "secret")["id"])
        account.repository(docks, "ship")

        assert sorted(repository.name for repository in client.repositories()) == ["secret", "ship"]

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"private": True, "internal": False}, Visibility.PRIVATE),
            ({"private": False, "internal": True}, Visibility.INTERNAL),
            ({"private": False, "internal": False}, Visibility.PUBLIC),
            ({"private": None, "internal": None}, Visibility.PRIVATE),
        ],
    )
    def test_visibility_is_read_from_what_is_said(
        self, account: GiteaServer, client: Source, said: dict[str, Any], expected: Visibility
    ) -> None:
        account.repository(account.namespace("docks"), "ship", **said)

        assert [repository.visibility for repository in client.repositories()] == [expected]

    @pytest.mark.parametrize("path", ["/user/orgs", "/orgs/docks/repos"])
    def test_a_list_that_the_token_has_no_scope_for_is_said_to_be_unseen(
        self, account: GiteaServer, client: Source, path: str
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always[path] = answer({"message": "token does not have at least one of required scope(s)"}, 403)

        assert [repository.name for repository in client.repositories()] == ["ship"]
        [unseen] = client.unseen
        assert "required scope" in unseen.reason

    def test_a_wiki_is_told_by_its_file_where_the_server_gives_files_of_git(
        self, account: GiteaServer, client: Source
    ) -> None:
        """Gitea 1.26 answers 500 where git is to advertise one that is not there."""
        docks = account.namespace("docks")
        for name in ("ship", "boat"):
            account.repository(docks, name)
        head = Answer(200, b"ref: refs/heads/main\n", {"Content-Type": "text/plain"})
        account.pictures |= {f"/docks/{name}.git/HEAD": head for name in ("boat", "ship", "ship.wiki")}
        account.git_fails = True

        assert sorted(repository.name for repository in client.repositories()) == ["boat", "ship", "ship.wiki"]

    def test_a_wiki_that_is_not_there_is_told_with_a_status_of_success(
        self, account: GiteaServer, client: Source
    ) -> None:
        docks = account.namespace("docks")
        for name in ("ship", "boat"):
            account.repository(docks, name)
        account.wikis.add("/docks/ship.wiki.git")

        assert sorted(repository.name for repository in client.repositories()) == ["boat", "ship", "ship.wiki"]
