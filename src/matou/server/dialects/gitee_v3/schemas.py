"""What stands beside the document: the words of GitLab's API v3 that Gitee's apps read of a repository's contents."""

from datetime import datetime

import msgspec

from matou.platforms.gitee.wire_v3 import Moment, moment_of


class MarkCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many have starred, or watch, a project."""

    count: int


class ProjectTreeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is `tree`, `blob`, or `commit` for a submodule."""

    id: str
    name: str
    type: str
    mode: str
    path: str


class ProjectCommit(msgspec.Struct, frozen=True, kw_only=True):
    """Of a list, of one, and within a branch or a tag."""

    id: str
    short_id: str
    title: str
    author_name: str
    author_email: str
    created_at: Moment
    message: str
    parent_ids: list[str]
    authored_date: Moment
    committer_name: str
    committer_email: str
    committed_date: Moment


class ProjectBranch(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    commit: ProjectCommit
    protected: bool = False


class ProjectTag(msgspec.Struct, frozen=True, kw_only=True):
    """`commit` is null where the tag stands for none; `message` where it is not annotated."""

    name: str
    message: str | None
    commit: ProjectCommit | None
    protected: bool = False


class ProjectFile(msgspec.Struct, frozen=True, kw_only=True):
    """`content` in Base64."""

    file_name: str
    file_path: str
    size: int
    encoding: str = "base64"
    content: str
    ref: str
    blob_id: str
    commit_id: str


def any_moment(time: datetime) -> Moment:
    """As `moment_of`; at the ends of the calendar in UTC, since a commit may say anything."""
    try:
        return moment_of(time)
    except OverflowError:
        return Moment(time.isoformat(timespec="seconds"))
