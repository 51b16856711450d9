"""The address by which a target is to reach the server of an import is asked from here before anything is imported."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.errors import NotFound
from matou.forge.forge import Forge
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.server.import_server import ImportServer, serving_beacon, serving_imports
from matou.transfer.migrate.pull.public_url import LeadsElsewhere, require_leads_here
from support.coding_api import Clock
from support.fault_proxy import FaultProxy
from support.gitea_server import free_port
from support.github_story import saved_story
from support.program import Person
from support.recording_server import RecordingServer, Reply
from support.steered_clock import SYSTEM_CLOCK


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("public-url") / "archive"
    saved_story(root)
    return root


@pytest.fixture
def other() -> Iterator[RecordingServer]:
    with closing(RecordingServer()) as server:
        yield server


@contextmanager
def served(root: Path) -> Iterator[ImportServer]:
    archive = Archive.open(root)
    with closing(open_database(archive.database)) as database:
        forge = Forge(database, archive, Clock().now)
        with serving_imports(forge, "127.0.0.1", 0) as server:
            yield server


def asked(server: ImportServer, url: str) -> Exception | None:
    with Session(named=(url,), clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session:
        beacon = server.place.beacon
        return require_leads_here(session, url, beacon.path, beacon.text, listens_at=server.place.listens_at)


def test_what_leads_here_through_a_proxy_is_known_by_what_it_says(root: Path) -> None:
    with served(root) as server, closing(FaultProxy(server.place.listens_at)) as proxy:
        assert asked(server, proxy.url) is None


def test_a_beacon_tells_nothing_and_is_another_one_each_time(root: Path) -> None:
    with served(root) as first, served(root) as second:
        assert (first.place.beacon.path, first.place.beacon.text) != (
            second.place.beacon.path,
            second.place.beacon.text,
        )
        with pytest.raises(LeadsElsewhere, match="401"):
            asked(first, second.place.listens_at)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"welcome"),
        Reply(200, b"x" * 5000),
        Reply(404, b""),
        Reply(401, b""),
        Reply(502, b"nobody is behind this proxy"),
        Reply(302, b"", {"Location": "https://elsewhere.example/"}),
    ],
    ids=lambda reply: f"{reply.status}-{len(reply.body)}",
)
def test_where_something_else_answers_it_is_refused(root: Path, other: RecordingServer, reply: Reply) -> None:
    other.handler = lambda _: reply

    with served(root) as server, pytest.raises(LeadsElsewhere) as refused:
        asked(server, other.url)

    assert other.url in str(refused.value)
    assert refused.value.values["address"] == server.place.listens_at


def test_what_echoes_the_path_is_not_taken_for_this_machine(root: Path, other: RecordingServer) -> None:
    other.handler = lambda request: Reply(200, request.target.encode())

    with served(root) as server, pytest.raises(LeadsElsewhere):
        asked(server, other.url)


def test_where_nobody_answers_nothing_is_proven(root: Path) -> None:
    with served(root) as server:
        assert asked(server, f"http://127.0.0.1:{free_port()}") is not None


SAYS = {
    "C.UTF-8": ("does not lead to this machine", "nobody answers at"),
    "zh_CN.UTF-8": ("并不指向本机", "从本机访问"),
}


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["run", "dry-run"])
@pytest.mark.parametrize("language", SAYS)
def test_the_command_refuses_before_the_target_is_asked_for_anything(
    root: Path, person: Person, other: RecordingServer, language: str, dry: tuple[str, ...]
) -> None:
    other.handler = lambda _: Reply(404, b"")
    with closing(RecordingServer()) as target:
        target.handler = lambda _: Reply(404, b"")
        there = ("--to", "gitea", "--url", target.url, "--namespace", "anna")
        words: tuple[str | Path, ...] = ("migrate", root, *there, *dry, "--public-url")
        token = {"MATOU_GITEA_TOKEN": "0" * 40, "LC_ALL": language, "LANG": language}

        refused = person.matou(*words, other.url, code=2, **token)
        asked_before = len(target.requests)
        warned = person.matou(*words, f"http://127.0.0.1:{free_port()}", code=None, **token)

    wrong, unanswered = SAYS[language]
    assert (wrong in refused.err, asked_before) == (True, 0)
    assert unanswered in warned.err
    assert target.requests


def test_a_plan_serves_nothing_of_the_archive_while_it_looks() -> None:
    with serving_beacon("127.0.0.1", 0) as place, Session(named=(place.url,), clock=SYSTEM_CLOCK) as session:
        with pytest.raises(NotFound):
            session.request("GET", f"{place.url}/api/v3/user", repeatable=True)
        said = session.request("GET", f"{place.url}{place.beacon.path}", repeatable=True).body

    assert said == place.beacon.text.encode()
