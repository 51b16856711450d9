"""A platform's issues, change requests and releases as a test directs them: lists that move, people who leave.

It answers requests by name and parameters, in the place of a server; a reader of the machinery's kind asks it by way of
an `ApiClient`, so that its answers are kept and can be read again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from matou.archive.blobs import BlobStore
from matou.archive.layout import Archive
from matou.archive.manifest import SourceLine
from matou.concurrency import CancellationToken
from matou.credentials import Secret
from matou.errors import MatouError, NotFound
from matou.http.rate_limit import UNLIMITED, RateLimit
from matou.http.responses import Answer, failed
from matou.http.retry import Clock as SessionClock
from matou.http.session import Session
from matou.model.metadata import (
    AttachedFile,
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    Issue,
    LabelDefinition,
    MarkupText,
    MetadataValue,
    Participant,
    ReleaseAsset,
    ReviewThread,
    SavedRelease,
    Webhook,
)
from matou.model.metadata.kinds import CHANGE, HOOK, ISSUE, LABEL, RELEASE, MetadataKind
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.api_client import Answers, ApiClient, no_record
from matou.platforms.base.decoder import Decoder
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata import (
    CommentListing,
    CommentRow,
    CommitSource,
    FileRequest,
    ItemRead,
    ItemRow,
    MetadataReader,
    ReadableKind,
    TableRead,
)
from matou.platforms.base.source import RecordSink
from matou.platforms.gitcode import PLATFORM
from matou.transfer.backup.metadata.file_fetcher import FetchedFile, FileSource, Requested
from matou.transfer.backup.metadata.rebuild import MetadataRebuild, Rebuilt

HOST = "https://api.forge.example"
FILES = "files.forge.example"
BEGAN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
PAGE = 100
NOT_OFFERED = 404

KINDS = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=ISSUE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=CHANGE),
    ReadableKind(kind=RELEASE, has_since=False),
    ReadableKind(kind=HOOK),
)


_ROWS = ("issues", "comments", "changes", "notes", "releases", "labels", "hooks")


def moment(minutes: float) -> str:
    return (BEGAN + timedelta(minutes=minutes)).isoformat()


@dataclass
class ScriptedForge:
    """What a repository at the platform has; rows are what its API would answer.

    Attributes:
        before: runs ahead of each answer with the request's name and how often it was put, and may change anything.
        faults: the status that a request is answered with instead.
    """

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    before: Callable[[str, int], None] = lambda name, count: None
    faults: dict[str, int] = field(default_factory=dict)
    requests_seen: "Counter[str]" = field(default_factory=Counter)
    minutes: float = 0

    def save(self, path: Path) -> None:
        path.write_text(json.dumps([getattr(self, name) for name in _ROWS]))

    @classmethod
    def load(cls, path: Path) -> "ScriptedForge":
        return cls(**dict(zip(_ROWS, json.loads(path.read_text()), strict=True)))

    def later(self, minutes: float = 60) -> str:
        self.minutes += minutes
        return moment(self.minutes)

    def issue(self, number: int | str, body: str = "潮水表不对", **more: Any) -> dict[str, Any]:
        row = {"number": str(number), "title": f"第 {number} 号", "body": body, "by": "17", "state": "open", **more}
        row.setdefault("updated_at", self.later(1))
        row.setdefault("at", row["updated_at"])
        self.issues[str(number)] = row
        return row

    def comment(self, id_: int | str, issue: int | str, body: str = "同意", **more: Any) -> dict[str, Any]:
        row = {"id": str(id_), "issue": str(issue), "body": body, "by": "18", **more}
        row.setdefault("updated_at", self.later(1))
        row.setdefault("at", row["updated_at"])
        self.comments[str(id_)] = row
        return row

    def change(self, number: int | str, body: str = "", head: str = "a" * 40, **more: Any) -> dict[str, Any]:
        row = {"number": str(number), "title": f"改 {number}", "body": body, "by": "17", "head": head, **more}
        row.setdefault("updated_at", self.later(1))
        row.setdefault("state", "open")
        self.changes[str(number)] = row
        self.notes.setdefault(str(number), [])
        return row

    def note(self, change: int | str, id_: int | str, body: str = "这一行", thread: str | None = None) -> None:
        row = {"id": str(id_), "body": body, "by": "18", "at": self.later(1), "thread": thread}
        self.notes.setdefault(str(change), []).append(row)
        self.changes[str(change)]["updated_at"] = row["at"]

    def __call__(self, name: str, parameters: Mapping[str, object], check: Callable[[Answer], None], /) -> Answer:
        """See `Answers`."""
        self.requests_seen[name] += 1
        self.before(name, self.requests_seen[name])
        if name in self.faults:
            if self.faults[name] == NOT_OFFERED:
                raise NotOffered("there is no such list")
            raise failed(Answer(self.faults[name], {}, b'{"message":"no"}'), name)
        answer = Answer(200, {}, json.dumps(self._answer(name, parameters), ensure_ascii=False).encode())
        check(answer)
        return answer

    def _answer(self, name: str, parameters: Mapping[str, object]) -> object:
        path = name.removeprefix("GET /")
        kind, _, rest = path.partition("/")
        if path == "issues/comments":
            return _page(self.comments.values(), parameters)
        if kind == "changes" and rest:
            return self.notes[rest.removesuffix("/comments")]
        if kind in {"labels", "hooks"}:
            return list(getattr(self, kind).values())
        return _page(getattr(self, kind).values(), parameters)


def _page(rows: Any, parameters: Mapping[str, object]) -> list[Any]:
    """Ascending by time of change where it is asked since when; else by the order of creation, which never moves."""
    since, page = parameters.get("since"), int(str(parameters["page"]))
    listed = list(rows)
    if since is not None:
        start = datetime.fromisoformat(str(since))
        listed = [row for row in listed if datetime.fromisoformat(row["updated_at"]) >= start]
        listed.sort(key=lambda row: row["updated_at"])
    return listed[(page - 1) * PAGE : page * PAGE]


class ScriptedApi(ApiClient):
    platform = PLATFORM
    decoder = Decoder("scripted")


@dataclass
class ScriptedReader:
    """Reads a `ScriptedForge`. See `MetadataReader`."""

    api: ScriptedApi
    kinds: Sequence[ReadableKind] = KINDS
    downloads: Callable[[str, str | None], FileRequest] | None = None
    commit_sources: Mapping[str, CommitSource] = field(default_factory=dict)

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """A page for each hundred, and for change requests one each besides."""
        rows = getattr(cast("Any", self.api)._answers, f"{kind.name}s", {})
        listed = [row for row in rows.values() if since is None or _time(row.get("updated_at")) >= since]  # type: ignore[operator]
        return 1 + len(listed) // PAGE + (len(listed) if kind is CHANGE else 0)

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        key = "tag" if kind is RELEASE else "number"
        for row in self._pages(f"/{kind.place}", since):
            yield ItemRow(key=row[key], updated_at=_time(row.get("updated_at")), value=row)

    def comments(self, kind: MetadataKind, since: datetime | None) -> Iterator[CommentRow]:
        for row in self._pages("/issues/comments", since):
            yield CommentRow(
                key=row["issue"],
                comment=_comment(row),
                updated_at=_time(row["updated_at"]),
                people=(_person(row["by"]),),
            )

    def _pages(self, path: str, since: datetime | None) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            query = {"page": page, "since": since}
            rows = cast("list[Any]", self.api.parsed(self.api.request("GET", path, query=query, repeatable=True)))
            yield from rows
            if len(rows) < PAGE:
                return
            page += 1

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        value = cast("dict[str, Any]", row.value)
        if kind is RELEASE:
            return ItemRead(item=_release(value))
        if kind is ISSUE:
            addresses = {file["id"]: file["signed"] for file in value.get("files", ())}
            return ItemRead(item=_issue(value), people=(_person(value["by"]),), addresses=addresses)
        return self._read_change(value)

    def _read_change(self, value: dict[str, Any]) -> ItemRead:
        path = f"/changes/{value['number']}/comments"
        try:
            notes = cast("list[Any]", self.api.parsed(self.api.request("GET", path, repeatable=True)))
        except MatouError as fault:
            return ItemRead(item=_change(value, []), faults=(fault,), has_all_comments=False)
        return ItemRead(item=_change(value, notes), people=(_person(value["by"]),))

    def table(self, kind: MetadataKind) -> TableRead:
        rows = cast("list[Any]", self.api.parsed(self.api.request("GET", f"/{kind.name}s", repeatable=True)))
        if kind is LABEL:
            return TableRead(rows=tuple(LabelDefinition(**row) for row in rows))
        return TableRead(rows=tuple(Webhook(**row) for row in rows))

    def is_attachment(self, address: str) -> bool:
        return FILES in address or address.startswith("/files/")

    def download(self, url: str, signed: str | None) -> FileRequest:
        if self.downloads is None:
            raise NotFound("there are no files")
        return self.downloads(url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        return self.commit_sources.get(change.number)


@dataclass
class ScriptedMetadata:
    """See `MetadataSource`: every repository has what the forge has, and no namespace anything."""

    reader: ScriptedReader

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        return self.reader

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        return None


class NoFiles:
    """Whoever fetches a file from it has a fault."""

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:
        raise AssertionError(url)


@dataclass
class ScriptedAccess:
    """See `MetadataAccess`: a forge of its own for each repository, by its id; what has none has no metadata."""

    forges: Mapping[str, ScriptedForge]
    sources: FileSource = field(default_factory=NoFiles)
    kinds: Sequence[ReadableKind] = KINDS
    commit_sources: Mapping[str, CommitSource] = field(default_factory=dict)
    rate: RateLimit = UNLIMITED
    calls_per_hour: int | None = None

    def open(self, record: RecordSink, wants: Callable[[MetadataKind], bool], /) -> "ScriptedAccount":
        return ScriptedAccount(self, record)

    def files(self, blobs: BlobStore, record: RecordSink, limit_bytes: int | None, /) -> FileSource:
        return self.sources


@dataclass
class ScriptedAccount:
    access: ScriptedAccess
    record: RecordSink

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        return self._reader(repository.id)

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        return self._reader(namespace.id)

    def _reader(self, id_: str) -> MetadataReader | None:
        forge = self.access.forges.get(id_)
        if forge is None:
            return None
        more = {"kinds": self.access.kinds, "commit_sources": self.access.commit_sources}
        return reader_of(forge, self.record, **more)


def reader_of(answers: Answers, record: Callable[[Record], None] = no_record, **more: Any) -> ScriptedReader:
    session = Session(named=[HOST], clock=SessionClock(now=lambda: BEGAN))
    return ScriptedReader(ScriptedApi(session, HOST, Secret("token"), lambda: BEGAN, record, answers), **more)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def _person(id_: str) -> Participant:
    return Participant(id=id_, login=f"user-{id_}", name="张三")


def _comment(row: Mapping[str, Any]) -> Comment:
    return Comment(id=row["id"], by=row["by"], at=_time(row["at"]), text=_text(row["body"]))


def _issue(row: Mapping[str, Any]) -> Issue:
    return Issue(
        number=row["number"],
        title=row["title"],
        text=_text(row["body"]),
        by=row["by"],
        at=_time(row["at"]),
        updated_at=_time(row["updated_at"]),
        state=row["state"],
        files=tuple(AttachedFile(url=file["id"], name=file["name"]) for file in row.get("files", ())),
    )


def _change(row: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]) -> ChangeRequest:
    threads = dict.fromkeys(note["thread"] for note in notes if note["thread"])
    return ChangeRequest(
        number=row["number"],
        title=row["title"],
        text=_text(row["body"]),
        by=row["by"],
        updated_at=_time(row["updated_at"]),
        state=row["state"],
        head=ChangeHead(branch="tide", commit=row["head"]),
        base=ChangeBase(branch="main"),
        comments=tuple(_comment(note) for note in notes if not note["thread"]),
        threads=tuple(
            ReviewThread(id=thread, comments=tuple(_comment(note) for note in notes if note["thread"] == thread))
            for thread in threads
        ),
    )


def _release(row: Mapping[str, Any]) -> SavedRelease:
    assets = tuple(ReleaseAsset(id=one["id"], name=one["name"], url=one["url"]) for one in row.get("assets", ()))
    return SavedRelease(
        tag=row["tag"],
        name=row["tag"],
        text=_text(row.get("body", "")),
        draft=False,
        prerelease=False,
        assets=assets,
    )


def rebuild(archive: Archive) -> dict[str, Rebuilt]:
    def open_recorded(
        source: SourceLine, answers: Answers, wants: Callable[[MetadataKind], bool], /
    ) -> ScriptedMetadata:
        return ScriptedMetadata(reader_of(answers))

    rebuilt = MetadataRebuild(archive, open_recorded, CancellationToken())
    found = {one.path: one.state for one in rebuilt.rebuild()}
    assert rebuilt.faults == []
    return found
