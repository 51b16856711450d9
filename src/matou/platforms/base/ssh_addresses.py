"""Where a platform says that a repository is reached by ssh, judged: no key is shown to a host that is not its own."""

from collections.abc import Collection

from matou.errors import Invalid
from matou.git.process.ssh import SshAddress, is_by_ssh
from matou.http.addresses import is_at_home, parse_address


def trusted_ssh_address(text: object, *, home: str, relatives: Collection[str] = ()) -> str:
    """The address, as git takes it; empty where there is none, or none of the platform's own.

    Which keys there are, and that the server is the one that is known, a person's own ssh says.

    Args:
        text: as the platform gave it.
        home: the API's URL, which the user named.
        relatives: see `trusted_address`.
    """
    if not isinstance(text, str) or not is_by_ssh(text):
        return ""
    try:
        address = SshAddress.parse(text)
    except Invalid:
        return ""
    own = parse_address(home).origin.host.strip("[]")
    return address.url if is_at_home(address.host, own, relatives) else ""
