"""Metadata for tests: a small project in Chinese, and a writer with all that does not matter filled in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from matou.archive.metadata import About, MetadataWriter
from matou.model.metadata import (
    AttachedFile,
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    CommitComment,
    DiffPosition,
    Issue,
    JsonObject,
    LabelDefinition,
    MarkupText,
    Participant,
    ReleaseAsset,
    ReviewThread,
    SavedRelease,
)

BEGAN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
ABOUT = About(platform="gitee", host="gitee.com", id="42", path="harbour/api")
DIGEST = "ab" * 32


def writer(git_dir: Path, run: int = 1, *, language: str | None = None) -> MetadataWriter:
    staged = git_dir.with_name(f"staged-{run}")
    at = BEGAN + timedelta(days=run)
    return MetadataWriter(git_dir, ABOUT, run=run, at=at, staged=staged, language=language)


def markdown(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def comment(identifier: str, body: str = "同意", *, files: tuple[AttachedFile, ...] = ()) -> Comment:
    return Comment(id=identifier, by="17", at=BEGAN, text=markdown(body), files=files)


def issue(number: str, title: str = "潮水表", *, comments: tuple[Comment, ...] = ()) -> Issue:
    return Issue(
        number=number,
        title=title,
        text=markdown("码头的潮水表不对。\n"),
        by="17",
        at=BEGAN,
        updated_at=BEGAN,
        state="open",
        labels=("错误",),
        comments=comments,
        url=f"https://gitee.com/harbour/api/issues/{number}",
        extra={"security_hole": False},
    )


def change(number: str) -> ChangeRequest:
    position = DiffPosition(commit="c" * 40, path="tide.py", side="new", line=3, as_given={"position": 3})
    thread = ReviewThread(id="1", path="tide.py", position=position, comments=(comment("9", "这一行"),))
    return ChangeRequest(
        number=number,
        title="修正潮水表",
        by="17",
        at=BEGAN,
        state="merged",
        head=ChangeHead(branch="tide", commit="c" * 40),
        base=ChangeBase(branch="main"),
        threads=(thread,),
    )


def commit_comment(identifier: str, body: str = "这次提交有错", *, commit: str | None = "c" * 40) -> CommitComment:
    position = DiffPosition(commit=commit, path="tide.py", side="new", line=3, as_given={"position": 3})
    return CommitComment(
        id=identifier, commit=commit, position=position, text=markdown(body), by="17", at=BEGAN, updated_at=BEGAN
    )


def picture(name: str = "tide.png", *, sha256: str = DIGEST, size: int = 12) -> AttachedFile:
    return AttachedFile(url=f"https://foruda.gitee.com/images/{name}", sha256=sha256, size=size, name=name)


def release(tag: str, *assets: ReleaseAsset) -> SavedRelease:
    return SavedRelease(tag=tag, name=f"第一版 {tag}", draft=False, prerelease=False, at=BEGAN, assets=assets)


def asset(name: str, *, sha256: str = DIGEST, size: int = 12) -> ReleaseAsset:
    return ReleaseAsset(name=name, sha256=sha256, size=size, url=f"https://gitee.com/harbour/api/{name}")


def person(
    identifier: str, name: str = "张三", *, email: str | None = None, extra: JsonObject | None = None
) -> Participant:
    return Participant(id=identifier, login=f"user-{identifier}", name=name, email=email, extra=extra)


def label(name: str = "错误") -> LabelDefinition:
    return LabelDefinition(name=name, color="ff0000")
