"""A short story told about `harbour/light`, with what is odd in it: for tests of how it is served."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    Issue,
    IssueType,
    LabelDefinition,
    MarkupText,
    Milestone,
    Participant,
    ReleaseAsset,
    Reviewer,
    SavedRelease,
    TimelineEvent,
    Webhook,
    WorkflowStatus,
)
from support.gitcode_server import Harbour
from support.saved_conversation import NOON, SavedConversation, save

CONTENT = b"<script>alert(1)</script>"
"""Of a release's file."""


def text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def at(day: int) -> Any:
    return NOON.replace(day=day)


def story(commits: Mapping[str, str], asset: str) -> SavedConversation:
    """Of GitCode, with one confidential issue and one that came from elsewhere by its number."""
    said = SavedConversation("gitcode")
    said.people = {
        "wang": Participant(login="wang", name="王海", email="wang@example.org", extra={"object_id": "6" * 24}),
        "li": Participant(login="li", name="李娜"),
    }
    said.tables = {
        "label": (LabelDefinition(name="缺陷", id="7", color="d73a4a"), LabelDefinition(name="a/b", color="ffffff")),
        "milestone": (
            Milestone(number="77", title="一期", state="open", due="2026-03-01", kind="milestone"),
            Milestone(number="78", title="二期", state="closed", kind="milestone"),
        ),
        "hook": (Webhook(id="9", url="[withheld]", events=("push",), secret="[withheld]", at=at(1)),),
    }
    issue = Issue(number="1", id="151", title="灯不亮", text=text("夜里"), by="wang", at=at(1), state="open")
    said.issues = {
        "1": replace(
            issue,
            updated_at=at(9),
            labels=("缺陷", "a/b"),
            milestone="77",
            assignees=("li",),
            status=WorkflowStatus(id="3", name="进行中", group="doing"),
            type=IssueType(id="4", name="缺陷", group="bug"),
            comments=tuple(
                Comment(id=str(100 + day), by="li", at=at(day), text=text(f"第{day}天")) for day in range(2, 9)
            ),
            events=(TimelineEvent(id="5", kind="other", by="li", at=at(5), data={}, text="贴上标签"),),
            extra={"visibility_reason": "none", "owner": {"login": "wang", "email": "wang@example.org"}},
        ),
        "2": replace(
            issue,
            number="2",
            id="152",
            title="secret leak",
            by="li",
            at=at(2),
            updated_at=at(2),
            confidential=True,
            comments=(Comment(id="200", by="li", at=at(2), text=text("hidden words")),),
        ),
        "3": replace(issue, number="3", id="153", title="旧的", state="closed", at=at(3), updated_at=at(3), by="li"),
    }
    change = ChangeRequest(
        number="4",
        id="704",
        title="修灯",
        by="li",
        at=at(4),
        updated_at=at(5),
        merged_at=at(5),
        state="merged",
        head=ChangeHead(branch="fix", commit=commits["head"]),
        base=ChangeBase(branch="main", commit=commits["base"]),
        reviewers=(Reviewer(by="wang", role="reviewer", state="approved"),),
        labels=("缺陷",),
        events=(TimelineEvent(id="1", kind="other", by="li", at=at(4), data={"action_type": "merged"}, text="合并"),),
    )
    said.changes = {
        "4": change,
        "5": replace(
            change, number="5", id="705", state="open", merged_at=None, head=ChangeHead(branch="x", commit="1" * 40)
        ),
    }
    release = SavedRelease(tag="v1/β", name="首个", text=text("说明"), by="li", at=at(6), draft=False, prerelease=False)
    there = ReleaseAsset(name="手册 <1>.html", url="https://gitcode.com/x", sha256=asset, size=len(CONTENT))
    lost = ReleaseAsset(name="lost.zip", url="https://gitcode.com/lost.zip", missing="404")
    said.releases = {
        "v1/β": replace(release, assets=(there, lost)),
        "v2": replace(release, tag="v2", name="二", at=at(8)),
        "v3": replace(release, tag="v3", name="三", at=at(9), draft=True),
    }
    return said


def tell_of_light(harbour: Harbour) -> None:
    """The public one; nobody without a role sees what is confidential."""
    repository, ends = harbour.repository("light"), {"head": "", "base": "~1"}
    commits = {name: harbour.git("rev-parse", f"main{of}", repository=repository).strip() for name, of in ends.items()}
    save(harbour.forge, repository, story(commits, harbour.forge.archive.blobs.put_bytes(CONTENT)))
