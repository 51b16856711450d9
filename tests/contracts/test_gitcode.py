"""GitCode keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import PlatformContract, Stage
from matou.credentials import Secret
from matou.errors import Refused, TryLater, UnknownShape
from matou.model.platform import Visibility
from matou.model.records import Record
from matou.platforms.gitcode.source import GitCodeSource
from matou.remote.proxies import Proxies
from matou.remote.session import Session
from matou.transfer.source import Source
from support import gitcode_source
from support.gitcode_source import TOKEN, Answer, failure, running_gitcode_source
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SteeredClock


class GitCodeStage(Stage):
    token = TOKEN

    def __init__(self, source: gitcode_source.GitCodeSource) -> None:
        self.source = source

    @property
    def url(self) -> str:
        return self.source.url

    def client(self, session: Session, token: Secret, records: list[Record]) -> GitCodeSource:
        return GitCodeSource(
            session, self.url, token, record=records.append, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)
        )

    def namespace(self, name: str) -> str:
        return str(self.source.namespace(name)["id"])

    def repository(self, namespace: str, name: str) -> str:
        return str(self.source.repository(self.source.namespaces[int(namespace)], name)["id"])

    def never_pushed_to(self, repository: str) -> None:
        self.source.repositories[int(repository)]["pushed_at"] = None

    def move_clone_url(self, repository: str, address: str) -> None:
        self.source.repositories[int(repository)]["http_url_to_repo"] = address

    def picture(self, namespace: str, *, status: int, content: bytes, absolute: bool) -> None:
        path = f"/static/{namespace}.png"
        self.source.pictures[path] = Answer(status, content)
        name = self.source.namespaces[int(namespace)]["path"]
        self.source.avatars[name] = self.source.origin + path if absolute else path

    def label(self, namespace: str, name: str) -> None:
        """No namespace has labels."""

    def member(self, namespace: str, login: str) -> None:
        rows = self.source.members.setdefault(self.source.namespaces[int(namespace)]["path"], [])
        rows.append({"id": str(100 - len(rows)), "login": login, "name": login, "member_role": "admin"})

    def stumble(self, status: int, body: bytes, *, times: int) -> None:
        self.source.stumbles.extend([Answer(status, body)] * times)

    def promise_more(self) -> None:
        self.source.uncounted = 1

    def credentials_shown_for_pictures(self) -> list[str | None]:
        return [authorization for _, authorization in self.source.fetched]


class TestGitCode(PlatformContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        with running_gitcode_source() as source:
            yield GitCodeStage(source)

    @pytest.fixture
    def directed(self, stage: Stage) -> gitcode_source.GitCodeSource:
        assert isinstance(stage, GitCodeStage)
        return stage.source

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        """When a namespace was made, GitCode does not say."""
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at is None
        assert repository.created_at == datetime(2024, 7, 29, 7, 42, 45, 149000, tzinfo=UTC)
        assert repository.created_at.tzinfo is UTC
        assert repository.last_push_at is None

    def test_documents_are_json_and_the_same_for_the_same_state(self, stage: Stage, client: Source) -> None:
        """Labels belong to repositories here."""
        namespace = stage.namespace("docks")
        for name in ("later", "紧急"):
            stage.member(namespace, name)
        [listed] = client.namespaces()

        members = client.members(listed)

        assert {row["login"] for row in json.loads(members)} == {"紧急", "later"}
        assert json.loads(client.labels(listed)) == []
        assert client.members(listed) == members

    def test_a_wiki_that_is_there_is_listed_beside_its_repository(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        docks = directed.namespace("docks")
        for name in ("ship", "boat"):
            directed.repository(docks, name)
        directed.wikis.add("/docks/ship.wiki.git")

        listed = {repository.name: repository.clone_url for repository in client.repositories()}

        assert listed["ship.wiki"] == f"{directed.origin}/docks/ship.wiki.git"
        assert listed.keys() == {"ship", "boat", "ship.wiki"}
        assert client.unseen == ()

    def test_a_wiki_that_is_switched_off_is_not_asked_for(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship", has_wiki=False)
        directed.wikis.add("/docks/ship.wiki.git")

        assert [repository.name for repository in client.repositories()] == ["ship"]

    def test_what_only_an_organization_lists_is_found_there(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        docks = directed.namespace("docks")
        directed.hidden.add(directed.repository(docks, "secret")["id"])
        directed.repository(docks, "ship")

        assert sorted(repository.name for repository in client.repositories()) == ["secret", "ship"]

    def test_repositories_of_every_kind_are_asked_for(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.namespace("docks")

        list(client.repositories())

        kinds = {asked.path: asked.query.get("repo_type") for asked in directed.asked if asked.path.endswith("/repos")}
        assert kinds == {"/user/repos": "all", "/orgs/docks/repos": "all"}

    def test_a_namespace_that_only_a_repository_names_is_listed(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        elsewhere = {"id": 7, "name": "Elsewhere", "path": "elsewhere", "type": "user"}
        directed.repository(elsewhere, "ship")

        assert [(namespace.id, namespace.name) for namespace in client.namespaces()] == [("7", "elsewhere")]

    def test_a_server_that_has_only_the_lists_of_repositories_hides_nothing(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        for path in ("/user/namespaces", "/users/orgs"):
            directed.always[path] = failure(404, "the API has nothing at this path")

        assert [repository.name for repository in client.repositories()] == ["ship"]
        assert [namespace.name for namespace in client.namespaces()] == ["docks"]
        assert client.unseen == ()

    def test_repositories_of_an_organization_that_may_not_be_listed_are_said_to_be_unseen(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.always["/orgs/docks/repos"] = failure(403, "no scopes:read_org", name="FORBIDDEN")

        assert [repository.name for repository in client.repositories()] == ["ship"]
        [unseen] = client.unseen
        assert (unseen.what, "no scopes:read_org" in unseen.reason) == (
            "repositories of the organization 'docks'",
            True,
        )

    def test_a_time_before_all_times_is_none(self, directed: gitcode_source.GitCodeSource, client: Source) -> None:
        directed.repository(directed.namespace("docks"), "ship", pushed_at="0001-01-01T00:00:00+08:00")

        assert [repository.last_push_at for repository in client.repositories()] == [None]

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"private": True, "public": False}, Visibility.PRIVATE),
            ({"private": False, "public": True}, Visibility.PUBLIC),
            ({"private": False, "public": False, "internal": True}, Visibility.INTERNAL),
            ({"visibility": "public", "private": None, "public": None}, Visibility.PUBLIC),
            ({"private": None, "public": None}, Visibility.PRIVATE),
        ],
    )
    def test_visibility_is_read_from_what_is_said(
        self, directed: gitcode_source.GitCodeSource, client: Source, said: dict[str, Any], expected: Visibility
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship", **said)

        assert [repository.visibility for repository in client.repositories()] == [expected]

    def test_a_list_without_totals_is_read_to_its_end(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.counts = False
        docks = directed.namespace("docks")
        for number in range(230):
            directed.repository(docks, f"ship-{number}")

        assert len(list(client.repositories())) == 230

    def test_an_unknown_token_that_is_told_with_404_is_refused_too(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.always["/user"] = failure(404, "404, token not found", name="error")

        with pytest.raises(Refused, match="token not found"):
            client.account()

    def test_one_odd_repository_does_not_hide_the_others(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        docks = directed.namespace("docks")
        directed.repository(docks, "ship")
        directed.repository(docks, "odd", created_at="yesterday")
        given: list[str] = []

        with pytest.raises(UnknownShape, match="yesterday"):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]

    def test_a_git_server_that_fails_for_a_wiki_is_an_error_after_the_repositories(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship")
        directed.git_fails = True
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]


@pytest.fixture
def at_gitcode(recording_server: RecordingServer) -> Iterator[GitCodeSource]:
    """A client of GitCode by its own name, whose way out is a proxy that answers itself."""
    recording_server.handler = answers_of_gitcode
    proxies = Proxies({"http": Secret(recording_server.url)}, "")
    url = "http://api.gitcode.com"
    with Session(named=[url], clock=SteeredClock().clock, proxies=proxies) as session:
        yield GitCodeSource(session, url, Secret(TOKEN), record=lambda _: None, now=SteeredClock().now)


def answers_of_gitcode(request: SeenRequest) -> Reply:
    path = request.path.removeprefix("http://api.gitcode.com/api/v5")
    if path == "/user":
        return json_reply({"id": "64e5", "login": "captain"})
    if path == "/user/repos":
        docks = {"id": 100, "name": "docks", "path": "docks", "type": "user"}
        address = "http://atomgit.com/docks/ship.git"
        ship = {"id": 1, "full_name": "docks/ship", "path": "ship", "namespace": docks, "http_url_to_repo": address}
        return json_reply([ship], headers={"total_count": "1"})
    return json_reply({"message": "404 Not Found"}, 404)


def test_at_gitcode_itself_a_list_that_is_not_there_is_said_to_be_unseen(at_gitcode: GitCodeSource) -> None:
    assert [namespace.name for namespace in at_gitcode.namespaces()] == ["docks"]

    assert [str(unseen.what) for unseen in at_gitcode.unseen] == [
        "this account's namespaces",
        "this account's organizations",
    ]


def test_both_names_of_the_service_are_one_house(at_gitcode: GitCodeSource) -> None:
    addresses = [repository.clone_url for repository in at_gitcode.repositories()]

    assert addresses == ["http://atomgit.com/docks/ship.git"]
