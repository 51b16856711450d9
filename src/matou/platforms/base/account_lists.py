"""Reading all the lists of an account: one that may not be read is noted, and one that fails hides no other.

A list that was refused, or is not where it should be, has not said that there is nothing on it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from matou.concurrency import Cancelled
from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.http.paging import ListingBroken
from matou.model.platform import Inaccessible
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.base.unreadable import UnreadableRow, UnreadableRows

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


N = TypeVar("N")
R = TypeVar("R")


ENDS_EVERYTHING: Final = (CredentialRefused, Cancelled)
"""No list can be read after these, and none that was cut short by one is worth giving."""


@dataclass
class AccountListing(Generic[N, R]):
    """What an account sees, by id. A fault says that there is more, or may be."""

    namespaces: dict[int, N] = field(default_factory=dict)
    repositories: dict[int, R] = field(default_factory=dict)
    namespaces_fault: MatouError | None = None
    repositories_fault: MatouError | None = None

    def rows(self) -> Iterable[R]:
        """All that is a repository."""
        return self.repositories.values()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Takes lists together.

    Attributes:
        note: is told of every list that exists and may not be seen.
    """

    note: Callable[[Inaccessible], None]

    def take(self, what: Phrase, rows: Iterable[T], gathered: dict[K, T], key: Callable[[T], K]) -> MatouError | None:
        """Take all rows that come, and give back what ended them early, unless that is noted as not to be seen.

        Raises:
            CredentialRefused, Cancelled: what ends everything.
        """
        try:
            for row in rows:
                gathered.setdefault(key(row), row)
        except ENDS_EVERYTHING:
            raise
        except (UnreadableRows, ListingBroken) as odd:
            for one in (row for row in odd.rows if isinstance(row, UnreadableRow)):
                self.note(Inaccessible(Phrase("{row} in the list of {what}", row=one.name, what=what), one.fact))
            return odd
        except (Refused, NotFound) as refusal:
            self.note(Inaccessible(what, refusal.fact, may_hide=True))
        except MatouError as fault:
            return fault
        return None

    def take_repositories(
        self,
        own: Iterable[T],
        organizations: Iterable[str],
        of_organization: Callable[[str], Iterable[T]],
        gathered: dict[K, T],
        key: Callable[[T], K],
    ) -> MatouError | None:
        """As `take`: what one has by membership of its organization alone may be missing from one's own list."""
        faults = [self.take(Phrase("this account's repositories"), own, gathered, key)]
        for name in organizations:
            what = Phrase("repositories of the organization {organization}", organization=repr(name))
            faults.append(self.take(what, of_organization(name), gathered, key))
        return first_fault(faults)


def first_fault(faults: Iterable[MatouError | None]) -> MatouError | None:
    return next((fault for fault in faults if fault is not None), None)
