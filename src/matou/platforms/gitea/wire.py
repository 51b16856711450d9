"""What a backup reads of an account at a Gitea. Keys that are not named here are not read.

Source: the description of API v1 that a server has at `/swagger.v1.json`.
"""

import msgspec


class GiteaAccount(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`GET /user`, the owner of a repository, a member of an organization."""

    id: int
    login: str
    full_name: str | None = None
    avatar_url: str | None = None

    @property
    def title(self) -> str:
        return self.full_name or self.login


class GiteaOrganization(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /user/orgs`. Its id is that of its account; `username` is what older servers call `name`."""

    id: int
    name: str | None = None
    username: str | None = None
    full_name: str | None = None
    description: str | None = None
    avatar_url: str | None = None

    @property
    def login(self) -> str:
        return self.name or self.username or ""


class GiteaPermission(msgspec.Struct, frozen=True, kw_only=True):
    admin: bool | None = None
    push: bool | None = None
    pull: bool | None = None


class GiteaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /version`: `1.26.0`; of a Forgejo `11.0.1+gitea-1.22.0`."""

    version: str


class GiteaRepository(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of any list of repositories.

    Attributes:
        internal: to be seen by whoever has an account at the server.
        empty: no code is in it, or the server has not looked yet at what was pushed.
        updated_at: when something was last done to it, a push too.
    """

    id: int
    name: str
    full_name: str
    owner: GiteaAccount
    private: bool | None = None
    internal: bool | None = None
    empty: bool | None = None
    description: str | None = None
    clone_url: str | None = None
    ssh_url: str | None = None
    default_branch: str | None = None
    has_issues: bool | None = None
    has_pull_requests: bool | None = None
    has_wiki: bool | None = None
    permissions: GiteaPermission | None = None
    created_at: str | None = None
    updated_at: str | None = None
