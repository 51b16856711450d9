"""Gitee's API v3 in its own words and in both directions: our client reads these objects, our server writes them.

Source: "Extension Required API" in 码云 / extension-docs (2017-02-22). Its keys, their order and spellings are kept;
where its samples differ among themselves, what real clients cannot bear decides (docs/reference/gitee-v3.md).
"""

from datetime import datetime
from typing import NewType

import msgspec
from msgspec import UNSET, UnsetType, field

from matou.errors import UnknownShape
from matou.platforms.base.wire_struct import in_china

Moment = NewType("Moment", str)
"""`2014-08-10T22:46:22+08:00`: with T and offset. The document's list has milliseconds, no real answer does."""

PAGE_SIZE = 20
"""Projects of one page where nobody asks for another number; past the last page comes an empty one."""

NAME_TAKEN = "该项目名已存在!"
"""What Gitee answers, with status 200, to the creation of a project that is there already. The mark is ASCII's."""


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    followers: int = 0
    starred: int = 0
    following: int = 0
    watched: int = 0


class GiteeV3User(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /session`, and `GET /user`, where the token is left out.

    Attributes:
        portrait: a path without host.
        new_portrait: an address; extensions load it unasked, so it is never null.
    """

    id: int
    username: str
    name: str = ""
    bio: str | None = ""
    weibo: str | None = ""
    blog: str | None = ""
    theme_id: int | None = 1
    state: str = "active"
    created_at: Moment | None = None
    portrait: str | None = None
    email: str | None = None
    new_portrait: str = ""
    follow: Follow = Follow()
    private_token: str | UnsetType = UNSET
    is_admin: bool = False
    can_create_group: bool = True
    can_create_project: bool = True
    can_create_team: bool = True


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a project belongs to. `email` is for nobody but that person to see: empty or null for others."""

    id: int
    username: str
    email: str | None = ""
    name: str
    state: str = "active"
    created_at: Moment
    portrait: str | None = None
    new_portrait: str


class GiteeV3Namespace(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A list's sample has seven of these keys, a project's all: clients bear both, so that all are written.

    Attributes:
        address: of a machine inside Gitee's own network; we tell nobody ours.
        owner_id: the user's, which is not the namespace's.
    """

    address: str | None = None
    avatar: str | None = None
    created_at: Moment | None = None
    description: str | None = ""
    email: str | None = None
    id: int
    location: str | None = None
    name: str = ""
    owner_id: int | None = None
    path: str
    public: bool | None = None
    updated_at: Moment
    url: str | None = None


class GiteeV3Project(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET /projects`, `GET /projects/{id}`, and the answer to `POST /projects`.

    What has no null in the document makes a shipped extension drop its whole list if it is null or missing, so that we
    write all of it; we read whatever has an id, a path and a namespace.

    Attributes:
        default_branch: `master` even where nothing was pushed yet.
        last_push_at: null where nothing was pushed yet.
        stared: (sic) whether the one who asks has given it a star; null in lists, as `watched` and `relation`.
        relation: `master` or `developer`.
        recomm: 0 or 1; a truth value here breaks an extension's list.
    """

    id: int
    name: str = ""
    description: str = ""
    default_branch: str | None = "master"
    owner: Owner | None = None
    public: bool | None = None
    path: str
    path_with_namespace: str
    issues_enabled: bool = True
    pull_requests_enabled: bool = True
    wiki_enabled: bool = True
    created_at: Moment | None = None
    namespace: GiteeV3Namespace
    last_push_at: Moment | None = None
    parent_id: int | None = None
    is_fork: bool = field(name="fork?", default=False)
    forks_count: int = 0
    stars_count: int = 0
    watches_count: int = 0
    language: str | None = None
    paas: str | None = None
    stared: bool | None = None
    watched: bool | None = None
    relation: str | None = None
    recomm: int = 0
    parent_path_with_namespace: str | None = None


class GiteeV3Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Comes with status 200 instead of a project: `status` 0 says that there is none, `message` why."""

    status: int = 0
    message: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Comes with status 400 and above. `message` is a text: extensions crash on anything else."""

    message: str


class UnknownRoute(msgspec.Struct, frozen=True, kw_only=True):
    error: str = "404 Not Found"


def moment_of(time: datetime) -> Moment:
    return Moment(in_china(time).isoformat(timespec="seconds"))


def read_moment(text: str) -> datetime:
    """Read a moment, with milliseconds or without.

    Raises:
        UnknownShape: it is none, or one of no known zone.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UnknownShape("gitee moment", text) from None
    if read.tzinfo is None:
        raise UnknownShape("gitee moment", text)
    return read
