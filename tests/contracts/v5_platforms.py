"""What the clients of platforms with an API v5 promise besides."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.platforms import PlatformContract, Stage
from matou.errors import TryLater, UnknownShape
from matou.model.platform import Visibility
from matou.platforms.base.source import Source
from matou.transfer.backup.listing import read_listing
from support.v5_account import Answer, V5Account

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class V5Stage(Stage):
    """Directs a `V5Account`."""

    address_key: str
    """What a repository's address is called."""

    def __init__(self, account: V5Account) -> None:
        self.account = account

    @property
    def url(self) -> str:
        return self.account.url

    def namespace(self, name: str) -> str:
        return str(self.account.namespace(name)["id"])

    def repository(self, namespace: str, name: str) -> str:
        return str(self.account.repository(self.account.namespaces[int(namespace)], name)["id"])

    def never_pushed_to(self, repository: str) -> None:
        self.account.repositories[int(repository)]["pushed_at"] = None

    def move_clone_url(self, repository: str, address: str) -> None:
        self.account.repositories[int(repository)][self.address_key] = address

    def picture(self, namespace: str, *, status: int, content: bytes, absolute: bool) -> None:
        path = f"/static/{namespace}.png"
        self.account.pictures[path] = Answer(status, content)
        name = self.account.namespaces[int(namespace)]["path"]
        self.account.avatars[name] = self.account.origin + path if absolute else path

    def label(self, namespace: str, name: str) -> None:
        """No namespace has labels."""

    def member(self, namespace: str, login: str) -> None:
        rows = self.account.members.setdefault(self.account.namespaces[int(namespace)]["path"], [])
        rows.append(self.member_row(login, number=len(rows)))

    @abstractmethod
    def member_row(self, login: str, *, number: int) -> dict[str, Any]: ...

    def stumble(self, status: int, body: bytes, *, times: int) -> None:
        self.account.stumbles.extend([Answer(status, body)] * times)

    def promise_more(self) -> None:
        self.account.uncounted = 1

    def credentials_shown_for_pictures(self) -> list[str | None]:
        return [authorization for _, authorization in self.account.fetched]


