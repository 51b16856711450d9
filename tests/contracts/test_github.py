"""GitHub keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import PlatformContract, Stage
from contracts.v5_platforms import NOW, V5Stage
from matou.credentials import Secret
from matou.errors import Invalid, Refused, TryLater, UnknownShape
from matou.http.session import Session
from matou.model.platform import Record, Visibility
from matou.platforms.base.source import Source
from matou.platforms.github.source import GitHubSource
from matou.platforms.registry import require_lists
from support.github_source import TOKEN, GitHubAccount, failure, running_github_account


class GitHubStage(V5Stage):
    token = TOKEN
    address_key = "clone_url"

    def client(self, session: Session, token: Secret, records: list[Record]) -> GitHubSource:
        return GitHubSource(session, self.url, token, record=records.append, now=lambda: NOW)

    def member_row(self, login: str, *, number: int) -> dict[str, Any]:
        return {"id": 100 - number, "login": login, "type": "User", "role": "member" if number else "admin"}

    def promise_more(self) -> None:
        """Two pages more, of which not even the first is there."""
        self.account.uncounted = 200


class TestGitHub(PlatformContract):
    @pytest.fixture
    def stage(self) -> Iterator[GitHubStage]:
        with running_github_account() as account:
            yield GitHubStage(account)

    @pytest.fixture
    def account(self, stage: GitHubStage) -> GitHubAccount:
        assert isinstance(stage.account, GitHubAccount)
        return stage.account

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        """When an organization was made, its list does not say."""
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at is None
        assert repository.created_at == datetime(2024, 7, 29, 7, 42, 45, tzinfo=UTC)
        assert repository.last_push_at is None

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

    def test_what_only_an_organization_lists_is_found_there(self, account: GitHubAccount, client: Source) -> None:
        docks = account.namespace("docks")
        account.hidden.add(account.repository(docks, "secret")["id"])
        account.repository(docks, "ship")

        assert sorted(repository.name for repository in client.repositories()) == ["secret", "ship"]

    def test_whoever_owns_what_is_seen_is_a_namespace_without_members(
        self, account: GitHubAccount, client: Source
    ) -> None:
        account.repository({"id": 7, "path": "elsewhere", "type": "user", "name": ""}, "ship")

        [namespace] = client.namespaces()

        assert (namespace.id, namespace.name, namespace.type) == ("7", "elsewhere", "user")
        assert json.loads(client.members(namespace)) == []

    def test_a_gist_is_a_repository_without_a_wiki(self, account: GitHubAccount, client: Source) -> None:
        account.gist("aa5a315d61ae9438b18d")

        [gist] = client.repositories()
        [owner] = client.namespaces()

        assert (gist.id, gist.name) == ("gist-aa5a315d61ae9438b18d", "gist-aa5a315d61ae9438b18d")
        assert (gist.clone_url, gist.namespace_id) == (f"{account.origin}/gist/aa5a315d61ae9438b18d.git", owner.id)
        assert gist.visibility is Visibility.PRIVATE
        assert account.fetched == []

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_token_for_some_repositories_alone_sees_no_gists(
        self, account: GitHubAccount, client: Source, status: int
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always["/gists"] = failure(status, "Resource not accessible by personal access token")

        assert [repository.name for repository in client.repositories()] == ["ship"]
        assert client.unseen == ()

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"private": True, "visibility": "private"}, Visibility.PRIVATE),
            ({"private": True, "visibility": "internal"}, Visibility.INTERNAL),
            ({"private": False, "visibility": "public"}, Visibility.PUBLIC),
            ({"private": False, "visibility": None}, Visibility.PUBLIC),
            ({"private": None, "visibility": None}, Visibility.PRIVATE),
        ],
    )
    def test_visibility_is_read_from_what_is_said(
        self, account: GitHubAccount, client: Source, said: dict[str, Any], expected: Visibility
    ) -> None:
        account.repository(account.namespace("docks"), "ship", **said)

        assert [repository.visibility for repository in client.repositories()] == [expected]

    @pytest.mark.parametrize(
        ("path", "what"),
        [
            ("/user/orgs", "this account's organizations"),
            ("/orgs/docks/repos", "repositories of the organization 'docks'"),
        ],
    )
    def test_a_list_that_may_not_be_read_is_said_to_be_unseen(
        self, account: GitHubAccount, client: Source, path: str, what: str
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always[path] = failure(403, "Resource protected by organization SAML enforcement")

        assert [repository.name for repository in client.repositories()] == ["ship"]
        [unseen] = client.unseen
        assert (unseen.what, "SAML" in unseen.reason) == (what, True)

    def test_a_token_that_expires_on_the_way_ends_everything(self, account: GitHubAccount, client: Source) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always["/orgs/docks/repos"] = failure(401, "Bad credentials")

        with pytest.raises(Refused, match="Bad credentials"):
            list(client.repositories())

    @pytest.mark.parametrize(
        "message", ["API rate limit exceeded for user ID 1.", "You have exceeded a secondary rate limit"]
    )
    def test_a_rate_limit_is_an_error_after_what_was_listed_and_no_refusal(
        self, account: GitHubAccount, client: Source, message: str
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always["/orgs/docks/repos"] = failure(403, message)
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]
        assert client.unseen == ()

    def test_a_wiki_that_is_there_is_listed_beside_its_repository(self, account: GitHubAccount, client: Source) -> None:
        docks = account.namespace("docks")
        for name in ("ship", "boat"):
            account.repository(docks, name)
        account.wikis.add("/docks/ship.wiki.git")

        listed = {repository.name: repository.clone_url for repository in client.repositories()}

        assert listed["ship.wiki"] == f"{account.origin}/docks/ship.wiki.git"
        assert listed.keys() == {"ship", "boat", "ship.wiki"}

    def test_a_list_without_links_is_read_to_its_end(self, account: GitHubAccount, client: Source) -> None:
        account.counts = False
        docks = account.namespace("docks")
        for number in range(230):
            account.repository(docks, f"ship-{number}", has_wiki=False)

        assert len(list(client.repositories())) == 230

    def test_links_spare_the_question_for_a_page_behind_the_last(self, account: GitHubAccount, client: Source) -> None:
        docks = account.namespace("docks")
        for number in range(200):
            account.repository(docks, f"ship-{number}", has_wiki=False)

        assert len(list(client.repositories())) == 200
        asked_for = [request.query["page"] for request in account.requests_seen if request.path == "/user/repos"]
        assert asked_for == ["1", "2"] * 2, "a list of several pages is read twice"

    def test_one_odd_repository_does_not_hide_the_others(self, account: GitHubAccount, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship")
        account.repository(docks, "odd")["owner"] = {"id": "none of ours"}
        given: list[str] = []

        with pytest.raises(UnknownShape, match="none of ours"):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]
        assert any("odd" in unseen.what for unseen in client.unseen)

    def test_what_is_starred_or_watched_comes_where_it_is_asked_for(
        self, account: GitHubAccount, session: Session
    ) -> None:
        own = account.repository(account.namespace("docks"), "ship")
        others = [account.repository(account.namespace(name), "boat") for name in ("one", "two")]
        account.hidden |= {one["id"] for one in others}
        account.starred, account.watched = [own, others[0]], [others[1]]

        def listed(*lists: str) -> list[str]:
            source = GitHubSource(
                session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: NOW, lists=lists
            )
            return [one.id for one in source.repositories() if one.namespace_id != str(own["owner"]["id"])]

        account.namespaces = {own["owner"]["id"]: account.namespaces[own["owner"]["id"]]}
        assert listed() == []
        assert listed("starred") == [str(others[0]["id"])]
        assert listed("starred", "watched") == [str(one["id"]) for one in others]

    def test_who_gives_no_such_list_is_told(self) -> None:
        with pytest.raises(Invalid, match="github, gitlab"):
            require_lists("gitee", ["starred"])
        with pytest.raises(Invalid, match="these do: github"):
            require_lists("gitlab", ["watched"])

    def test_what_is_archived_says_so(self, account: GitHubAccount, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship", archived=True)

        assert [one.archived for one in client.repositories()] == [True]
