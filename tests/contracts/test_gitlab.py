"""A GitLab keeps what every platform's client promises."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import PlatformContract, Stage
from contracts.v5_platforms import NOW, V5Stage
from matou.credentials import Secret
from matou.errors import Refused, TryLater, UnknownShape
from matou.http.paging import ListingBroken, UncountedEmptyList
from matou.http.session import Session
from matou.model.platform import Record, Visibility
from matou.platforms.base.source import Source
from matou.platforms.gitlab.source import GitLabSource
from support.gitlab_source import TOKEN, GitLabAccount, running_gitlab_account
from support.v5_account import answer


class GitLabStage(V5Stage):
    token = TOKEN
    address_key = "http_url_to_repo"

    def client(self, session: Session, token: Secret, records: list[Record]) -> GitLabSource:
        return GitLabSource(session, self.url, token, record=records.append, now=lambda: NOW)

    def never_pushed_to(self, repository: str) -> None:
        self.account.repositories[int(repository)]["last_activity_at"] = None

    def member_row(self, login: str, *, number: int) -> dict[str, Any]:
        return {"id": 100 - number, "username": login, "name": login, "access_level": 30 if number else 50}


class TestGitLab(PlatformContract):
    @pytest.fixture
    def stage(self) -> Iterator[GitLabStage]:
        with running_gitlab_account() as account:
            yield GitLabStage(account)

    @pytest.fixture
    def account(self, stage: GitLabStage) -> GitLabAccount:
        assert isinstance(stage.account, GitLabAccount)
        return stage.account

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at == repository.created_at == datetime(2024, 7, 29, 7, 42, 45, tzinfo=UTC)
        assert repository.last_push_at is None

    def test_documents_are_json_and_the_same_for_the_same_state(self, stage: Stage, client: Source) -> None:
        """Labels of groups are read with what is said."""
        namespace = stage.namespace("docks")
        for name in ("later", "紧急"):
            stage.member(namespace, name)
        [listed] = client.namespaces()

        members = client.members(listed)

        assert {row["login"]: row["role"] for row in json.loads(members)} == {"later": "owner", "紧急": "developer"}
        assert json.loads(client.labels(listed)) == []
        assert client.members(listed) == members

    def test_a_group_within_another_is_called_by_the_names_of_all(self, account: GitLabAccount, client: Source) -> None:
        harbour = account.group("harbour")
        docks = account.group("docks", harbour)
        account.repository(account.group("east", docks), "ship")

        listed = {one.name: one.id for one in client.namespaces()}
        [ship] = client.repositories()

        assert [*listed] == ["harbour", "harbour/docks", "harbour/docks/east"]
        assert (ship.namespace_id, ship.name) == (listed["harbour/docks/east"], "ship")
        assert ship.clone_url == f"{account.origin}/harbour/docks/east/ship.git"

    def test_groups_above_that_no_list_has_are_asked_for(self, account: GitLabAccount, client: Source) -> None:
        harbour = account.group("harbour")
        docks = account.group("docks", harbour)
        account.repository(account.group("east", docks), "ship")
        account.unlisted |= set(account.namespaces)

        assert {one.name for one in client.namespaces()} == {"harbour", "harbour/docks", "harbour/docks/east"}

    def test_a_group_above_that_may_not_be_seen_is_done_without(self, account: GitLabAccount, client: Source) -> None:
        harbour = account.group("harbour")
        account.repository(account.group("docks", harbour), "ship")
        account.unlisted.add(harbour["id"])
        account.always[f"/groups/{harbour['id']}"] = answer({"message": "404 Group Not Found"}, 404)

        [namespace] = client.namespaces()

        assert namespace.name == "harbour/docks"
        assert [one.name for one in client.repositories()] == ["ship"]

    def test_snippets_are_repositories_of_their_projects_group_or_of_their_author(
        self, account: GitLabAccount, client: Source
    ) -> None:
        docks = account.namespace("docks")
        ship = account.repository(docks, "ship")
        account.snippet(11, ship)
        account.snippet(12)

        snippets = {one.id: one for one in client.repositories() if one.id.startswith("snippet-")}
        names = {one.id: one.name for one in client.namespaces()}

        assert [*snippets] == ["snippet-11", "snippet-12"]
        assert names[snippets["snippet-11"].namespace_id] == "docks"
        assert names[snippets["snippet-12"].namespace_id] == "captain"
        assert snippets["snippet-11"].clone_url == f"{account.origin}/docks/ship/snippets/11.git"
        assert snippets["snippet-12"].clone_url == f"{account.origin}/snippets/12.git"

    def test_what_is_switched_off_is_not_asked_for(self, account: GitLabAccount, client: Source) -> None:
        off = {
            f"{what}_access_level": "disabled" for what in ("issues", "merge_requests", "wiki", "snippets", "builds")
        }
        account.repository(account.namespace("docks"), "ship", **off)
        account.wikis.add("/docks/ship.wiki.git")

        [ship] = client.repositories()

        assert ship.switched_off == {"issue", "change"}
        assert not any(
            request.path.endswith("/snippets") for request in account.requests_seen if "ship" in request.path
        )

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("private", Visibility.PRIVATE),
            ("internal", Visibility.INTERNAL),
            ("public", Visibility.PUBLIC),
            (None, Visibility.PRIVATE),
            ("a word of later", Visibility.PRIVATE),
        ],
    )
    def test_visibility_is_read_from_what_is_said(
        self, account: GitLabAccount, client: Source, said: str | None, expected: Visibility
    ) -> None:
        account.repository(account.namespace("docks"), "ship", visibility=said)

        assert [repository.visibility for repository in client.repositories()] == [expected]

    def test_a_list_of_projects_goes_on_from_the_last_id(self, account: GitLabAccount, client: Source) -> None:
        docks = account.namespace("docks")
        for number in range(230):
            account.repository(docks, f"ship-{number}", wiki_enabled=False, snippets_enabled=False)

        assert len(list(client.repositories())) == 230
        asked_for = [request.query["id_after"] for request in account.requests_seen if request.path == "/projects"]
        assert asked_for == ["0", "5099", "5199"], "once each: nothing that moves can hide a row"

    def test_a_list_that_is_not_counted_ends_with_an_empty_page(self, account: GitLabAccount, client: Source) -> None:
        account.repository(account.namespace("docks"), "ship", wiki_enabled=False, snippets_enabled=False)
        account.counts = False

        assert [one.name for one in client.repositories()] == ["ship"]
        assert len([request for request in account.requests_seen if request.path == "/projects"]) == 2

    def test_an_empty_list_that_is_not_counted_has_not_said_that_it_is_empty(
        self, account: GitLabAccount, client: Source
    ) -> None:
        account.counts = False

        with pytest.raises(UncountedEmptyList):
            list(client.repositories())

    def test_a_server_that_repeats_its_page_is_not_asked_for_ever(self, account: GitLabAccount, client: Source) -> None:
        row = {**account.repository(account.namespace("docks"), "ship"), "path": "ship"}
        row["namespace"] = {"id": 100, "full_path": "docks", "kind": "group"}
        account.always["/projects"] = answer([row], headers={"X-Total": "2"})
        given: list[str] = []

        with pytest.raises(ListingBroken):
            given.extend(one.name for one in client.repositories())

        assert given == ["ship"]

    @pytest.mark.parametrize("path", ["/groups", "/snippets"])
    def test_a_list_that_the_token_has_no_scope_for_hides_no_project(
        self, account: GitLabAccount, client: Source, path: str
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always[path] = answer({"error": "insufficient_scope", "error_description": "needs read_api"}, 403)

        assert [repository.name for repository in client.repositories()] == ["ship"]
        [unseen] = client.unseen
        assert unseen.what == ("this account's groups" if path == "/groups" else "this account's snippets")
        assert unseen.may_hide, "none of those that were saved is gone"

    def test_snippets_that_a_project_refuses_are_not_none(self, account: GitLabAccount, client: Source) -> None:
        ship = account.repository(account.namespace("docks"), "ship")
        account.snippet(11, ship)
        account.always[f"/projects/{ship['id']}/snippets"] = answer({"message": "403 Forbidden"}, 403)

        assert [one.name for one in client.repositories()] == ["ship"]
        assert [(one.what, one.may_hide) for one in client.unseen] == [("snippets of the project 'docks/ship'", True)]

    @pytest.mark.parametrize(
        ("project", "access", "snippet", "expected"),
        [
            ("public", "enabled", "public", Visibility.PUBLIC),
            ("public", "private", "public", Visibility.PRIVATE),
            ("internal", "enabled", "public", Visibility.INTERNAL),
            ("private", "enabled", "public", Visibility.PRIVATE),
            ("public", "enabled", "private", Visibility.PRIVATE),
        ],
    )
    def test_a_snippet_is_seen_by_nobody_who_does_not_see_its_project(
        self, account: GitLabAccount, client: Source, project: str, access: str, snippet: str, expected: Visibility
    ) -> None:
        ship = account.repository(
            account.namespace("docks"), "ship", visibility=project, snippets_access_level=access, wiki_enabled=False
        )
        account.snippet(11, ship, visibility=snippet)

        assert [one.visibility for one in client.repositories() if one.id == "snippet-11"] == [expected]

    def test_what_is_starred_comes_where_it_is_asked_for(self, account: GitLabAccount, session: Session) -> None:
        own = account.repository(account.namespace("docks"), "ship")
        other = account.repository(account.namespace("elsewhere"), "boat")
        account.strange.add(other["id"])

        def listed(*lists: str) -> list[str]:
            source = GitLabSource(
                session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: NOW, lists=lists
            )
            return [one.id for one in source.repositories()]

        assert listed() == [str(own["id"])]
        assert listed("starred") == [str(own["id"]), str(other["id"])]

    def test_what_is_archived_says_so(self, account: GitLabAccount, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship", archived=True)
        account.repository(docks, "boat")

        assert {one.name: one.archived for one in client.repositories()} == {"ship": True, "boat": False}

    def test_a_wiki_of_a_group_is_a_repository_in_it(self, account: GitLabAccount, client: Source) -> None:
        docks = account.group("docks", account.group("harbour"))
        account.wikis.add("/harbour/docks.wiki.git")

        [wiki] = client.repositories()

        assert (wiki.name, wiki.namespace_id, wiki.visibility) == ("docks.wiki", str(docks["id"]), Visibility.PRIVATE)
        assert wiki.clone_url == f"{account.origin}/harbour/docks.wiki.git"

    def test_a_token_that_expires_on_the_way_ends_everything(self, account: GitLabAccount, client: Source) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.always["/snippets"] = answer({"message": "401 Unauthorized"}, 401)

        with pytest.raises(Refused, match="401"):
            list(client.repositories())

    def test_snippets_that_fail_are_an_error_after_what_was_listed(
        self, account: GitLabAccount, client: Source
    ) -> None:
        row = account.repository(account.namespace("docks"), "ship")
        account.always[f"/projects/{row['id']}/snippets"] = answer({"message": "later"}, 503)
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]

    def test_one_odd_project_does_not_hide_the_others(self, account: GitLabAccount, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship")
        account.repository(docks, "odd")["namespace"] = {"id": "none of ours", "path": "", "type": ""}
        given: list[str] = []

        with pytest.raises(UnknownShape, match="none of ours"):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]
        assert any("odd" in unseen.what for unseen in client.unseen)
