"""GitCode keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.platforms import Stage
from contracts.v5_platforms import NOW, V5Contract, V5Stage
from matou.credentials import Secret
from matou.errors import Refused
from matou.http.proxies import Proxies
from matou.http.session import Session
from matou.model.platform import Record, Visibility
from matou.platforms.base.source import Source
from matou.platforms.gitcode.source import GitCodeSource
from support import gitcode_source
from support.gitcode_source import TOKEN, failure, running_gitcode_source
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SteeredClock
from support.v5_account import V5Account


class GitCodeStage(V5Stage):
    token = TOKEN
    address_key = "http_url_to_repo"

    def client(self, session: Session, token: Secret, records: list[Record]) -> GitCodeSource:
        return GitCodeSource(session, self.url, token, record=records.append, now=lambda: NOW)

    def member_row(self, login: str, *, number: int) -> dict[str, Any]:
        return {"id": str(100 - number), "login": login, "name": login, "member_role": "admin"}


class TestGitCode(V5Contract):
    @pytest.fixture
    def stage(self) -> Iterator[V5Stage]:
        with running_gitcode_source() as source:
            yield GitCodeStage(source)

    @pytest.fixture
    def directed(self, account: V5Account) -> gitcode_source.GitCodeSource:
        assert isinstance(account, gitcode_source.GitCodeSource)
        return account

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

    def test_visibility_may_be_told_in_a_word(self, directed: gitcode_source.GitCodeSource, client: Source) -> None:
        said = {"visibility": "public", "private": None, "public": None}
        directed.repository(directed.namespace("docks"), "ship", **said)

        assert [repository.visibility for repository in client.repositories()] == [Visibility.PUBLIC]

    def test_repositories_of_every_kind_are_asked_for(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.namespace("docks")

        list(client.repositories())

        kinds = {
            requests_seen.path: requests_seen.query.get("repo_type")
            for requests_seen in directed.requests_seen
            if requests_seen.path.endswith("/repos")
        }
        assert kinds == {"/user/repos": "all", "/orgs/docks/repos": "all"}

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

    @pytest.mark.parametrize("license_", [{"key": "mit"}, 7.5, ["mit"]], ids=repr)
    def test_a_license_of_another_shape_is_left_out(
        self, directed: gitcode_source.GitCodeSource, client: Source, license_: object
    ) -> None:
        directed.repository(directed.namespace("docks"), "ship", license=license_)

        [repository] = client.repositories()

        assert "Repository.license" in repository.left_out[0]

    @pytest.mark.parametrize("page", ["{}/docks/ship", "{}/docks/ship.git"])
    @pytest.mark.parametrize("key", ["html_url", "web_url"])
    def test_the_address_of_the_page_will_do_where_no_other_is_told(
        self, directed: gitcode_source.GitCodeSource, client: Source, key: str, page: str
    ) -> None:
        row = directed.repository(directed.namespace("docks"), "ship")
        for name in ("http_url_to_repo", "html_url", "web_url"):
            row.pop(name, None)
        row[key] = page.format(directed.origin)

        assert [repository.clone_url for repository in client.repositories()] == [f"{directed.origin}/docks/ship.git"]

    def test_an_unknown_token_that_is_told_with_404_is_refused_too(
        self, directed: gitcode_source.GitCodeSource, client: Source
    ) -> None:
        directed.always["/user"] = failure(404, "404, token not found", name="error")

        with pytest.raises(Refused, match="token not found"):
            client.account()


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
