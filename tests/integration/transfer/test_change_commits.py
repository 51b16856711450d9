"""Commits that only a change request names are proven, and what keeps them is made again where it is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import SourceLine
from matou.archive.metadata import open_metadata
from matou.concurrency import CancellationToken
from matou.http.responses import ConnectionFailed
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE, MetadataKind
from matou.model.names import RepositoryPath
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import CommitSource
from matou.transfer.backup.metadata.rebuild import MetadataRebuild, Rebuilt
from matou.transfer.common.proofs import read_damage
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind
from support.git_repositories import objects_of
from support.scripted_metadata import ScriptedAccess, ScriptedForge, ScriptedMetadata, reader_of
from support.scripted_source import (
    CLOCK,
    ScriptedConnections,
    ScriptedSource,
    back_up,
    commit,
    git,
    open_archive,
    refs_of,
)

API = RepositoryPath.parse("team/project/api")
OWN = "refs/matou/change/12/head"


class Fork:
    """An archive of a repository with a change request, whose commits are in a fork alone."""

    def __init__(self, folder: Path) -> None:
        self.source = ScriptedSource(folder / "source")
        project = self.source.project("project")
        commit(self.source.repository("api", project), "refs/heads/main", {"readme": "api"})
        self.folder = self.source.repository("fork", project, id_="900")
        self.head = commit(self.folder, "refs/heads/tide", {"tide.py": "high = 3"})
        self.url = self.source.depots[-1].clone_url
        self.connections = ScriptedConnections.to(self.source)
        self.source.remove("900")
        self.forge = ScriptedForge()
        self.forge.change(12, head=self.head)
        for number in range(30, 40):
            self.forge.issue(number)
        self.access = ScriptedAccess({"100": self.forge})
        self.wants(self.head)
        self.archive = open_archive(folder / "archive")
        self.mirror = self.archive.repository(API)

    def wants(self, head: str) -> None:
        self.access.commit_sources = {"12": CommitSource(url=self.url, wants=(head,))}

    def back_up(self) -> list[str]:
        report = back_up(self.source, self.archive, access=self.access, connections=self.connections)
        assert report.everything_is_saved
        return [str(note.cause) for note in report.notes]

    @property
    def change(self) -> ChangeRequest:
        change = open_metadata(self.archive.metadata(API)).item(CHANGE, "12")
        assert isinstance(change, ChangeRequest)
        return change

    def problems(self, *, repair: bool = False) -> list[tuple[ProblemKind, str]]:
        report = verify(self.archive, everything=False, jobs=2, now=CLOCK, repair=repair)
        assert all(one.path == f"repositories/{API}.git" for one in report.problems)
        return [(one.kind, str(one.detail)) for one in report.problems]

    def lose_ref(self) -> None:
        git(self.mirror, "update-ref", "-d", OWN)

    def lose_commits(self) -> None:
        """All files are whole, and the mirror is what its source has."""
        self.lose_ref()
        git(self.mirror, "-c", "gc.pruneExpire=now", "repack", "-adq")
        git(self.mirror, "prune", "--expire=now")
        assert self.head not in objects_of(self.mirror)

    def give_nothing(self) -> None:
        self.access.commit_sources = {}


@pytest.fixture
def fork(tmp_path: Path) -> Fork:
    fork = Fork(tmp_path)
    fork.back_up()
    assert (fork.change.commits, fork.change.commits_ref) == ("present", OWN)
    assert refs_of(fork.mirror)[OWN] == fork.head
    return fork


def rebuilt(archive: Archive) -> dict[str, Rebuilt]:
    def open_recorded(
        source: SourceLine, answers: Answers, wants: Callable[[MetadataKind], bool], /
    ) -> ScriptedMetadata:
        return ScriptedMetadata(reader_of(answers))

    return {one.path: one.state for one in MetadataRebuild(archive, open_recorded, CancellationToken()).rebuild()}


def test_a_lost_ref_is_named_by_verify_and_made_again_by_its_repair(fork: Fork) -> None:
    assert fork.problems() == []
    fork.lose_ref()

    assert fork.problems() == [(ProblemKind.KEPT_REF, f"{OWN} is missing; it was {fork.head}")]
    assert read_damage(fork.archive.proofs).repositories == (str(API),)

    report = verify(fork.archive, everything=False, jobs=2, now=CLOCK, repair=True)

    assert (report.problems, report.repaired) == ((), (f"repositories/{API}.git/{OWN}",))
    assert refs_of(fork.mirror)[OWN] == fork.head
    assert fork.problems() == []


def test_a_ref_that_names_something_else_is_told_and_left_alone(fork: Fork) -> None:
    other = refs_of(fork.mirror)["refs/heads/main"]
    git(fork.mirror, "update-ref", OWN, other)

    assert fork.problems(repair=True) == [(ProblemKind.KEPT_REF, f"{OWN} is {other}, and {fork.head} was saved")]
    assert refs_of(fork.mirror)[OWN] == other


def test_commits_that_are_lost_are_named_by_verify(fork: Fork) -> None:
    fork.lose_commits()

    assert fork.problems(repair=True) == [
        (ProblemKind.KEPT_REF, f"{OWN} is missing; it was {fork.head}"),
        (ProblemKind.OBJECT, f"{fork.head} is missing, the last commit of change request 12"),
    ]


@pytest.mark.parametrize("lose", [Fork.lose_ref, Fork.lose_commits])
def test_what_verify_found_lost_is_there_after_the_next_run(fork: Fork, lose: Callable[[Fork], None]) -> None:
    lose(fork)
    assert fork.problems()

    fork.back_up()

    assert refs_of(fork.mirror)[OWN] == fork.head
    assert fork.problems() == []
    assert rebuilt(fork.archive) == {str(API): Rebuilt.SAME}


@pytest.mark.parametrize("lose", [Fork.lose_ref, Fork.lose_commits])
def test_a_run_that_looks_at_a_mirror_finds_by_itself_what_is_lost(fork: Fork, lose: Callable[[Fork], None]) -> None:
    lose(fork)
    commit(fork.source.git_dir("100"), "refs/heads/main", {"readme": "new"})

    fork.back_up()

    assert refs_of(fork.mirror)[OWN] == fork.head
    assert fork.problems() == []


def test_a_mirror_that_is_lost_comes_back_with_the_commits_of_forks(fork: Fork) -> None:
    shutil.rmtree(fork.mirror)

    fork.back_up()

    assert refs_of(fork.mirror)[OWN] == fork.head
    assert fork.problems() == []
    assert rebuilt(fork.archive) == {str(API): Rebuilt.SAME}


def test_lost_commits_that_nobody_gives_any_more_are_told_and_no_longer_said_to_be_there(fork: Fork) -> None:
    fork.lose_commits()
    fork.give_nothing()
    assert fork.problems()

    notes = fork.back_up()

    assert "the commits of 1 change request are at the source no more: 12" in notes
    assert (fork.change.commits, fork.change.state) == ("absent", "open")
    assert fork.problems() == []
    assert rebuilt(fork.archive) == {str(API): Rebuilt.SAME}


def test_lost_commits_whose_server_is_away_are_asked_for_until_it_is_back(fork: Fork) -> None:
    fork.lose_commits()
    assert fork.problems()

    def be_away(url: str, _: bytes) -> None:
        if url == fork.url:
            raise ConnectionFailed("nobody is at home")

    fork.connections.transport.before = be_away
    report = back_up(fork.source, fork.archive, access=fork.access, connections=fork.connections)
    assert not report.everything_is_saved
    fork.connections.transport.before = None

    fork.back_up()

    assert refs_of(fork.mirror)[OWN] == fork.head
    assert fork.problems() == []


def test_a_head_that_comes_later_is_kept_beside_the_first(fork: Fork) -> None:
    later = commit(fork.folder, "refs/heads/other", {"tide.py": "high = 4"})
    fork.wants(later)
    fork.forge.change(12, head=later)

    fork.back_up()

    refs = refs_of(fork.mirror)
    assert (refs[OWN], refs[f"refs/matou/change/12/{later}"]) == (fork.head, later)
    assert fork.change.commits_ref == f"refs/matou/change/12/{later}"
    assert fork.problems() == []


def test_commits_that_a_run_has_fetched_and_named_by_nothing_get_a_ref(fork: Fork) -> None:
    """It was killed between the two; git would call them garbage."""
    fork.lose_ref()
    fork.forge.change(12, "edited", head=fork.head)

    fork.back_up()

    assert refs_of(fork.mirror)[OWN] == fork.head


def test_commits_that_a_branch_leads_to_need_no_ref_of_ours(fork: Fork) -> None:
    first = refs_of(fork.mirror)["refs/heads/main"]
    commit(fork.source.git_dir("100"), "refs/heads/main", {"readme": "new"})
    fork.forge.change(13, head=first)

    fork.back_up()

    assert refs_of(fork.mirror).keys() == {"refs/heads/main", OWN}
    assert fork.problems() == []


def test_what_was_the_head_before_it_was_overwritten_is_kept_as_far_as_it_is_given(fork: Fork, tmp_path: Path) -> None:
    earlier = commit(fork.folder, "refs/heads/older", {"tide.py": "high = 2"})
    head = commit(fork.folder, "refs/heads/tide", {"tide.py": "high = 4"})
    lost = "1" * 40
    fork.forge.change(12, head=head, updated_at="2026-12-01T00:00:00Z")
    fork.access.commit_sources = {"12": CommitSource(url=fork.url, wants=(head,), earlier=(earlier, lost))}

    fork.back_up()

    assert refs_of(fork.mirror)[f"refs/matou/change/12/{earlier}"] == earlier
    assert f"refs/matou/change/12/{lost}" not in refs_of(fork.mirror)
    assert fork.change.commits == "present"
