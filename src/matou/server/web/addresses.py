"""The addresses of pages, from the server's root on: what a link says, and what `routes` reads.

What belongs to a subject stands behind `/-/`, which no namespace or repository can be called: `/TEAM/SHIP/-/tree/main`.
"""

from matou.model.names import NamespacePath, RepositoryPath
from matou.server.api.links import quoted

SEPARATOR = "-"


def page_url(*segments: str | bytes) -> str:
    """A page that belongs to nothing in particular: `page_url("search")` is `/-/search`."""
    return "/" + "/".join((SEPARATOR, *(quoted(segment) for segment in segments)))


def subject_url(path: RepositoryPath | NamespacePath, *segments: str | bytes) -> str:
    """The page of a repository or namespace, or what belongs to it: `subject_url(path, "tree", "main", "src")`."""
    front = "/" + quoted(str(path))
    return "/".join((front, SEPARATOR, *(quoted(segment) for segment in segments))) if segments else front


def joined(parent: str, name: str | bytes) -> str:
    """An address one segment deeper."""
    return f"{parent}/{quoted(name, safe='')}"
