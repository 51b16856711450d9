"""Issues, change requests and releases are read by what has changed, and nothing that was ever saved is lost."""

import os
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState, ReadState
from matou.archive.metadata import open_metadata
from matou.concurrency import CancellationToken, Cancelled
from matou.errors import MatouError
from matou.http.responses import Answer, failed
from matou.model.metadata import ChangeRequest, Issue, LabelDefinition, MetadataValue
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, MetadataKind
from matou.model.names import RepositoryPath
from matou.model.platform import Record, RemoteRepository, VersionControl, Visibility
from matou.platforms.base.api_client import Answers
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.transfer.backup.metadata.file_fetcher import FileSource
from matou.transfer.backup.metadata.replay import RecordedFiles
from matou.transfer.backup.metadata.saver import MetadataSaver, MetadataSaving
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import MetadataOwner
from matou.transfer.backup.metadata.walk import READING
from matou.transfer.backup.staging import MirrorPublisher
from support.scripted_metadata import BEGAN, NoFiles, ScriptedForge, ScriptedMetadata, ScriptedReader, reader_of
from support.scripted_source import git, open_archive, refs_of

PLACE = RepositoryPath.parse("team/project/api")
OWNER = MetadataOwner(id="42", place=PLACE, called="team/project/api")
REPOSITORY = RemoteRepository(
    "42", "1", "api", "", "https://forge.example/api.git", VersionControl.GIT, None, None, "main", Visibility.PRIVATE
)

V = TypeVar("V", bound=MetadataValue)


@dataclass
class Backups:
    """Runs over one forge into one archive."""

    archive: Archive
    forge: ScriptedForge
    files: FileSource = field(default_factory=NoFiles)
    run: int = 0
    state: MetadataState | None = None
    records: list[list[Record]] = field(default_factory=list)
    requests: int = 0
    keep_every: timedelta = timedelta(hours=1)

    def back_up(self, *, answers: Answers | None = None, **selection: Any) -> MetadataSaving:
        self.run += 1
        self.records.append([])
        requests_seen = self.forge.requests_seen.total()
        source = ScriptedMetadata(reader_of(answers or self.forge, self.records[-1].append))
        saved = self._saver(source, KindSelection(**selection)).of_repository(REPOSITORY, None, OWNER, self.state)
        self.state = saved.state
        self.requests = self.forge.requests_seen.total() - requests_seen
        return saved

    def _saver(self, source: ScriptedMetadata, selection: KindSelection) -> MetadataSaver:
        return MetadataSaver(
            archive=self.archive,
            source=source,
            files=self.files,
            selection=selection,
            platform="gitcode",
            host="forge.example",
            run=self.run,
            began_at=BEGAN + timedelta(days=self.run),
            dead_since=None,
            cancellation=CancellationToken(),
            on_progress=lambda called, kind, count: None,
            publisher=MirrorPublisher(self.archive),
            keep_every=self.keep_every,
        )

    def find(self, kind: MetadataKind, key: str, as_: type[V]) -> V:
        value = open_metadata(self.archive.metadata(PLACE)).item(kind, key)
        assert isinstance(value, as_)
        return value

    def issue(self, number: int | str) -> Issue:
        return self.find(ISSUE, str(number), Issue)

    def comments(self, number: int | str) -> dict[str, str]:
        return {one.id: one.text.body for one in self.issue(number).comments}

    def kind(self, name: str) -> Any:
        assert self.state is not None
        return self.state.kinds[name]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open_or_create(tmp_path / "archive", now=BEGAN, identifier=UUID(int=7))


@pytest.fixture
def backups(archive: Archive) -> Backups:
    return Backups(archive, ScriptedForge())


def fill(forge: ScriptedForge, *, issues: int = 3) -> None:
    forge.labels["错误"] = {"name": "错误", "color": "ff0000"}
    for number in range(1, issues + 1):
        forge.issue(number)
        forge.comment(1000 + number, number)
    forge.change(1, head="b" * 40)
    forge.note(1, 1)
    forge.note(1, 2, thread="t1")
    forge.releases["v1"] = {"tag": "v1"}


