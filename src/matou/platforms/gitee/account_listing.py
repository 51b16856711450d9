"""What an account at Gitee sees, in words of our own, whichever API told it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from matou.credentials import GitCredential
from matou.errors import Phrase
from matou.model.platform import Account, RemoteNamespace, RemoteRepository
from matou.platforms.base.account_lists import AccountListing
from matou.platforms.gitee.wire_v3 import read_moment


@dataclass
class GiteeListing(AccountListing[RemoteNamespace, RemoteRepository]):
    """Everything that was read.

    Attributes:
        with_wiki: ids of the repositories that may have one.
    """

    with_wiki: set[int] = field(default_factory=set)


class AccountReader(Protocol):
    """Reads an account by one of the two APIs. Raises as `GiteeSource` does."""

    def account(self) -> Account: ...

    def find_all(self) -> GiteeListing: ...

    def members(self, namespace: RemoteNamespace) -> bytes: ...

    def git_credential(self) -> GitCredential: ...


def called(repository: str) -> Phrase:
    return Phrase("the repository {repository}", repository=repr(repository))


def in_utc(text: str | None) -> datetime | None:
    """None for what is not told, and for what lies outside of the years 1 to 9999 in UTC. Raises UnknownShape."""
    try:
        return read_moment(text).astimezone(UTC) if text else None
    except OverflowError:
        return None


def last_part(path: str) -> str:
    return path.rpartition("/")[2]
