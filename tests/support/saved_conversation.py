"""What a reader of metadata gives, put together as a backup does, and saved where a server finds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from matou.archive.metadata import About, MetadataWriter
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.forge import Forge
from matou.model.metadata import (
    ChangeRequest,
    Comment,
    CommitComment,
    Issue,
    MetadataValue,
    Participant,
    ReviewThread,
    SavedRelease,
)
from matou.model.metadata.kinds import (
    CHANGE,
    COMMIT_COMMENT,
    HOOK,
    ISSUE,
    LABEL,
    MEMBER,
    MILESTONE,
    PERSON,
    PROTECTION,
    RELEASE,
    MetadataKind,
)
from matou.platforms.base.metadata import CommentRow, MetadataReader

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TABLES = (LABEL, MILESTONE, MEMBER, PROTECTION, HOOK)


@dataclass
class SavedConversation:
    """All that was said around one repository."""

    platform: str
    issues: dict[str, Issue] = field(default_factory=dict)
    changes: dict[str, ChangeRequest] = field(default_factory=dict)
    releases: dict[str, SavedRelease] = field(default_factory=dict)
    on_commits: dict[str, CommitComment] = field(default_factory=dict)
    tables: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    people: dict[str, Participant] = field(default_factory=dict)

    def values(self) -> list[tuple[MetadataKind, MetadataValue]]:
        kinds = {kind.name: kind for kind in TABLES}
        return [
            *((PERSON, one) for one in self.people.values()),
            *((kinds[name], one) for name, rows in self.tables.items() for one in rows),
            *((ISSUE, one) for one in self.issues.values()),
            *((CHANGE, one) for one in self.changes.values()),
            *((RELEASE, one) for one in self.releases.values()),
            *((COMMIT_COMMENT, one) for one in self.on_commits.values()),
        ]


def read_all(reader: MetadataReader, platform: str, tables: Sequence[MetadataKind] = TABLES) -> SavedConversation:
    """As a first backup reads it; what is within texts is not looked for."""
    read = SavedConversation(platform)
    found: Mapping[str, dict[str, Any]] = {
        ISSUE.name: read.issues,
        CHANGE.name: read.changes,
        RELEASE.name: read.releases,
        COMMIT_COMMENT.name: read.on_commits,
    }
    wide = {kind.kind.name for kind in reader.kinds if kind.comments.name == "REPOSITORY_WIDE"}
    for kind in (ISSUE, CHANGE, RELEASE, COMMIT_COMMENT):
        for row in reader.rows(kind, None):
            item = reader.read(kind, row, None, sweeping=False)
            assert item is not None
            assert item.faults == ()
            found[kind.name][row.key] = item.item
            read.people |= {one.key: one for one in item.people}
        if kind.name in wide:
            for said in reader.comments(kind, None):
                item_of = found[kind.name][said.key]
                found[kind.name][said.key] = with_comment(item_of, said)
                read.people |= {one.key: one for one in said.people}
    for kind in tables:
        table = reader.table(kind)
        read.tables[kind.name] = table.rows
        read.people |= {one.key: one for one in table.people}
    return read


def with_comment(item: Any, said: CommentRow) -> Any:
    if said.thread is None:
        return replace(item, comments=(*item.comments, said.comment))
    threads: dict[str, ReviewThread] = {one.id: one for one in item.threads}
    known = threads.get(said.thread.id, said.thread)
    comments: tuple[Comment, ...] = (*known.comments, said.comment)
    threads[said.thread.id] = replace(known, comments=comments)
    return replace(item, threads=tuple(threads.values()))


def save(forge: Forge, of: Repository | Namespace, said: SavedConversation, *, run: int = 1) -> None:
    """Write it as run `run` and index it."""
    about = About(platform=said.platform, host=f"{said.platform}.com", id="1", path=str(of.path))
    git_dir, staged = forge.archive.metadata(of.path), forge.archive.staging / f"said-{of.id}-{run}"
    with MetadataWriter(git_dir, about, run=run, at=NOON, staged=staged) as writer:
        for kind, value in said.values():
            writer.put(kind, value)
        commit = writer.commit()
    assert commit is not None
    project_id, repository_id = (of.id, None) if isinstance(of, Namespace) else (None, of.id)
    subject = MetadataSubject(repository_id=repository_id, namespace_id=project_id)
    assert index_metadata(forge.database, subject, git_dir, commit.commit) == []


def with_assets(forge: Forge, said: SavedConversation, content: bytes) -> None:
    """Every file of a release has these bytes."""
    digest = forge.archive.blobs.put_bytes(content)
    for tag, release in said.releases.items():
        assets = tuple(replace(one, sha256=digest, size=len(content)) for one in release.assets)
        said.releases[tag] = replace(release, assets=assets)
