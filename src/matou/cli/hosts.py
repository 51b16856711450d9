"""Where somebody logs in: which platform stands behind what they typed, and where its API and its git are."""

from dataclasses import dataclass

from matou.credentials import GitCredential, Secret
from matou.credentials.logins import Login
from matou.credentials.names import SecretKind
from matou.errors import NotFound
from matou.remote.addresses import parse_address

CODING, GITCODE, GITEE, MATOU = "coding", "gitcode", "gitee", "matou"
HOMES = {CODING: "https://e.coding.net/open-api", GITCODE: "https://api.gitcode.com", GITEE: "https://gitee.com"}

_CODINGS = "coding.net"
_GIT_OF_CODING, _GIT_OF_GITCODE = "https://e.coding.net", "https://gitcode.com"
_PLATFORMS_AT = {"gitcode.com": GITCODE, "api.gitcode.com": GITCODE, "gitee.com": GITEE}
_OWN_MACHINE = ("http://127.", "http://localhost", "http://[::1]")


class UnknownPlatform(NotFound):
    """A platform that nobody can log in to."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where somebody logs in.

    Attributes:
        url: the API's address, as its client takes it.
        git_origin: where git finds the repositories.
    """

    origin: str
    platform: str
    url: str
    git_origin: str

    @property
    def is_in_clear(self) -> bool:
        """Whether everybody on the way reads what is sent, the credential too."""
        return self.origin.startswith("http://") and not self.origin.startswith(_OWN_MACHINE)


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
    if platform == CODING and _is_codings(host):
        return Host(_GIT_OF_CODING, platform, HOMES[CODING], _GIT_OF_CODING)
    if platform == GITCODE and host in _PLATFORMS_AT:
        return Host(HOMES[GITCODE], platform, HOMES[GITCODE], _GIT_OF_GITCODE)
    path = address.target.rstrip("/") or "/open-api"
    return Host(origin, platform, f"{origin}{path}" if platform == CODING else origin, origin)


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
