"""Who contributed what is what git says, computed once and then only for what is new."""

import shutil
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from matou.archive.cache import cache_folder
from matou.db.engine import Database
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Damaged
from matou.forge.accounts.namespaces import create_organization
from matou.forge.analysis import contributions, history
from matou.forge.analysis.contributions import EVER, ContributorRole, DaysOfAll, Span, text_of
from matou.forge.analysis.history import COMMITS, LINE_COUNTS, History
from matou.forge.analysis.upkeep import forget
from matou.forge.content.branches import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.jobs import StillComputing, Waiters
from matou.git.odb.objects import MissingObject
from matou.model.names import RepositoryPath
from support.deciding import contribution_days, contributors, counted, create_repository, languages, refresh
from support.done_jobs import do_jobs
from support.git_repositories import fast_import, git, git_bytes
from support.histories import make_odd_history

SECONDS = 60

Rows = dict[tuple[str, str, str], tuple[int, int, int]]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """One will do: nothing of this is in it."""
    return sqlite_database


@pytest.fixture
def database_place(sqlite_file: Path) -> Path:
    return sqlite_file


@pytest.fixture
def repository(forge: Forge, anna: User) -> Repository:
    create_organization(forge, "team", owner=anna)
    return create_repository(forge, RepositoryPath.parse("team/ship"), creator=anna)


def fill(forge: Forge, repository: Repository, seed: int, *, mailmap: bytes | None = None) -> Path:
    """Replace all that the repository holds by an odd history."""
    git_dir = forge.git_dir(repository)
    shutil.rmtree(git_dir)
    return make_odd_history(git_dir, seed) if mailmap is None else make_odd_history(git_dir, seed, mailmap=mailmap)


def commit(git_dir: Path, number: int, files: Mapping[bytes, bytes], *, branch: str = "main") -> None:
    stream = b"commit refs/heads/%b\nauthor New Person <new@example.com> %d +0800\n" % (branch.encode(), number)
    stream += b"committer C <c@x> %d +0000\ndata 0\n" % number
    if git(git_dir, "for-each-ref", f"refs/heads/{branch}"):
        stream += b"from refs/heads/%b^0\n" % branch.encode()
    for name, content in files.items():
        stream += b"M 100644 inline %b\ndata %d\n%b\n" % (name, len(content), content)
    fast_import(git_dir, stream)


def shortlog(git_dir: Path, *arguments: str) -> list[tuple[int, str]]:
    lines = git_bytes(git_dir, "shortlog", "-sne", *arguments, "main").decode("utf-8", "replace").splitlines()
    return [(int(count), name.strip()) for count, _, name in (line.partition("\t") for line in lines)]


def listed(forge: Forge, repository: Repository, role: ContributorRole) -> list[tuple[int, str]]:
    return [(one.commits, f"{one.name} <{one.email}>".strip()) for one in contributors(forge, repository, role)]


@pytest.mark.parametrize("seed", range(5))
def test_contributors_are_those_of_git_shortlog(forge: Forge, repository: Repository, seed: int) -> None:
    git_dir = fill(forge, repository, seed)

    authors, committers = (
        listed(forge, repository, role) for role in (ContributorRole.AUTHOR, ContributorRole.COMMITTER)
    )

    assert authors == shortlog(git_dir)
    assert committers == shortlog(git_dir, "--committer")


def by_day(git_dir: Path, revision: str = "main") -> Rows:
    """What `git log --numstat` says, added up here."""
    told = git_bytes(git_dir, "log", "--numstat", "--date=short", "--format=commit%x00%aN%x00%aE%x00%ad", revision)
    rows: dict[tuple[str, str, str], Counter[str]] = {}
    key = ("", "", "")
    for line in told.decode("utf-8", "replace").split("\n"):
        if line.startswith("commit\0"):
            _, name, email, date = line.split("\0")
            key = (name, email, date)
            rows.setdefault(key, Counter())["commits"] += 1
        elif line:
            added, taken, _ = line.split("\t", 2)
            rows[key]["additions"] += int(added.replace("-", "0"))
            rows[key]["deletions"] += int(taken.replace("-", "0"))
    return {key: (sums["additions"], sums["deletions"], sums["commits"]) for key, sums in rows.items()}


def days(forge: Forge, repository: Repository, revision: str = "", span: Span = EVER) -> Rows:
    known = counted(forge, repository, revision).result(SECONDS)
    return rows_of(contribution_days(forge, repository, known, span))


def rows_of(found: DaysOfAll) -> Rows:
    rows = zip(found.person, found.day, found.additions, found.deletions, found.commits, strict=True)
    return {
        (text_of(found.people[who].name), text_of(found.people[who].email), date_of(day)): (added, taken, commits)
        for who, day, added, taken, commits in rows
    }


def date_of(day: int) -> str:
    return datetime.fromordinal(719_163 + day).date().isoformat()


