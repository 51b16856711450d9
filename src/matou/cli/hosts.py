"""Where somebody logs in: which platform stands behind what they typed, and where its API and its git are."""

from dataclasses import dataclass

from matou.credentials import GitCredential, Secret
from matou.credentials.logins import Login
from matou.credentials.store import SecretKind
from matou.errors import NotFound
from matou.http.addresses import Address, is_own_machine, parse_address
from matou.platforms.base.platform import OfficialInstance, PasswordUse, Platform
from matou.platforms.registry import PLATFORMS, platform_at, platform_named, self_hosted


class OtherPlatform(NotFound):
    """An address belongs to another platform than the one that was named."""


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
        return origin.scheme == "http" and not is_own_machine(origin.host)


def host_of(text: str, platform: str | None = None) -> Host:
    """What somebody means who names a platform, a host or a URL; a host that is no platform's is a Matou server.

    Raises:
        UnknownPlatform: `platform` is none of ours.
        UnsafeAddress: it is no address.
    """
    named = (PLATFORMS[text].address if text in PLATFORMS else "") or text
    address = parse_address(named if "://" in named else f"https://{named}")
    at_platform = platform_at(address.origin.host)
    owner, home = at_platform or (self_hosted(), None)
    known = platform_named(platform) if platform else owner
    if home is not None and known is owner:
        return _at_home(known, home, address)
    return _elsewhere(known, address)


def _at_home(platform: Platform, home: OfficialInstance, address: Address) -> Host:
    git_origin = origin_of(home.git or home.api)
    opens_git_alone = platform.password is PasswordUse.GIT
    repository = _repository(address) if opens_git_alone and str(address.origin) == git_origin else ""
    origin = origin_of(home.api)
    return Host(origin, platform.name, home.api, git_origin, repository)


def _elsewhere(platform: Platform, address: Address) -> Host:
    """Another server that speaks as the platform does."""
    origin, repository = str(address.origin), _repository(address)
    below = "" if repository or not platform.api_path else address.target.rstrip("/")
    return Host(origin, platform.name, f"{origin}{below or platform.api_path}", origin, repository)


def _repository(address: Address) -> str:
    return address.url if address.target.endswith(".git") else ""


def api_address(text: str, platform: str) -> str:
    """The address of a platform's API, for what a person knows of it: that, its host's name, or a page's address.

    Raises:
        OtherPlatform: it is another platform's address.
        UnsafeAddress: it is no address.
    """
    named = text if "://" in text else f"https://{text}"
    address = parse_address(named)
    host = address.origin.host
    known = platform_at(host)
    if known is None or not PLATFORMS[platform].homes:
        return f"{address.origin}{PLATFORMS[platform].api_path}" if address.target == "/" else named
    owner, home = known
    if owner.name != platform:
        raise OtherPlatform(
            "{address} is an address of {owner}, not of {platform}",
            address=str(address),
            owner=owner.name,
            platform=platform,
            advice="name {owner} instead of {platform}, or another address",
        )
    speaks_api = address.target.startswith("/api/") and host not in home.pages
    return named if speaks_api else home.api


def origin_of(url: str) -> str:
    """Raises UnsafeAddress."""
    return str(parse_address(url).origin)


def credential_for_git(login: Login, kind: SecretKind, secret: Secret) -> GitCredential:
    """What git is told. Which user name stands beside a token is the platform's own affair."""
    if kind is SecretKind.TOKEN:
        return platform_named(login.platform).git_credential(login.user, secret)
    return GitCredential(login.user, secret)
