"""What a migration to CNB reads. Keys that are not named here are not read.

Source: python-cnb 1.28.8, which CNB generates from its own description (api.cnb.cool/swagger.json). That description
calls no field of an answer required; what is required here is what nothing can be done without.
"""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType


class CnbUser(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Of `GET /user`; `nickname` is what people see."""

    username: str
    nickname: str | None = None


class CnbRepository(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Attributes:
    path: of all its organizations and its name.
    visibility_level: Private, Public or Secret.
    web_url: where a browser finds it, and git.
    """

    id: str
    path: str
    web_url: str
    visibility_level: str | None = None


class CnbLabel(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    name: str


class CnbItem(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An issue or a pull request; `body` is not in a list of issues. `state`: open, closed, and merged of pulls."""

    number: str
    title: str = ""
    body: str | None = None
    state: str
    comment_count: int | None = None
    author: CnbUser | UnsetType | None = UNSET


class CnbComment(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    id: str
    body: str | None = None
    author: CnbUser | UnsetType | None = UNSET


class CnbReview(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    id: str
    body: str | None = None
    state: str | None = None


class CnbReviewComment(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """On a line, or an answer to one: `reply_to_comment_id`."""

    id: str
    body: str | None = None
    path: str | None = None
    reply_to_comment_id: str | None = None
    author: CnbUser | UnsetType | None = UNSET


class CnbAsset(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    name: str


class CnbRelease(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    id: str
    tag_name: str
    name: str | None = None
    body: str | None = None
    assets: list[CnbAsset] | None = None


class CnbAssetUpload(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Where a release's file is to be put, and what is to be asked once it is there."""

    upload_url: str
    verify_url: str


class CnbStoredFile(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`path` begins with a slash: below the repository's address."""

    path: str


class CnbUpload(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Where a picture or a file is to be put; `form` has the headers that its signature is over."""

    upload_url: str
    assets: CnbStoredFile
    form: Mapping[str, str] | None = None
