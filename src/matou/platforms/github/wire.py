"""What a backup reads of an account at GitHub. Keys that are not named here are not read.

Source: GitHub's description of its REST API (github/rest-api-description, api.github.com 2022-11-28).
"""

import msgspec


class GitHubAccount(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`GET /user`, the owner of a repository, a member. `type`: User, Organization, Bot, Mannequin."""

    id: int
    login: str
    name: str | None = None
    type: str | None = None
    avatar_url: str | None = None

    @property
    def title(self) -> str:
        return self.name or self.login


class GitHubOrganization(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /user/orgs`. Its id is that of its account."""

    id: int
    login: str
    description: str | None = None
    avatar_url: str | None = None


class GitHubPermissions(msgspec.Struct, frozen=True, kw_only=True):
    admin: bool | None = None
    maintain: bool | None = None
    push: bool | None = None
    triage: bool | None = None
    pull: bool | None = None


class GitHubRepository(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of any list of repositories.

    Attributes:
        full_name: `owner/name`.
        visibility: public, private, or internal: to be seen by all of its enterprise.
        pushed_at: None where nothing was pushed yet.
    """

    id: int
    name: str
    full_name: str
    owner: GitHubAccount
    private: bool | None = None
    visibility: str | None = None
    description: str | None = None
    fork: bool | None = None
    clone_url: str | None = None
    ssh_url: str | None = None
    default_branch: str | None = None
    has_issues: bool | None = None
    has_wiki: bool | None = None
    has_projects: bool | None = None
    has_discussions: bool | None = None
    archived: bool | None = None
    permissions: GitHubPermissions | None = None
    pushed_at: str | None = None
    created_at: str | None = None


class GitHubGist(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /gists`: a small repository without a name, whose id is 32 hexadecimal digits."""

    id: str
    description: str | None = None
    public: bool | None = None
    git_pull_url: str | None = None
    owner: GitHubAccount
    created_at: str | None = None
    updated_at: str | None = None
