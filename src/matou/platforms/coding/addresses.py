"""Which addresses the token may be sent to: a platform's answers do not decide that alone."""

from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from matou.http.addresses import is_number, trusted_address


@dataclass(frozen=True, slots=True)
class AccountHosts:
    """Where an account lives: the host of its Open API and that host's family belong to it, nothing else does.

    The family of `e.coding.net` is all below `coding.net`; an address in numbers, and a name of one part, have none.
    What the platform says its team's host is gives a base for what is relative, and no right.
    """

    url: str
    team_host: str

    def clone_url(self, address: str) -> str:
        """Check the address of a repository; give it in ASCII. Raises AddressRefused: see `address_at_home`."""
        return trusted_address(address, home=self.url)

    def icon_url(self, address: str) -> str | None:
        """Make an icon's address absolute; None where there is none. It is fetched without the token."""
        return urljoin(f"{self.team_host or self.url}/", address) if address else None


def team_key(team_host: str, *, url: str, name: str) -> str:
    """The team's name as it stands in URLs of git.

    At CODING that is the first label of its host: `harbour` of `https://harbour.coding.net`. A server without a host
    for each team says `https://host/harbour`; where one says neither, the team's name is it.
    """
    parts = urlsplit(team_host)
    path = parts.path.rstrip("/")
    if path:
        return unquote(path.rpartition("/")[2])
    host = parts.hostname or ""
    if "." in host and not is_number(host) and host != urlsplit(url).hostname:
        return host.split(".", 1)[0]
    return name
