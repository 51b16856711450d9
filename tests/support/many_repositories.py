"""A source of very many repositories that have not changed, in memory, and the archive that has them all."""

import io
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from matou.archive.layout import Archive
from matou.archive.manifest import (
    ListingState,
    ManifestWriter,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
)
from matou.credentials import GitCredential
from matou.git.refs.listing import packed_refs_text
from matou.git.wire.pktline import encode_line
from matou.model.names import ObjectId, RefName
from matou.model.platform import RemoteRepository, VersionControl, Visibility
from matou.model.refs import RefListing
from support.scripted_source import ScriptedLfs, ScriptedSource, back_up, open_archive

if TYPE_CHECKING:
    from multiprocessing import Queue

MEBIBYTE = 1024 * 1024
NAMESPACES = 20
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
HEAD = RefName("refs/heads/b0")
LISTING = RefListing(
    {RefName(f"refs/heads/b{number}"): ObjectId(f"{number + 1:040x}") for number in range(7)}, head=HEAD
)
ANSWER = b"".join(
    [
        encode_line(f"{LISTING.refs[HEAD]} HEAD symref-target:{HEAD}"),
        *(encode_line(f"{oid} {name}") for name, oid in LISTING.refs.items()),
        b"0000",
    ]
)


class MemoryTransport:
    """Gives every question the same answer."""

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator[io.BytesIO]:
        yield io.BytesIO(ANSWER)

    def advertise(self, url: str, service: str) -> bytes:
        raise AssertionError


class MemoryConnections:
    def git(self, credential: GitCredential | None) -> MemoryTransport:
        return MemoryTransport()

    def lfs(self, clone_url: str, credential: GitCredential | None) -> ScriptedLfs:
        raise AssertionError

    def cancel(self) -> None: ...


@dataclass(frozen=True)
class Cost:
    """What a run cost: the process's largest size before and after it, and its processor time."""

    unchanged: int
    before_bytes: int
    peak_bytes: int
    cpu_seconds: float


def measure(root: Path, count: int, results: "Queue[Cost]") -> None:
    """To be run in a process of its own: what a process once held counts for as long as it lives."""
    source = _source(root, count)
    archive = open_archive(root / "archive")
    _make_mirrors(archive, count)
    _make_manifest(archive, source)
    before, began = _peak_bytes(), time.process_time()
    report = back_up(source, archive, connections=MemoryConnections())
    results.put(Cost(report.outcomes[Outcome.UNCHANGED], before, _peak_bytes(), time.process_time() - began))


def _peak_bytes() -> int:
    """Linux counts it anew for each program; what `getrusage` says there is at least what the parent once held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _source(root: Path, count: int) -> ScriptedSource:
    source = ScriptedSource(root / "source")
    for number in range(NAMESPACES):
        source.project(f"p{number}")
    source.depots = [_remote(number, source.projects[number % NAMESPACES].id) for number in range(count)]
    return source


def _remote(number: int, namespace_id: str) -> RemoteRepository:
    return RemoteRepository(
        id=str(number),
        namespace_id=namespace_id,
        name=f"repository-{number}",
        description="a description of the usual length",
        clone_url=f"https://git.example/team/p{number % NAMESPACES}/repository-{number}.git",
        version_control=VersionControl.GIT,
        created_at=MOMENT,
        last_push_at=MOMENT,
        default_branch=None,
        visibility=Visibility.PRIVATE,
    )


def _publish(number: int) -> str:
    return f"team/p{number % NAMESPACES}/repository-{number}"


def _make_mirrors(archive: Archive, count: int) -> None:
    """Only what a proof reads; the files are one and the same, by links."""
    packed, head = archive.root / "packed-refs", archive.root / "HEAD"
    packed.write_bytes(packed_refs_text(LISTING.refs, {}))
    head.write_bytes(f"ref: {HEAD}\n".encode())
    for number in range(count):
        git_dir = archive.repositories / f"{_publish(number)}.git"
        git_dir.mkdir(parents=True)
        os.link(packed, git_dir / "packed-refs")
        os.link(head, git_dir / "HEAD")


def _make_manifest(archive: Archive, source: ScriptedSource) -> None:
    snapshot = archive.blobs.put_bytes(LISTING.text)
    answered_with = SourceLine(platform=source.platform, url=source.url, account="somebody", team="team", team_id="1")
    first = RunLine(format=1, run=archive.begin_run(), started_at=MOMENT, source=answered_with, matou="0")
    manifest = ManifestWriter(archive, first)
    for project in source.projects:
        line = NamespaceLine(id=project.id, name=project.name, path=f"team/{project.name}", archived=False, seen=True)
        manifest.write(line)
    for depot in source.depots:
        manifest.write(
            RepositoryLine(
                id=depot.id,
                namespace=depot.namespace_id,
                name=depot.name,
                path=_publish(int(depot.id)),
                clone_url=depot.clone_url,
                version_control=depot.version_control,
                visibility=depot.visibility,
                outcome=Outcome.SAVED,
                snapshot=snapshot,
                saved_in=1,
                refs=len(LISTING.refs),
            )
        )
    manifest.publish(finished_at=MOMENT, requests=0, listing=ListingState.COMPLETE)
