"""What a request's address is made of: parts of its path, and parameters as text."""

from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import quote, urlencode

from matou.errors import NotFound

Parameter = str | int | bool | date | datetime | None

_NO_PARTS = frozenset({"", ".", ".."})


class Unnameable(NotFound):
    """A name that no URL can hold, so that nothing can be asked about what it names."""


def segment(text: str) -> str:
    """One part of a path, a slash in it being `%2F`.

    Raises:
        Unnameable: it would be no part of a path, or a step out of it.
    """
    if text in _NO_PARTS:
        raise Unnameable("no address can name {name}", name=repr(text))
    return quote(text, safe="")


def file_path(text: str) -> str:
    """A path within a repository: its slashes stay. Raises as `segment` does."""
    return "/".join(map(segment, text.split("/")))


def owner_and_name(repository: str) -> tuple[str, str]:
    owner, slash, name = repository.rpartition("/")
    if not slash or not owner or not name:
        message = f"a repository is named owner/name, not {repository!r}"
        raise ValueError(message)
    return owner, name


def repository_path(repository: str) -> str:
    """`/repos/{owner}/{repo}` for `owner/repo`; what stands before the last slash is the owner."""
    owner, name = owner_and_name(repository)
    return f"/repos/{segment(owner)}/{segment(name)}"


def with_query(address: str, query: Mapping[str, Parameter] | None) -> str:
    given = texts_of(query or {})
    return f"{address}?{urlencode(given)}" if given else address


def texts_of(values: Mapping[str, Parameter]) -> dict[str, str]:
    """As a query or a form has them; what is None is left out."""
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)
