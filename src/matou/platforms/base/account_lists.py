"""Reading all the lists of an account: one that may not be read is noted, and one that fails hides no other.

A list that was refused, or is not where it should be, has not said that there is nothing on it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.http.paging import ListingBroken
from matou.model.platform import Inaccessible
from matou.platforms.base.unreadable import UnreadableRow, UnreadableRows

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


N = TypeVar("N")
R = TypeVar("R")


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
        ends_everything: after one of these no list can be read, and none that it cut short is worth giving.
    """

    note: Callable[[Inaccessible], None]
    ends_everything: tuple[type[MatouError], ...]

    def take(self, what: Phrase, rows: Iterable[T], gathered: dict[K, T], key: Callable[[T], K]) -> MatouError | None:
        """Take all rows that come, and give back what ended them early, unless that is noted as not to be seen.

        Raises:
            MatouError: what ends everything.
        """
        try:
            for row in rows:
                gathered.setdefault(key(row), row)
        except self.ends_everything:
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


def first_fault(faults: Iterable[MatouError | None]) -> MatouError | None:
    return next((fault for fault in faults if fault is not None), None)
