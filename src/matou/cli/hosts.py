"""Where somebody logs in: which platform stands behind what they typed, and where its API and its git are."""

import re
from dataclasses import dataclass

from matou.credentials import GitCredential, Secret
from matou.credentials.logins import Login
from matou.credentials.store import SecretKind
from matou.errors import NotFound
from matou.http.addresses import parse_address

CODING, GITCODE, GITEE, MATOU = "coding", "gitcode", "gitee", "matou"
HOMES = {CODING: "https://e.coding.net/open-api", GITCODE: "https://api.gitcode.com", GITEE: "https://gitee.com"}

_CODINGS = "coding.net"
_GIT_OF_CODING = "https://e.coding.net"
_GIT_AT = {GITCODE: "https://gitcode.com"}
_PLATFORMS_AT = {
    "gitcode.com": GITCODE,
    "api.gitcode.com": GITCODE,
    "gitee.com": GITEE,
}
_OWNERS = {**_PLATFORMS_AT, "atomgit.com": GITCODE, "api.atomgit.com": GITCODE}
_API_AT = {"atomgit.com": "https://api.atomgit.com", "api.atomgit.com": "https://api.atomgit.com"}
"""Where that is not the platform's default address."""
_PAGES_ONLY = frozenset({"gitcode.com", "atomgit.com"})
_OWN_MACHINE = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")


class OtherPlatform(NotFound):
    """An address belongs to another platform than the one that was named."""


class UnknownPlatform(NotFound):
    """A platform that nobody can log in to."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where somebody logs in.

    Attributes:
        url: the API's address, as its client takes it.
        git_origin: where git finds the repositories.
        repository: the address of one, where that is what was typed.
    """

    origin: str
    platform: str
    url: str
    git_origin: str
    repository: str = ""

    @property
    def is_in_clear(self) -> bool:
        """Whether everybody on the way reads what is sent, the credential too."""
        origin = parse_address(self.origin).origin
        return origin.scheme == "http" and not _OWN_MACHINE.fullmatch(origin.host)


def host_of(text: str, platform: str | None = None) -> Host:
    """What somebody means who names a platform, a host or a URL; a host that is no platform's is a Matou server.

    Raises:
        UnknownPlatform: `platform` is none of ours.
        UnsafeAddress: it is no address.
    """
    named = HOMES.get(text, text)
    address = parse_address(named if "://" in named else f"https://{named}")
    origin, host = str(address.origin), address.origin.host
    platform = platform or (CODING if _is_codings(host) else _PLATFORMS_AT.get(host, MATOU))
    if platform not in {*HOMES, MATOU}:
        raise UnknownPlatform(
            "{platform} is no platform to log in to; Matou knows {known}",
            platform=repr(platform),
            known=", ".join((*HOMES, MATOU)),
        )
    repository = address.url if address.target.endswith(".git") else ""
    if platform == CODING and _is_codings(host):
        at_home = repository if origin == _GIT_OF_CODING else ""
        return Host(_GIT_OF_CODING, platform, HOMES[CODING], _GIT_OF_CODING, at_home)
    if _PLATFORMS_AT.get(host) == platform:
        return Host(HOMES[platform], platform, HOMES[platform], _GIT_AT.get(platform, HOMES[platform]))
    path = "/open-api" if repository else address.target.rstrip("/") or "/open-api"
    return Host(origin, platform, f"{origin}{path}" if platform == CODING else origin, origin, repository)


def api_address(text: str, platform: str) -> str:
    """The address of a platform's API, for what a person knows of it: that, its host's name, or a page's address.

    Raises:
        OtherPlatform: it is another platform's address.
        UnsafeAddress: it is no address.
    """
    named = text if "://" in text else f"https://{text}"
    address = parse_address(named)
    host = address.origin.host
    owner = CODING if _is_codings(host) else _OWNERS.get(host)
    if owner is None or platform == MATOU:
        return named
    if owner != platform:
        raise OtherPlatform(
            "{address} is an address of {owner}, not of {platform}",
            address=str(address),
            owner=owner,
            platform=platform,
            advice="name {owner} instead of {platform}, or another address",
        )
    speaks_api = address.target.startswith("/api/") and host not in _PAGES_ONLY
    return named if speaks_api else _API_AT.get(host, HOMES[platform])


def origin_of(url: str) -> str:
    """Raises UnsafeAddress."""
    return str(parse_address(url).origin)


def credential_for_git(login: Login, kind: SecretKind, secret: Secret) -> GitCredential:
    """What git is told. Which user name stands beside a token is the platform's own affair."""
    if login.platform == CODING and kind is SecretKind.TOKEN:
        from matou.platforms.coding.tokens import CodingToken

        return CodingToken.from_text(secret).git
    return GitCredential(login.user, secret)


def _is_codings(host: str) -> bool:
    return host == _CODINGS or host.endswith(f".{_CODINGS}")
