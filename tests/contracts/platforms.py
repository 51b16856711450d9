"""What every platform's client promises a backup. A new platform subclasses `PlatformContract` and sets its stage."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from matou.credentials import Secret
from matou.errors import MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.source import Source
from support.steered_clock import SYSTEM_CLOCK

HOSTILE_NAMES = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "a/b",
    "-oProxyCommand=id",
    "trailing. ",
    "CON",
    "ship.git",
    "ship\n\x1b[31mred",
    "\u202egnp.exe",
    "码头" * 100,
    "%2e%2e",
    "$(id)",
]


class Stage(ABC):
    """A platform that answers over real sockets, and that a test directs in words of our own."""

    token: str

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def client(self, session: Session, token: Secret, records: list[Record]) -> Source: ...

    @abstractmethod
    def namespace(self, name: str) -> str:
        """Give its id."""

    @abstractmethod
    def repository(self, namespace: str, name: str) -> str:
        """Give its id."""

    @abstractmethod
    def never_pushed_to(self, repository: str) -> None: ...

    @abstractmethod
    def move_clone_url(self, repository: str, address: str) -> None: ...

    @abstractmethod
    def picture(self, namespace: str, *, status: int, content: bytes, absolute: bool) -> None: ...

    @abstractmethod
    def label(self, namespace: str, name: str) -> None: ...

    @abstractmethod
    def member(self, namespace: str, login: str) -> None: ...

    @abstractmethod
    def stumble(self, status: int, body: bytes, *, times: int) -> None:
        """Answer the next requests for repositories so."""

    @abstractmethod
    def promise_more(self) -> None:
        """Count one repository more than there is."""

    @abstractmethod
    def credentials_shown_for_pictures(self) -> list[str | None]: ...


class PlatformContract(ABC):
    @pytest.fixture
    @abstractmethod
    def stage(self) -> Iterator[Stage]: ...

    @pytest.fixture
    def session(self, stage: Stage) -> Iterator[Session]:
        patience = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1))
        with Session(named=[stage.url], clock=SYSTEM_CLOCK, patience=patience) as session:
            yield session

    @pytest.fixture
    def records(self) -> list[Record]:
        return []

    @pytest.fixture
    def client(self, stage: Stage, session: Session, records: list[Record]) -> Source:
        return stage.client(session, Secret(stage.token), records)

    def test_it_says_whom_the_credential_stands_for(self, client: Source) -> None:
        account = client.account()

        assert account.login
        assert account.team

    def test_a_bad_credential_is_refused_and_not_repeated_in_the_error(self, stage: Stage, session: Session) -> None:
        client = stage.client(session, Secret("f00d" * 10), [])

        with pytest.raises(Refused) as caught:
            client.account()

        assert "f00d" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"

    @pytest.mark.parametrize("count", [0, 1, 50, 100, 101, 250])
    def test_every_namespace_is_listed_once(self, stage: Stage, client: Source, count: int) -> None:
        ids = [stage.namespace(f"project-{number}") for number in range(count)]

        assert sorted(namespace.id for namespace in client.namespaces()) == sorted(ids)

    @pytest.mark.parametrize("count", [0, 1, 50, 100, 101, 250])
    def test_every_repository_is_listed_once_and_below_its_namespace(
        self, stage: Stage, client: Source, count: int
    ) -> None:
        namespaces = [stage.namespace(f"project-{number}") for number in range(3)]
        placed = {stage.repository(namespaces[n % 3], f"ship-{n}"): namespaces[n % 3] for n in range(count)}

        listed = [(repository.id, repository.namespace_id) for repository in client.repositories()]

        assert sorted(listed) == sorted(placed.items())
        assert set(placed.values()) <= {namespace.id for namespace in client.namespaces()}

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_names_are_given_as_they_are(self, stage: Stage, client: Source, name: str) -> None:
        stage.repository(stage.namespace(name), name)

        assert [namespace.name for namespace in client.namespaces()] == [name]
        assert [repository.name for repository in client.repositories()] == [name]

    def test_times_are_aware_and_a_push_that_never_was_has_none(self, stage: Stage, client: Source) -> None:
        stage.never_pushed_to(stage.repository(stage.namespace("docks"), "ship"))

        [namespace], [repository] = list(client.namespaces()), list(client.repositories())

        assert namespace.created_at is not None
        assert namespace.created_at.tzinfo is UTC
        assert repository.created_at is not None
        assert repository.created_at.tzinfo is UTC
        assert repository.last_push_at is None

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_a_busy_platform_is_asked_again(self, stage: Stage, client: Source, status: int) -> None:
        stage.repository(stage.namespace("docks"), "ship")
        stage.stumble(status, b"later", times=2)

        assert [repository.name for repository in client.repositories()] == ["ship"]

    def test_a_platform_that_stays_busy_is_not_asked_for_ever(self, stage: Stage, client: Source) -> None:
        stage.repository(stage.namespace("docks"), "ship")
        stage.stumble(503, b"later", times=1000)

        with pytest.raises(TryLater):
            list(client.repositories())

    def test_an_answer_that_is_no_answer_is_an_error_and_no_empty_list(self, stage: Stage, client: Source) -> None:
        stage.repository(stage.namespace("docks"), "ship")
        stage.stumble(200, b"<html>please log in</html>", times=1000)

        with pytest.raises(UnknownShape):
            list(client.repositories())

    def test_what_was_listed_before_the_list_broke_off_is_given(self, stage: Stage, client: Source) -> None:
        stage.repository(stage.namespace("docks"), "ship")
        stage.promise_more()
        given: list[RemoteRepository] = []

        with pytest.raises(MatouError):
            given.extend(client.repositories())

        assert [repository.name for repository in given] == ["ship"]

    @pytest.mark.parametrize(
        "address",
        [
            "https://evil.example/ship.git",
            "http://user:password@127.0.0.1/ship.git",
            "http://127.0.0.1:1/ship.git",
            "file:///etc/passwd",
            "ext::sh -c id",
            "--upload-pack=id",
            "",
        ],
    )
    def test_a_repository_that_lies_elsewhere_is_listed_without_its_address_and_that_is_said(
        self, stage: Stage, client: Source, address: str
    ) -> None:
        stage.move_clone_url(stage.repository(stage.namespace("docks"), "ship"), address)

        assert [repository.clone_url for repository in client.repositories()] == [""]
        assert any("ship" in unseen.what for unseen in client.unseen)

    @pytest.mark.parametrize("absolute", [True, False])
    def test_a_picture_is_fetched_without_the_credential(self, stage: Stage, client: Source, absolute: bool) -> None:
        stage.picture(stage.namespace("docks"), status=200, content=b"\x89PNG", absolute=absolute)

        assert client.icon(_only_namespace(client)) == b"\x89PNG"
        assert stage.credentials_shown_for_pictures() == [None]

    def test_a_namespace_without_a_picture_has_none(self, stage: Stage, client: Source) -> None:
        stage.namespace("docks")

        assert client.icon(_only_namespace(client)) is None

    @pytest.mark.parametrize(("status", "kind"), [(403, Refused), (404, NotFound), (500, TryLater)])
    def test_a_picture_that_cannot_be_had_is_an_error_and_no_picture(
        self, stage: Stage, client: Source, status: int, kind: type[MatouError]
    ) -> None:
        stage.picture(stage.namespace("docks"), status=status, content=b"<html>", absolute=True)
        namespace = _only_namespace(client)

        with pytest.raises(kind):
            client.icon(namespace)

    def test_a_picture_too_big_to_be_one_is_not_taken(self, stage: Stage, client: Source) -> None:
        stage.picture(stage.namespace("docks"), status=200, content=bytes(10 * 1024 * 1024 + 1), absolute=True)
        namespace = _only_namespace(client)

        with pytest.raises(UnknownShape):
            client.icon(namespace)

    def test_a_picture_inside_our_network_is_not_asked_for(self, stage: Stage, client: Source) -> None:
        stage.namespace("docks")
        namespace = replace(_only_namespace(client), icon_url="http://169.254.169.254/latest/meta-data")

        with pytest.raises(MatouError, match="not public"):
            client.icon(namespace)

    def test_documents_are_json_and_the_same_for_the_same_state(self, stage: Stage, client: Source) -> None:
        namespace = stage.namespace("docks")
        for name in ("紧急", "later"):
            stage.label(namespace, name)
            stage.member(namespace, name)
        listed = _only_namespace(client)

        labels, members = client.labels(listed), client.members(listed)

        assert {row["name"] for row in json.loads(labels)} == {"紧急", "later"}
        assert {row["login"] for row in json.loads(members)} == {"紧急", "later"}
        assert (client.labels(listed), client.members(listed)) == (labels, members)

    def test_every_answer_is_kept_as_received_and_no_credential_with_it(
        self, stage: Stage, client: Source, records: list[Record]
    ) -> None:
        stage.repository(stage.namespace("docks"), "码头")

        list(client.repositories())

        assert any("码头".encode() in record.body for record in records)
        assert {record.status for record in records} == {200}
        assert all(record.at.tzinfo is UTC for record in records)
        assert stage.token not in repr(records)

    def test_an_answer_that_cannot_be_read_is_kept_too(
        self, stage: Stage, client: Source, records: list[Record]
    ) -> None:
        stage.stumble(200, b'{"odd": 1}', times=1)

        with pytest.raises(UnknownShape):
            list(client.repositories())

        assert b'{"odd": 1}' in [record.body for record in records]

    def test_threads_may_share_it(self, stage: Stage, client: Source) -> None:
        for number in range(3):
            stage.repository(stage.namespace(f"project-{number}"), "ship")
        seen: list[int] = []

        def look() -> None:
            seen.append(len(list(client.namespaces())) + len(list(client.repositories())))

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert seen == [6] * 8

    def test_git_is_told_the_credential_by_value_and_not_by_url(self, stage: Stage, client: Source) -> None:
        stage.repository(stage.namespace("docks"), "ship")
        credential = client.git_credential()

        assert credential is not None
        assert credential.password.reveal() in stage.token
        assert all(stage.token not in repository.clone_url for repository in client.repositories())


def _only_namespace(client: Source) -> RemoteNamespace:
    [namespace] = client.namespaces()
    return namespace
