"""A dump for Gitea as Gitea reads it: YAML, by names, into fields of fixed types.

The structs name what `gitea restore-repo` knows of each file (modules/migration and its schemas): a key that it does
not know, or a value of another type, is an error here.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml  # type: ignore[import-untyped]  # types-PyYAML would be one more dependency

ObjectName = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{40}([0-9a-f]{24})?)?\Z")]
Index = Annotated[int, msgspec.Meta(gt=0)]


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    """A row with no other keys."""


class GiteaLabel(_Known):
    name: str
    color: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{6}\Z")]
    description: str


class GiteaReaction(_Known):
    user_id: int
    content: str
    user_name: str = ""


class GiteaIssue(_Known):
    number: Index
    poster_id: int
    poster_name: str
    title: str
    content: str
    state: Literal["open", "closed"]
    is_locked: bool
    created: datetime
    updated: datetime
    poster_email: str
    milestone: str
    closed: datetime | None
    labels: list[GiteaLabel]
    reactions: list[GiteaReaction]
    assignees: list[str]


class GiteaBranch(_Known):
    clone_url: str
    ref: str
    sha: ObjectName
    repo_name: str
    owner_name: str


class GiteaPullRequest(GiteaIssue):
    patch_url: str
    merged: bool
    merged_time: datetime | None
    merge_commit_sha: ObjectName
    head: GiteaBranch
    base: GiteaBranch
    foreignindex: Index
    ensured_safe: bool


class GiteaComment(_Known):
    issue_index: Index
    poster_id: int
    poster_name: str
    poster_email: str
    content: str
    created: datetime
    updated: datetime
    reactions: list[GiteaReaction]


class GiteaLineComment(_Known):
    content: str
    tree_path: str
    diff_hunk: str
    position: int
    line: int
    commit_id: ObjectName
    poster_id: int
    reactions: list[GiteaReaction]
    created_at: datetime
    updated_at: datetime


class GiteaReview(_Known):
    id: Index
    issue_index: Index
    reviewer_id: int
    reviewer_name: str
    official: bool
    commit_id: ObjectName
    content: str
    created_at: datetime
    state: Literal["PENDING", "APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
    comments: list[GiteaLineComment]


class GiteaAsset(_Known):
    name: str
    size: int
    download_count: int
    created: datetime
    updated: datetime
    download_url: str


class GiteaRelease(_Known):
    tag_name: str
    target_commitish: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    publisher_id: int
    publisher_name: str
    publisher_email: str
    assets: list[GiteaAsset]
    created: datetime
    published: datetime


class GiteaMilestone(_Known):
    title: str
    description: str
    deadline: datetime | None
    created: datetime
    updated: datetime
    closed: datetime | None
    state: Literal["open", "closed"]


class GiteaDump:
    """A folder, read as a restore reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository: dict[str, str] = self._read("repo.yml", dict[str, str])
        self.topics: dict[str, list[str]] = self._read("topic.yml", dict[str, list[str]])
        self.issues: list[GiteaIssue] = self._read("issue.yml", list[GiteaIssue])
        self.pulls: list[GiteaPullRequest] = self._read("pull_request.yml", list[GiteaPullRequest])
        self.labels: list[GiteaLabel] = self._read("label.yml", list[GiteaLabel])
        self.milestones: list[GiteaMilestone] = self._read("milestone.yml", list[GiteaMilestone])
        self.releases: list[GiteaRelease] = self._read("release.yml", list[GiteaRelease])

    def comments(self, number: int) -> list[GiteaComment]:
        found: list[GiteaComment] = self._read(f"comments/{number}.yml", list[GiteaComment])
        return found

    def reviews(self, number: int) -> list[GiteaReview]:
        found: list[GiteaReview] = self._read(f"reviews/{number}.yml", list[GiteaReview])
        return found

    def _read(self, name: str, kind: Any) -> Any:
        path = self.folder / name
        read = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        return msgspec.convert([] if read is None else read, kind)
