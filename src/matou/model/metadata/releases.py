"""Releases and the files that belong to them."""

from dataclasses import dataclass
from datetime import datetime

from matou.model.metadata.base import JsonObject, MetadataValue, PersonKey, require_digest
from matou.model.metadata.conversation import AttachedFile, MarkupText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAsset(MetadataValue):
    """A file of a release. `sha256` names the blob with its bytes, `missing` says why there is none."""

    id: str | None = None
    name: str
    size: int | None = None
    sha256: str | None = None
    url: str
    downloads: int | None = None
    at: datetime | None = None
    missing: str | None = None
    extra: JsonObject | None = None

    def __post_init__(self) -> None:
        MetadataValue.__post_init__(self)
        require_digest(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRelease(MetadataValue):
    """A release: a tag with a text and files.

    Attributes:
        commit: what the tag names; `target` what the platform says it was made from.
        files: those that the text names.
    """

    tag: str
    id: str | None = None
    name: str
    text: MarkupText | None = None
    by: PersonKey | None = None
    at: datetime | None = None
    published_at: datetime | None = None
    draft: bool
    prerelease: bool
    commit: str | None = None
    target: str | None = None
    assets: tuple[ReleaseAsset, ...] = ()
    files: tuple[AttachedFile, ...] = ()
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None