@pytest.mark.parametrize("seed", range(5))
def test_contributions_are_those_of_git_log_numstat(forge: Forge, repository: Repository, seed: int) -> None:
    git_dir = fill(forge, repository, seed)

    assert days(forge, repository) == by_day(git_dir)


def test_another_revision_has_the_contributions_of_its_own_history(forge: Forge, repository: Repository) -> None:
    git_dir = fill(forge, repository, 1)
    git(git_dir, "branch", "topic", "main~3")
    git(git_dir, "tag", "-a", "-m", "t", "v1", "main~2")
    commit(git_dir, 1_700_000_000, {b"x": b"1\n2\n"}, branch="topic")
    days(forge, repository)

    assert days(forge, repository, "topic") == by_day(git_dir, "topic")
    assert days(forge, repository, "v1") == by_day(git_dir, "v1")
    one = git(git_dir, "rev-parse", "main~4")
    assert days(forge, repository, one) == by_day(git_dir, one)


def at(*numbers: int) -> datetime:
    """A moment of a clock that tells no zone."""
    year, month, day, hour, minute, second = numbers
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


def test_a_span_holds_what_the_authors_clock_showed_in_it(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    # 2023-11-15 06:13:20 by the author's clock.
    commit(git_dir, 1_700_000_000, {b"x": b"1\n"})

    on_the_second = Span(first=at(2023, 11, 15, 6, 13, 20), last=at(2023, 11, 15, 6, 13, 20))
    assert len(days(forge, repository, span=on_the_second)) == 1
    assert days(forge, repository, span=Span(first=at(2023, 11, 15, 6, 13, 21))) == {}
    assert days(forge, repository, span=Span(last=at(2023, 11, 15, 6, 13, 19))) == {}


def test_after_a_push_only_new_commits_are_read_and_compared(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    for number in range(4):
        commit(git_dir, 1_700_000_000 + number, {b"x": b"1\n" * (number + 1)})
    before = days(forge, repository)
    # Nobody could read the first commits any more, nor compare them.
    for lost in (git(git_dir, "rev-parse", "main~3"), git(git_dir, "rev-parse", "main~2:x")):
        (git_dir / "objects" / lost[:2] / lost[2:]).unlink()
    commit(git_dir, 1_700_000_005, {b"y": b""})

    after = days(forge, repository)

    assert sum(commits for _, _, commits in before.values()) == 4
    assert after == {("New Person", "new@example.com", "2023-11-15"): (4, 0, 5)}
    assert listed(forge, repository, ContributorRole.AUTHOR) == [(5, "New Person <new@example.com>")]


def test_a_history_that_was_rewritten_has_only_what_is_in_it_now(forge: Forge, repository: Repository) -> None:
    git_dir = fill(forge, repository, 2)
    days(forge, repository)
    git(git_dir, "update-ref", "refs/heads/main", "main~5")
    commit(git_dir, 1_700_500_000, {b"z": b"1\n2\n3\n"})

    assert days(forge, repository) == by_day(git_dir)
    assert listed(forge, repository, ContributorRole.AUTHOR) == shortlog(git_dir)


def test_another_mailmap_gives_other_names_to_the_same_history(forge: Forge, repository: Repository) -> None:
    git_dir = fill(forge, repository, 3, mailmap=b"")
    listed(forge, repository, ContributorRole.AUTHOR)
    commit(git_dir, 1_700_000_000, {b".mailmap": b"Everybody <li.lei@example.com>\nNew <new@example.com>\n"})

    assert listed(forge, repository, ContributorRole.AUTHOR) == shortlog(git_dir)
    assert days(forge, repository) == by_day(git_dir)


def test_a_mailmap_that_is_a_link_or_too_long_renames_nobody(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    commit(git_dir, 1_700_000_000, {b".mailmap": b"X <new@example.com>\n" * 300_000})
    assert listed(forge, repository, ContributorRole.AUTHOR) == [(1, "New Person <new@example.com>")]
    target = b"X <new@example.com>"
    fast_import(
        git_dir,
        b"commit refs/heads/main\nauthor New Person <new@example.com> 1 +0000\ncommitter C <c@x> 1 +0000\ndata 0\n"
        b"from refs/heads/main^0\nM 120000 inline .mailmap\ndata %d\n%b\n\n" % (len(target), target),
    )

    assert listed(forge, repository, ContributorRole.AUTHOR) == [(2, "New Person <new@example.com>")]


def test_another_process_reads_what_this_one_computed(
    this_process: Forge, forge: Forge, repository: Repository
) -> None:
    fill(forge, repository, 4)
    expected = days(this_process, repository)

    loaded = History.load(cache_folder(forge.archive, repository.id), below=forge.archive.root)

    assert len(loaded) == sum(commits for _, _, commits in expected.values())
    assert all(loaded.is_counted)


@pytest.mark.parametrize("kept_share", [0.0, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("name", [COMMITS, LINE_COUNTS])
def test_whatever_a_kill_left_of_the_cache_the_numbers_are_right(
    this_process: Forge,
    other_process: Forge,
    forge: Forge,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kept_share: float,
) -> None:
    monkeypatch.setattr(history, "COMMITS_A_FRAME", 3)
    monkeypatch.setattr(history, "COUNTS_A_FRAME", 3)
    git_dir = fill(forge, repository, 5)
    days(this_process, repository)
    path = cache_folder(forge.archive, repository.id) / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept_share)])

    assert days(other_process, repository) == by_day(git_dir)
    assert listed(other_process, repository, ContributorRole.AUTHOR) == shortlog(git_dir)


def test_a_cache_that_is_deleted_under_a_running_server_changes_no_answer(forge: Forge, repository: Repository) -> None:
    git_dir = fill(forge, repository, 6)
    days(forge, repository)
    forget(forge.archive, repository.id)
    commit(git_dir, 1_700_000_000, {b"x": b"1\n"})

    assert days(forge, repository) == by_day(git_dir)
    assert languages(forge, repository).result(SECONDS)


def test_the_cache_of_another_repository_changes_no_answer(forge: Forge, repository: Repository, anna: User) -> None:
    other = create_repository(forge, RepositoryPath.parse("team/boat"), creator=anna)
    commit(fill(forge, repository, 7), 1_700_000_000, {b"a.rb": b"puts 1\n"})
    git_dir = fill(forge, other, 8)
    commit(git_dir, 1_700_000_000, {b"a.go": b"package a\n"})
    hidden = git(forge.git_dir(repository), "rev-parse", "main")
    days(forge, repository)
    languages(forge, repository).result(SECONDS)
    shutil.copytree(cache_folder(forge.archive, repository.id), cache_folder(forge.archive, other.id))

    assert days(forge, other) == by_day(git_dir)
    assert listed(forge, other, ContributorRole.AUTHOR) == shortlog(git_dir)
    assert {"Go", "Ruby"} & set(languages(forge, other).result(SECONDS).shares) == {"Go"}
    with pytest.raises(MissingObject):
        counted(forge, other, hidden)


def test_who_asks_while_it_is_computed_waits_for_the_same_work(forge: Forge, repository: Repository) -> None:
    fill(forge, repository, 9)

    first, second = counted(forge, repository, ""), counted(forge, repository, "")

    assert first is second or first.done()
    assert first.result(SECONDS).tip == second.result(SECONDS).tip


def test_when_too_many_threads_wait_the_next_is_told_to_come_back() -> None:
    never: Future[int] = Future()

    with pytest.raises(StillComputing) as refused:
        Waiters(0).wait(never, timedelta(seconds=30))
    with pytest.raises(StillComputing):
        Waiters(1).wait(never, timedelta(seconds=0.01))

    assert refused.value.wait is not None


def test_a_repository_without_commits_has_no_contributors(forge: Forge, repository: Repository) -> None:
    assert contributors(forge, repository, ContributorRole.AUTHOR) == ()
    with pytest.raises(NoSuchRevision):
        counted(forge, repository, "")
    refresh(forge, repository)


def test_a_history_that_cannot_be_read_is_damage_each_time(forge: Forge, repository: Repository) -> None:
    git_dir = forge.git_dir(repository)
    commit(git_dir, 1_700_000_000, {b"x": b"1\n"})
    commit(git_dir, 1_700_000_001, {b"x": b"2\n"})
    blob = git(git_dir, "rev-parse", "main:x")
    (git_dir / "objects" / blob[:2] / blob[2:]).unlink()

    for _ in range(2):
        with pytest.raises(Damaged):
            counted(forge, repository, "").result(SECONDS)


def test_a_push_is_computed_in_the_background_where_somebody_has_asked(forge: Forge, repository: Repository) -> None:
    git_dir = fill(forge, repository, 10)
    refresh(forge, repository)
    assert forge.queue.counts() == {}
    days(forge, repository)
    commit(git_dir, 1_700_000_000, {b"x": b"1\n"})

    refresh(forge, repository)
    do_jobs(forge)

    assert counted(forge, repository, "").done()


def test_a_long_history_is_counted_by_two_and_is_the_same(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributions, "COMMITS_FOR_TWO", 2)
    monkeypatch.setattr(history, "COUNTS_A_FRAME", 3)
    git_dir = fill(forge, repository, 11)

    assert days(forge, repository) == by_day(git_dir)
    loaded = History.load(cache_folder(forge.archive, repository.id), below=forge.archive.root)
    assert all(loaded.is_counted)


@pytest.mark.parametrize("seed", range(3))
def test_a_side_branch_that_was_counted_first_stands_where_it_belongs(
    this_process: Forge,
    other_process: Forge,
    forge: Forge,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(history, "COUNTS_A_FRAME", 3)
    git_dir = fill(forge, repository, seed)
    side = git(git_dir, "rev-parse", "main^2")
    listed(this_process, repository, ContributorRole.AUTHOR)

    assert days(this_process, repository, side) == by_day(git_dir, side)
    assert days(this_process, repository) == by_day(git_dir)
    assert days(other_process, repository) == by_day(git_dir)
