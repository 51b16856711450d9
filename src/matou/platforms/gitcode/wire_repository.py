"""The repository as GitCode's API v5 writes it: one object for what its document shows in two shapes.

Creating, changing and forking (11, 20, 21, 31) answer with GitLab's shape, everything that reads with Gitee's.
"""

from msgspec import UNSET, UnsetType

from matou.platforms.gitcode.wire_base import ChinaMoment, Day, GitCodeStruct, StrictGitCodeStruct, ZuluMoment
from matou.platforms.gitcode.wire_users import Creator, GitCodeNamespace, Person


class GitCodePermission(GitCodeStruct, frozen=True, kw_only=True):
    """What the caller may do."""

    pull: bool = False
    push: bool = False
    admin: bool = False


class GitCodeEnterprise(GitCodeStruct, frozen=True, kw_only=True):
    """The root of the namespaces above a repository."""

    id: int
    path: str
    html_url: str = ""
    type: str | UnsetType = UNSET


class Parent(GitCodeStruct, frozen=True, kw_only=True):
    """The repository that one was forked from."""

    id: int | UnsetType = UNSET
    full_name: str
    human_name: str = ""
    url: str | UnsetType = UNSET
    namespace: GitCodeNamespace | UnsetType = UNSET


class GitCodeRepository(GitCodeStruct, frozen=True, kw_only=True):
    """11, 20, 21, 22, 31 and every answer that shows or lists repositories.

    Attributes:
        human_name: names as a person reads them, `小刚 / 4`.
        path: the last part of its address; `name` is free text.
        status: `开始` or `关闭` (archived); empty in the list of forks.
        default_branch: None or UNSET in an empty repository.
        main_repository_language: None, nothing, or a name and its colour.
        visibility: private, internal or public.
    """

    id: int
    full_name: str
    human_name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    namespace: GitCodeNamespace
    path: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    status: str | UnsetType = UNSET
    html_url: str | UnsetType = UNSET
    web_url: str | UnsetType = UNSET
    http_url_to_repo: str | UnsetType = UNSET
    ssh_url_to_repo: str | UnsetType = UNSET
    readme_url: str | UnsetType = UNSET
    homepage: str | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType = UNSET
    updated_at: ChinaMoment | UnsetType = UNSET
    pushed_at: ChinaMoment | UnsetType | None = UNSET
    default_branch: str | UnsetType | None = UNSET
    private: bool | UnsetType = UNSET
    public: bool | UnsetType = UNSET
    internal: bool | UnsetType = UNSET
    visibility: str | UnsetType = UNSET
    fork: bool | UnsetType = UNSET
    parent: Parent | UnsetType | None = UNSET
    parentfull_name: str | UnsetType | None = UNSET
    forked_from_project: Parent | UnsetType | None = UNSET
    owner: Person | UnsetType | None = UNSET
    creator: Creator | UnsetType | None = UNSET
    assigner: Person | UnsetType = UNSET
    assignee: list[Person] | UnsetType = UNSET
    assignees_number: int | UnsetType = UNSET
    members: list[str] | UnsetType = UNSET
    project_creator: str | UnsetType = UNSET
    relation: str | UnsetType = UNSET
    permission: GitCodePermission | UnsetType = UNSET
    enterprise: GitCodeEnterprise | UnsetType = UNSET
    forks_count: int | UnsetType = UNSET
    stargazers_count: int | UnsetType = UNSET
    watchers_count: int | UnsetType = UNSET
    open_issues_count: int | UnsetType = UNSET
    starred: bool | UnsetType | None = UNSET
    watched: bool | UnsetType = UNSET
    empty_repo: bool | UnsetType | None = UNSET
    has_issue: bool | UnsetType = UNSET
    has_issues: bool | UnsetType = UNSET
    has_wiki: bool | UnsetType = UNSET
    issue_template_source: str | UnsetType = UNSET
    project_labels: list[object] | UnsetType = UNSET
    language: str | UnsetType | None = UNSET
    main_repository_language: list[str] | UnsetType | None = UNSET
    item_type: str | UnsetType | None = UNSET
    repo_type: str | UnsetType = UNSET
    repository_type: str | UnsetType = UNSET
    license: str | UnsetType | None = UNSET
    lfs_enabled: bool | UnsetType = UNSET


class Transferred(GitCodeStruct, frozen=True, kw_only=True):
    """33."""

    new_owner: str
    new_name: str


class UploadedFile(GitCodeStruct, frozen=True, kw_only=True):
    """23 and 24. `path` is `uploads/<uuid>/<name>`, `full_path` its URL."""

    success: bool = True
    path: str
    full_path: str


class DownloadDay(GitCodeStruct, frozen=True, kw_only=True):
    """`total_dl_cnt` counts from the first day to this one, with it."""

    pdate: Day
    repo_id: str
    today_dl_cnt: int
    total_dl_cnt: int


class DownloadStatistics(GitCodeStruct, frozen=True, kw_only=True):
    """35: one row a day. The first total is of these days, the other of all up to the last of them."""

    download_statistics_detail: list[DownloadDay]
    download_statistics_total: int
    download_statistics_history_total: int


class EventAuthor(GitCodeStruct, frozen=True, kw_only=True):
    id: int
    iam_id: str = ""
    username: str
    state: str = "active"
    email: str = ""
    name: str = ""
    name_cn: str = ""
    web_url: str = ""


class GitCodeEvent(GitCodeStruct, frozen=True, kw_only=True):
    """`title` is text, and for many kinds of events JSON within it."""

    action: int
    action_name: str
    author: EventAuthor
    author_id: int
    author_username: str
    created_at: ZuluMoment
    project_id: int
    title: str | None = ""
    filter_sensitive: bool | UnsetType = UNSET


class Events(StrictGitCodeStruct, frozen=True, kw_only=True):
    """38."""

    events: list[GitCodeEvent]
    has_next_page: bool = False
