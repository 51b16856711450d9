"""What people talk about beside issues, and what they warn of: discussions and security advisories."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matou.model.metadata.base import JsonObject, MetadataValue, PersonKey
from matou.model.metadata.conversation import AttachedFile, MarkupText
from matou.model.metadata.issues import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion(Item):
    """A discussion. Its `type` is the category that it stands in.

    Attributes:
        answer: the id of the comment that answers it.
        answered_at, answered_by: when that was said of the comment, and by whom.
    """

    kind: Literal["discussion"] = "discussion"
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: PersonKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory(MetadataValue):
    """A security advisory of a repository. One that is not published yet is for those who maintain it alone.

    Attributes:
        id: as it is cited, such as `GHSA-xxxx-xxxx-xxxx`.
        cve: the number of the weakness in the list of CVE.
    """

    id: str
    cve: str | None = None
    title: str
    text: MarkupText | None = None
    by: PersonKey | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    published_at: datetime | None = None
    closed_at: datetime | None = None
    state: Literal["triage", "draft", "published", "closed"]
    severity: str | None = None
    files: tuple[AttachedFile, ...] = ()
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None
