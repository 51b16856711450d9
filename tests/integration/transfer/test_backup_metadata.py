"""A backup saves what lies around the code beside it, and says so in the manifest, the report and the exit code."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, Outcome, ReadState, UnseenLine
from matou.archive.metadata import open_metadata
from matou.errors import Phrase
from matou.http.rate_limit import RateLimit
from matou.http.responses import ConnectionFailed
from matou.model.metadata import ChangeRequest, Issue
from matou.model.metadata.kinds import BOARD, CHANGE, HOOK, ISSUE, RELEASE
from matou.model.names import NamespacePath, RepositoryPath
from matou.platforms.base.metadata import CommitSource, ReadableKind
from matou.transfer.backup.gaps import GapCause
from matou.transfer.backup.metadata.file_fetcher import FetchedFile, Requested
from matou.transfer.backup.metadata.rebuild import Rebuilt
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.report import CallBudget, Silence
from matou.transfer.backup.status import archive_status
from support.scripted_metadata import (
    FILES,
    KINDS,
    NOT_OFFERED,
    ScriptedAccess,
    ScriptedForge,
    rebuild,
)
from support.scripted_source import (
    ScriptedConnections,
    ScriptedSource,
    back_up,
    commit,
    git,
    lines,
    mirror,
    open_archive,
    refs_of,
    repository_lines,
)


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    project = source.project("project")
    for name in ("api", "web"):
        commit(source.repository(name, project), "refs/heads/main", {"readme": name})
    return source


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


def forges() -> dict[str, ScriptedForge]:
    found = {id_: ScriptedForge() for id_ in ("100", "p1")}
    for forge in found.values():
        forge.issue(7, "码头")
        forge.comment(1, 7)
    return found


def test_each_line_names_the_commit_of_its_metadata_and_the_next_run_goes_on_from_there(
    source: ScriptedSource, archive: Archive
) -> None:
    access = ScriptedAccess(forges())

    report = back_up(source, archive, access=access)

    row = repository_lines(archive, 1)["100"]
    assert row.metadata is not None
    tree = open_metadata(archive.metadata(RepositoryPath.parse(row.path)), commit=row.metadata.commit)  # type: ignore[arg-type]
    assert isinstance(tree.item(ISSUE, "7"), Issue)
    assert repository_lines(archive, 1)["101"].metadata is None
    assert (report.everything_is_saved, report.kinds["issue"].items, report.kinds["issue"].changed) == (True, 2, 2)

    access.forges["100"].comment(2, 7, "再来")
    report = back_up(source, archive, access=access)

    after = repository_lines(archive, 2)["100"]
    assert after.outcome is Outcome.UNCHANGED
    assert after.metadata is not None
    assert (after.metadata.saved_in, after.metadata.commit == row.metadata.commit) == (2, False)
    assert report.kinds["issue"].changed == 1


def test_a_namespace_has_metadata_of_its_own(source: ScriptedSource, archive: Archive) -> None:
    back_up(source, archive, access=ScriptedAccess(forges()))

    line = next(line for line in lines(archive, 1) if isinstance(line, NamespaceLine))
    assert line.metadata is not None
    assert line.metadata.kinds["issue"].items == 1
    assert open_metadata(archive.metadata(NamespacePath.parse(line.path))).about.id == "p1"


def test_a_source_is_not_complete_where_a_kind_of_a_project_was_refused(
    source: ScriptedSource, archive: Archive
) -> None:
    access = ScriptedAccess(forges())
    back_up(source, archive, access=access)
    (before,) = archive_status(archive).sources
    access.forges["p1"].faults["GET /hooks"] = 403

    report = back_up(source, archive, access=access)

    (after,) = archive_status(archive).sources
    assert (before.is_done, before.gaps) == (True, ())
    assert (report.everything_is_saved, after.not_done, after.is_done) == (False, (), False)
    assert [(gap.what, gap.cause, gap.first) for gap in after.gaps] == [("hook", GapCause.REFUSED, "team/project")]


def test_what_could_not_be_read_is_told_and_the_code_is_saved(source: ScriptedSource, archive: Archive) -> None:
    access = ScriptedAccess(forges())
    access.forges["100"].faults["GET /hooks"] = 403
    access.forges["p1"].faults["GET /issues"] = 503

    report = back_up(source, archive, access=access)

    row = repository_lines(archive, 1)["100"]
    assert row.outcome is Outcome.INCOMPLETE
    assert row.snapshot is not None
    assert "webhooks of team/project/api" in str(row.reason)
    assert not report.everything_is_saved
    assert sorted(str(problem.what) for problem in report.problems) == [
        "issues of project",
        "webhooks of team/project/api",
    ]
    assert report.kinds["hook"].not_done == 1

    access.forges["100"].faults.clear()
    access.forges["p1"].faults.clear()
    report = back_up(source, archive, access=access)

    assert report.everything_is_saved
    assert repository_lines(archive, 2)["100"].outcome is Outcome.UNCHANGED


class LargeFiles:
    """Everything is larger than is wanted."""

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:
        return FetchedFile(size=7_000_000)


def test_files_that_are_larger_than_is_wanted_are_counted_and_named_and_nothing_is_wrong(
    source: ScriptedSource, archive: Archive
) -> None:
    access = ScriptedAccess(forges(), sources=LargeFiles())
    access.forges["100"].issue(8, f"![](https://{FILES}/tide.mp4) ![](https://{FILES}/tide.mp4)")
    access.forges["100"].issue(9, f"![](https://{FILES}/ebb.mp4)")

    report = back_up(source, archive, access=access, metadata=KindSelection(largest_file_bytes=1_000_000))

    assert [(note.what, str(note.cause)) for note in report.notes] == [
        ("team/project/api", "2 files are larger than is wanted, and are left out, such as tide.mp4")
    ]
    assert report.kinds["attachment"].left_out == 2
    assert report.everything_is_saved


def test_what_the_platform_gives_to_no_program_is_unseen(source: ScriptedSource, archive: Archive) -> None:
    unseen = ReadableKind(kind=BOARD, unseen=Phrase("no API gives them"))

    report = back_up(source, archive, access=ScriptedAccess(forges(), kinds=(*KINDS, unseen)))

    assert [str(one.what) for one in report.unseen] == ["boards"]
    assert [line.what for line in lines(archive, 1) if isinstance(line, UnseenLine)] == ["boards"]
    row = repository_lines(archive, 1)["100"]
    assert row.metadata is not None
    assert row.metadata.kinds["board"].state is ReadState.UNSEEN
    assert report.everything_is_saved


def test_with_code_only_what_was_saved_stays(source: ScriptedSource, archive: Archive) -> None:
    access = ScriptedAccess(forges())
    back_up(source, archive, access=access)
    before = repository_lines(archive, 1)["100"].metadata

    back_up(source, archive, access=access, metadata=KindSelection(is_code_only=True))

    assert repository_lines(archive, 2)["100"].metadata == before


def test_a_listing_that_is_trusted_says_nothing_of_issues(source: ScriptedSource, archive: Archive) -> None:
    access = ScriptedAccess(forges())
    back_up(source, archive, access=access)
    access.forges["100"].issue(8)

    report = back_up(source, archive, access=access, trust_listing=True)

    assert report.trusted == 2
    row = repository_lines(archive, 2)["100"]
    assert row.metadata is not None
    assert row.metadata.kinds["issue"].items == 2


def test_what_the_platform_drops_from_its_list_keeps_its_metadata(source: ScriptedSource, archive: Archive) -> None:
    access = ScriptedAccess(forges())
    back_up(source, archive, access=access)
    source.remove("100")

    back_up(source, archive, access=access)

    before, after = (repository_lines(archive, run)["100"] for run in (1, 2))
    assert after.outcome is Outcome.UNLISTED
    assert after.metadata == before.metadata


def test_a_metadata_repository_that_is_damaged_stops_nothing_else(source: ScriptedSource, archive: Archive) -> None:
    access = ScriptedAccess(forges())
    back_up(source, archive, access=access)
    row = repository_lines(archive, 1)["100"]
    packs = [*archive.metadata(RepositoryPath.parse(row.path)).glob("objects/pack/*.pack")]
    for pack in packs:
        # A file that was cut under somebody who has mapped it would end this process.
        pack.unlink()
        pack.write_bytes(b"")

    report = back_up(source, archive, access=access)

    assert packs
    assert [(note.what, "damaged/000002" in str(note.cause)) for note in report.notes] == [("team/project/api", True)]
    assert report.everything_is_saved
    assert {row.outcome for row in repository_lines(archive, 2).values()} == {Outcome.UNCHANGED}
    after = repository_lines(archive, 2)["100"].metadata
    assert after is not None
    assert (after.kinds["issue"].items, after.saved_in) == (1, 2)


def test_releases_are_asked_for_where_there_is_a_tag_or_one_is_saved_or_all_is_read(
    source: ScriptedSource, archive: Archive
) -> None:
    at_tags = tuple(replace(kind, needs_tag=True) if kind.kind is RELEASE else kind for kind in KINDS)
    access = ScriptedAccess({"100": ScriptedForge()}, kinds=at_tags)

    def requests_seen(**options: Any) -> int:
        access.forges["100"].requests_seen.clear()
        assert back_up(source, archive, access=access, **options).everything_is_saved
        return access.forges["100"].requests_seen["GET /releases"]

    assert [
        requests_seen(),
        requests_seen(),
        requests_seen(metadata=KindSelection(sweep=True)),
        requests_seen(trust_listing=True),
    ] == [1, 0, 1, 0]
    commit(source.git_dir("100"), "refs/heads/main", {"readme": "new"})
    assert [requests_seen(), requests_seen()] == [1, 0]

    git(source.git_dir("100"), "tag", "v1", "refs/heads/main")
    access.forges["100"].releases["v1"] = {"tag": "v1"}
    assert [requests_seen(), requests_seen()] == [1, 1]
    git(source.git_dir("100"), "tag", "-d", "v1")
    assert [requests_seen(), requests_seen()] == [1, 1]

    row = repository_lines(archive, 1 + 3 + 2 + 2 + 1)["100"]
    assert row.metadata is not None
    assert row.metadata.kinds["release"].items == 1


def test_what_is_for_sweeps_is_asked_for_until_it_was_read_whole_and_by_sweeps(
    source: ScriptedSource, archive: Archive
) -> None:
    for_sweeps = tuple(replace(kind, is_for_sweeps=True) if kind.kind is HOOK else kind for kind in KINDS)
    access = ScriptedAccess({"100": ScriptedForge()}, kinds=for_sweeps)
    forge = access.forges["100"]

    def requests_seen(**options: Any) -> int:
        forge.requests_seen.clear()
        back_up(source, archive, access=access, **options)
        return forge.requests_seen["GET /hooks"]

    forge.faults["GET /hooks"] = 403
    assert [requests_seen(), requests_seen()] == [1, 1]
    forge.faults.clear()
    assert [requests_seen(), requests_seen(), requests_seen(metadata=KindSelection(sweep=True))] == [1, 0, 1]

    with_budget = back_up(source, archive, access=access, dry_run=True).budget
    swept = back_up(source, archive, access=access, dry_run=True, metadata=KindSelection(sweep=True)).budget
    assert with_budget is not None
    assert swept is not None
    assert swept.calls - with_budget.calls >= 1
    rows = repository_lines(archive, 4)["100"].metadata
    assert rows is not None
    assert (rows.kinds["hook"].state, rows.kinds["hook"].items) == (ReadState.COMPLETE, 0)


def test_what_was_told_stands_in_the_manifest(source: ScriptedSource, archive: Archive) -> None:
    told: dict[str, Any] = {"only": ("issues",), "sweep": True}

    back_up(source, archive, access=ScriptedAccess(forges()), metadata=replace(KindSelection(), **told))

    first: Any = lines(archive, 1)[0]
    assert (first.options["only"], first.options["sweep"]) == (["issues"], True)


def test_a_dry_run_says_how_many_requests_it_will_take_and_how_long(source: ScriptedSource, archive: Archive) -> None:
    access = replace(ScriptedAccess(forges()), rate=RateLimit(50 / 60, 10), calls_per_hour=1_000)
    for number in range(100, 300):
        access.forges["100"].change(number)

    report = back_up(source, archive, access=access, dry_run=True)

    assert report.budget == CallBudget(5 + 5 + 2 + 200, 1_000, timedelta(seconds=round(212 * 3.6)))
    assert access.forges["100"].requests_seen.total() == 0

    back_up(source, archive, access=access)
    report = back_up(source, archive, access=access, dry_run=True)

    assert report.budget is not None
    assert report.budget.calls < 30


@dataclass
class Listening(Silence):
    budgets: list[CallBudget] = field(default_factory=list)

    def budgeted(self, budget: CallBudget, /) -> None:
        self.budgets.append(budget)


def test_a_first_run_tells_how_long_it_takes_at_least_and_asks_nobody_for_that(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    listening = Listening()
    quiet, access = ScriptedAccess(forges()), replace(ScriptedAccess(forges()), calls_per_hour=60)

    without = back_up(source, open_archive(tmp_path / "other"), access=quiet)
    report = back_up(source, archive, access=access, progress=listening)
    back_up(source, archive, access=access, progress=listening)

    # Two that have something, of five kinds each: a request for each at least.
    [budget] = listening.budgets
    assert budget == CallBudget(2 * 5, 60, timedelta(minutes=10))
    assert budget.calls <= report.requests == without.requests


@pytest.mark.parametrize("by_ref", [True, False])
def test_commits_that_only_a_change_requests_fork_has_are_fetched_and_kept(
    source: ScriptedSource, archive: Archive, by_ref: bool
) -> None:
    fork = source.repository("fork", source.projects[0], id_="900")
    head = commit(fork, "refs/heads/tide", {"tide.py": "high = 3"})
    url = source.depots[-1].clone_url
    connections = ScriptedConnections.to(source)
    source.remove("900")
    access = ScriptedAccess(forges())
    access.forges["100"].change(12, head=head)
    access.forges["100"].change(13, head="d" * 40)
    access.commit_sources = {"12": CommitSource(url=url, wants=("refs/heads/tide" if by_ref else head,))}

    report = back_up(source, archive, access=access, connections=connections)

    row = repository_lines(archive, 1)["100"]
    tree = open_metadata(archive.metadata(RepositoryPath.parse(row.path)))
    saved, lost = (tree.item(CHANGE, number) for number in ("12", "13"))
    assert isinstance(saved, ChangeRequest)
    assert isinstance(lost, ChangeRequest)
    assert (saved.commits, saved.commits_ref) == ("present", "refs/matou/change/12/head")
    assert (lost.commits, lost.commits_ref) == ("absent", None)
    assert [str(note.cause) for note in report.notes] == [
        "the commits of 1 change request are at the source no more: 13"
    ]
    assert report.everything_is_saved
    folder = mirror(archive, "100", run=1)
    assert refs_of(folder)["refs/matou/change/12/head"] == head

    commit(source.git_dir("100"), "refs/heads/main", {"readme": "new"})
    back_up(source, archive, access=access)

    assert refs_of(folder)["refs/matou/change/12/head"] == head
    assert repository_lines(archive, 2)["100"].outcome is Outcome.SAVED


def test_commits_whose_server_was_away_are_asked_for_again_by_the_next_run(
    source: ScriptedSource, archive: Archive
) -> None:
    fork = source.repository("fork", source.projects[0], id_="900")
    head = commit(fork, "refs/heads/tide", {"tide.py": "high = 3"})
    url = source.depots[-1].clone_url
    connections = ScriptedConnections.to(source)
    source.remove("900")
    access = ScriptedAccess({"100": ScriptedForge()})
    access.forges["100"].change(12, head=head)
    access.commit_sources = {"12": CommitSource(url=url, wants=(head,))}

    def be_away(requests_seen: str, _: bytes) -> None:
        if requests_seen == url:
            raise ConnectionFailed("nobody is at home")

    connections.transport.before = be_away

    report = back_up(source, archive, access=access, connections=connections)

    assert not report.everything_is_saved
    assert report.notes == ()
    assert repository_lines(archive, 1)["100"].outcome is Outcome.INCOMPLETE
    assert change_request(archive, "12").commits is None
    assert rebuild(archive)["team/project/api"] is Rebuilt.SAME

    connections.transport.before = None
    back_up(source, archive, access=access, connections=connections)

    assert change_request(archive, "12").commits == "present"
    assert repository_lines(archive, 2)["100"].outcome.is_done


def change_request(archive: Archive, number: str) -> ChangeRequest:
    row = repository_lines(archive, 1)["100"]
    change = open_metadata(archive.metadata(RepositoryPath.parse(row.path))).item(CHANGE, number)
    assert isinstance(change, ChangeRequest)
    return change


def test_a_server_that_speaks_a_part_of_an_api_has_nothing_to_be_sorry_for(
    source: ScriptedSource, archive: Archive
) -> None:
    access = ScriptedAccess({**forges(), "101": ScriptedForge()})
    for id_ in ("100", "101"):
        access.forges[id_].faults |= {"GET /hooks": NOT_OFFERED, "GET /issues/comments": NOT_OFFERED}
    access.forges["p1"].faults |= {"GET /hooks": 403}

    report = back_up(source, archive, access=access)

    assert [str(problem.what) for problem in report.problems] == ["webhooks of project"]
    # Once, whichever of the two repositories came first.
    assert sorted(str(one.what) for one in report.unseen) == ["issues", "webhooks"]
    assert {str(one.reason) for one in report.unseen} == {"there is no such list"}
    row = repository_lines(archive, 1)["100"]
    assert row.outcome is Outcome.SAVED
    assert row.metadata is not None
    assert row.metadata.kinds["issue"].state is ReadState.UNSEEN