def test_what_a_repository_has_is_saved(backups: Backups) -> None:
    fill(backups.forge)

    saved = backups.back_up()

    assert saved.problems == ()
    assert backups.issue(2).title == "第 2 号"
    assert backups.comments(2) == {"1002": "同意"}
    change = backups.find(CHANGE, "1", ChangeRequest)
    assert [one.id for one in change.comments] == ["1"]
    assert [[one.id for one in thread.comments] for thread in change.threads] == [["2"]]
    assert backups.find(LABEL, "错误", LabelDefinition).color == "ff0000"
    assert {name: kind.items for name, kind in saved.state.kinds.items() if kind.items} == {  # type: ignore[union-attr]
        "issue": 3,
        "change": 1,
        "release": 1,
        "label": 1,
        "person": 2,
    }


def test_a_run_in_which_nothing_changed_asks_each_list_once_and_commits_nothing(backups: Backups) -> None:
    fill(backups.forge, issues=300)
    first = backups.back_up()

    second = backups.back_up()

    assert backups.requests == 6
    assert second.state is not None
    assert first.state is not None
    assert (second.state.commit, second.state.saved_in) == (first.state.commit, 1)
    assert second.problems == ()


def test_what_has_changed_is_read_and_nothing_else(backups: Backups) -> None:
    fill(backups.forge, issues=300)
    backups.back_up()
    backups.forge.issues["7"] |= {"title": "新", "updated_at": backups.forge.later()}
    backups.forge.comment(5000, 9, "后来")
    backups.forge.note(1, 3, "再看")

    backups.back_up()

    assert backups.requests == 7
    assert backups.issue(7).title == "新"
    assert backups.comments(7) == {"1007": "同意"}
    assert backups.comments(9) == {"1009": "同意", "5000": "后来"}
    assert len(backups.find(CHANGE, "1", ChangeRequest).comments) == 2
    assert backups.kind("issue").changed == 2


def test_what_was_written_just_before_the_last_change_that_was_seen_is_not_passed_over(backups: Backups) -> None:
    """The clocks of a platform's machines differ."""
    fill(backups.forge)
    backups.back_up()
    latest = max(row["updated_at"] for row in backups.forge.issues.values())
    backups.forge.issue(4, updated_at=latest)

    backups.back_up()

    assert backups.issue(4).number == "4"


@pytest.mark.parametrize("kind", ["issue", "comment"])
def test_a_time_that_has_not_come_hides_nothing_that_changes_until_then(backups: Backups, kind: str) -> None:
    fill(backups.forge)
    late = "2099-01-01T00:00:00+00:00"
    if kind == "issue":
        backups.forge.issue(70, updated_at=late)
    else:
        backups.forge.comment(70, 1, updated_at=late)
    backups.back_up()
    backups.forge.minutes += 24 * 60
    backups.forge.issue(71)
    backups.forge.comment(72, 71)

    backups.back_up()

    assert backups.comments(71) == {"72": "同意"}


def test_a_deletion_is_found_by_a_sweep_alone_and_keeps_the_text(backups: Backups) -> None:
    fill(backups.forge)
    backups.back_up()
    del backups.forge.issues["2"]
    del backups.forge.comments["1001"]

    backups.back_up()
    assert backups.issue(2).gone_in is None

    backups.back_up(sweep=True)

    assert backups.issue(2).gone_in == 3
    assert backups.issue(2).text is not None
    assert backups.issue(1).comments[0].gone_in == 3
    assert backups.kind("issue").gone == 1


def test_what_was_edited_silently_is_found_by_the_sweep_of_the_seventh_run(backups: Backups) -> None:
    fill(backups.forge)
    # Later than what is asked for again each time.
    backups.forge.later(600)
    backups.forge.comment(2000, 2)
    backups.back_up()
    backups.forge.comments["1001"]["body"] = "偷偷改"
    backups.forge.notes["1"][0]["body"] = "也改"
    for _ in range(6):
        backups.back_up()
    assert backups.comments(1) == {"1001": "同意"}

    backups.back_up()

    assert backups.run == 8
    assert backups.state is not None
    assert backups.state.unswept == 0
    assert backups.comments(1) == {"1001": "偷偷改"}
    assert backups.find(CHANGE, "1", ChangeRequest).comments[0].text.body == "也改"


def test_what_came_back_is_no_longer_gone(backups: Backups) -> None:
    fill(backups.forge)
    backups.back_up()
    row = backups.forge.issues.pop("2")
    backups.back_up(sweep=True)
    backups.forge.issues["2"] = row

    backups.back_up(sweep=True)

    assert backups.issue(2).gone_in is None


