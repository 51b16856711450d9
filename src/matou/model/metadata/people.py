"""People as a platform told of them, and what they are in a repository or a namespace."""

from dataclasses import dataclass
from typing import Literal

from matou.model.metadata.base import JsonObject, MetadataValue, PersonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant(MetadataValue):
    """A person that was seen anywhere, also one who left. `avatar` is the SHA-256 of a blob.

    Attributes:
        extra: what else the platform told: of one person different things at different places.
    """

    id: str | None = None
    login: str
    name: str
    email: str | None = None
    url: str | None = None
    avatar: str | None = None
    state: Literal["active", "left", "locked", "ghost", "bot"] | None = None
    extra: JsonObject | None = None

    @property
    def key(self) -> PersonKey:
        return self.login if self.id is None else self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGrant(MetadataValue):
    """What a person is in a repository or a namespace."""

    person: PersonKey
    role: Literal["guest", "reporter", "developer", "maintainer", "owner"]
    gone_in: int | None = None
    extra: JsonObject | None = None