class V5Contract(PlatformContract):
    @pytest.fixture
    @abstractmethod
    def stage(self) -> Iterator[V5Stage]: ...

    @pytest.fixture
    def account(self, stage: V5Stage) -> V5Account:
        return stage.account

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        """When a namespace was made, these do not say."""
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at is None
        assert repository.created_at is not None
        assert repository.created_at.replace(microsecond=0) == datetime(2024, 7, 29, 7, 42, 45, tzinfo=UTC)
        assert repository.created_at.tzinfo is UTC
        assert repository.last_push_at is None

    def test_a_wiki_that_is_there_is_listed_beside_its_repository(self, account: V5Account, client: Source) -> None:
        docks = account.namespace("docks")
        for name in ("ship", "boat"):
            account.repository(docks, name)
        account.wikis.add("/docks/ship.wiki.git")

        listed = {repository.name: repository.clone_url for repository in client.repositories()}

        assert listed["ship.wiki"] == f"{account.origin}/docks/ship.wiki.git"
        assert listed.keys() == {"ship", "boat", "ship.wiki"}
        assert client.unseen == ()

    def test_a_wiki_that_is_switched_off_is_not_asked_for(self, account: V5Account, client: Source) -> None:
        account.repository(account.namespace("docks"), "ship", has_wiki=False)
        account.wikis.add("/docks/ship.wiki.git")

        assert [repository.name for repository in client.repositories()] == ["ship"]

    @pytest.mark.parametrize(
        "odd",
        [
            Answer(302, b"", {"Location": "/login"}),
            Answer(200, b"<html>please log in</html>", {"Content-Type": "text/html"}),
            Answer(401, b"who are you?"),
        ],
        ids=repr,
    )
    def test_an_answer_that_does_not_say_whether_a_wiki_is_there_is_no_no(
        self, account: V5Account, client: Source, odd: Answer
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.odd_wikis = odd
        found = read_listing(client, client.account(), check=lambda: None)

        assert [repository.name for repository in found.repositories.values()] == ["ship"]
        assert any(found.faults())

    def test_a_git_server_that_fails_for_a_wiki_is_an_error_after_the_repositories(
        self, account: V5Account, client: Source
    ) -> None:
        account.repository(account.namespace("docks"), "ship")
        account.git_fails = True
        given: list[str] = []

        with pytest.raises(TryLater):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]

    def test_what_only_an_organization_lists_is_found_there(self, account: V5Account, client: Source) -> None:
        docks = account.namespace("docks")
        account.hidden.add(account.repository(docks, "secret")["id"])
        account.repository(docks, "ship")

        assert sorted(repository.name for repository in client.repositories()) == ["secret", "ship"]

    def test_a_namespace_that_only_a_repository_names_is_listed(self, account: V5Account, client: Source) -> None:
        account.repository({"id": 7, "name": "Elsewhere", "path": "elsewhere", "type": "user"}, "ship")

        assert [(namespace.id, namespace.name) for namespace in client.namespaces()] == [("7", "elsewhere")]

    def test_a_time_before_all_times_is_none(self, account: V5Account, client: Source) -> None:
        account.repository(account.namespace("docks"), "ship", pushed_at="0001-01-01T00:00:00+08:00")

        assert [repository.last_push_at for repository in client.repositories()] == [None]

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"private": True, "public": False}, Visibility.PRIVATE),
            ({"private": False, "public": True}, Visibility.PUBLIC),
            ({"private": False, "public": False, "internal": True}, Visibility.INTERNAL),
            ({"private": False, "public": None}, Visibility.PUBLIC),
            ({"private": None, "public": None}, Visibility.PRIVATE),
            ({"private": "false", "public": "true"}, Visibility.PUBLIC),
        ],
    )
    def test_visibility_is_read_from_what_is_said(
        self, account: V5Account, client: Source, said: dict[str, Any], expected: Visibility
    ) -> None:
        account.repository(account.namespace("docks"), "ship", **said)

        assert [repository.visibility for repository in client.repositories()] == [expected]

    def test_a_list_without_totals_is_read_to_its_end(self, account: V5Account, client: Source) -> None:
        account.counts = False
        docks = account.namespace("docks")
        for number in range(230):
            account.repository(docks, f"ship-{number}")

        assert len(list(client.repositories())) == 230

    def test_one_odd_repository_does_not_hide_the_others(self, account: V5Account, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship")
        for name in ("odd", "strange"):
            account.repository(docks, name)["namespace"] = {**docks, "id": "none of ours"}
        given: list[str] = []

        with pytest.raises(UnknownShape, match="none of ours"):
            given.extend(repository.name for repository in client.repositories())

        assert given == ["ship"]
        told = {str(unseen.what) for unseen in client.unseen}
        assert any("odd" in what for what in told), "each is told, by a name that a person knows"
        assert any("strange" in what for what in told)

    def test_odd_rows_of_a_list_that_broke_off_are_told_too(self, account: V5Account, client: Source) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "odd")["namespace"] = {**docks, "id": "none of ours"}
        account.uncounted = 1

        with pytest.raises(UnknownShape, match="does not add up"):
            list(client.repositories())

        assert any("odd" in unseen.what for unseen in client.unseen)

    def test_rows_that_are_odd_in_the_same_way_are_never_one_that_came_twice(
        self, account: V5Account, client: Source
    ) -> None:
        docks = account.namespace("docks")
        account.repository(docks, "ship")
        for name in ("odd", "strange"):
            row = account.repository(docks, name)
            row |= {"id": None, "full_name": "x" * 300, "path": None, "namespace": docks, "url": "x" * 300}

        with pytest.raises(UnknownShape) as caught:
            list(client.repositories())

        assert "twice" not in str(caught.value)

    @pytest.mark.parametrize(
        "odd",
        [
            {"pushed_at": 1722238965},
            {"pushed_at": "2024/07/29 15:42:45"},
            {"created_at": "yesterday"},
            {"created_at": {"date": "2024-07-29"}},
            {"description": ["a", "b"]},
            {"default_branch": {"name": "main"}},
            {"private": "perhaps", "public": "perhaps"},
            {"has_wiki": "sometimes"},
            {"human_name": 7.5},
        ],
        ids=repr,
    )
    def test_a_field_that_no_backup_needs_keeps_no_repository_from_being_listed(
        self, account: V5Account, client: Source, odd: dict[str, Any]
    ) -> None:
        account.repository(account.namespace("docks"), "ship", **odd)

        [repository] = client.repositories()

        assert (repository.name, repository.clone_url) == ("ship", f"{account.origin}/docks/ship.git")
        assert any(name in fault or "moment" in fault for name in odd for fault in repository.left_out)
        assert client.unseen == ()
