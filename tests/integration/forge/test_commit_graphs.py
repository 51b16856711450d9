"""A history that took long to walk through is walked through quickly the next time, and tells the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from matou.db.engine import Database, open_database
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import MayReadCode, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.content.blame import BlameCache, blame_file
from matou.forge.content.file_history import browse_file_history
from matou.forge.content.history import HistoryCache
from matou.forge.forge import Forge
from matou.forge.maintenance import commit_graphs
from matou.forge.maintenance.upkeep import NOT_AGAIN_WITHIN
from matou.git.odb.objects import TreePath
from matou.git.operations import commit_graph
from matou.git.operations.commit_graph import write_commit_graph
from matou.git.process.run import GitStopped
from matou.model.jobs import JobState
from matou.model.names import ObjectId, RepositoryPath
from matou.transfer.common.object_files import check_object_files
from support.clocks import Clock
from support.commits import commit_in, git_in
from support.deciding import create_repository
from support.done_jobs import do_jobs

CHAIN = "objects/info/commit-graphs/commit-graph-chain"
FILE = TreePath.parse("docs/a.txt")


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """One will do: nothing of this is in it."""
    return sqlite_database


@pytest.fixture
def repository(forge: Forge, anna: User) -> Repository:
    create_organization(forge, "team", owner=anna)
    made = create_repository(forge, RepositoryPath.parse("team/ship"), creator=anna)
    for number in range(6):
        path = "docs/a.txt" if number % 2 else "docs/b.txt"
        commit_in(forge.git_dir(made), {path: b"%d\n" % number}, f"change {number}", at=1_700_000_000 + number)
    return made


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every walk takes long, and every repository is large."""
    monkeypatch.setattr(commit_graphs, "SLOW", timedelta())
    monkeypatch.setattr(commit_graphs, "LARGE_FROM_BYTES", 0)


def read_history(forge: Forge, repository: Repository) -> list[ObjectId]:
    """Looked for anew, whatever is remembered."""
    forge._memories.pop(HistoryCache, None)
    granted, start = granted_to_operator(MayReadCode, repository), tip(forge, repository)
    found, _has_more = browse_file_history(forge, granted, start, FILE, offset=0, limit=10)
    do_jobs(forge)
    return [each.commit.id for each in found]


def tip(forge: Forge, repository: Repository) -> ObjectId:
    return ObjectId(git_in(forge.git_dir(repository), "rev-parse", "main").strip())


@contextmanager
def failing_to_write(database: Database) -> Iterator[None]:
    """Somebody else writes for longer than anybody waits."""
    other = open_database(Path(database.engine.url.database or ""), lock_wait=timedelta(milliseconds=10))
    with pytest.MonkeyPatch.context() as patched, other.begin_write():
        patched.setattr(Database, "begin_write", other.begin_write)
        yield
    other.close()


def layers(git_dir: Path) -> int:
    chain = git_dir / CHAIN
    return len(chain.read_text().split()) if chain.exists() else 0


@pytest.mark.usefixtures("slow")
def test_the_second_walk_tells_what_the_first_told(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    first = read_history(forge, repository)

    second = read_history(forge, repository)

    said = git_in(git_dir, "-c", "core.commitGraph=false", "rev-list", "main", "--", str(FILE)).split()
    assert (first, second) == (said, said)
    assert layers(git_dir) == 1
    assert git_in(git_dir, "commit-graph", "verify") == ""
    (graph,) = (git_dir / "objects/info/commit-graphs").glob("*.graph")
    assert b"BDAT" in graph.read_bytes()  # gitformat-commit-graph(5): the paths that commits changed


@pytest.mark.usefixtures("slow")
def test_it_goes_on_with_what_came_later_but_not_at_once(forge: Forge, repository: Repository, clock: Clock) -> None:
    git_dir = forge.git_dir(repository)
    read_history(forge, repository)
    for number in range(40):
        commit_in(git_dir, {"docs/a.txt": b"later %d\n" % number}, "later", at=1_700_001_000 + number)
    graphs = sorted((git_dir / "objects/info/commit-graphs").glob("*.graph"))

    read_history(forge, repository)
    soon = sorted((git_dir / "objects/info/commit-graphs").glob("*.graph"))
    clock.advance(NOT_AGAIN_WITHIN)
    read_history(forge, repository)

    assert soon == graphs
    assert sorted((git_dir / "objects/info/commit-graphs").glob("*.graph")) != graphs
    assert git_in(git_dir, "commit-graph", "verify") == ""


@pytest.mark.usefixtures("slow")
def test_whoever_blames_a_file_walks_too(forge: Forge, repository: Repository) -> None:
    found = blame_file(forge, granted_to_operator(MayReadCode, repository), tip(forge, repository), FILE)
    do_jobs(forge)
    forge._memories.pop(BlameCache)

    again = blame_file(forge, granted_to_operator(MayReadCode, repository), tip(forge, repository), FILE)

    assert layers(forge.git_dir(repository)) == 1
    assert again == found


@pytest.mark.parametrize(("name", "most"), [("SLOW", timedelta()), ("LARGE_FROM_BYTES", 0)])
def test_a_small_one_and_a_quick_walk_leave_nothing(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch, name: str, most: object
) -> None:
    monkeypatch.setattr(commit_graphs, "SLOW", timedelta(hours=1))
    monkeypatch.setattr(commit_graphs, name, most)

    read_history(forge, repository)

    assert layers(forge.git_dir(repository)) == 0


@pytest.mark.usefixtures("slow")
def test_one_that_cannot_be_written_changes_no_answer(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    (git_dir / "objects/info").mkdir(exist_ok=True)
    (git_dir / "objects/info/commit-graphs").write_bytes(b"in the way")

    found = read_history(forge, repository)

    assert len(found) == 3
    assert [job.task for job in forge.queue.list([JobState.FAILED])] == ["write-commit-graph"]


@pytest.mark.usefixtures("slow")
def test_a_walk_goes_on_where_nothing_can_be_enqueued(forge: Forge, repository: Repository) -> None:
    with structlog.testing.capture_logs() as events, failing_to_write(forge.database):
        found = read_history(forge, repository)

    assert len(found) == 3
    assert [event["event"] for event in events] == ["upkeep_not_enqueued"]


def test_one_that_took_too_long_is_in_nobody_s_way(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir = forge.git_dir(repository)
    lock = git_dir / f"{CHAIN}.lock"

    def killed(*_words: object, **_options: object) -> bytes:
        lock.parent.mkdir(parents=True)
        lock.touch()
        raise GitStopped("it was killed", command="commit-graph", status=-9, stderr="")

    with monkeypatch.context() as patched:
        patched.setattr(commit_graph, "run_git", killed)
        with pytest.raises(GitStopped):
            write_commit_graph(git_dir)
    write_commit_graph(git_dir)

    assert layers(git_dir) == 1


def test_whoever_verifies_reads_it_and_does_not_miss_one_that_was_replaced(
    forge: Forge, repository: Repository
) -> None:
    git_dir = forge.git_dir(repository)
    write_commit_graph(git_dir)
    (graph,) = (git_dir / "objects/info/commit-graphs").glob("*.graph")
    other = graph.with_name("graph-" + "f" * 40 + ".graph")
    other.write_bytes(graph.read_bytes())
    files = check_object_files(git_dir / "objects", hash_name="sha1")

    read = [next(file for file in files if file.path == graph)]
    other.unlink()
    read += files

    assert (read[0].path, [file.fault for file in read if file.fault]) == (graph, [])
    assert other not in [file.path for file in read]
