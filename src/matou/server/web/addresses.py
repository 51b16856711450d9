"""The addresses of pages, from the server's root on: what a link says, and what `routes` reads.

What belongs to a subject stands behind `/-/`, which no namespace or repository can be called: `/TEAM/SHIP/-/tree/main`.
Its code, and what was said, as of a run of a backup stand behind that run: `/TEAM/SHIP/-/@7/tree/main`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.server.api.links import quoted

SEPARATOR = "-"

PAGES_OF_RUNS: Final = frozenset(
    (
        "",
        "tree",
        "blob",
        "raw",
        "blame",
        "history",
        "commits",
        "commit",
        "compare",
        "branches",
        "tags",
        "archive",
        "find",
        "issues",
        "changes",
        "releases",
        "wiki",
        "milestones",
        "labels",
        "boards",
        "people",
        "announcements",
        "files",
    )
)
"""What can be looked at as of a run: pages of refs and what they reach, and of what was said."""

_RUN: Final = re.compile(r"@([1-9][0-9]{0,8})\Z")


@dataclass(frozen=True, slots=True)
class PastAddress:
    """That a page shows a repository, or a project, as of a run."""

    subject: tuple[str, ...]
    run: int


_past: ContextVar[PastAddress | None] = ContextVar("past", default=None)


@contextmanager
def staying_in(past: PastAddress | None) -> Iterator[None]:
    """Within, the pages of that repository or project that are linked to are those as of the same run."""
    token = _past.set(past)
    try:
        yield
    finally:
        _past.reset(token)


def past_address(segments: Sequence[str]) -> PastAddress | None:
    """Of which repository, and as of which run, an address is; None where it names no run."""
    place = segments.index(SEPARATOR) + 1 if SEPARATOR in segments else len(segments)
    match = _RUN.match(segments[place]) if place < len(segments) else None
    return None if match is None else PastAddress(tuple(segments[: place - 1]), int(match[1]))


def page_url(*segments: str | bytes) -> str:
    """A page that belongs to nothing in particular: `page_url("search")` is `/-/search`."""
    return "/" + "/".join((SEPARATOR, *(quoted(segment) for segment in segments)))


def subject_url(path: RepositoryPath | NamespacePath, *segments: str | bytes) -> str:
    """The page of a repository or namespace, or what belongs to it: `subject_url(path, "tree", "main", "src")`."""
    front = "/" + quoted(str(path))
    past = _past.get()
    if past is not None and (segments or ("",))[0] in PAGES_OF_RUNS and _is_of(past, path):
        return "/".join((front, SEPARATOR, f"@{past.run}", *(quoted(segment) for segment in segments)))
    return "/".join((front, SEPARATOR, *(quoted(segment) for segment in segments))) if segments else front


def run_url(path: RepositoryPath | NamespacePath, run: int, *segments: str | bytes) -> str:
    """What `subject_url` leads to, as of a run."""
    with staying_in(PastAddress(tuple(str(path).split("/")), run)):
        return subject_url(path, *segments)


def git_url(path: RepositoryPath) -> str:
    """What git clones."""
    return f"/{quoted(str(path))}.git"


def _is_of(past: PastAddress, path: RepositoryPath | NamespacePath) -> bool:
    return folded("/".join(past.subject)) == folded(str(path))


def joined(parent: str, name: str | bytes) -> str:
    """An address one segment deeper."""
    return f"{parent}/{quoted(name, safe='')}"
