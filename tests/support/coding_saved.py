"""What our reader brings of a project and a depot at CODING, as a first backup saves it, where a server finds it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from matou.archive.metadata import About, MetadataWriter
from matou.archive.metadata.tree_paths import key_of
from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.forge import Forge
from matou.http.session import Session
from matou.model.metadata import MetadataValue, Participant
from matou.model.metadata.kinds import KINDS, PERSON, MetadataKind, TreeLayout
from matou.platforms.base.metadata import CommentListing, ItemRead, MetadataReader, ReadableKind
from matou.platforms.coding.metadata_source import CodingMetadataSource
from matou.platforms.coding.source import CodingClient
from support.coding_source import TOKEN, CodingSource, running_coding_source
from support.coding_story import tell_story
from support.saved_conversation import with_comment
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)

ALL_KINDS = tuple(KINDS.values())

Values = dict[str, dict[str, Any]]


@dataclass
class Said:
    """By kind and key. `settings` are JSON; `files` are the addresses of what is attached or stands in a text."""

    values: Values = field(default_factory=dict)
    people: dict[str, Participant] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def of(self, kind: MetadataKind) -> dict[str, Any]:
        return self.values.setdefault(kind.name, {})

    def put(self, kind: MetadataKind, value: MetadataValue) -> None:
        self.of(kind)[key_of(kind, value)] = value


@dataclass
class SaidAtCoding:
    project: Said
    depot: Said


def said_at_coding(tell: Callable[[CodingSource], object] = tell_story) -> SaidAtCoding:
    """The story of `boats` and `ferry`, as it is read."""
    with running_coding_source() as source:
        tell(source)
        return read_team(source.url, TOKEN, "boats", "ferry")


def read_team(
    url: str, token: str, project: str, depot: str, kinds: Collection[MetadataKind] = ALL_KINDS
) -> SaidAtCoding:
    """What is of these kinds."""
    with Session(named=[url], clock=SYSTEM_CLOCK) as session:
        listed = CodingClient(session, url, Secret(token), record=lambda _: None, now=lambda: NOW)
        namespace = next(one for one in listed.namespaces() if one.name == project)
        repository = next(one for one in listed.repositories() if one.name == depot)
        source = CodingMetadataSource(session, url, Secret(token), lambda _: None, now=lambda: NOW)
        of_depot = source.of_repository(repository, namespace)
        assert of_depot is not None
        return SaidAtCoding(read_said(source.of_namespace(namespace), kinds), read_said(of_depot, kinds))


def read_said(reader: MetadataReader, kinds: Collection[MetadataKind] = ALL_KINDS) -> Said:
    """All that a reader gives; nothing of it may fail."""
    said = Said()
    for readable in reader.kinds:
        if readable.unseen is None and readable.kind in kinds:
            read = _read_table if readable.kind.layout is TreeLayout.TABLE else _read_items
            read(said, reader, readable)
    return said


def _read_table(said: Said, reader: MetadataReader, readable: ReadableKind) -> None:
    table = reader.table(readable.kind)
    said.people |= {one.key: one for one in table.people}
    for row in table.rows:
        if isinstance(row, MetadataValue):
            said.put(readable.kind, row)
        else:
            said.settings = row


def _read_items(said: Said, reader: MetadataReader, readable: ReadableKind) -> None:
    kind = readable.kind
    for row in reader.rows(kind, None):
        read = reader.read(kind, row, None, sweeping=False)
        assert read is not None
        _take(said, kind, read)
    if readable.comments is CommentListing.REPOSITORY_WIDE:
        for comment in reader.comments(kind, None):
            said.of(kind)[comment.key] = with_comment(said.of(kind)[comment.key], comment)
            said.people |= {one.key: one for one in comment.people}


def _take(said: Said, kind: MetadataKind, read: ItemRead) -> None:
    assert read.faults == ()
    said.put(kind, read.item)
    for beside in read.beside:
        said.put(_kind_of(beside), beside)
    said.people |= {one.key: one for one in read.people}
    said.files |= read.addresses


def _kind_of(value: MetadataValue) -> MetadataKind:
    return next(kind for kind in KINDS.values() if kind.value is type(value))


def save_said(forge: Forge, subject: Repository | Namespace, said: Said, *, platform: str = "coding") -> None:
    """Write it as the first run and index it."""
    about = About(platform=platform, host="e.coding.net", id="1", path=str(subject.path))
    git_dir, staged = forge.archive.metadata(subject.path), forge.archive.staging / f"said-{subject.id}"
    with MetadataWriter(git_dir, about, run=1, at=NOW, staged=staged) as writer:
        for person in said.people.values():
            writer.put(PERSON, person)
        for name, values in said.values.items():
            for value in values.values():
                writer.put(KINDS[name], value)
        if said.settings:
            writer.put_settings(said.settings)
        commit = writer.commit()
    assert commit is not None
    if isinstance(subject, Repository):
        found = MetadataSubject(repository_id=subject.id)
    else:
        found = MetadataSubject(namespace_id=subject.id)
    assert index_metadata(forge.database, found, git_dir, commit.commit) == []
