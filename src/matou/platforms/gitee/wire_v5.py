"""What backup and migration read of Gitee's API v5. Keys that are not named here are not read.

Source: Gitee's Swagger 5.3.85, whose types are "string" for nearly everything; the types here are those of the
answers that Gitee's own command line tool reads.
"""

import msgspec


class GiteeUser(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /user`, and whoever is part of something else."""

    id: int
    login: str
    name: str | None = None
    avatar_url: str | None = None
    html_url: str | None = None
    email: str | None = None
    type: str | None = None


class GiteeNamespace(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What owns a repository. `type`: personal, group or enterprise."""

    id: int
    type: str | None = None
    name: str | None = None
    path: str
    html_url: str | None = None


class GiteeOrganization(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /user/orgs`. Its id is not its namespace's; `login` is its namespace's path."""

    id: int
    login: str
    name: str | None = None
    avatar_url: str | None = None
    description: str | None = None


class GiteeEnterprise(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /user/enterprises`. Its id is not its namespace's."""

    id: int
    path: str
    name: str | None = None
    avatar_url: str | None = None


class EnterpriseMember(msgspec.Struct, frozen=True, kw_only=True):
    """`role`: admin or member; `outsourced` ones are of another company."""

    role: str | None = None
    outsourced: bool | None = None
    active: bool | None = None
    user: GiteeUser


class GiteePermission(msgspec.Struct, frozen=True, kw_only=True):
    pull: bool | None = None
    push: bool | None = None
    admin: bool | None = None


class GiteeRepository(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of any list of repositories, `GET /repos/{owner}/{repo}`, and the answer to creating one.

    Attributes:
        full_name: `owner/path`.
        human_name: the same in names that people gave.
        html_url: ends in `.git` in some answers.
        internal: to be seen by all of its enterprise.
        pushed_at: None where nothing was pushed yet.
    """

    id: int
    full_name: str
    human_name: str | None = None
    namespace: GiteeNamespace
    path: str | None = None
    name: str | None = None
    owner: GiteeUser | None = None
    description: str | None = None
    private: bool | None = None
    public: bool | None = None
    internal: bool | None = None
    fork: bool | None = None
    html_url: str | None = None
    ssh_url: str | None = None
    default_branch: str | None = None
    has_issues: bool | None = None
    has_wiki: bool | None = None
    pull_requests_enabled: bool | None = None
    permission: GiteePermission | None = None
    pushed_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class GiteeBranchTip(msgspec.Struct, frozen=True, kw_only=True):
    sha: str


class GiteeBranch(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    commit: GiteeBranchTip
    protected: bool | None = None


class GiteeContentLinks(msgspec.Struct, frozen=True, kw_only=True):
    self_: str = msgspec.field(name="self")
    html: str


class GiteeContent(msgspec.Struct, frozen=True, kw_only=True):
    """`GET …/contents/{path}`: a file, or one entry of a folder, whose `encoding`, `content` and `size` are null."""

    type: str
    encoding: str | None = None
    size: int | None = None
    name: str
    path: str
    content: str | None = None
    sha: str
    url: str
    html_url: str
    download_url: str | None = None
    links: GiteeContentLinks = msgspec.field(name="_links")


class GiteeBlob(msgspec.Struct, frozen=True, kw_only=True):
    """`GET …/git/blobs/{sha}`, in Base64."""

    sha: str
    size: int
    url: str
    content: str
    encoding: str = "base64"


class GiteeTreeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`type`: blob, tree or commit."""

    path: str
    mode: str
    type: str
    sha: str
    size: int
    url: str


class GiteeTree(msgspec.Struct, frozen=True, kw_only=True):
    """`GET …/git/trees/{sha}`. `truncated`: there are entries besides."""

    sha: str
    url: str
    tree: list[GiteeTreeEntry]
    truncated: bool
