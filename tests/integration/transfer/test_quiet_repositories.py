"""A repository in which nothing was pushed or said, as its platform tells of many at once, is asked nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import Outcome
from matou.model.metadata.kinds import ISSUE, MetadataKind
from matou.model.platform import RemoteRepository
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.metadata.rebuild import Rebuilt
from matou.transfer.backup.metadata.selection import SWEEP_EVERY, KindSelection
from support.scripted_metadata import ScriptedAccess, ScriptedAccount, ScriptedForge, rebuild
from support.scripted_source import ScriptedSource, back_up, commit, open_archive, repository_lines


@dataclass
class QuietAccount(ScriptedAccount):
    """See `QuietSource`."""

    quiet: bool = True
    since: list[datetime] = field(default_factory=list)

    def is_quiet(self, _: RemoteRepository, since: datetime, /) -> bool:
        self.since.append(since)
        return self.quiet


@dataclass
class QuietAccess(ScriptedAccess):
    quiet: bool = True
    since: list[datetime] = field(default_factory=list)

    def open(self, record: RecordSink, _: Callable[[MetadataKind], bool], /) -> QuietAccount:
        return QuietAccount(self, record, self.quiet, self.since)

    @property
    def requests(self) -> int:
        return sum(self.forges["100"].requests_seen.values())


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("project")), "refs/heads/main", {"readme": "api"})
    return source


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive")


@pytest.fixture
def access() -> QuietAccess:
    forge = ScriptedForge()
    forge.issue(7, "码头")
    forge.comment(1, 7)
    return QuietAccess({"100": forge})


def requests_of(access: QuietAccess, run: Callable[[], object]) -> int:
    before = access.requests
    run()
    return access.requests - before


def test_nothing_is_asked_until_the_sweep(source: ScriptedSource, archive: Archive, access: QuietAccess) -> None:
    first = requests_of(access, lambda: back_up(source, archive, access=access))

    later = [requests_of(access, lambda: back_up(source, archive, access=access)) for _ in range(SWEEP_EVERY)]

    assert later == [*[0] * (SWEEP_EVERY - 1), first]
    line = repository_lines(archive, SWEEP_EVERY)["100"]
    assert line.metadata is not None
    assert (line.outcome, line.metadata.kinds[ISSUE.name].items) == (Outcome.UNCHANGED, 1)
    assert all(moment < datetime.now(moment.tzinfo) for moment in access.since)
    assert set(rebuild(archive).values()) == {Rebuilt.SAME}


def test_the_platform_is_asked_from_before_the_last_run_on(
    source: ScriptedSource, archive: Archive, access: QuietAccess
) -> None:
    began = datetime.now().astimezone()
    back_up(source, archive, access=access)
    back_up(source, archive, access=access)

    [since] = access.since
    assert since < began


@pytest.mark.parametrize("what", ["pushed", "said", "another kind", "cut off"])
def test_what_is_not_surely_quiet_is_asked_itself(
    source: ScriptedSource, archive: Archive, access: QuietAccess, what: str
) -> None:
    first: dict[str, Any] = {"metadata": KindSelection(only=("releases",))} if what == "another kind" else {}
    back_up(source, archive, access=access, **first)
    if what == "pushed":
        commit(source.git_dir("100"), "refs/heads/main", {"readme": "again"})
    access.quiet = what != "said"
    if what == "cut off":
        archive.begin_run()

    assert requests_of(access, lambda: back_up(source, archive, access=access)) > 0
