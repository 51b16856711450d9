"""People, issues, comments, labels and milestones as Gitea's API v1 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct


class GiteaUser(OriginalStruct, frozen=True, kw_only=True):
    """Whoever is part of something else. An account that is gone is `Ghost`, whose id is -1."""

    id: int | UnsetType = UNSET
    login: str | UnsetType = UNSET
    full_name: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET


class GiteaFile(OriginalStruct, frozen=True, kw_only=True):
    """A file of an issue, of a comment or of a release; `uuid` names it at the whole server."""

    id: int
    name: str
    size: int | UnsetType | None = UNSET
    uuid: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    browser_download_url: str


class GiteaLabel(OriginalStruct, frozen=True, kw_only=True):
    """`color`: six hexadecimal digits, without a mark. Of those that are exclusive an issue has one of a scope."""

    id: int | UnsetType = UNSET
    name: str
    color: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    exclusive: bool | UnsetType | None = UNSET


class GiteaMilestone(OriginalStruct, frozen=True, kw_only=True):
    """Its number is its id. `state`: open or closed."""

    id: int
    title: str
    description: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    due_on: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET

    @property
    def number(self) -> int:
        return self.id


class GiteaIssue(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues?type=issues`.

    Attributes:
        original_author: who wrote it at the platform that it was brought from; `user` brought it.
    """

    id: int
    number: int
    title: str
    body: str | UnsetType | None = UNSET
    state: str
    user: GiteaUser | UnsetType | None = UNSET
    original_author: str | UnsetType | None = UNSET
    original_author_id: int | UnsetType | None = UNSET
    labels: list[GiteaLabel] | UnsetType | None = UNSET
    milestone: GiteaMilestone | UnsetType | None = UNSET
    assignees: list[GiteaUser] | UnsetType | None = UNSET
    assets: list[GiteaFile] | UnsetType | None = UNSET
    is_locked: bool | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET


class GiteaComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues/comments`. The address that it is not on is empty."""

    id: int
    body: str | UnsetType | None = UNSET
    user: GiteaUser | UnsetType | None = UNSET
    original_author: str | UnsetType | None = UNSET
    original_author_id: int | UnsetType | None = UNSET
    issue_url: str | UnsetType | None = UNSET
    pull_request_url: str | UnsetType | None = UNSET
    assets: list[GiteaFile] | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GiteaEvent(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues/{number}/timeline`; what is in it depends on `type`."""

    id: int
    type: str
    user: GiteaUser | UnsetType | None = UNSET
    assignee: GiteaUser | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
