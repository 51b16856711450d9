"""A platform that a test directs: real git repositories in a folder, and a source that lists them as it is told.

The folder holds everything, so that a child process can open the same source (`ScriptedSource.load`).
"""

import hashlib
import io
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from matou.archive.layout import Archive
from matou.archive.manifest import Line, RepositoryLine, read_manifest
from matou.archive.run_history import faults_of_chain, manifests
from matou.archive.snapshots import parse_snapshot
from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, NotFound
from matou.model.names import RepositoryPath
from matou.model.platform import (
    Account,
    Inaccessible,
    Record,
    RemoteNamespace,
    RemoteRepository,
    VersionControl,
    Visibility,
)
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.command import BackupOptions, backup
from matou.transfer.backup.report import BackupReport
from matou.transfer.common.transports import Readable

TOKEN = "0123456789abcdef-the-secret-token"
HOST = "https://git.example"
CLOCK = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A. Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A. Author",
    "GIT_COMMITTER_EMAIL": "author@example.com",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
}


def git(folder: Path, *arguments: str, text: str | bytes = b"", check: bool = True) -> str:
    """What git prints, without the last line feed."""
    data = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=data, capture_output=True, env=GIT_ENVIRONMENT, check=check
    )
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def commit(folder: Path, ref: str, files: Mapping[str, str | bytes], *, message: str = "a commit") -> str:
    """A commit on top of what the ref names, with these files changed; the ref is moved to it. No work tree."""
    parent = git(folder, "rev-parse", "--verify", "-q", f"{ref}^{{commit}}", check=False)
    lines = git(folder, "ls-tree", parent).splitlines() if parent else []
    entries = {line.split("\t")[1]: line for line in lines}
    for name, content in files.items():
        blob = git(folder, "hash-object", "-w", "--stdin", text=content)
        entries[name] = f"100644 blob {blob}\t{name}"
    tree = git(folder, "mktree", text="".join(f"{line}\n" for line in entries.values()))
    parents = ["-p", parent] if parent else []
    made = git(folder, "commit-tree", tree, *parents, "-m", message)
    git(folder, "update-ref", ref, made)
    return made


def refs_of(folder: Path) -> dict[str, str]:
    lines = git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


