"""What was said at a Gitee, with all that GitHub tells otherwise: letters, two spaces of numbers, lines, forks."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.db.upgrade import upgrade_if_behind
from matou.forge.forge import Forge
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    Milestone,
    Participant,
    ReleaseAsset,
    Review,
    Reviewer,
    ReviewThread,
    SavedRelease,
    TimelineEvent,
    Webhook,
)
from support.coding_api import Clock
from support.gitcode_server import Harbour, furnish
from support.saved_conversation import NOON, SavedConversation, save

CONTENT = b"<svg onload=alert(1)>"


def at(day: int) -> Any:
    return NOON.replace(day=day)


def text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def said_on(line: int, *comments: Comment, side: Any = "new", **values: Any) -> ReviewThread:
    place = DiffPosition(path="src/main.c", side=side, line=line, as_given={}, **values)
    return ReviewThread(id=f"t{comments[0].id}", path="src/main.c", position=place, comments=comments)


def story(head: str, asset: str) -> SavedConversation:
    said = SavedConversation("gitee")
    said.people = {
        "17": Participant(id="17", login="wang", name="王海", email="wang@example.org"),
        "18": Participant(id="18", login="li", name="李"),
    }
    said.tables = {
        "label": (LabelDefinition(name="缺陷", id="7", color="d73a4a"),),
        "milestone": (
            Milestone(
                number="77", id="5", title="一期", state="closed", closed_at=at(9), kind="milestone", due="2026-01-09"
            ),
            Milestone(number="3", title="冲刺", state="open", kind="iteration"),
        ),
        "member": (MemberGrant(person="17", role="developer"),),
        "hook": (Webhook(id="9", url="[withheld]", events=("push",), at=at(1)),),
    }
    comments = (Comment(id="5", by="18", at=at(3), text=text("见 #I6BBB 和 !4")),)
    issue = Issue(number="I6AAA", id="701", title="灯灭了", text=text("看 #I6BBB"), by="17", at=at(1), state="open")
    said.issues = {
        "I6AAA": replace(
            issue, labels=("缺陷",), milestone="77", comments=comments, url="https://gitee.com/h/l/issues/I6AAA"
        ),
        "I6BBB": replace(issue, number="I6BBB", id="702", at=at(2), state="closed", closed_at=at(4), assignees=("18",)),
        "I6CCC": replace(issue, number="I6CCC", id="703", at=at(3), confidential=True),
    }
    change = ChangeRequest(
        number="2",
        id="801",
        title="修灯",
        text=text("修复 #I6AAA"),
        by="17",
        at=at(4),
        state="merged",
        merged_at=at(6),
        merged_by="18",
        merge_commit=head,
        head=ChangeHead(branch="fix", commit=head),
        base=ChangeBase(branch="main", commit=head),
        reviewers=(
            Reviewer(by="18", role="reviewer", state="approved", at=at(5)),
            Reviewer(by="17", role="reviewer", state="requested"),
        ),
        threads=(
            said_on(
                1,
                Comment(id="8", by="18", at=at(4), text=text("这里")),
                Comment(id="10", by="17", at=at(5), text=text("已改"), reply_to="8"),
                hunk="@@ -1 +1 @@\n-int main;\n+int main(void);",
            ),
            said_on(7, Comment(id="11", by="18", at=at(5), text=text("旧的")), side="old"),
            ReviewThread(id="t12", path="a.c", comments=(Comment(id="12", by="18", at=at(6), text=text("整个文件")),)),
        ),
        comments=(Comment(id="9", by="18", at=at(5), text=text("整体")),),
        events=(TimelineEvent(id="1", kind="merged", by="18", at=at(6), data={}),),
    )
    forked = replace(
        change,
        number="3",
        id="802",
        at=at(7),
        state="open",
        merged_at=None,
        merge_commit=None,
        reviewers=(),
        reviews=(Review(id="31", by="18", at=at(8), state="changes_requested", text=text("不行"), commit=head),),
        threads=(said_on(3, Comment(id="21", at=at(8), text=text("没有了"))),),
        comments=(),
        commits="absent",
        head=ChangeHead(repository="zhao/light", branch="fix", commit="1" * 40),
    )
    said.changes = {"2": change, "3": forked}
    saved = ReleaseAsset(id="30", name="灯.svg", url="https://gitee.com/x", sha256=asset, size=len(CONTENT))
    lost = ReleaseAsset(id="31", name="big.iso", url="https://gitee.com/big.iso", missing="too large")
    release = SavedRelease(
        tag="v1/a", id="12", name="一", at=at(6), draft=False, prerelease=False, text=text("见 #I6AAA")
    )
    said.releases = {"v1/a": replace(release, by="17", text=text("见 #I6AAA"), assets=(saved, lost))}
    return said


def saved_story(root: Path) -> tuple[str, str]:
    """An archive with the story around `harbour/light`: the commit that was proposed, and a token of chen's."""
    archive = Archive.open_or_create(root, now=NOON, identifier=UUID(int=1))
    with closing(open_database(archive.database)) as database:
        upgrade_if_behind(database)
        forge = Forge(database, archive, Clock().now)
        furnish(forge)
        harbour = Harbour(forge, Clock())
        light = harbour.repository("light")
        harbour.git("tag", "v1/a", "main", repository=light)
        head = harbour.git("rev-parse", "main", repository=light).strip()
        save(forge, light, story(head, archive.blobs.put_bytes(CONTENT)))
        return head, harbour.token("chen")
