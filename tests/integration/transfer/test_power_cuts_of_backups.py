"""A whole backup, code and what was said around it, whose machine loses its power at any moment of it.

Each call that changes a name or makes one last is a moment: the disk is copied just before it, while the run goes on
to its end. So one run gives all of its moments.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from matou.archive.blobs import BlobStore
from matou.archive.layout import Archive
from matou.archive.manifest import SourceLine
from matou.archive.metadata import open_metadata
from matou.concurrency import CancellationToken
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE, ISSUE, MetadataKind
from matou.model.names import RepositoryPath
from matou.model.platform import Record
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import CommitSource
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.metadata.file_fetcher import REQUEST, FetchedFile, FileSource, Requested, receipt_of
from matou.transfer.backup.metadata.rebuild import MetadataRebuild, Rebuilt
from matou.transfer.backup.metadata.walk import MetadataWalk
from matou.transfer.verify.command import verify
from support.backup_child import CALLS
from support.power_cut import CutDisk, Disk, disk
from support.scripted_metadata import FILES, ScriptedAccess, ScriptedForge, ScriptedMetadata, reader_of
from support.scripted_source import (
    CLOCK,
    ScriptedConnections,
    ScriptedSource,
    back_up,
    commit,
    open_archive,
    refs_of,
    repository_lines,
)

API = RepositoryPath.parse("team/project/api")
OWN = "refs/matou/change/9/head"
EVERY = 80
FIRST = [0, *(pytest.param(first, marks=pytest.mark.soak) for first in range(1, EVERY))]


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path, mebibytes=64) as made:
        yield made


@dataclass
class Files:
    """Gives each file its name's bytes, and notes that it did."""

    blobs: BlobStore
    record: RecordSink

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:
        content = name.encode() * 1000
        found = FetchedFile(sha256=self.blobs.put_stream((content,)), size=len(content), type="image/png")
        self.record(Record(CLOCK, REQUEST, {"url": url}, 200, receipt_of(found)))
        return found


class AccessWithFiles(ScriptedAccess):
    def files(self, blobs: BlobStore, record: RecordSink, limit_bytes: int | None, /) -> FileSource:
        return Files(blobs, record)


class Said:
    """A repository, a fork of it that is in no list, and what people say about both."""

    def __init__(self, folder: Path) -> None:
        self.source = ScriptedSource(folder / "source")
        project = self.source.project("project")
        self.api = self.source.repository("api", project)
        commit(self.api, "refs/heads/main", {"readme": "api"})
        fork = self.source.repository("fork", project, id_="900")
        self.head = commit(fork, "refs/heads/tide", {"tide.py": "high = 3"})
        url = self.source.depots[-1].clone_url
        self.connections = ScriptedConnections.to(self.source)
        self.source.remove("900")
        self.forge = ScriptedForge()
        for number in (1, 2, 3):
            self.forge.issue(number, f"![](https://{FILES}/{number}.png)")
            self.forge.comment(number, number)
        self.access = AccessWithFiles({"100": self.forge})
        self.access.commit_sources = {"9": CommitSource(url=url, wants=(self.head,))}

    def go_on(self) -> None:
        commit(self.api, "refs/heads/main", {"readme": "new"})
        commit(self.api, "refs/heads/later", {"later": "x"})
        self.forge.issue(4, f"![](https://{FILES}/4.png)")
        self.forge.issue(2, "anders")
        self.forge.comment(70, 1, "spaeter")
        self.forge.change(9, head=self.head)
        self.forge.note(9, 1, thread="t")

    def back_up(self, archive: Archive) -> None:
        report = back_up(self.source, archive, access=self.access, connections=self.connections, jobs=1)
        assert report.everything_is_saved


@contextmanager
def cut_at(ours: Disk, first: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[CutDisk]]:
    """The disk before the call `first`, each `EVERY` calls from there on, and at the end."""
    cuts: list[CutDisk] = []
    count, lock = 0, threading.Lock()

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            with lock:
                if count % EVERY == first:
                    cuts.append(ours.cut())
                count += 1
            return call(*arguments, **options)

        return made

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(getattr(os, name)))
        # A draft is made durable after each item, so that every moment of that is met too.
        patch.setattr(MetadataWalk, "keep_draft_if_due", keep_draft)
        yield cuts
    cuts.append(ours.cut())
    print(f"{count} calls, {len(cuts)} cuts")
    assert count > EVERY


def keep_draft(walk: MetadataWalk) -> None:
    walk.writer.keep_draft()


def runs_of(archive: Archive) -> list[int]:
    return [run for run in archive.run_numbers() if archive.manifest(run).exists()]


def rebuilt(archive: Archive) -> dict[str, Rebuilt]:
    def open_recorded(
        source: SourceLine, answers: Answers, wants: Callable[[MetadataKind], bool], /
    ) -> ScriptedMetadata:
        return ScriptedMetadata(reader_of(answers))

    rebuild = MetadataRebuild(archive, open_recorded, CancellationToken())
    found = {one.path: one.state for one in rebuild.rebuild()}
    assert rebuild.faults == []
    return found


def assert_is_whole(archive: Archive) -> None:
    report = verify(archive, everything=True, jobs=2, now=CLOCK)
    assert report.problems == ()


def assert_all_is_saved(archive: Archive, said: Said) -> None:
    state = repository_lines(archive, max(runs_of(archive)))["100"].metadata
    assert state is not None
    tree = open_metadata(archive.metadata(API))
    issues = {getattr(issue, "number", ""): issue for issue in tree.items(ISSUE)}
    assert issues.keys() == said.forge.issues.keys()
    comments = {comment.id for issue in issues.values() for comment in getattr(issue, "comments", ())}
    assert comments == said.forge.comments.keys()
    change = tree.item(CHANGE, "9")
    assert isinstance(change, ChangeRequest)
    assert (change.commits, change.commits_ref) == ("present", OWN)
    refs = refs_of(archive.repository(API))
    assert refs[OWN] == said.head
    assert {name: oid for name, oid in refs.items() if name != OWN} == refs_of(said.api)
    assert state.kinds["attachment"].items >= 3


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("has_run_before", [False, True])
def test_a_backup_whose_machine_loses_its_power_at_any_moment_loses_nothing_and_can_be_finished(
    ours: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_run_before: bool, first: int
) -> None:
    said = Said(tmp_path)
    archive = open_archive(ours.folder / "archive")
    if has_run_before:
        said.back_up(archive)
    said.go_on()

    with cut_at(ours, first, monkeypatch) as cuts:
        said.back_up(archive)

    before = [1] if has_run_before else []
    for number, cut in enumerate(cuts):
        copy = tmp_path / f"copy-{number}"
        with cut.started_again() as folder:
            shutil.copytree(folder / "archive", copy)
        is_last = cut is cuts[-1]
        left = open_archive(copy)
        done = runs_of(left)
        assert done == [*before, len(before) + 1] if is_last else done in (before, [*before, len(before) + 1])
        if done:
            assert_is_whole(left)
        if is_last:
            assert_all_is_saved(left, said)
        said.back_up(left)
        assert_all_is_saved(left, said)
        assert_is_whole(left)
        assert rebuilt(left) == {str(API): Rebuilt.SAME}
        shutil.rmtree(copy)
