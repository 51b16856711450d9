"""Addresses of repositories as a person gives them: judged before anything is asked, and put together by server."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from matou.errors import Invalid, Phrase
from matou.http.addresses import DEFAULT_PORTS, Origin, parse_address
from matou.http.redaction import redact

DOT_GIT: Final = ".git"
_NO_PARTS: Final = frozenset({"", ".", ".."})
_LONGEST_SHOWN: Final = 200


class UnusableAddress(Invalid):
    """What a person gave as the address of a repository, and is none that we ask."""


@dataclass(frozen=True, slots=True)
class RepositoryAddress:
    """A repository at a server.

    Attributes:
        url: as git takes it.
        server: what a credential belongs to, as text.
        host: the server's name, with its port where that is not the usual one.
        path: what is its own alone at the server, as it stands in the address.
    """

    url: str
    server: str
    host: str
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """The parts of its path, as a person reads them, without `.git`."""
        *above, last = map(_decoded, self.path.split("/"))
        return (*above, last.removesuffix(DOT_GIT) or last)

    @property
    def above(self) -> tuple[str, ...]:
        """The paths of all that it is inside of, outermost first."""
        parts = self.path.split("/")[:-1]
        return tuple("/".join(parts[: count + 1]) for count in range(len(parts)))


def repository_address(text: str) -> RepositoryAddress:
    """Raises UnusableAddress, UnsafeAddress."""
    text = text.strip()
    try:
        if "@" in urlsplit(text).netloc:
            raise _holding_a_credential(text)
        address = parse_address(text)
    except ValueError as error:
        raise _unusable(text, Phrase("it cannot be read")) from error
    if set("?#") & set(text):
        raise _unusable(text, Phrase("a repository's address ends with its path"))
    path = address.target.strip("/")
    _require_path(text, path)
    return RepositoryAddress(f"{address.origin}/{path}", str(address.origin), _host(address.origin), path)


def by_server(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses of each server, each once, in the order that they were given. Raises as above."""
    servers: dict[str, dict[str, None]] = {}
    for text in texts:
        address = repository_address(text)
        servers.setdefault(address.server, {})[address.url] = None
    return {server: tuple(urls) for server, urls in servers.items()}


def _host(origin: Origin) -> str:
    bare = origin.host.strip("[]")
    return bare if DEFAULT_PORTS[origin.scheme] == origin.port else f"{bare}-{origin.port}"


def _require_path(text: str, path: str) -> None:
    if not path:
        raise _unusable(text, Phrase("it names no repository"))
    if any(part in _NO_PARTS or unquote(part) in _NO_PARTS for part in path.split("/")):
        raise _unusable(text, Phrase("a part of its path is empty, or a step to somewhere else"))


def _decoded(part: str) -> str:
    """A part that would be several, or no text, stays as it stands in the address."""
    try:
        decoded = unquote(part, errors="strict")
    except UnicodeDecodeError:
        return part
    return part if "/" in decoded else decoded


def _unusable(text: str, fault: Phrase) -> UnusableAddress:
    return UnusableAddress(
        "the address {address} is not asked: {fault}", address=repr(redact(text)[:_LONGEST_SHOWN]), fault=fault
    )


def _holding_a_credential(text: str) -> UnusableAddress:
    """It is not shown at all: whatever stands in front of the `@` may be a secret."""
    host = urlsplit(text).netloc.rpartition("@")[2]
    return UnusableAddress(
        "the address at {host} holds a user name or a password, which would be kept in the archive",
        host=repr(host[:_LONGEST_SHOWN]),
        advice="leave it out of the address, and log in: matou login URL --platform git --user NAME; or give"
        " NAME:PASSWORD with --token-stdin or in MATOU_GIT_TOKEN",
    )
