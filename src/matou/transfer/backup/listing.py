"""What a source lists, read to its end or to where it broke off."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from matou.errors import MatouError, Phrase, Refused
from matou.http.tokens import BadCredential
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository
from matou.platforms.base.source import Source


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)

LISTING = Phrase("the listing of repositories")
NOT_LISTED = "it could not be listed, so there may be more repositories than those that were saved: {reason}"


class NotListed(MatouError):
    """A list that may hold repositories was not read to its end."""


@dataclass(frozen=True, slots=True)
class SourceListing:
    """What there is at a source, each once, by id.

    `broke_off` is why the listing does not reach to its end.
    """

    account: Account
    namespaces: Mapping[str, RemoteNamespace]
    repositories: Mapping[str, RemoteRepository]
    unseen: tuple[Inaccessible, ...]
    broke_off: MatouError | None

    @property
    def not_listed(self) -> tuple[Inaccessible, ...]:
        """Lists that were not read to their end, so that there may be more repositories."""
        return tuple(one for one in self.unseen if one.may_hide)

    def faults(self) -> Iterator[tuple[str, MatouError]]:
        """What was not listed, and why."""
        if self.broke_off is not None:
            yield LISTING, self.broke_off
        for one in self.not_listed:
            yield one.what, NotListed(NOT_LISTED, reason=one.reason)


def read_listing(source: Source, account: Account, *, check: Callable[[], None]) -> SourceListing:
    """Read both listings.

    Args:
        check: called between items; raises what should end the reading.

    Raises:
        Refused: not even the namespaces may be listed; BadCredential: nothing may be, any more.
    """
    namespaces: dict[str, RemoteNamespace] = {}
    repositories: dict[str, RemoteRepository] = {}
    broke_off = _read(source.namespaces, namespaces, check)
    if isinstance(broke_off, Refused) and not namespaces:
        raise broke_off
    broke_off = _read(source.repositories, repositories, check) or broke_off
    return SourceListing(account, namespaces, repositories, tuple(source.unseen), broke_off)


def _read(items: Callable[[], Iterable[T]], into: dict[str, T], check: Callable[[], None]) -> MatouError | None:
    """An item that comes twice, as when the list moved between two pages, counts once: as it came last."""
    try:
        for item in items():
            into[item.id] = item
            check()
    except BadCredential:
        raise
    except MatouError as error:
        check()
        return error
    return None