def test_a_list_that_broke_off_gives_nothing_up_and_is_asked_for_again(backups: Backups) -> None:
    fill(backups.forge, issues=250)
    backups.back_up()
    backups.forge.issue(251)
    backups.forge.before = lambda name, count: _break_off(backups.forge, name)

    saved = backups.back_up(sweep=True)

    assert backups.kind("issue").state is ReadState.BROKEN_OFF
    # Whoever was to look at all of it does so again.
    assert backups.kind("issue").since is None
    assert [str(what) for what, _ in saved.problems] == ["issues of team/project/api"]
    assert backups.issue(250).gone_in is None
    assert backups.kind("change").state is ReadState.COMPLETE

    backups.forge.before = lambda name, count: None
    backups.forge.faults.clear()
    backups.back_up()

    assert backups.issue(251).number == "251"
    assert backups.kind("issue").state is ReadState.COMPLETE


def _break_off(forge: ScriptedForge, name: str) -> None:
    """The second page of the issues is the last that comes."""
    if name == "GET /issues":
        forge.minutes += 0
        forge.faults["GET /issues"] = 503
        if forge.requests_seen["GET /issues"] % 3 != 2:
            forge.faults.pop("GET /issues")


@pytest.mark.parametrize(("status", "state"), [(403, ReadState.REFUSED), (503, ReadState.BROKEN_OFF)])
def test_a_kind_that_may_not_be_read_stops_no_other(backups: Backups, status: int, state: ReadState) -> None:
    fill(backups.forge)
    backups.forge.faults["GET /hooks"] = status

    saved = backups.back_up()

    assert backups.kind("hook").state is state
    assert not saved.state.is_done  # type: ignore[union-attr]
    assert [str(what) for what, _ in saved.problems] == ["webhooks of team/project/api"]
    assert backups.kind("issue").state is ReadState.COMPLETE


@pytest.mark.parametrize("count", [2, 30])
@pytest.mark.parametrize(("status", "state"), [(403, ReadState.REFUSED), (503, ReadState.BROKEN_OFF)])
def test_a_kind_of_which_many_items_are_refused_is_refused(
    backups: Backups, monkeypatch: pytest.MonkeyPatch, count: int, status: int, state: ReadState
) -> None:
    for number in range(count):
        backups.forge.issue(number)
    monkeypatch.setattr(ScriptedReader, "read", lambda *_, **__: raise_(failed(Answer(status, {}, b""), "GET /issue")))

    backups.back_up()

    assert backups.kind("issue").state is state
    assert backups.kind("issue").since is None


def raise_(error: MatouError) -> None:
    raise error


def test_comments_that_may_not_be_read_stay_as_they_were_saved(backups: Backups) -> None:
    fill(backups.forge)
    backups.back_up()
    backups.forge.changes["1"] |= {"title": "新", "updated_at": backups.forge.later()}
    backups.forge.faults["GET /changes/1/comments"] = 403

    backups.back_up()

    change = backups.find(CHANGE, "1", ChangeRequest)
    assert (change.title, [one.id for one in change.comments], len(change.threads)) == ("新", ["1"], 1)
    assert backups.kind("change").state is not ReadState.COMPLETE

    backups.forge.faults.clear()
    backups.forge.notes["1"].append({**backups.forge.notes["1"][0], "id": "9"})
    backups.back_up()

    assert len(backups.find(CHANGE, "1", ChangeRequest).comments) == 2


@pytest.mark.parametrize("sweep", [False, True])
@pytest.mark.parametrize("status", [403, 503])
def test_an_item_that_was_read_in_part_is_read_again_though_it_has_not_changed(
    backups: Backups, status: int, sweep: bool
) -> None:
    fill(backups.forge)
    if sweep:
        backups.back_up()
        backups.forge.notes["1"].append({**backups.forge.notes["1"][0], "id": "9", "body": "悄悄"})
    backups.forge.faults["GET /changes/1/comments"] = status
    backups.back_up(sweep=sweep)
    backups.back_up()
    assert backups.kind("change").state is not ReadState.COMPLETE

    backups.forge.faults.clear()
    backups.back_up()

    change = backups.find(CHANGE, "1", ChangeRequest)
    assert {one.id for one in change.comments} >= ({"1", "9"} if sweep else {"1"})
    assert change.updated_at is not None
    assert backups.kind("change").state is ReadState.COMPLETE
    backups.back_up()
    assert backups.requests == 6


