"""What the lines of a manifest come to, and whether they stand in their order."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from matou.archive.manifest.lines import (
    EndLine,
    Line,
    ListingState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    UnseenLine,
)
from matou.errors import Phrase

OUT_OF_PLACE = Phrase("it is out of place")

_RANKS: Mapping[type, int] = {RunLine: 0, NamespaceLine: 1, RepositoryLine: 2, UnseenLine: 3, EndLine: 4}
"""In which order kinds of lines stand; one that is not known has no place in it."""

_LAST = _RANKS[EndLine]


class Tally:
    """What the lines come to, one after another; the end line of a manifest says the same."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.rows = 0
        self.rank = 0
        self.received_bytes = 0
        self.outcomes: Counter[Outcome] = Counter()

    @property
    def has_ended(self) -> bool:
        return self.rank == _LAST

    def add(self, line: Line, text: bytes) -> None:
        self.rank = _RANKS.get(type(line), self.rank)
        self.hash.update(text)
        self.rows += 1
        if isinstance(line, RepositoryLine):
            self.outcomes[line.outcome] += 1
            self.received_bytes += line.received_bytes

    def end(self, *, finished_at: datetime, requests: int, listing: ListingState) -> EndLine:
        return EndLine(
            finished_at=finished_at,
            outcomes={outcome: self.outcomes[outcome] for outcome in Outcome if self.outcomes[outcome]},
            received_bytes=self.received_bytes,
            requests=requests,
            listing=listing,
            rows=self.rows,
            sha256=self.hash.hexdigest(),
        )

    def fault_of(self, line: Line) -> Phrase | None:
        """Say what is wrong with a line that comes next, or None."""
        rank = _RANKS.get(type(line))
        if rank is None:
            return OUT_OF_PLACE if self.has_ended or self.rows == 0 else None
        if rank < self.rank or self.has_ended or (rank == 0) != (self.rows == 0):
            return OUT_OF_PLACE
        if isinstance(line, EndLine):
            expected = self.end(finished_at=line.finished_at, requests=line.requests, listing=line.listing)
            expected = msgspec.structs.replace(expected, unknown=line.unknown)
            return None if line == expected else Phrase("the lines above it come to {expected}", expected=expected)
        return None
