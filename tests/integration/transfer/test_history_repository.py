"""Pictures and files that no API takes go into a repository beside the migrated one, over git, to a real server."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integration.transfer.moved_archives import Port, port, refs
from integration.transfer.saved_archives import git, make_repository
from matou.git.operations.push import Pusher
from matou.http.rate_limit import RateLimiter
from matou.http.session import Session
from matou.model.metadata import AttachedFile
from matou.model.metadata.kinds import ISSUE
from matou.model.metadata_targets import FileDelivery
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.registry import title_of
from matou.transfer.common.transports import TargetTransports
from matou.transfer.migrate.command import MigrationOptions, migrate
from matou.transfer.migrate.conversation.conversations import ConversationWriting
from matou.transfer.migrate.conversation.migration import ConversationOptions
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.report import MigrationReport
from support.archive_with_metadata import ArchiveWithMetadata
from support.fake_metadata_target import SEQUENTIAL, FakeMetadataTarget, Killed
from support.steered_clock import SYSTEM_CLOCK
from support.written_conversation import issue, wanted_by_default

__all__ = ["port"]

RULES = replace(SEQUENTIAL, file_delivery=FileDelivery.COMMITTED)
URL = "https://foruda.gitee.com"


class Moving:
    """An archive whose repository `harbour/api` has what each test says, on its way to a server."""

    def __init__(self, port: Port, folder: Path) -> None:
        self.port = port
        self.saved = ArchiveWithMetadata(folder / "archive")
        self.saved.add_code("harbour/api", make_repository(folder / "api"))
        self.targets: dict[str, FakeMetadataTarget] = {}
        self.rules = RULES

    def has(self, *names: str) -> None:
        """Issues with a picture each."""
        rows = [(ISSUE, issue(str(number), files=(self.file(name),))) for number, name in enumerate(names, 1)]
        self.saved.run({"harbour/api": rows})

    def file(self, name: str) -> AttachedFile:
        sha256 = self.saved.archive.blobs.put_bytes(f"the picture {name}".encode())
        return AttachedFile(
            url=f"{URL}/{name}", name=name, sha256=sha256, size=len(f"the picture {name}"), type="image/png"
        )

    def move(self, **chosen: Any) -> MigrationReport:
        def open_target(repository: TargetRepository) -> FakeMetadataTarget:
            return self.targets.setdefault(repository.name, FakeMetadataTarget(self.rules))

        writing = ConversationWriting(
            open=open_target,
            rules=self.rules,
            platform="matou",
            url=self.port.url,
            writer=OnceWriter(RateLimiter(monotonic=lambda: 0.0), lambda _seconds: None),
            options=ConversationOptions(wants=wanted_by_default, language="en"),
            platform_title=title_of,
            now=lambda: datetime.now(UTC),
        )
        # Each time a new one, as each command has: one that was killed is of no use any more.
        with Session(named=(self.port.url,), clock=SYSTEM_CLOCK, connections=4) as session:
            target, options = replace(self.port, session=session).target(), MigrationOptions(self.port.name, **chosen)
            return migrate(self.saved.archive, target, TargetTransports(session), options, writing=writing)

    def branches(self, name: str = "api-history") -> dict[str, str]:
        return refs(self.port.git_dir(name))

    def files(self, name: str = "api-history") -> dict[str, str]:
        """By the ends of the paths, in all branches."""
        git_dir = self.port.git_dir(name)
        listed = [line for ref in refs(git_dir) for line in git(git_dir, "ls-tree", "-rz", ref).split("\0") if line]
        return {line.rpartition("/")[2]: git(git_dir, "cat-file", "blob", line.split()[2]).strip() for line in listed}

    def text(self, number: str) -> str:
        return self.targets["api"].item(number).item.text


@pytest.fixture
def moving(port: Port, tmp_path: Path) -> Moving:
    return Moving(port, tmp_path)


def conversation_of(report: MigrationReport) -> ConversationReport:
    [conversation] = [one.conversation for one in report.repositories if one.conversation]
    return conversation


def test_pictures_are_there_and_texts_name_them(moving: Moving) -> None:
    moving.has("表.png", "b.png")

    report = moving.move()

    assert report.everything_is_moved
    assert moving.files() == {"表.png": "the picture 表.png", "b.png": "the picture b.png"}
    [branch] = moving.branches()
    there = f"https://target.example/{moving.port.name}/api-history/raw/{branch.removeprefix('refs/heads/')}/files/"
    assert there in moving.text("1")
    assert moving.port.repository("api-history").visibility is Visibility.PRIVATE
    assert conversation_of(report).there["file"] == 2
    assert not list((moving.saved.archive.root / "migrations").rglob("*.history"))


def test_run_again_only_what_is_new_is_sent(moving: Moving) -> None:
    moving.has("a.png")
    moving.move()
    first = moving.branches()
    unchanged = moving.move()
    moving.has("a.png", "b.png", "a.png")

    report = moving.move()

    assert not conversation_of(unchanged).has_changed
    assert conversation_of(report).written == {"issue": 2, "file": 1}
    assert len(moving.branches()) == 2
    assert first.items() <= moving.branches().items()
    assert moving.files().keys() == {"a.png", "b.png"}


@pytest.mark.parametrize("is_pushed", [True, False])
def test_killed_at_the_push_and_run_again_nothing_is_there_twice(
    moving: Moving, monkeypatch: pytest.MonkeyPatch, *, is_pushed: bool
) -> None:
    """Also where the archive has more by then."""
    push = Pusher.push

    def killed(pusher: Pusher, git_dir: Path, url: str, *rest: Any, **more: Any) -> None:
        if "-history" not in url or is_pushed:
            push(pusher, git_dir, url, *rest, **more)
        if "-history" in url:
            raise Killed

    moving.has("a.png")
    monkeypatch.setattr(Pusher, "push", killed)
    with pytest.raises(Killed):
        moving.move()
    monkeypatch.undo()
    moving.has("a.png", "b.png")

    report = moving.move()

    assert report.everything_is_moved
    assert len(moving.branches()) == 2
    git_dir = moving.port.git_dir("api-history")
    listed = [git(git_dir, "ls-tree", "-r", "--name-only", ref).split() for ref in refs(git_dir)]
    assert sorted(len(names) for names in listed) == [1, 1]
    assert moving.files().keys() == {"a.png", "b.png"}
    assert "/raw/files-" in moving.text("1")


IN_THREE = replace(RULES, largest_push=2 * 1_100)
"""Of five pictures two fit into a push."""


def test_what_is_too_much_for_one_push_is_sent_in_several(moving: Moving) -> None:
    moving.rules = IN_THREE
    names = [f"{letter}.png" for letter in "abcde"]
    moving.has(*names)

    foreseen = moving.move(dry_run=True)
    report = moving.move()
    again = moving.move()

    [plan] = [str(note) for note in foreseen.repositories[0].notes]
    assert plan.startswith("5 pictures and files of texts, 0.0 MiB, are to be in 'api-history', in pushes of at most")
    assert plan.endswith(": 3")
    assert report.everything_is_moved
    assert len(moving.branches()) == 3
    assert moving.files().keys() == set(names)
    assert all("/raw/files-" in moving.text(str(number)) for number in range(1, 6))
    assert not conversation_of(again).has_changed


@pytest.mark.parametrize("is_pushed", [True, False])
def test_killed_between_pushes_and_run_again_the_others_alone_are_sent(
    moving: Moving, monkeypatch: pytest.MonkeyPatch, *, is_pushed: bool
) -> None:
    push, pushed = Pusher.push, list[str]()

    def killed(pusher: Pusher, git_dir: Path, url: str, *rest: Any, **more: Any) -> None:
        is_second = "-history" in url and len(pushed) == 1
        if not is_second or is_pushed:
            push(pusher, git_dir, url, *rest, **more)
        pushed.extend(["-"] if "-history" in url else [])
        if is_second:
            raise Killed

    moving.rules = IN_THREE
    names = [f"{letter}.png" for letter in "abcde"]
    moving.has(*names)
    monkeypatch.setattr(Pusher, "push", killed)
    with pytest.raises(Killed):
        moving.move()
    there = moving.branches()
    report = moving.move()

    assert report.everything_is_moved
    assert there.items() <= moving.branches().items()
    assert len(moving.branches()) == 3
    assert moving.files().keys() == set(names)
    assert len(pushed) == (3 if is_pushed else 4)


def test_a_group_that_an_older_run_planned_too_large_is_planned_anew(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = Pusher.push

    def killed(pusher: Pusher, git_dir: Path, url: str, *rest: Any, **more: Any) -> None:
        if "-history" in url:
            raise Killed
        push(pusher, git_dir, url, *rest, **more)

    names = [f"{letter}.png" for letter in "abcde"]
    moving.has(*names)
    monkeypatch.setattr(Pusher, "push", killed)
    with pytest.raises(Killed):
        moving.move()
    monkeypatch.undo()
    moving.targets.clear()
    moving.rules = IN_THREE

    report = moving.move()

    assert report.everything_is_moved
    assert len(moving.branches()) == 3
    assert moving.files().keys() == set(names)


def test_a_file_that_is_too_large_is_named_in_the_plan_and_the_report_and_in_the_text(moving: Moving) -> None:
    moving.rules = replace(RULES, largest_file=20)
    moving.has("a.png", "long-name.zip")

    foreseen = moving.move(dry_run=True)
    report = moving.move()

    reason = "'long-name.zip' is larger than the 0.0 MiB that the platform takes of a file, and stays in the archive"
    assert any(str(note).startswith(reason) for note in foreseen.repositories[0].notes)
    [(lost, count)] = conversation_of(report).lost.items()
    assert (str(lost).startswith(reason), count) == (True, 1)
    assert "(0.0 MiB, more than this platform takes of a file; the archive has it, by its SHA-256" in moving.text("2")


def test_another_repository_of_that_name_is_left_alone(moving: Moving, tmp_path: Path) -> None:
    target, other = moving.port.target(), make_repository(tmp_path / "other")
    new = NewTargetRepository(moving.port.name, "api-history", "somebody's own", Visibility.PRIVATE)
    target.create(new)
    git(other, "push", "-q", str(moving.port.git_dir("api-history")), "main")
    before = moving.branches()
    moving.has("a.png")

    report = moving.move()

    [problem] = conversation_of(report).problems
    assert "'api-history' at the target is another repository" in str(problem)
    assert moving.branches() == before
    assert "/raw/" not in moving.text("1")


def test_a_name_that_the_archive_itself_needs_is_not_taken(moving: Moving, tmp_path: Path) -> None:
    moving.saved.add_code("harbour/api-history", make_repository(tmp_path / "other"))
    moving.has("a.png")

    report = moving.move()

    assert report.everything_is_moved
    target = moving.port.target()
    names = sorted(one.name for one in target.repositories(moving.port.name))
    assert names[:2] == ["api", "api-history"]
    assert names[2].startswith("api-history-")
    assert moving.files(names[2]).keys() == {"a.png"}

    moving.has("a.png", "b.png")
    again = moving.move(include=("harbour/api",))

    assert again.everything_is_moved
    assert moving.files(names[2]).keys() == {"a.png", "b.png"}


def test_nothing_is_sent_where_more_people_would_see_it(moving: Moving) -> None:
    moving.has("a.png")
    moving.move()
    target = moving.port.target()
    [there] = [one for one in target.repositories(moving.port.name) if one.name == "api-history"]
    target.set_visibility(there, Visibility.PUBLIC)
    moving.has("a.png", "secret.png")

    report = moving.move()

    [problem] = conversation_of(report).problems
    assert "may be seen by more people than" in str(problem)
    assert moving.files().keys() == {"a.png"}
    assert not report.everything_is_moved