def test_a_person_who_left_is_still_the_author(backups: Backups) -> None:
    fill(backups.forge)
    backups.back_up()
    for row in backups.forge.issues.values():
        row |= {"by": "0", "updated_at": backups.forge.later()}

    backups.back_up()

    people = open_metadata(backups.archive.metadata(PLACE))
    assert backups.kind("person").items == 3
    assert people is not None


def test_what_is_not_wanted_is_not_asked_for_and_says_so(backups: Backups) -> None:
    fill(backups.forge)

    backups.back_up(without=("hooks", "changes"))

    assert backups.kind("hook").state is ReadState.OFF
    assert backups.kind("change").state is ReadState.OFF
    assert not [name for name in backups.forge.requests_seen if "hooks" in name or "changes" in name]
    assert backups.state is not None
    assert backups.state.is_done


def test_with_code_only_nothing_is_asked(backups: Backups) -> None:
    fill(backups.forge)

    saved = backups.back_up(is_code_only=True)

    assert saved.state is None
    assert backups.forge.requests_seen.total() == 0


def test_a_run_that_is_given_up_has_not_read_in_vain(backups: Backups) -> None:
    fill(backups.forge, issues=300)

    def give_up(name: str, count: int) -> None:
        if name == "GET /changes":
            raise Cancelled("given up")

    backups.forge.before = give_up
    with pytest.raises(Cancelled):
        backups.back_up()

    assert backups.issue(300).number == "300"
    assert backups.comments(300) == {"1300": "同意"}
    assert backups.state is None


def test_an_issue_with_twenty_thousand_comments_is_saved_and_one_more_is_added(backups: Backups) -> None:
    backups.run = 20
    backups.forge.issue(1)
    for number in range(20_000):
        backups.forge.comment(number, 1)
    backups.back_up()
    backups.forge.comment(20_000, 1, "最后")

    backups.back_up()

    assert len(backups.issue(1).comments) == 20_001
    assert backups.requests == 6


def test_all_of_it_can_be_read_again_from_the_records(backups: Backups, tmp_path: Path) -> None:
    fill(backups.forge, issues=120)
    backups.back_up()
    backups.forge.comment(7000, 3, "后来")
    backups.forge.note(1, 8, "再看")
    del backups.forge.issues["5"]
    backups.back_up(sweep=True)
    backups.forge.faults["GET /hooks"] = 403
    backups.forge.issue(121)
    backups.back_up()

    again = Backups(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=8)), ScriptedForge())
    for number, records in enumerate(backups.records):
        with RecordedAnswers(records) as answers:
            again.files = RecordedFiles(answers, again.archive.blobs)
            again.back_up(answers=answers, sweep=number == 1)

    assert again.state == backups.state


@pytest.mark.parametrize("number", [1, 20, 40])
def test_a_run_that_is_killed_has_not_read_in_vain(
    backups: Backups, archive: Archive, tmp_path: Path, number: int
) -> None:
    """Whoever kills it leaves a draft, which the next run goes on from; main has one commit a run all the same."""
    for one in range(1, 41):
        backups.forge.change(one)
        backups.forge.note(one, one)
    backups.keep_every = timedelta()
    child = os.fork()
    if child == 0:
        backups.forge.before = lambda name, count: _die(name, number)
        backups.back_up()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)

    backups.run = 1
    saved = backups.back_up()

    assert saved.problems == ()
    assert backups.kind("change").items == 40
    # As many as are read at the same time may be lost.
    assert backups.requests <= 6 + 40 - number + 2 * READING
    assert len(backups.find(CHANGE, "40", ChangeRequest).comments) == 1
    folder = archive.metadata(PLACE)
    assert git(folder, "rev-list", "--count", "main") == "1"
    assert "refs/matou/draft" not in refs_of(folder)
    assert git(folder, "fsck", "--no-dangling") == ""
    undisturbed = Backups(open_archive(tmp_path / "other"), backups.forge, run=1)
    backups.forge.before = lambda name, count: None
    undisturbed.back_up()
    assert _tree(undisturbed.archive) == _tree(archive)


def _die(name: str, number: int) -> None:
    if name == f"GET /changes/{number}/comments":
        os.kill(os.getpid(), signal.SIGKILL)


def _tree(archive: Archive) -> str:
    return git(archive.metadata(PLACE), "rev-parse", "main^{tree}")
