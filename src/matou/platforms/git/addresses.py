"""Addresses of repositories as a person gives them: judged before anything is asked, and put together by server."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from matou.errors import Invalid, Phrase
from matou.git.process.ssh import USUAL_PORT, SshAddress, is_by_ssh
from matou.http.addresses import DEFAULT_PORTS, Origin, parse_address
from matou.http.redaction import redact

DOT_GIT: Final = ".git"
USUAL_USERS: Final = frozenset({"", "git"})
"""Whose home is the server's own; any other has one of theirs."""

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
        host: the server's name, with its port where that is not the usual one, and whose account there is meant.
        user: whom the address names; empty over HTTP.
        path: what is its own alone at the server, as it stands in the address.
        parts: the same as a person reads it.
    """

    url: str
    server: str
    host: str
    user: str
    path: str
    parts: tuple[str, ...]

    @property
    def id(self) -> str:
        """What is below another account's home is another repository."""
        return f"{self._whose}{self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        """The parts of its path without `.git`."""
        return (*self.parts[:-1], self.parts[-1].removesuffix(DOT_GIT) or self.parts[-1])

    @property
    def above(self) -> tuple[str, ...]:
        """The ids of all that it is inside of, outermost first."""
        parts = self.path.split("/")[:-1]
        return tuple(self._whose + "/".join(parts[: count + 1]) for count in range(len(parts)))

    @property
    def _whose(self) -> str:
        return "" if self.user in USUAL_USERS else f"{self.user}@"


def repository_address(text: str) -> RepositoryAddress:
    """Read an address of HTTP or of ssh. Raises UnusableAddress, UnsafeAddress, UnusableSshAddress."""
    text = text.strip()
    return _of_ssh(text) if is_by_ssh(text) else _of_http(text)


def by_server(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses of each server, each once, in the order that they were given. Raises as above."""
    servers: dict[str, dict[str, str]] = {}
    for text in texts:
        address = repository_address(text)
        known = servers.setdefault(address.server, {}).setdefault(address.id, address.url)
        if known != address.url:
            raise UnusableAddress(
                "{one} and {other} would be saved as the same repository",
                one=known,
                other=address.url,
                advice="name one of the two; or save one of them into another archive",
            )
    return {server: tuple(urls.values()) for server, urls in servers.items()}


def _of_http(text: str) -> RepositoryAddress:
    try:
        if "@" in urlsplit(text).netloc:
            raise _holding_a_credential(text)
        address = parse_address(text)
    except ValueError as error:
        raise _unusable(text, Phrase("it cannot be read")) from error
    if set("?#") & set(text):
        raise _unusable(text, Phrase("a repository's address ends with its path"))
    path = address.target.strip("/")
    parts = tuple(map(_decoded, path.split("/")))
    _require_path(text, path, parts)
    return RepositoryAddress(f"{address.origin}/{path}", str(address.origin), _host(address.origin), "", path, parts)


def _of_ssh(text: str) -> RepositoryAddress:
    address = SshAddress.parse(text)
    path = address.path.strip("/")
    parts = tuple(path.split("/"))
    _require_path(text, path, parts)
    host = address.host if address.port in (None, USUAL_PORT) else f"{address.host}-{address.port}"
    whose = host if address.user in USUAL_USERS else f"{address.user}@{host}"
    return RepositoryAddress(address.url, address.server, whose, address.user, path, parts)


def _host(origin: Origin) -> str:
    bare = origin.host.strip("[]")
    return bare if DEFAULT_PORTS[origin.scheme] == origin.port else f"{bare}-{origin.port}"


def _require_path(text: str, path: str, parts: tuple[str, ...]) -> None:
    if not path:
        raise _unusable(text, Phrase("it names no repository"))
    if not _NO_PARTS.isdisjoint(parts) or not _NO_PARTS.isdisjoint(path.split("/")):
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
