"""A small conversation in an archive, and a target in memory to which it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matou.errors import Phrase
from matou.http.rate_limit import RateLimiter
from matou.model.metadata import (
    AttachedFile,
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    LabelDefinition,
    MetadataValue,
    Milestone,
    Participant,
    ReleaseAsset,
    Review,
    ReviewThread,
    SavedRelease,
)
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, MILESTONE, PERSON, RELEASE, MetadataKind
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.metadata_target import MetadataTarget
from matou.platforms.registry import title_of
from matou.transfer.common.saved_metadata import list_metadata
from matou.transfer.migrate.conversation.migration import (
    ConversationMigration,
    ConversationOptions,
    MigratedConversation,
)
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import MapHead, WrittenMap
from support.archive_with_metadata import ArchiveWithMetadata
from support.metadata_items import markdown

PATH = "harbour/api"
ACCOUNT = "zhang-san"
"""Who writes at the target."""
HEAD = MapHead(target="gitcode", target_host="api.gitcode.com", repository=PATH, language="zh", keeps_numbers=True)
AT = datetime(2019, 3, 4, 5, 6, tzinfo=UTC)
HEAD_COMMIT = "ab" * 20


def wanted_by_default(kind: MetadataKind) -> bool:
    return kind.is_default


def issue(number: str, text: str = "潮水表不对。", **more: object) -> Issue:
    values: dict[str, object] = {"title": f"第 {number} 个", "by": "17", "at": AT, "state": "open", **more}
    url = f"https://gitee.com/{PATH}/issues/{number}"
    return Issue(number=number, text=markdown(text), url=url, **values)  # type: ignore[arg-type]


def comment(identifier: str, text: str = "同意", **more: object) -> Comment:
    values: dict[str, object] = {"by": "18", "at": AT, **more}
    return Comment(id=identifier, text=markdown(text), **values)  # type: ignore[arg-type]


def change(number: str, state: str = "merged", **more: object) -> ChangeRequest:
    values: dict[str, object] = {"title": f"改动 {number}", "by": "17", "at": AT, "state": state, **more}
    return ChangeRequest(
        number=number,
        text=markdown(f"见 #1，和 !{number}"),
        head=ChangeHead(branch="topic", commit=HEAD_COMMIT),
        base=ChangeBase(branch="main"),
        **values,  # type: ignore[arg-type]
    )


def thread(identifier: str, *comments: Comment) -> ReviewThread:
    position = DiffPosition(path="a.py", line=3, side="new", commit=HEAD_COMMIT, hunk="@@ -1 +1 @@\n+x", as_given={})
    return ReviewThread(id=identifier, path="a.py", position=position, comments=comments)


PEOPLE = (
    Participant(id="17", login="zhang-san", name="张三"),
    Participant(id="18", login="li-si", name="李四 @all"),
)


@dataclass
class CommittedInMemory:
    """In the place of a `HistoryRepository`: what was pushed, by branch."""

    branches: dict[str, dict[str, bytes]] = field(default_factory=dict)
    notes: list[Phrase] = field(default_factory=list)

    def commit(self, branch: str, files: Mapping[str, Path], at: datetime) -> TargetRepository:
        assert at.tzinfo is not None
        self.branches[branch] = {path: content.read_bytes() for path, content in files.items()}
        url = "https://target.example/harbour/api-history.git"
        return TargetRepository("harbour/api-history", "harbour", "api-history", url, Visibility.PRIVATE)


@dataclass
class WrittenConversation:
    """An archive whose repository `harbour/api` has what each test says, and what was written of it."""

    root: Path
    target: Any
    people: dict[str, str] = field(default_factory=dict)
    is_private: bool = True
    keeps_numbers: bool | None = None
    waited: list[float] = field(default_factory=list)
    wants: Callable[[MetadataKind], bool] = wanted_by_default
    history: Any = field(default_factory=CommittedInMemory)

    def __post_init__(self) -> None:
        self.saved = ArchiveWithMetadata(self.root / "archive")

    def has(self, *values: MetadataValue) -> None:
        """All that is said around the repository, from the next backup on."""
        kinds: dict[type[MetadataValue], MetadataKind] = {
            Issue: ISSUE,
            ChangeRequest: CHANGE,
            SavedRelease: RELEASE,
            LabelDefinition: LABEL,
            Milestone: MILESTONE,
            Participant: PERSON,
        }
        self.saved.run({PATH: [(kinds[type(value)], value) for value in (*PEOPLE, *values)]})

    def file(self, name: str, content: bytes, url: str) -> AttachedFile:
        sha256 = self.saved.archive.blobs.put_bytes(content)
        return AttachedFile(url=url, name=name, sha256=sha256, size=len(content), type="image/png")

    def asset(self, name: str, content: bytes) -> ReleaseAsset:
        sha256 = self.saved.archive.blobs.put_bytes(content)
        return ReleaseAsset(name=name, url=f"https://gitee.com/{name}", sha256=sha256, size=len(content))

    def write(self, target: MetadataTarget | None = None) -> ConversationReport:
        """Write it to the target in memory, or to another."""
        (saved,) = list_metadata(self.saved.archive).saved
        conversation = MigratedConversation(
            saved=(saved,),
            branches={"main", "topic"},
            tags={"v1"},
            is_private=self.is_private,
            platform_title=title_of,
        )
        options = ConversationOptions(
            wants=self.wants, language="zh", keeps_numbers=self.keeps_numbers, people=self.people
        )
        with WrittenMap.opened(self.saved.archive, HEAD) as written:
            writer = OnceWriter(RateLimiter(monotonic=lambda: 0.0), self.waited.append)
            now = lambda: AT.replace(year=2026)  # noqa: E731
            return ConversationMigration(
                self.saved.archive,
                conversation,
                target or self.target,
                written,
                writer,
                options,
                now,
                self.history,
                ACCOUNT,
            ).run()


def review(identifier: str, state: str, text: str = "") -> Review:
    return Review(id=identifier, by="18", at=AT, state=state, text=markdown(text) if text else None)  # type: ignore[arg-type]


def small_story(written: WrittenConversation) -> None:
    """A bit of everything, in as few writes as can be."""
    picture = written.file("表.png", b"\x89PNG tide", "https://foruda.gitee.com/t.png")
    written.has(
        LabelDefinition(name="错误", color="ff0000"),
        Milestone(number="1", title="一期", state="open", kind="milestone"),
        issue("1", "见 #3 ![图](https://foruda.gitee.com/t.png)", files=(picture,), labels=("错误",), milestone="1"),
        replace(issue("3", "@李四 见 #1", comments=(comment("900"), comment("901", "`@x` !2"))), state="closed"),
        change("2", threads=(thread("t", comment("31", "这行不对")),), reviews=(review("5", "approved"),)),
        change("4", "open", threads=(thread("t", comment("41", "这里"), comment("42", "好")),)),
        SavedRelease(
            tag="v1",
            name="一",
            text=markdown("修了 #1"),
            draft=False,
            prerelease=False,
            assets=(written.asset("a.zip", b"zip"),),
        ),
    )