def lfs_pointer(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


class _Answer:
    """What upload-pack says, read as it comes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, size: int = -1) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(size)


@dataclass
class UploadPackTransport:
    """Git's own upload-pack in the place of a server, one process a request.

    `before` runs ahead of each exchange with its URL and body, and may raise or change the repository.
    """

    folders: Mapping[str, Path]
    before: Callable[[str, bytes], None] | None = None
    exchanges: "Counter[str]" = field(default_factory=Counter)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator[_Answer]:
        with self._lock:
            self.exchanges[url] += 1
            self.bodies.append((url, body))
        if self.before is not None:
            self.before(url, body)
        process = self._start(url, "--stateless-rpc", protocol=protocol)
        with process:
            assert process.stdin is not None
            process.stdin.write(body)
            process.stdin.close()
            try:
                yield _Answer(process)
            finally:
                process.kill()

    def advertise(self, url: str, service: str, *, protocol: int = 2) -> bytes:
        process = self._start(url, "--stateless-rpc", "--http-backend-info-refs", protocol=protocol)
        return process.communicate()[0]

    def _start(self, url: str, *options: str, protocol: int) -> "subprocess.Popen[bytes]":
        folder = self.folders.get(url)
        if folder is None or not folder.exists():
            raise NotFound("{url} is not there", url=url)
        environment = {**GIT_ENVIRONMENT, "GIT_PROTOCOL": f"version={protocol}"}
        return subprocess.Popen(
            ["git", "upload-pack", *options, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass
class ScriptedSource:
    """Lists what it is told, in that order; `change` and `remove` are the platform's own users at work.

    `listing_fault` is raised after the repositories are through; `listing_ends_after` cuts the list short.
    """

    folder: Path
    team: str = "team"
    platform: str = "coding"
    url: str = "https://coding.example/open-api"
    projects: list[RemoteNamespace] = field(default_factory=list)
    depots: list[RemoteRepository] = field(default_factory=list)
    icons: dict[str, bytes] = field(default_factory=dict)
    lfs_objects: dict[str, bytes] = field(default_factory=dict)
    unseen: list[Inaccessible] = field(default_factory=list)
    account_fault: MatouError | None = None
    listing_fault: MatouError | None = None
    listing_ends_after: int | None = None
    requests: "Counter[str]" = field(default_factory=Counter)
    sink: RecordSink | None = None

    def project(self, name: str, *, id_: str | None = None, display_name: str = "", **more: Any) -> RemoteNamespace:
        made = RemoteNamespace(
            id=id_ or f"p{len(self.projects) + 1}",
            name=name,
            display_name=display_name or name,
            description=more.get("description", ""),
            created_at=datetime(2020, 5, 17, 8, 0, tzinfo=UTC),
            icon_url=more.get("icon_url"),
            archived=more.get("archived", False),
        )
        self.projects.append(made)
        return made

    def repository(
        self,
        name: str,
        project: RemoteNamespace,
        *,
        id_: str | None = None,
        object_format: str = "sha1",
        version_control: VersionControl = VersionControl.GIT,
    ) -> Path:
        """An empty repository at the source; its folder is given back to be filled."""
        id_ = id_ or str(100 + len(self.depots))
        git_dir = self.folder / "git" / f"{id_}.git"
        if not git_dir.exists():
            git_dir.mkdir(parents=True)
            git(git_dir, "init", "-q", "--bare", "-b", "main", f"--object-format={object_format}", ".")
            git(git_dir, "config", "uploadpack.allowFilter", "true")
        self.depots.append(
            RemoteRepository(
                id=id_,
                namespace_id=project.id,
                name=name,
                description=f"about {name}"[:80],
                clone_url=f"{HOST}/{id_}.git",
                version_control=version_control,
                created_at=datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC),
                last_push_at=datetime(2022, 1, 2, 3, 4, 5, tzinfo=UTC),
                default_branch="main",
                visibility=Visibility.PRIVATE,
            )
        )
        return git_dir

    def git_dir(self, id_: str) -> Path:
        return self.folder / "git" / f"{id_}.git"

    def change(self, id_: str, **values: Any) -> None:
        self.depots = [replace(depot, **values) if depot.id == id_ else depot for depot in self.depots]

    def remove(self, *ids: str) -> None:
        self.depots = [depot for depot in self.depots if depot.id not in ids]

    def keep_lfs(self, content: bytes) -> str:
        """Store the object at the source and give its pointer."""
        self.lfs_objects[hashlib.sha256(content).hexdigest()] = content
        return lfs_pointer(content)

    def save(self) -> None:
        """Write everything that `load` needs to the folder."""
        lfs = self.folder / "lfs"
        lfs.mkdir(parents=True, exist_ok=True)
        for oid, content in self.lfs_objects.items():
            (lfs / oid).write_bytes(content)
        state = {
            "team": self.team,
            "projects": [_plain(project) for project in self.projects],
            "depots": [_plain(depot) for depot in self.depots],
        }
        (self.folder / "source.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> "ScriptedSource":
        state = json.loads((folder / "source.json").read_text())
        return cls(
            folder,
            team=state["team"],
            projects=[
                RemoteNamespace(**{**line, "created_at": _time(line["created_at"])}) for line in state["projects"]
            ],
            depots=[
                RemoteRepository(
                    **{
                        **line,
                        "created_at": _time(line["created_at"]),
                        "last_push_at": _time(line["last_push_at"]),
                        "version_control": VersionControl(line["version_control"]),
                        "visibility": Visibility(line["visibility"]),
                        "switched_off": frozenset(line["switched_off"]),
                    }
                )
                for line in state["depots"]
            ],
            lfs_objects={path.name: path.read_bytes() for path in (folder / "lfs").iterdir()},
        )

    def transport(self) -> UploadPackTransport:
        return UploadPackTransport({depot.clone_url: self.git_dir(depot.id) for depot in self.depots})

    def _answered(self, request: str, body: bytes = b"{}") -> None:
        self.requests[request] += 1
        if self.sink is not None:
            self.sink(Record(datetime(2026, 1, 1, tzinfo=UTC), request, {}, 200, body))

    def account(self) -> Account:
        if self.account_fault is not None:
            raise self.account_fault
        self._answered("account")
        return Account("7", "somebody", "Some Body", "1", self.team, "The Team")

    def namespaces(self) -> Iterable[RemoteNamespace]:
        self._answered("namespaces", json.dumps([_plain(project) for project in self.projects]).encode())
        return list(self.projects)

    def repositories(self) -> Iterator[RemoteRepository]:
        self._answered("repositories")
        yield from self.depots[: self.listing_ends_after]
        if self.listing_fault is not None:
            raise self.listing_fault

    def labels(self, namespace: RemoteNamespace) -> bytes:
        self._answered("labels")
        return b'["bug"]'

    def members(self, namespace: RemoteNamespace) -> bytes:
        self._answered("members")
        return b'["somebody"]'

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        self._answered("icon")
        return self.icons.get(namespace.id)

    def git_credential(self) -> GitCredential:
        return GitCredential("coding", Secret(TOKEN))


def _plain(value: RemoteNamespace | RemoteRepository) -> dict[str, Any]:
    fields: Sequence[str] = tuple(type(value).__dataclass_fields__)
    plain = {name: getattr(value, name) for name in fields}
    return {name: _plain_value(item) for name, item in plain.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value


@dataclass
class MissingLfs:
    oid: str
    message: str


@dataclass
class ScriptedLfs:
    objects: Mapping[str, bytes]
    requests_seen: list[str]

    def download(
        self, objects: Iterable[tuple[str, int]], sink: Callable[[str, int, Readable], None]
    ) -> Sequence[MissingLfs]:
        missing = []
        for oid, size in objects:
            self.requests_seen.append(oid)
            if oid in self.objects:
                sink(oid, size, io.BytesIO(self.objects[oid]))
            else:
                missing.append(MissingLfs(oid, "Object does not exist"))
        return missing

    def lacking(self, objects: Iterable[tuple[str, int]]) -> Sequence[MissingLfs]:
        return [MissingLfs(oid, "Object does not exist") for oid, _ in objects if oid not in self.objects]


@dataclass
class ScriptedConnections:
    """The ways to a scripted source; `transport` may be told to fail."""

    source: ScriptedSource
    transport: UploadPackTransport
    lfs_requests: list[str] = field(default_factory=list)
    was_cancelled: bool = False

    @classmethod
    def to(cls, source: ScriptedSource) -> "ScriptedConnections":
        return cls(source, source.transport())

    def git(self, credential: GitCredential | None) -> UploadPackTransport:
        assert credential == self.source.git_credential()
        return self.transport

    def lfs(self, clone_url: str, credential: GitCredential | None) -> ScriptedLfs:
        return ScriptedLfs(self.source.lfs_objects, self.lfs_requests)

    def cancel(self) -> None:
        self.was_cancelled = True


def open_archive(root: Path) -> Archive:
    return Archive.open_or_create(root, now=CLOCK, identifier=UUID(int=7))


def back_up(source: ScriptedSource, archive: Archive, **more: Any) -> BackupReport:
    """One run with plain options; `connections`, the `access` to metadata and every option may be given."""
    connections = more.pop("connections", None) or ScriptedConnections.to(source)
    caller = {name: more.pop(name) for name in ("progress", "cancelled", "workers") if name in more}
    access = more.pop("access", None)
    options = BackupOptions(**{"jobs": 2, "first_wait": timedelta(), **more})

    def open_source(sink: RecordSink) -> ScriptedSource:
        source.sink = sink
        return source

    return backup(open_source, archive, connections, options, now=lambda: datetime.now(UTC), metadata=access, **caller)


def lines(archive: Archive, run: int) -> list[Line]:
    return list(read_manifest(archive.manifest(run)))


def repository_lines(archive: Archive, run: int) -> dict[str, RepositoryLine]:
    return {line.id: line for line in lines(archive, run) if isinstance(line, RepositoryLine)}


def outcomes(archive: Archive, run: int) -> dict[str, str]:
    return {id_: line.outcome.value for id_, line in repository_lines(archive, run).items()}


def mirror(archive: Archive, id_: str, *, run: int) -> Path:
    return archive.repository(RepositoryPath.parse(repository_lines(archive, run)[id_].path))


def snapshot_of(archive: Archive, id_: str, *, run: int) -> dict[str, str]:
    """The refs that a run's manifest names."""
    digest = repository_lines(archive, run)[id_].snapshot
    assert digest is not None
    return {str(name): str(oid) for name, oid in parse_snapshot(archive.blobs.read(digest)).refs.items()}


def assert_sound(archive: Archive) -> None:
    """What the newest manifest of the archive names is all there, and so is every object; nothing is left over."""
    assert list(faults_of_chain(archive)) == []
    runs = [number for number, _ in manifests(archive)]
    for line in repository_lines(archive, runs[-1]).values():
        if line.snapshot is not None:
            git_dir = archive.repository(RepositoryPath.parse(line.path))
            wanted = {**parse_snapshot(archive.blobs.read(line.snapshot)).refs}
            found = refs_of(git_dir)
            assert {name: oid for name, oid in found.items() if not name.startswith("refs/matou/")} == wanted
            git(git_dir, "fsck", "--full", "--strict")
            assert [path.name for path in git_dir.rglob("*.lock")] == []
            assert [path.name for path in git_dir.rglob("tmp_*")] == []
    for run in runs:
        for line in repository_lines(archive, run).values():
            kept = refs_of(archive.repository(RepositoryPath.parse(line.path))) if line.kept else {}
            assert set(line.kept) <= set(kept)
    assert list(archive.staging.iterdir()) == []
