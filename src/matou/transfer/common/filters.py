"""Which repositories a person asked for: one matcher for backup, restore and migration."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from matou.errors import NotFound

NOTHING = "no repository matches {patterns}"

MOST_GUESSES = 3
MOST_NAMES = 20_000
"""Among more names nobody is made to wait for a guess."""


class NothingMatches(NotFound):
    """A pattern that matches no repository: mistyped, perhaps."""


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """Patterns of the shell; `*` crosses slashes.

    A pattern is held against each part of the true path that begins and ends at a slash, so that `api`, `shop/api`,
    `shop/*` and `team/*` all say what a person means by them, and a project's name, `shop`, means all of the project.
    The team alone, in which everything is, is meant by its whole name only. Without `include` everything is wanted;
    `exclude` outweighs it.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def wants(self, path: str) -> bool:
        if not (self.include or self.exclude):
            return True
        parts = _parts(path)
        return not _matches(parts, self.exclude) and (not self.include or _matches(parts, self.include))


def unmatched(patterns: Iterable[str], paths: Collection[str]) -> tuple[str, ...]:
    """Those patterns that match none of these true paths, once each."""
    left = dict.fromkeys(patterns)
    for path in paths:
        if not left:
            break
        parts = _parts(path)
        left = {pattern: None for pattern in left if not _matches(parts, (pattern,))}
    return tuple(left)


def require_matches(patterns: Iterable[str], paths: Collection[str]) -> None:
    """Raises NothingMatches where a pattern matches none of these true paths; it says what may have been meant."""
    nothing = unmatched(patterns, paths)
    if nothing:
        raise nothing_matches(nothing, paths)


def nothing_matches(patterns: Sequence[str], paths: Collection[str]) -> NothingMatches:
    """The error that names patterns which match none of these true paths, and what may have been meant."""
    listed = ", ".join(map(repr, patterns))
    names = list(dict.fromkeys(name for path in paths for name in _names(path)))
    guesses = list(dict.fromkeys(guess for pattern in patterns for guess in _guesses(pattern, names)))
    if guesses:
        meant = ", ".join(map(repr, guesses[:MOST_GUESSES]))
        return NothingMatches(NOTHING, patterns=listed, meant=meant, advice="it may have meant: {meant}")
    if not paths:
        return NothingMatches(NOTHING, patterns=listed, advice="there is no repository at all")
    example = repr(next(iter(paths)))
    return NothingMatches(
        NOTHING,
        patterns=listed,
        example=example,
        advice="a pattern is the name or path of a repository or project, with * and ?; one that is there is {example}",
    )


def _guesses(pattern: str, names: Sequence[str]) -> Iterator[str]:
    """Names that differ from a pattern in the case of letters, or in little."""
    bare = pattern.strip("/*").casefold()
    if not bare or len(names) > MOST_NAMES:
        return
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(name.casefold(), name)
    for close in get_close_matches(bare, by_folded, n=MOST_GUESSES):
        yield by_folded[close]


def _names(path: str) -> Iterator[str]:
    """What a person may call a repository, or what it is in, by."""
    parts = path.split("/")
    yield from parts[1:]
    yield from ("/".join(parts[start:]) for start in range(len(parts) - 1))


def _parts(path: str) -> list[str]:
    """Every part of a path that begins and ends at a slash, the team alone first."""
    parts = path.split("/")
    ends = range(1, len(parts) + 1)
    return ["/".join(parts[start:end]) for end in ends for start in range(end)]


def _matches(parts: Sequence[str], patterns: Iterable[str]) -> bool:
    team, *others = parts
    bare = [pattern.strip("/") for pattern in patterns]
    return team in bare or any(fnmatchcase(part, pattern) for part in others for pattern in bare)
