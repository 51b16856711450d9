"""What the sample team said: issues of a project and a merge request of a repository, as another backup saved them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from matou.archive.metadata import About, MetadataWriter
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.forge import Forge
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    IssueType,
    LabelDefinition,
    MarkupText,
    MetadataValue,
    Participant,
    Priority,
    Reviewer,
    ReviewThread,
)
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, PERSON, MetadataKind

Values = Iterable[tuple[MetadataKind, MetadataValue]]

PEOPLE: Final = (
    Participant(id="1", login="lihua", name="李华", state="active"),
    Participant(id="2", login="wangfang", name="王芳", state="left"),
)

ISSUES: Final = (
    Issue(
        number="1",
        id="1",
        title="小程序在老款手机上白屏",
        text=MarkupText(markup="markdown", body="**首页**是白的，见 `shop` 的日志。\n\n- [x] 安卓 8\n- [ ] 安卓 7"),
        by="2",
        at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
        updated_at=datetime(2026, 3, 4, 9, 0, tzinfo=UTC),
        state="open",
        type=IssueType(name="缺陷", group="bug"),
        priority=Priority(name="高", rank=2),
        labels=("小程序",),
        assignees=("1",),
        comments=(
            Comment(
                id="11",
                by="1",
                at=datetime(2026, 3, 2, 2, 0, tzinfo=UTC),
                text=MarkupText(markup="markdown", body="能稳定重现，是脚本太新。"),
            ),
            Comment(
                id="12",
                by="2",
                at=datetime(2026, 3, 4, 9, 0, tzinfo=UTC),
                text=MarkupText(markup="markdown", body="先加一层转换，见合并请求 !1。"),
            ),
        ),
    ),
    Issue(
        number="2",
        id="2",
        title="支持微信支付的分账",
        by="1",
        at=datetime(2026, 2, 11, 6, 0, tzinfo=UTC),
        updated_at=datetime(2026, 2, 20, 6, 0, tzinfo=UTC),
        closed_at=datetime(2026, 2, 20, 6, 0, tzinfo=UTC),
        state="closed",
        type=IssueType(name="需求", group="requirement"),
    ),
)


@dataclass(frozen=True)
class Tips:
    """Commits that the merge request names."""

    head: str
    base: str


def say_all(forge: Forge, project: Namespace, repository: Repository, tips: Tips) -> None:
    """Put it into the server, as if it had been backed up from where it was said."""
    labels = [(LABEL, LabelDefinition(name="小程序", color="2563eb"))]
    people = [(PERSON, person) for person in PEOPLE]
    issues = [(ISSUE, issue) for issue in ISSUES]
    _save(forge, project, MetadataSubject(namespace_id=project.id), (*people, *labels, *issues))
    change = (CHANGE, merge_request(tips))
    _save(forge, repository, MetadataSubject(repository_id=repository.id), (*people, change))


def merge_request(tips: Tips) -> ChangeRequest:
    on_a_line = DiffPosition(commit=tips.head, path="src/shop.txt", side="new", line=3, as_given={})
    remark = Comment(
        id="21",
        by="1",
        at=datetime(2026, 3, 5, 3, 0, tzinfo=UTC),
        text=MarkupText(markup="markdown", body="这里为什么要写二十遍？"),
    )
    return ChangeRequest(
        number="1",
        id="1",
        title="为老款手机转换脚本",
        text=MarkupText(markup="markdown", body="修复 #1。"),
        by="2",
        at=datetime(2026, 3, 4, 10, 0, tzinfo=UTC),
        updated_at=datetime(2026, 3, 6, 3, 0, tzinfo=UTC),
        state="merged",
        merged_at=datetime(2026, 3, 6, 3, 0, tzinfo=UTC),
        merged_by="1",
        head=ChangeHead(branch="old-phones", commit=tips.head),
        base=ChangeBase(branch="main", commit=tips.base),
        reviewers=(Reviewer(by="1", role="reviewer", state="requested"),),
        threads=(ReviewThread(id="21", path="src/shop.txt", position=on_a_line, resolved=True, comments=(remark,)),),
    )


def _save(forge: Forge, owner: Namespace | Repository, subject: MetadataSubject, values: Values) -> None:
    about = About(platform="coding", host="e.coding.net", id=str(owner.id), path=str(owner.path))
    git_dir, staged = forge.archive.metadata(owner.path), forge.archive.staging / f"said-{owner.path.name}"
    with MetadataWriter(git_dir, about, run=1, at=datetime(2026, 3, 7, tzinfo=UTC), staged=staged) as writer:
        for kind, value in values:
            writer.put(kind, value)
        commit = writer.commit()
    if commit is not None:
        index_metadata(forge.database, subject, git_dir, commit.commit)
