"""Users, namespaces and members as GitCode's API v5 writes them.

`GET /user` gives 24 hexadecimal digits for an id, repositories the same user's number in quotes, and lists of forks,
watchers and stars that number without them; an id is therefore kept as it came.
"""

from msgspec import UNSET, UnsetType, field

from matou.platforms.gitcode.wire_base import ChinaMinute, ChinaMoment, ChinaSecond, GitCodeStruct, UtcSecond


class GitCodeUser(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /user` and `GET /users/{login}`."""

    id: int | str
    login: str
    name: str = ""
    type: str = "User"
    avatar_url: str | None = ""
    html_url: str = ""
    url: str = ""
    followers_url: str | None = ""
    followers: int = 0
    following: int = 0
    bio: str | None = ""
    blog: str | None = ""
    company: str | None = ""
    email: str | UnsetType | None = UNSET
    top_languages: list[str] | UnsetType = UNSET


class Profile(GitCodeStruct, frozen=True, kw_only=True):
    """What `PATCH /user` answers, which has other names for the same as `GET /user`."""

    id: str
    login: str
    nickname: str
    email: str = ""
    avatar: str = ""
    company: str = ""
    description: str = ""
    github_account: str = ""
    location: str = ""
    website: str = ""


class UserSearchResult(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /search/users`. `id`: a number in quotes."""

    id: str
    login: str
    name: str
    avatar_url: str | None = ""
    html_url: str
    created_at: ChinaSecond


class Email(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /emails`."""

    email: str
    state: str = "confirmed"


class PublicKey(GitCodeStruct, frozen=True, kw_only=True):
    """`/user/keys`."""

    id: int
    key: str
    title: str
    url: str
    created_at: UtcSecond


class Person(GitCodeStruct, frozen=True, kw_only=True):
    """A user as part of something else: a repository's owner, an assignee, a reviewer."""

    id: int | str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    username: str | UnsetType = UNSET
    avatar_url: str | UnsetType | None = UNSET
    html_url: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    iam_id: str | UnsetType | None = UNSET
    name_cn: str | UnsetType | None = UNSET
    nick_name: str | UnsetType | None = UNSET
    state: str | UnsetType = UNSET
    web_url: str | UnsetType = UNSET


class Creator(GitCodeStruct, frozen=True, kw_only=True):
    id: int | str | UnsetType = UNSET
    arts_id: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    nickname: str | UnsetType | None = UNSET
    photo: str | UnsetType | None = UNSET
    username: str | UnsetType = UNSET


class GitCodeNamespace(GitCodeStruct, frozen=True, kw_only=True):
    """What owns a repository.

    Attributes:
        type: of two vocabularies: user, group, enterprise where a repository is shown, personal and organization in
            the list of its forks.
        kind: user or group; only where a repository was created, changed or forked, as all below it.
        visibility_level: 0 private, 10 internal, 20 public.
    """

    id: int
    type: str | UnsetType = UNSET
    name: str = ""
    path: str
    html_url: str | UnsetType = UNSET
    develop_mode: str | UnsetType = UNSET
    region: str | UnsetType | None = UNSET
    cell: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    full_path: str | UnsetType = UNSET
    full_name: str | UnsetType = UNSET
    parent_id: int | UnsetType | None = UNSET
    visibility_level: int | UnsetType = UNSET
    enable_file_control: bool | UnsetType = UNSET
    owner_id: int | UnsetType | None = UNSET


class GitCodeOrganization(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /users/orgs`."""

    id: int
    login: str
    name: str = ""
    path: str | UnsetType = UNSET
    avatar_url: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    repos_url: str | UnsetType | None = UNSET
    events_url: str | UnsetType | None = UNSET
    members_url: str | UnsetType | None = UNSET
    follow_count: int | UnsetType = UNSET


class OrganizationDetail(GitCodeOrganization, frozen=True, kw_only=True):
    """`GET /orgs/{org}`. `enterprise` is a path."""

    enterprise: str | UnsetType | None = UNSET


class OrganizationMember(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /orgs/{org}/members`. `member_role`: admin or member.

    Attributes:
        object_id: 24 hexadecimal digits, as `GET /user` has them for an id.
        user_id: the number.
    """

    id: int | str
    object_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    login: str
    name: str | None = ""
    type: str | UnsetType = UNSET
    member_role: str | UnsetType = UNSET
    avatar_url: str | UnsetType | None = UNSET
    html_url: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    followers_url: str | UnsetType | None = UNSET


class MemberPerson(GitCodeStruct, frozen=True, kw_only=True):
    """Of whom a membership is; the ids as in OrganizationMember."""

    id: str
    object_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    login: str
    name: str
    avatar_url: str | None = None
    html_url: str


class MembershipOrganization(GitCodeStruct, frozen=True, kw_only=True):
    id: int
    login: str
    name: str


class Membership(GitCodeStruct, frozen=True, kw_only=True):
    """Somebody in an organization, whose `id`, `name` and `path` these are.

    `GET /orgs/{org}/members/{username}`, and of oneself, with all that may be UNSET, `/user/memberships/orgs/{org}`.
    """

    id: int
    name: str
    path: str
    url: str
    avatar_url: str | None = None
    user: MemberPerson
    active: bool | UnsetType = UNSET
    role: str | UnsetType = UNSET
    organization: MembershipOrganization | UnsetType = UNSET


class Done(GitCodeStruct, frozen=True, kw_only=True):
    """An object without a field, where the document has one and not an empty answer."""


class Subscriber(GitCodeStruct, frozen=True, kw_only=True):
    """25: who watches a repository."""

    id: int | str
    login: str
    name: str
    avatar_url: str | None = None
    watch_at: ChinaMoment


class Stargazer(GitCodeStruct, frozen=True, kw_only=True):
    """26: who has given a repository a star."""

    id: int | str
    login: str
    name: str
    avatar_url: str | None = None
    starred_at: ChinaMoment


class MemberPermissions(GitCodeStruct, frozen=True, kw_only=True):
    admin: bool | None = False
    push: bool | None = False
    customized: bool | UnsetType = UNSET
    pull: bool | None = False


class GitCodeMember(GitCodeStruct, frozen=True, kw_only=True):
    """32: a member of one repository, after the role has changed."""

    followers_url: str | UnsetType | None = UNSET
    html_url: str = ""
    id: int | str
    login: str
    name: str = ""
    type: str = "User"
    url: str | UnsetType = UNSET
    permissions: MemberPermissions
    avatar_url: str | UnsetType | None = UNSET
    remark: str | UnsetType = UNSET


class Collaborator(GitCodeStruct, frozen=True, kw_only=True):
    """One of `GET /repos/{owner}/{repo}/collaborators`. `access_level`: 10 guest to 50 owner."""

    id: int | str
    username: str
    login: str | UnsetType = UNSET
    name: str | None = ""
    nick_name: str | UnsetType | None = UNSET
    access_level: int | UnsetType | None = UNSET
    avatar_url: str | UnsetType | None = UNSET
    web_url: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    join_way: str | UnsetType | None = UNSET
    source_name: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    permissions: MemberPermissions
    avatar: str | UnsetType | None = UNSET
    committer_system_from: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    expires_at: str | UnsetType | None = UNSET
    iam_id: str | UnsetType | None = UNSET
    is_current_source_member: bool | UnsetType | None = UNSET
    last_owner: bool | UnsetType | None = UNSET
    last_source_owner: bool | UnsetType | None = UNSET
    limited: bool | UnsetType | None = UNSET
    member_roles: list[str] | UnsetType | None = UNSET
    name_cn: str | UnsetType | None = UNSET


class CollaboratorPermission(GitCodeStruct, frozen=True, kw_only=True):
    """`…/collaborators/{username}/permission`. `permission`: admin, write or read."""

    id: int | str
    login: str
    username: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    permission: str
    access_level: int | UnsetType = UNSET
    role_name: str | UnsetType = UNSET
    join_way: str | UnsetType | None = UNSET
    source_name: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    permissions: MemberPermissions | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    nick_name: str | UnsetType | None = UNSET
    object_id: str | UnsetType = UNSET
    role_name_cn: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    web_url: str | UnsetType = UNSET


class GitCodeCustomizedRole(GitCodeStruct, frozen=True, kw_only=True):
    """34. `access_level` is GitLab's scale, with steps between: 10 guest to 50 owner."""

    role_id: str
    access_level: int
    role_name: str
    role_chinese_name: str = ""
    role_description: str = ""
    role_type: str = "project-customized"
    member_count: int = 0
    created_at: ChinaMinute
    updated_at: ChinaMinute


class ErrorBody(GitCodeStruct, frozen=True, kw_only=True):
    """What comes with a status of 400 and above. Some gateways give `message` alone.

    Attributes:
        code: need not be the status: 1000 for a bad parameter.
        trace_id: 32 hexadecimal digits, for the support.
    """

    code: int | UnsetType = field(name="error_code", default=UNSET)
    name: str | UnsetType = field(name="error_code_name", default=UNSET)
    text: str | UnsetType = field(name="error_message", default=UNSET)
    trace_id: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class GpgEmail(GitCodeStruct, frozen=True, kw_only=True):
    email: str
    verified: bool


class GpgKey(GitCodeStruct, frozen=True, kw_only=True):
    """`/user/gpg_keys`, which GitCode has none of: in the form of GitHub's and Gitea's."""

    id: int
    key_id: str
    fingerprint: str
    public_key: str
    emails: list[GpgEmail]
    created_at: ChinaMoment
    expires_at: ChinaMoment | None = None
    revoked: bool = False
