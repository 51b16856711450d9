"""Which repositories a person asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns of the shell; `*` crosses slashes.

    A pattern is held against the true path and each of its tails, so that `api`, `shop/api`, `shop/*` and
    `team/*` all say what a person means by them. Without `include` everything is wanted; `exclude` outweighs it.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def wants(self, path: str) -> bool:
        if not (self.include or self.exclude):
            return True
        tails = _tails(path)
        return not _matches(tails, self.exclude) and (not self.include or _matches(tails, self.include))


def _tails(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _matches(tails: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(tail, pattern) for tail in tails for pattern in patterns)
