"""What a backup reads of an account at a GitLab. Keys that are not named here are not read.

Source: https://docs.gitlab.com/api/rest/, and GitLab's own entities.
"""

import msgspec


class GitLabAccount(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`GET /user`, where an administrator is told so; a member of a group has an `access_level`, too."""

    id: int
    username: str
    name: str | None = None
    access_level: int | None = None
    is_admin: bool | None = None


class GitLabNamespace(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a project is in: a group, within others perhaps, or whatever a user owns.

    Attributes:
        full_path: those that it is within stand before its own, with slashes.
        kind: group or user; empty of one of `GET /groups`.
    """

    id: int
    name: str | None = None
    full_path: str
    parent_id: int | None = None
    kind: str = ""


class GitLabGroup(GitLabNamespace, frozen=True, kw_only=True, dict=True):
    """One of `GET /groups`."""

    description: str | None = None
    avatar_url: str | None = None
    created_at: str | None = None
    archived: bool | None = None
    visibility: str | None = None
    wiki_access_level: str | None = None


class GitLabProject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /projects`.

    Attributes:
        path: its part of an address; `name` is what people call it.
        issues_access_level: disabled, private, enabled; the like for others. Older servers have `issues_enabled` alone.
        last_activity_at: when something was last done there, a push too.
    """

    id: int
    path: str
    path_with_namespace: str
    namespace: GitLabNamespace
    description: str | None = None
    visibility: str | None = None
    http_url_to_repo: str | None = None
    ssh_url_to_repo: str | None = None
    default_branch: str | None = None
    created_at: str | None = None
    last_activity_at: str | None = None
    issues_enabled: bool | None = None
    issues_access_level: str | None = None
    merge_requests_enabled: bool | None = None
    merge_requests_access_level: str | None = None
    wiki_enabled: bool | None = None
    wiki_access_level: str | None = None
    snippets_enabled: bool | None = None
    snippets_access_level: str | None = None
    repository_access_level: str | None = None
    releases_access_level: str | None = None
    archived: bool | None = None


class GitLabSnippet(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /snippets`, or of a project's.

    Attributes:
        project_id: None where it is a person's own.
    """

    id: int
    title: str | None = None
    description: str | None = None
    visibility: str | None = None
    project_id: int | None = None
    http_url_to_repo: str | None = None
    ssh_url_to_repo: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
