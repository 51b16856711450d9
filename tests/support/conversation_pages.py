"""A server over what people said, of all kinds, kindly and otherwise: a repository, and the project that it is in."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from matou.archive.metadata import About, MetadataWriter
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.forge import Forge
from matou.model.metadata import (
    Announcement,
    AttachedFile,
    Board,
    BoardColumn,
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    CommitComment,
    CustomField,
    DiffPosition,
    Issue,
    IssueType,
    ItemLink,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    MetadataValue,
    Milestone,
    Participant,
    Priority,
    ProtectionRule,
    Reaction,
    ReleaseAsset,
    Review,
    Reviewer,
    ReviewThread,
    SavedRelease,
    TimelineEvent,
    Webhook,
    WikiPage,
    WikiVersion,
)
from matou.model.metadata.kinds import (
    ANNOUNCEMENT,
    BOARD,
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
    WIKI_PAGE,
    WIKI_VERSION,
    MetadataKind,
)
from matou.model.names import ObjectId
from matou.model.platform import Visibility
from support.git_repositories import commit_stream, fast_import, tip_of
from support.matou_server import MatouServer, running_server

Values = Iterable[tuple[MetadataKind, MetadataValue]]

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
RUN = 7
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>\u202e\x1b[31m'
PICTURE = b"\x89PNG\r\n\x1a\n" + b"a crane in the rain" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
ASSET = b"PK\x03\x04" + b"the manual" * 50
URL = "https://team.coding.net/p/shop/d/api"
PEOPLE = (
    Participant(id="1", login="lihua", name="李华", state="active", email="lihua@secret.example"),
    Participant(id="2", login="wangfang", name="王芳", state="left"),
    Participant(id="3", login="hostile", name=HOSTILE),
)
CODE = b"def ferry():\n    return 'boat'\n\n\nclass Harbour:\n    pass\n"


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def comment(
    number: int | str, body: str, *, by: str = "1", hours: int = 0, files: tuple[AttachedFile, ...] = ()
) -> Comment:
    return Comment(id=str(number), by=by, at=at(hours), text=text(body), files=files)


@dataclass(frozen=True)
class Talk:
    """What was saved, and who serves it.

    Attributes:
        repository: public.
        project: of the repository; what was said in it is for members alone.
        closed: private, with an issue of its own.
        commit: the only one of the repository.
    """

    server: MatouServer
    repository: Repository
    project: Namespace
    closed: Repository
    commit: ObjectId
    picture: str
    drawing: str
    asset: str


@contextmanager
def talk_server(folder: Path) -> Iterator[Talk]:
    with running_server(folder / "archive", forgives_addresses=True) as server:
        repository = server.repository("harbour/shop/api", visibility=Visibility.PUBLIC)
        closed = server.repository("harbour/secret", visibility=Visibility.PRIVATE)
        git_dir = server.git_dir(repository)
        fast_import(git_dir, commit_stream("main", {"src/ferry.py": CODE}, "Add a ferry", is_root=True))
        project = server.namespace(repository.path.namespace)
        blobs = server.forge.archive.blobs
        talk = Talk(
            server,
            repository,
            project,
            closed,
            tip_of(git_dir, "refs/heads/main"),
            blobs.put_bytes(PICTURE),
            blobs.put_bytes(SVG),
            blobs.put_bytes(ASSET),
        )
        save(server.forge, repository, MetadataSubject(repository_id=repository.id), in_repository(talk))
        save(server.forge, project, MetadataSubject(namespace_id=project.id), in_project())
        hidden = Issue(number="1", title="hidden harbour", by="1", at=START, state="open", text=text("zanzibar"))
        save(server.forge, closed, MetadataSubject(repository_id=closed.id), [(PERSON, PEOPLE[0]), (ISSUE, hidden)])
        yield talk


def save(
    forge: Forge, owner: Namespace | Repository, subject: MetadataSubject, values: Values, *, run: int = RUN
) -> None:
    about = About(platform="coding", host="e.coding.net", id=str(owner.id), path=str(owner.path))
    git_dir, staged = forge.archive.metadata(owner.path), forge.archive.staging / f"said-{owner.path.name}-{run}"
    with MetadataWriter(git_dir, about, run=run, at=at(1000 + run), staged=staged) as writer:
        for kind, value in values:
            writer.put(kind, value)
        commit = writer.commit()
    assert commit is not None
    assert index_metadata(forge.database, subject, git_dir, commit.commit) == []


def in_repository(talk: Talk) -> Values:
    yield from ((PERSON, one) for one in PEOPLE)
    yield LABEL, LabelDefinition(name="缺陷", color="d73a4a")
    yield LABEL, LabelDefinition(name=HOSTILE, color='0"/><i>')
    yield MILESTONE, Milestone(number="77", title="一期", state="open", kind="milestone", due="2026-05-01")
    yield MILESTONE, Milestone(number="78", title="二期", state="closed", kind="milestone", text=text("**done**"))
    yield BOARD, Board(id="1", name="看板", columns=(BoardColumn(name="做", items=("2", "5")),))
    yield BOARD, Board(id="2", name="机密的看板", columns=(BoardColumn(name="做", items=("2",)),), confidential=True)
    yield MEMBER, MemberGrant(person="1", role="owner")
    yield MEMBER, MemberGrant(person="2", role="developer", gone_in=RUN)
    yield PROTECTION, ProtectionRule(pattern="main", target="branch", approvals=1)
    yield (
        PROTECTION,
        ProtectionRule(
            pattern="v*" + HOSTILE, target="tag", push=("lihua", HOSTILE), merge=(), force_push=False, deletion=True
        ),
    )
    yield HOOK, Webhook(id="2", name=HOSTILE, url="https://ci.example/" + HOSTILE, active=True, at=at(1))
    yield HOOK, Webhook(id="1", name="ci", url="[withheld]", events=("push",), secret="[withheld]")
    yield from ((ISSUE, one) for one in issues(talk))
    yield from ((CHANGE, one) for one in changes(talk))
    yield from ((RELEASE, one) for one in releases(talk))
    yield from ((COMMIT_COMMENT, one) for one in on_commits(talk))


def issues(talk: Talk) -> Iterator[Issue]:
    shown = AttachedFile(
        url="/files/crane.png", name="吊车.png", sha256=talk.picture, size=len(PICTURE), type="image/png"
    )
    drawn = AttachedFile(url="/files/x.svg", name="x.svg", sha256=talk.drawing, size=len(SVG), type="image/svg+xml")
    lost = AttachedFile(url="/files/lost.log", name="lost.log", missing="404")
    yield Issue(
        number="2",
        id="2",
        title="吊车在雨天停转",
        text=text(f"见图 ![吊车](/files/crane.png)，与 #5、!3、{talk.commit[:9]} 有关，@lihua 看看。#404 不在"),
        by="2",
        at=at(0),
        updated_at=at(9),
        state="open",
        type=IssueType(name="缺陷", group="bug"),
        priority=Priority(name="高", rank=2),
        labels=("缺陷",),
        milestone="77",
        assignees=("1",),
        links=(ItemLink(kind="blocks", to="5"),),
        fields=(CustomField(name="模块", value="吊臂"),),
        files=(shown, drawn, lost),
        comments=(comment(101, "我来看看 😀", hours=1), comment(102, "离职前留一句：是继电器。", by="2", hours=3)),
        events=(TimelineEvent(kind="labeled", by="1", at=at(2), data={"label": "缺陷"}),),
        reactions=(Reaction(name="+1", by=("1", "2")),),
        url=f"{URL}/issues/2",
    )
    yield Issue(
        number="5",
        title="灯塔的灯不亮",
        by="1",
        at=at(4),
        state="closed",
        closed_at=at(5),
        comments=(replace(comment(301, "收回的话", hours=5), gone_in=RUN),),
        url="javascript:alert(1)",
    )
    yield Issue(number="10", title="删掉的工单", by="1", at=at(4), state="closed", gone_in=RUN)
    yield Issue(
        number="6", title="泄密", by="1", at=at(6), state="open", confidential=True, text=text("relay password")
    )
    yield Issue(
        number="7",
        title=HOSTILE,
        by="3",
        at=at(7),
        state="open",
        text=text(f"{HOSTILE}\n\n[x](javascript:alert(1)) ![y](https://evil.example/y.png)\n\n{'>' * 400} deep"),
        labels=(HOSTILE,),
        fields=(CustomField(name=HOSTILE, value={"a": [HOSTILE]}),),
        files=(AttachedFile(url="x", name=HOSTILE, missing=HOSTILE),),
        comments=(
            Comment(id=HOSTILE, by="nobody-known", at=at(8), text=MarkupText(markup="html", body="<div>" * 5000)),
        ),
        events=(TimelineEvent(kind="other", at=at(8), data={}, text=HOSTILE),),
        url="https://evil.example/issues/7",
    )
    spoken = tuple(comment(1000 + n, f"the {n}th remark about the quay", hours=10 + n) for n in range(120))
    yield Issue(number="8", title="a long talk", by="1", at=at(9), state="open", comments=spoken)
    yield Issue(number="9", title="a long text", by="1", at=at(9), state="open", text=text("a line & <b>\n" * 20_000))


def changes(talk: Talk) -> Iterator[ChangeRequest]:
    on_a_line = DiffPosition(commit=talk.commit, path="src/ferry.py", side="new", line=2, as_given={})
    with_hunk = DiffPosition(
        path="old.py", hunk="@@ -1,2 +1,2 @@\n-old <line>\n+new line", side="new", line=9, as_given={}
    )
    yield ChangeRequest(
        number="3",
        title="修好吊车",
        text=text("修复 #2"),
        by="2",
        at=at(7),
        updated_at=at(9),
        state="merged",
        merged_at=at(9),
        merged_by="1",
        merge_commit=talk.commit,
        head=ChangeHead(branch="fix/crane", repository="someone/api", commit="0" * 40),
        base=ChangeBase(branch="main", commit=talk.commit),
        reviewers=(
            Reviewer(by="1", role="reviewer", state="approved"),
            Reviewer(by="2", role="tester", state="requested"),
        ),
        reviews=(Review(id="r1", by="1", at=at(8), state="approved", text=text("好")),),
        threads=(
            ReviewThread(
                id="t1",
                path="src/ferry.py",
                position=on_a_line,
                resolved=True,
                resolved_by="1",
                comments=(comment(201, "为什么是船？", hours=8), comment(202, "港口要", by="2", hours=20)),
            ),
            ReviewThread(
                id="t2", path="old.py", position=with_hunk, outdated=True, comments=(comment(203, "旧的", hours=9),)
            ),
        ),
        comments=(comment(204, "看起来不错", hours=10),),
    )
    yield ChangeRequest(
        number="4",
        title="重写一切",
        by="1",
        at=at(10),
        state="closed",
        head=ChangeHead(),
        base=ChangeBase(branch="main"),
        draft=True,
    )


def releases(talk: Talk) -> Iterator[SavedRelease]:
    manual = ReleaseAsset(name="手册.zip", url="https://x.example/1", sha256=talk.asset, size=len(ASSET), downloads=3)
    lost = ReleaseAsset(name="lost.zip", url="https://x.example/2", missing="404")
    yield SavedRelease(
        tag="v1.0",
        name="一点零",
        text=text("第一个版本，见 #2"),
        by="1",
        at=at(20),
        draft=False,
        prerelease=False,
        assets=(manual, lost),
    )
    yield SavedRelease(tag="release/2.0", name=HOSTILE, by="2", at=at(21), draft=False, prerelease=True)


def on_commits(talk: Talk) -> Iterator[CommitComment]:
    """More than a page shows at a time."""
    line = DiffPosition(commit=talk.commit, path="src/ferry.py", side="new", line=2, as_given={})
    for number in range(1, 14):
        yield CommitComment(
            id=str(900 + number),
            commit=talk.commit,
            position=line if number == 2 else None,
            text=text(HOSTILE if number == 3 else f"对提交的第 {number} 条评论，见 #5"),
            by=str(1 + number % 3),
            at=START + timedelta(minutes=number),
            gone_in=4 if number == 4 else None,
        )


def in_project() -> Values:
    yield from ((PERSON, one) for one in PEOPLE)
    yield LABEL, LabelDefinition(name="小程序", color="2563eb")
    yield (
        MILESTONE,
        Milestone(number="1", title="迭代一", state="open", kind="iteration", start="2026-03-01", due="2026-03-15"),
    )
    yield (
        ISSUE,
        Issue(
            number="1",
            title="小程序白屏",
            by="2",
            at=at(0),
            state="open",
            labels=("小程序",),
            iteration="1",
            text=text("**首页**是白的"),
        ),
    )
    yield ANNOUNCEMENT, Announcement(id="3", title="开港", text=text("明天 **开港**"), by="1", at=at(1))
    yield (
        WIKI_PAGE,
        WikiPage(
            id="1", title="手册", order=1, version=2, text=text("# 手册\n\n见 #1"), by="1", at=at(1), updated_at=at(2)
        ),
    )
    yield (
        WIKI_PAGE,
        WikiPage(id="2", title=HOSTILE, parent="1", order=1, version=1, text=text(HOSTILE), by="2", at=at(1)),
    )
    yield WIKI_VERSION, WikiVersion(page="1", version=1, title="手册（旧）", text=text("旧的内容"), by="2", at=at(1))
    yield WIKI_VERSION, WikiVersion(page="1", version=2, title="手册", text=text("# 手册\n\n见 #1"), by="1", at=at(2))
