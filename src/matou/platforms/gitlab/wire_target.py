"""What a migration reads of a GitLab that it writes to. Source as in `wire`."""

import msgspec
from msgspec import UNSET, UnsetType

from matou.platforms.gitlab.wire import GitLabNamespace


class GitLabTargetProject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A project: one of a list, and what making one answers."""

    id: int
    path: str
    namespace: GitLabNamespace
    http_url_to_repo: str | None = None
    visibility: str | None = None


class GitLabOwnToken(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /personal_access_tokens/self`, as far as it says what the token is for."""

    scopes: list[str]


class GitLabAccess(msgspec.Struct, frozen=True, kw_only=True):
    access_level: int | None = None


class GitLabPermissions(msgspec.Struct, frozen=True, kw_only=True):
    """What the account may: by itself, or by a group."""

    project_access: GitLabAccess | None = None
    group_access: GitLabAccess | None = None


class GitLabOwnRights(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /projects/{id}`, as far as it says what the account may."""

    permissions: GitLabPermissions | None = None


class GitLabNamed(msgspec.Struct, frozen=True, kw_only=True):
    """What has an id and a name, or a title: a label, a person, a milestone."""

    id: int
    name: str = ""
    title: str = ""


class GitLabAuthor(msgspec.Struct, frozen=True, kw_only=True):
    username: str | None = None


class GitLabWrittenItem(msgspec.Struct, frozen=True, kw_only=True):
    """An issue or a merge request, as it shows it."""

    iid: int
    title: str
    state: str
    description: str | None = None
    user_notes_count: int | None = None
    web_url: str | None = None
    author: GitLabAuthor | UnsetType | None = UNSET


class GitLabRefs(msgspec.Struct, frozen=True, kw_only=True):
    base_sha: str | None = None
    head_sha: str | None = None
    start_sha: str | None = None


class GitLabDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`GET …/merge_requests/{iid}`, as far as a comment on a line needs it."""

    diff_refs: GitLabRefs | None = None


class GitLabWrittenNote(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    body: str | None = None
    system: bool | None = None
    author: GitLabAuthor | UnsetType | None = UNSET


class GitLabWrittenDiscussion(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    individual_note: bool | None = None
    notes: list[GitLabWrittenNote]


class GitLabWrittenLink(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class GitLabWrittenAssets(msgspec.Struct, frozen=True, kw_only=True):
    links: list[GitLabWrittenLink] | None = None


class GitLabWrittenRelease(msgspec.Struct, frozen=True, kw_only=True):
    tag_name: str
    name: str | None = None
    description: str | None = None
    assets: GitLabWrittenAssets | None = None


class GitLabUploaded(msgspec.Struct, frozen=True, kw_only=True):
    """`POST …/uploads`: `url` is what a text names, without the project before it."""

    url: str
