"""Gitee keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import Stage
from contracts.v5_platforms import NOW, V5Contract, V5Stage
from matou.credentials import Secret
from matou.errors import MatouError, Refused, TryLater, UnknownShape
from matou.http.session import Session
from matou.model.platform import Record, Visibility
from matou.platforms.base.source import Source
from matou.platforms.gitee.source import GiteeSource
from support import gitee_source
from support.gitee_source import TOKEN, failure, running_gitee_source
from support.steered_clock import SYSTEM_CLOCK
from support.v5_account import V5Account, answer


class GiteeStage(V5Stage):
    token = TOKEN
    address_key = "html_url"

    def client(self, session: Session, token: Secret, records: list[Record]) -> GiteeSource:
        return GiteeSource(session, self.url, token, record=records.append, now=lambda: NOW)

    def member_row(self, login: str, *, number: int) -> dict[str, Any]:
        role = "admin" if number == 0 else "member"
        return {"id": 100 - number, "login": login, "name": login, "role": role}


class TestGitee(V5Contract):
    @pytest.fixture
    def stage(self) -> Iterator[V5Stage]:
        with running_gitee_source() as source:
            yield GiteeStage(source)

    @pytest.fixture
    def directed(self, account: V5Account) -> gitee_source.GiteeSource:
        assert isinstance(account, gitee_source.GiteeSource)
        return account

    def test_documents_are_json_and_the_same_for_the_same_state(self, stage: Stage, client: Source) -> None:
        """Labels belong to repositories here."""
        namespace = stage.namespace("docks")
        for name in ("later", "紧急"):
            stage.member(namespace, name)
        [listed] = client.namespaces()

        members = client.members(listed)

        assert {row["login"]: row["role"] for row in json.loads(members)} == {"later": "admin", "紧急": "member"}
        assert json.loads(client.labels(listed)) == []
        assert client.members(listed) == members

    def test_members_of_an_enterprise_are_told_with_their_roles(
        self, stage: Stage, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        stage.member(str(directed.namespace("harbour", "enterprise")["id"]), "mei")
        [listed] = client.namespaces()

        [member] = json.loads(client.members(listed))

        assert member == {"id": "100", "login": "mei", "display_name": "mei", "role": "admin"}

    def test_a_persons_namespace_has_no_members_and_nobody_is_asked(
        self, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        directed.namespace("captain", "personal")
        [listed] = client.namespaces()

        assert json.loads(client.members(listed)) == []
        assert not any(requests_seen.path.endswith("/members") for requests_seen in directed.requests_seen)

    def test_what_only_an_enterprise_lists_is_found_there(
        self, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        docks = directed.namespace("docks", "enterprise")
        directed.hidden.add(directed.repository(docks, "secret")["id"])
        directed.repository(docks, "ship")

        assert sorted(repository.name for repository in client.repositories()) == ["secret", "ship"]

    def test_enterprises_are_listed_that_the_account_does_not_administer(
        self, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        list(client.namespaces())

        [query] = [
            requests_seen.query for requests_seen in directed.requests_seen if requests_seen.path == "/user/enterprises"
        ]
        assert query["admin"] == "false"

    @pytest.mark.parametrize(
        ("path", "what"),
        [
            ("/user/orgs", "this account's organizations"),
            ("/user/enterprises", "this account's enterprises"),
            ("/user/namespaces", "this account's namespaces"),
            ("/orgs/docks/repos", "repositories of the organization 'docks'"),
        ],
    )
    def test_a_list_that_may_not_be_read_is_said_to_be_unseen(
        self, directed: gitee_source.GiteeSource, client: Source, path: str, what: str
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.always[path] = failure(403, "no right")

        assert [repository.name for repository in client.repositories()] == ["ship"]
        [unseen] = client.unseen
        assert (unseen.what, "no right" in unseen.reason) == (what, True)

    def test_a_token_that_expires_on_the_way_ends_everything(
        self, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.always["/orgs/docks/repos"] = failure(404, "401 Unauthorized: Access token is expired")

        with pytest.raises(Refused, match="expired"):
            list(client.repositories())

    def test_a_rate_limit_is_an_error_after_what_was_listed_and_no_refusal(
        self, directed: gitee_source.GiteeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.always["/orgs/docks/repos"] = failure(403, "API rate limit exceeded")
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]
        assert client.unseen == ()

    @pytest.mark.parametrize("path", ["/user/namespaces", "/user/orgs", "/user/enterprises"])
    def test_namespaces_that_may_be_missing_are_an_error_after_those_that_are_known(
        self, directed: gitee_source.GiteeSource, client: Source, path: str
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.always[path] = failure(403, "API rate limit exceeded")
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(namespace.name for namespace in client.namespaces())

        assert given == ["docks"]

    @pytest.mark.parametrize("page", ["{origin}/docks/ship", "{origin}/docks/ship.git", None])
    def test_git_finds_a_repository_at_its_pages_address(
        self, directed: gitee_source.GiteeSource, client: Source, page: str | None
    ) -> None:
        html_url = page.format(origin=directed.origin) if page else None
        directed.repository(directed.namespace("docks"), "ship", html_url=html_url)

        assert [repository.clone_url for repository in client.repositories()] == [f"{directed.origin}/docks/ship.git"]

    def test_git_is_told_the_name_that_all_tokens_go_by(self, client: Source) -> None:
        credential = client.git_credential()

        assert credential is not None
        assert (credential.user, credential.password.reveal()) == ("oauth2", TOKEN)


class TestApiV3:
    """What only v3 tells."""

    @pytest.fixture
    def directed(self) -> Iterator[gitee_source.GiteeSource]:
        with running_gitee_source() as source:
            source.has_v5 = False
            yield source

    @pytest.fixture
    def session(self, directed: gitee_source.GiteeSource) -> Iterator[Session]:
        with Session(named=[directed.origin], clock=SYSTEM_CLOCK) as session:
            yield session

    @pytest.fixture
    def records(self) -> list[Record]:
        return []

    @pytest.fixture
    def client(self, directed: gitee_source.GiteeSource, session: Session, records: list[Record]) -> GiteeSource:
        return GiteeSource(session, directed.origin, Secret(TOKEN), record=records.append, now=lambda: NOW)

    def test_a_server_without_v5_is_read_by_v3(self, directed: gitee_source.GiteeSource, client: GiteeSource) -> None:
        directed.project("captain/ship", public=True, last_push_at="2016-05-13T12:12:16+08:00")
        directed.wikis.add("/captain/ship.wiki.git")

        [namespace], [ship, wiki] = list(client.namespaces()), list(client.repositories())

        assert client.account().login == "captain"
        assert (namespace.id, namespace.name) == (ship.namespace_id, "captain")
        assert ship.clone_url == f"{directed.origin}/captain/ship.git"
        assert ship.visibility == Visibility.PUBLIC
        assert ship.last_push_at == datetime(2016, 5, 13, 4, 12, 16, tzinfo=UTC)
        assert wiki.clone_url == f"{directed.origin}/captain/ship.wiki.git"
        assert client.git_credential().user == "captain"
        assert (client.members(namespace), client.icon(namespace), client.unseen) == (b"[]\n", None, ())

    def test_v3_is_asked_alone_where_the_address_names_it(
        self, directed: gitee_source.GiteeSource, session: Session
    ) -> None:
        directed.has_v5 = True
        directed.project("captain/ship")
        client = GiteeSource(
            session, f"{directed.origin}/api/v3/", Secret(TOKEN), record=lambda _: None, now=lambda: NOW
        )

        assert [repository.name for repository in client.repositories()] == ["ship"]
        assert all(requests_seen.path.startswith("/v3/") for requests_seen in directed.requests_seen)

    def test_v5_that_refuses_the_token_is_not_passed_over(
        self, directed: gitee_source.GiteeSource, session: Session
    ) -> None:
        directed.has_v5 = True
        client = GiteeSource(session, directed.origin, Secret("f00d" * 5), record=lambda _: None, now=lambda: NOW)

        with pytest.raises(Refused):
            client.account()

        assert [requests_seen.path for requests_seen in directed.requests_seen] == ["/user"]

    @pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
    def test_every_project_is_listed_once(
        self, directed: gitee_source.GiteeSource, client: GiteeSource, count: int
    ) -> None:
        wanted = [str(directed.project(f"captain/ship-{number}", wiki_enabled=False)["id"]) for number in range(count)]

        assert [repository.id for repository in client.repositories()] == wanted

    @pytest.mark.parametrize(
        "odd",
        [
            {"created_at": "yesterday"},
            {"owner": {"id": "x"}},
            {"last_push_at": "now"},
            {"last_push_at": 7},
            {"description": None},
            {"name": ["a"]},
            {"forks_count": "many"},
        ],
        ids=repr,
    )
    def test_a_field_that_no_backup_needs_keeps_no_project_from_being_listed(
        self, directed: gitee_source.GiteeSource, client: GiteeSource, odd: dict[str, Any]
    ) -> None:
        directed.project("captain/odd", **odd)

        [repository] = client.repositories()

        assert repository.name == "odd"
        assert repository.left_out
        assert client.unseen == ()

    @pytest.mark.parametrize("odd", [{"id": "x"}, {"path_with_namespace": None}, {"namespace": {"id": 1}}])
    def test_one_odd_project_does_not_hide_the_others(
        self, directed: gitee_source.GiteeSource, client: GiteeSource, odd: dict[str, Any]
    ) -> None:
        directed.project("captain/ship")
        directed.project("captain/odd", **odd)
        given: list[str] = []

        with pytest.raises(MatouError):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]

    def test_a_namespace_may_be_missing_where_a_project_is(
        self, directed: gitee_source.GiteeSource, client: GiteeSource
    ) -> None:
        directed.project("captain/ship")
        directed.project("mei/boat", path_with_namespace=None)
        given: list[str] = []

        with pytest.raises(UnknownShape):
            given.extend(namespace.name for namespace in client.namespaces())

        assert given == ["captain"]

    def test_a_wiki_that_is_switched_off_is_not_asked_for(
        self, directed: gitee_source.GiteeSource, client: GiteeSource
    ) -> None:
        directed.project("captain/ship", wiki_enabled=False)
        directed.wikis.add("/captain/ship.wiki.git")

        assert [repository.name for repository in client.repositories()] == ["ship"]

    def test_v3_is_asked_where_v5_is_another_platforms(
        self, directed: gitee_source.GiteeSource, session: Session
    ) -> None:
        directed.has_v5 = True
        directed.always["/user"] = answer({"id": "64e5ed8f7e20aa73efcbc302", "login": "captain"})
        directed.project("captain/ship")
        client = GiteeSource(session, directed.origin, Secret(TOKEN), record=lambda _: None, now=lambda: NOW)

        assert [repository.name for repository in client.repositories()] == ["ship"]

    def test_who_one_is_is_not_recorded_since_a_token_may_stand_there(
        self, directed: gitee_source.GiteeSource, client: GiteeSource, records: list[Record]
    ) -> None:
        directed.project("captain/ship")

        client.account()
        list(client.repositories())

        assert {record.request for record in records if record.status == 200} == {"GET /api/v3/projects"}

    @pytest.mark.parametrize("path", ["captain/a#b", "captain/a?b", "captain/a\nb"])
    def test_a_project_that_no_address_can_hold_is_listed_without_one(
        self, directed: gitee_source.GiteeSource, client: GiteeSource, path: str
    ) -> None:
        directed.project(path)

        assert [repository.clone_url for repository in client.repositories()] == [""]
        assert len(client.unseen) == 1
