"""What people at a harbour have said about its code: one story, said by the fakes of several platforms in their words.

Chinese everywhere, numbers with gaps, a person who left, pictures in texts and in code, reviews, a fork that is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WANG, LI, ZHAO = "wang-hai", "li-na", "zhao-gone"
NAMES: Final = {WANG: "王海", LI: "李娜", ZHAO: "赵已去"}
IDS: Final = {WANG: 17, LI: 23, ZHAO: 31}
GONE: Final = None
"""Who has written something and has no account any more."""

HEAD, BASE = "668cb104692b30d537b07f3721df9956d073d343", "91861a9668041fc1c0ff51d1db66b6297179f5e6"
PICTURE: Final = b"\x89PNG\r\n\x1a\n" + b"a crane in the rain" * 20
ASSET: Final = b"PK\x03\x04" + b"the crane's manual" * 50


@dataclass(frozen=True)
class StoryComment:
    id: int
    by: str | None
    at: str
    body: str
    edited_at: str | None = None
    path: str | None = None
    line: int = 0
    reply_to: int | None = None
    resolved: bool = False


@dataclass(frozen=True)
class StoryIssue:
    number: int
    by: str | None
    at: str
    updated_at: str
    title: str
    body: str
    state: str = "open"
    labels: Sequence[str] = ()
    milestone: int | None = None
    assignee: str | None = None
    comments: Sequence[StoryComment] = ()


@dataclass(frozen=True)
class StoryChange:
    number: int
    by: str | None
    at: str
    updated_at: str
    title: str
    body: str
    state: str = "open"
    branch: str = "fix/crane"
    has_fork: bool = True
    reviewers: Sequence[tuple[str, bool]] = ()
    testers: Sequence[tuple[str, bool]] = ()
    comments: Sequence[StoryComment] = ()
    issues: Sequence[int] = ()


@dataclass(frozen=True)
class StoryOnCommit:
    """`commit` is None where the platform's list does not tell it."""

    id: int
    by: str | None
    at: str
    body: str
    commit: str | None
    edited_at: str | None = None
    path: str | None = None
    line: int = 0
    reply_to: tuple[int, str] | None = None


@dataclass(frozen=True)
class StoryRelease:
    tag: str
    at: str
    name: str
    body: str
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Story:
    """`picture` is the address of the one that texts show."""

    picture: str
    labels: Sequence[tuple[str, str]] = (("缺陷", "D73A4A"), ("需求", "a2eeef"), ("紧急", "B60205"))
    milestones: Sequence[tuple[int, str, str]] = ((77, "一期", "open"), (78, "二期", "closed"))
    issues: Sequence[StoryIssue] = field(init=False)
    changes: Sequence[StoryChange] = field(init=False)
    releases: Sequence[StoryRelease] = field(init=False)
    on_commits: Sequence[StoryOnCommit] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "issues", _issues(self.picture))
        object.__setattr__(self, "changes", _changes(self.picture))
        object.__setattr__(self, "releases", _releases())
        object.__setattr__(self, "on_commits", _on_commits(self.picture))


def _at(day: int, hour: int = 10) -> str:
    return f"2023-03-{day:02}T{hour:02}:00:00+08:00"


def _issues(picture: str) -> Sequence[StoryIssue]:
    shown = f'雨天复现,见图:\n\n![吊车]({picture} "吊车.png")\n\n```\n![](https://foruda.gitee.com/images/0/code.png)\n```\n'
    talk = (
        StoryComment(101, LI, _at(2), "我来看看 😀"),
        StoryComment(102, GONE, _at(3), "离职前留一句:是继电器。", edited_at=_at(3, 12)),
    )
    return (
        StoryIssue(
            2,
            WANG,
            _at(1),
            _at(3, 12),
            "吊车在雨天停转",
            shown,
            labels=("缺陷", "紧急"),
            milestone=77,
            assignee=LI,
            comments=talk,
        ),
        StoryIssue(5, GONE, _at(4), _at(5), "灯塔的灯不亮", "只在夜里。", state="closed", milestone=78),
        StoryIssue(6, LI, _at(6), _at(6), "新需求:潮汐表", "", labels=("需求",)),
    )


def _changes(picture: str) -> Sequence[StoryChange]:
    talk = (
        StoryComment(201, LI, _at(8), "这里要加一个判断", path="src/吊车.c", line=18, resolved=True),
        StoryComment(202, WANG, _at(8, 11), "已加", path="src/吊车.c", line=18, reply_to=201),
        StoryComment(203, ZHAO, _at(8, 12), f"看起来不错 ![好]({picture})"),
    )
    return (
        StoryChange(
            3,
            WANG,
            _at(7),
            _at(9),
            "修好吊车",
            "修复 #2",
            state="merged",
            reviewers=((LI, True),),
            testers=((ZHAO, False),),
            issues=(2,),
            comments=talk,
        ),
        StoryChange(4, ZHAO, _at(10), _at(10), "重写一切", "", state="closed", branch="rewrite", has_fork=False),
    )


def _releases() -> Sequence[StoryRelease]:
    return (
        StoryRelease("v1.0", _at(20), "一点零", "第一个版本", files=("吊车手册.zip",)),
        StoryRelease("release/2.0", _at(21), "二点零", "没有附件"),
    )


def _on_commits(picture: str) -> Sequence[StoryOnCommit]:
    return (
        StoryOnCommit(401, WANG, _at(11), f"这次提交修好了吊车 ![图]({picture})", HEAD),
        StoryOnCommit(402, GONE, _at(12), "这一行少了分号", HEAD, edited_at=_at(12, 11), path="src/吊车.c", line=18),
        StoryOnCommit(403, LI, _at(13), "没说是哪一次提交", None, reply_to=(401, WANG)),
    )
